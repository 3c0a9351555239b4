package bridge

import (
	"context"
	"time"

	"google.golang.org/grpc"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/patchbay-im/patchbay/sdk/instance"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// Host is the core as a plugin sees it.
//
// Concurrency: safe for concurrent use.
type Host struct {
	conn      *grpc.ClientConn
	runtime   pluginv1.HostRuntimeServiceClient
	ingest    *ingester
	instances *instances
}

func newHost(conn *grpc.ClientConn, known *instances) *Host {
	return &Host{
		conn: conn, runtime: pluginv1.NewHostRuntimeServiceClient(conn),
		ingest: newIngester(pluginv1.NewHostInboundServiceClient(conn)), instances: known,
	}
}

// watch opens a stream to the host, waits for its first word, and holds it for
// as long as both live. It calls gone when the stream breaks: a plugin without
// a host has nothing to do.
func (h *Host) watch(ctx context.Context, gone func()) error {
	life := context.WithoutCancel(ctx) // as long as the process
	stream, err := healthv1.NewHealthClient(h.conn).Watch(life, &healthv1.HealthCheckRequest{})
	if err != nil {
		return err
	}
	first := make(chan error, 1)
	go func() {
		_, err := stream.Recv()
		first <- err
		for err == nil {
			_, err = stream.Recv()
		}
		if gone != nil {
			gone()
		}
	}()
	select {
	case err := <-first:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Instances returns the instances configured now, by id.
func (h *Host) Instances() []instance.Instance { return h.instances.all() }

// ReportHealth tells the host how an instance fares.
func (h *Host) ReportHealth(ctx context.Context, id string, health instance.Health) error {
	ctx, cancel := context.WithTimeout(ctx, budgetOf(pluginv1.HostRuntimeService_ReportHealth_FullMethodName))
	defer cancel()
	_, err := h.runtime.ReportHealth(ctx, &pluginv1.ReportHealthRequest{InstanceId: id, Health: healthTo(health)})
	return hostError(err)
}

func budgetOf(fullMethod string) time.Duration {
	if m, ok := pluginv1.MethodOf(fullMethod); ok && m.Budget > 0 {
		return m.Budget
	}
	return ingestBudget
}
