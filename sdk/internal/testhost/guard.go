package testhost

import (
	"context"
	"path"
	"slices"
	"strconv"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// Rights are what a process may, in place of what the host's manifest asks for
// and its workspace grants; nil = everything. Paid is a manifest with commerce.
type Rights struct {
	Asks, Grants []string
	Paid         bool
}

// desk is the host as one process of the plugin asks it.
type desk struct {
	*Host
	holder string  // of leases: the process
	folder string  // the plugin's own
	rights *Rights // nil = the host's
}

// asks reports whether the manifest asks for a scope.
func (d *desk) asks(scope string) bool {
	if d.rights == nil {
		return d.Host.asks(scope)
	}
	return d.rights.Asks == nil || slices.Contains(d.rights.Asks, scope)
}

// may reports whether the manifest asks for a scope and the workspace grants it.
func (d *desk) may(scope string) bool {
	if d.rights == nil {
		return d.Host.may(scope)
	}
	return d.asks(scope) && (d.rights.Grants == nil || slices.Contains(d.rights.Grants, scope))
}

// check is what stands in front of every method about an instance.
func (d *desk) check(instance, scope string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.instances[instance] == nil {
		return status.Error(codes.NotFound, "this plugin has no such instance")
	}
	if !d.may(scope) {
		return status.Errorf(codes.PermissionDenied, "the workspace of this instance does not allow %q", scope)
	}
	return d.licensed(scope)
}

// Serve returns a server of all services, for who starts the plugin by itself.
func (h *Host) Serve(folder string, options ...grpc.ServerOption) *grpc.Server {
	return h.serve(folder, nil, options...)
}

// serve returns a server of all services for one process. What the process owns
// is free when its connection ends.
func (h *Host) serve(folder string, rights *Rights, options ...grpc.ServerOption) *grpc.Server {
	h.mu.Lock()
	h.holders++
	holder := "process-" + strconv.Itoa(h.holders)
	h.mu.Unlock()
	d := &desk{Host: h, holder: holder, folder: folder, rights: rights}
	g := grpc.NewServer(append(options, grpc.StatsHandler(&watcher{host: h, holder: holder}),
		grpc.MaxRecvMsgSize(pluginv1.MaxMessage), grpc.MaxSendMsgSize(pluginv1.MaxMessage),
		grpc.UnaryInterceptor(d.unary), grpc.StreamInterceptor(d.stream))...)
	pluginv1.RegisterHostInboundServiceServer(g, &inbound{desk: d})
	pluginv1.RegisterHostRuntimeServiceServer(g, &runtime{desk: d})
	pluginv1.RegisterHostStateServiceServer(g, &state{desk: d})
	pluginv1.RegisterHostScheduleServiceServer(g, &schedules{desk: d})
	pluginv1.RegisterHostLeaseServiceServer(g, &leases{desk: d})
	pluginv1.RegisterHostDatabaseServiceServer(g, &databases{desk: d})
	pluginv1.RegisterHostBlobServiceServer(g, &blobs{desk: d})
	pluginv1.RegisterHostSecretServiceServer(g, &secrets{desk: d})
	pluginv1.RegisterHostToolServiceServer(g, &tools{desk: d})
	pluginv1.RegisterHostConversationServiceServer(g, &conversations{desk: d})
	pluginv1.RegisterHostContactServiceServer(g, &contacts{desk: d})
	pluginv1.RegisterHostTicketServiceServer(g, &tickets{desk: d})
	pluginv1.RegisterHostLicenseServiceServer(g, &licenses{desk: d})
	healthv1.RegisterHealthServer(g, health.NewServer())
	return g
}

// watcher notices the end of a process's connection.
type watcher struct {
	host   *Host
	holder string
}

// TagRPC implements stats.Handler.
func (*watcher) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }

// HandleRPC implements stats.Handler.
func (*watcher) HandleRPC(context.Context, stats.RPCStats) {}

// TagConn implements stats.Handler.
func (*watcher) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

// HandleConn implements stats.Handler.
func (w *watcher) HandleConn(_ context.Context, s stats.ConnStats) {
	if _, ended := s.(*stats.ConnEnd); ended {
		w.host.release(w.holder, func(place) bool { return true })
	}
}

// allowed checks the scope of a method against the manifest.
func (d *desk) allowed(full string) (scope string, err error) {
	m, known := pluginv1.MethodOf(full)
	if !known || m.Scope == "" {
		return "", status.Error(codes.Unimplemented, "the host has no such method")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.asks(m.Scope) {
		return "", status.Errorf(codes.PermissionDenied, "the manifest does not ask for %q", m.Scope)
	}
	return m.Scope, nil
}

func ofHealth(full string) bool {
	return full == healthv1.Health_Watch_FullMethodName || full == healthv1.Health_Check_FullMethodName
}

func (d *desk) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	if ofHealth(info.FullMethod) {
		return handle(ctx, req)
	}
	ctx, cancel := bounded(ctx, info.FullMethod)
	defer cancel()
	instance, _ := pluginv1.InstanceOf(req)
	scope, err := d.allowed(info.FullMethod)
	if err == nil {
		err = d.check(instance, scope)
	}
	if err == nil {
		err = d.refused(info.FullMethod)
	}
	var answer any
	if err == nil {
		answer, err = handle(ctx, req)
	}
	d.note(info.FullMethod, req, err)
	if err != nil {
		return nil, err
	}
	return answer, nil
}

func (d *desk) stream(srv any, s grpc.ServerStream, info *grpc.StreamServerInfo, handle grpc.StreamHandler) error {
	if ofHealth(info.FullMethod) {
		return handle(srv, s)
	}
	g := &guarded{ServerStream: s}
	scope, err := d.allowed(info.FullMethod)
	if err == nil {
		err = d.refused(info.FullMethod)
	}
	if err == nil {
		g.owns = func(instance string) error { return d.check(instance, scope) }
		err = handle(srv, g)
	}
	d.note(info.FullMethod, g.first, err)
	return err
}

// note keeps what was asked.
func (h *Host) note(full string, req any, err error) {
	c := Call{Method: path.Base(full), Err: err}
	if m, ok := req.(proto.Message); ok {
		c.Request = proto.Clone(m)
		c.Instance, _ = pluginv1.InstanceOf(m)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calls = append(h.calls, c)
}

// guarded checks the instance that the first message of a stream names.
type guarded struct {
	grpc.ServerStream
	owns  func(instance string) error
	first any
}

// RecvMsg receives.
func (s *guarded) RecvMsg(m any) error {
	if err := s.ServerStream.RecvMsg(m); err != nil {
		return err
	}
	if s.first != nil {
		return nil
	}
	s.first = m
	if instance, named := pluginv1.InstanceOf(m); named {
		return s.owns(instance)
	}
	return nil
}
