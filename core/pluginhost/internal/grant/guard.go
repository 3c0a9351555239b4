package grant

import (
	"context"
	"log/slog"
	"runtime/debug"
	"time"

	"golang.org/x/time/rate"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// Limits of one plugin process.
const (
	perSecond  = 500 // requests, and messages on streams
	burst      = 1000
	atOnce     = 64
	defaultCap = 5 * time.Second // of a unary call whose method has no budget
)

// Guard stands in front of the host's services for one plugin process. Who
// calls is known from the connection, never from what the caller says.
type Guard struct {
	Table Table
	Log   *slog.Logger // carries the plugin's id
	// Asks reports whether the manifest asks for a scope.
	Asks func(scope string) bool
	// Owns returns nil when the instance belongs to the plugin and its workspace
	// grants the scope; otherwise a status error.
	Owns func(ctx context.Context, instance, scope string) error
}

// Options returns the options of the gRPC server that is guarded.
func (g Guard) Options() []grpc.ServerOption {
	limiter := rate.NewLimiter(perSecond, burst)
	return []grpc.ServerOption{
		grpc.MaxRecvMsgSize(pluginv1.MaxMessage), grpc.MaxSendMsgSize(pluginv1.MaxMessage),
		grpc.MaxConcurrentStreams(atOnce),
		grpc.UnaryInterceptor(func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
			return g.unary(ctx, limiter, call{request: req, method: info.FullMethod}, handle)
		}),
		grpc.StreamInterceptor(func(srv any, s grpc.ServerStream, info *grpc.StreamServerInfo, handle grpc.StreamHandler) (err error) {
			defer g.recovered(s.Context(), info.FullMethod, &err)
			if err := g.allowed(s.Context(), info.FullMethod); err != nil {
				return err
			}
			owns := func(instance string) error { return g.owns(s.Context(), info.FullMethod, instance) }
			return handle(srv, &guarded{ServerStream: s, limiter: limiter, owns: owns})
		}),
	}
}

type call struct {
	request any
	method  string
}

func (g Guard) unary(ctx context.Context, limiter *rate.Limiter, c call, handle grpc.UnaryHandler) (answer any, err error) {
	defer g.recovered(ctx, c.method, &err)
	budget := defaultCap
	if m, ok := pluginv1.MethodOf(c.method); ok && m.Budget > 0 {
		budget = m.Budget
	}
	ctx, cancel := context.WithTimeout(ctx, budget)
	defer cancel()
	if err := g.allowed(ctx, c.method); err != nil {
		return nil, err
	}
	instance, _ := pluginv1.InstanceOf(c.request)
	if err := g.owns(ctx, c.method, instance); err != nil {
		return nil, err
	}
	if !limiter.Allow() {
		return nil, status.Error(codes.ResourceExhausted, "more requests in a second than the host takes")
	}
	return handle(ctx, c.request)
}

// owns checks the instance that a request names. Methods that are not ours
// name none.
func (g Guard) owns(ctx context.Context, method, instance string) error {
	scope, ours := g.Table[method]
	if !ours {
		return nil
	}
	err := g.Owns(ctx, instance, scope)
	if err != nil {
		g.Log.WarnContext(ctx, "a plugin named an instance that it may not use so", "method", method, "scope", scope, "code", status.Code(err).String())
	}
	return err
}

// allowed checks the scope of a method.
func (g Guard) allowed(ctx context.Context, method string) error {
	if method == healthv1.Health_Watch_FullMethodName || method == healthv1.Health_Check_FullMethodName {
		return nil // how a plugin notices that the host is gone; says nothing
	}
	scope, known := g.Table[method]
	if !known {
		return status.Error(codes.Unimplemented, "the host has no such method")
	}
	if !g.Asks(scope) {
		g.Log.WarnContext(ctx, "a plugin used a permission it does not have", "method", method, "scope", scope)
		return status.Errorf(codes.PermissionDenied, "the manifest does not ask for %q", scope)
	}
	return nil
}

func (g Guard) recovered(ctx context.Context, method string, err *error) {
	if r := recover(); r != nil {
		g.Log.ErrorContext(ctx, "a host method panicked", "method", method, "panic", r, "stack", string(debug.Stack()))
		*err = status.Error(codes.Internal, "the host failed; its log says why")
	}
}

// guarded makes a plugin wait that sends faster than the host takes, and
// checks the instance that the first message of a stream names. Where the
// items of messages name theirs, the handler checks each.
type guarded struct {
	grpc.ServerStream
	limiter *rate.Limiter
	owns    func(instance string) error
	begun   bool
}

// RecvMsg receives at the limiter's pace.
func (s *guarded) RecvMsg(m any) error {
	if err := s.limiter.Wait(s.Context()); err != nil {
		return status.FromContextError(err).Err()
	}
	if err := s.ServerStream.RecvMsg(m); err != nil {
		return err
	}
	if s.begun {
		return nil
	}
	s.begun = true
	if instance, named := pluginv1.InstanceOf(m); named {
		return s.owns(instance)
	}
	return nil
}
