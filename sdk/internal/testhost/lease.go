package testhost

import (
	"context"
	"time"

	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// lease says who owns something. It stays when it is over: no fencing number is
// given twice.
type lease struct {
	holder  string
	fencing uint64
	until   time.Time
}

type leases struct {
	pluginv1.UnimplementedHostLeaseServiceServer
	*desk
}

// AcquireLease takes or prolongs a lease for the process that asks.
func (h *leases) AcquireLease(_ context.Context, req *pluginv1.AcquireLeaseRequest) (*pluginv1.AcquireLeaseResponse, error) {
	ttl := req.GetTtl().AsDuration()
	if err := firstOf(checkName("name", req.GetName()), checkSpan("ttl", ttl, 5*time.Second, 10*time.Minute)); err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	at := place{req.GetInstanceId(), req.GetName()}
	l, known := h.leases[at]
	runs := known && l.until.After(h.now())
	switch {
	case runs && l.holder != h.holder:
		return &pluginv1.AcquireLeaseResponse{Until: timed(l.until)}, nil
	case !known && kept(h.leases, at.instance) >= maxLeases:
		return nil, full("leases", maxLeases)
	case !runs:
		l.fencing++
	}
	l.holder, l.until = h.holder, h.now().Add(ttl)
	h.leases[at] = l
	return &pluginv1.AcquireLeaseResponse{Acquired: true, FencingToken: l.fencing, Until: timed(l.until)}, nil
}

// ReleaseLease ends a lease of the process that asks.
func (h *leases) ReleaseLease(_ context.Context, req *pluginv1.ReleaseLeaseRequest) (*pluginv1.ReleaseLeaseResponse, error) {
	if err := checkName("name", req.GetName()); err != nil {
		return nil, err
	}
	h.release(h.holder, func(at place) bool { return at == place{req.GetInstanceId(), req.GetName()} })
	return &pluginv1.ReleaseLeaseResponse{}, nil
}

// release ends leases of a process.
func (h *Host) release(holder string, which func(place) bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for at, l := range h.leases {
		if l.holder == holder && which(at) {
			h.leases[at] = lease{fencing: l.fencing}
		}
	}
}
