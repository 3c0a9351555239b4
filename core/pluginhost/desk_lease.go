package pluginhost

import (
	"context"
	"time"

	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// leaseDesk serves HostLeaseService.
type leaseDesk struct {
	pluginv1.UnimplementedHostLeaseServiceServer
	*desk
}

// AcquireLease takes or prolongs a lease for this process.
func (d *leaseDesk) AcquireLease(ctx context.Context, req *pluginv1.AcquireLeaseRequest) (*pluginv1.AcquireLeaseResponse, error) {
	o, err := d.owner(ctx, req.GetInstanceId())
	if err != nil {
		return nil, err
	}
	l, err := d.ports.Desks.Leases.Acquire(ctx, o, req.GetName(), d.holder, req.GetTtl().AsDuration())
	if err != nil {
		return nil, d.refusal(ctx, err)
	}
	return &pluginv1.AcquireLeaseResponse{Acquired: l.Acquired, FencingToken: l.Fencing, Until: stamp(l.Until)}, nil
}

// ReleaseLease ends a lease of this process.
func (d *leaseDesk) ReleaseLease(ctx context.Context, req *pluginv1.ReleaseLeaseRequest) (*pluginv1.ReleaseLeaseResponse, error) {
	o, err := d.owner(ctx, req.GetInstanceId())
	if err != nil {
		return nil, err
	}
	if err := d.ports.Desks.Leases.Release(ctx, o, req.GetName(), d.holder); err != nil {
		return nil, d.refusal(ctx, err)
	}
	return &pluginv1.ReleaseLeaseResponse{}, nil
}

// release ends all leases of a process that is gone, so that another need not
// wait until they run out.
func (l *life) release(ctx context.Context, holder string) {
	if l.ports.Desks.Leases == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := l.ports.Desks.Leases.ReleaseAll(ctx, holder); err != nil {
		l.log.WarnContext(ctx, "the leases of a process that ended run out by themselves", "error", err)
	}
}
