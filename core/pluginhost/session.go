package pluginhost

import (
	"context"
	"sync/atomic"

	"google.golang.org/grpc"

	"github.com/patchbay-im/patchbay/core/channel"
	inst "github.com/patchbay-im/patchbay/core/instance"
	"github.com/patchbay-im/patchbay/core/pluginhost/internal/process"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// session is one running process, from Init to its end.
type session struct {
	installed installed // what runs
	calls     *calls    // under way
	process   *process.Process
	plugin    pluginv1.PluginServiceClient
	channel   pluginv1.ChannelServiceClient
	abilities map[string]bool
	ready     atomic.Bool // false while it starts and while it drains
	line      atomic.Pointer[line]
	holder    string      // names the process as an owner of leases
	retired   atomic.Bool // another took over from it
	// outOfMemory: it ended for want of memory. Set when it is buried.
	outOfMemory bool
	next        *line             // opened before its time, when it takes over from another
	server      chan *grpc.Server // holds the server of the host's services, once there is one
}

// withBudget is a client interceptor: no unary call without a deadline. The
// budget is written in the protocol.
func withBudget( //nolint:revive // the signature is gRPC's
	ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption,
) error {
	if m, ok := pluginv1.MethodOf(method); ok && m.Budget > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, m.Budget)
		defer cancel()
	}
	return invoke(ctx, method, req, reply, conn, options...)
}

// noteHealth keeps what is known of an instance and reports whether it is news.
func (s *supervisor) noteHealth(id string, h channel.Health) bool {
	s.reportHealth(id, h)
	return s.keepHealth(id, h)
}

// reportHealth tells what is said of an instance.
func (s *supervisor) reportHealth(id string, h channel.Health) {
	if told, knows := s.book.toldOf(id); knows {
		if ports := s.host.ports.Load(); ports != nil && ports.OnHealth != nil {
			ports.OnHealth(inst.Report{Workspace: told.workspace, Instance: id, Revision: told.revision, Health: h})
		}
	}
}

func (s *supervisor) keepHealth(id string, h channel.Health) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, known := s.health[id]
	s.health[id] = h
	return !known || old != h
}

func (s *supervisor) forgetHealth(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.health, id)
}

// check asks the plugin how its instances fare and reports whether there is news.
func (s *supervisor) check(ctx context.Context, of *session) (news bool, err error) {
	answer, err := of.plugin.Health(ctx, &pluginv1.HealthRequest{})
	if err != nil {
		return false, err
	}
	for id, h := range answer.GetInstances() {
		s.mu.Lock()
		_, configured := s.health[id]
		s.mu.Unlock()
		if configured && s.noteHealth(id, healthOf(h)) {
			news = true
		}
	}
	return news, nil
}
