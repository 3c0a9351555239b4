package bridge

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/patchbay-im/patchbay/sdk/errs"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// ServerOptions returns the options every plugin's gRPC server has.
func ServerOptions(log *slog.Logger) []grpc.ServerOption {
	unary := func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (answer any, err error) {
		err = guard(ctx, log, info.FullMethod, func() error {
			var failed error
			answer, failed = handle(ctx, req)
			return failed
		})
		return answer, statusOf(err)
	}
	stream := func(srv any, s grpc.ServerStream, info *grpc.StreamServerInfo, handle grpc.StreamHandler) error {
		return statusOf(guard(s.Context(), log, info.FullMethod, func() error { return handle(srv, s) }))
	}
	return []grpc.ServerOption{
		grpc.ChainUnaryInterceptor(unary), grpc.ChainStreamInterceptor(stream),
		grpc.MaxRecvMsgSize(pluginv1.MaxMessage), grpc.MaxSendMsgSize(pluginv1.MaxMessage),
	}
}

// guard calls fn and turns a panic into an error.
func guard(ctx context.Context, log *slog.Logger, what string, fn func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			log.ErrorContext(ctx, "the plugin panicked", "in", what, "panic", r, "stack", string(debug.Stack()))
			err = errs.Panicked(r)
		}
	}()
	return fn()
}

// statusOf words an author's error for the wire; gRPC's own pass unchanged, but
// for those that are the cause of an author's: what the host refused the plugin
// is no refusal of the plugin's.
func statusOf(err error) error {
	if err == nil {
		return nil
	}
	_, worded := errors.AsType[*errs.Error](err)
	if _, ok := status.FromError(err); ok && !worded {
		return err
	}
	e := errs.As(err)
	code := codes.Internal
	switch e.Source {
	case errs.FarSide:
		code = codes.Unavailable
	case errs.Rejected:
		code = codes.FailedPrecondition
	case errs.Own, errs.InDoubt:
	}
	return status.Error(code, e.Code+": "+e.Detail)
}
