package extension

import (
	"context"
	"time"
)

// MaxLeases is how many names an instance may have leases under, in its life.
const MaxLeases = 1000

// Lease says who owns something.
type Lease struct {
	Acquired bool   // by the asker
	Fencing  uint64 // grows with each owner
	Until    time.Time
}

// LeaseStore keeps leases of instances. A fencing number is never given twice
// under a name, so names stay when their leases are over.
type LeaseStore interface {
	// Acquire gives a lease that nobody has, or that ran out, to a holder, and
	// prolongs the holder's own under the same number. Otherwise it tells until
	// when another has it. Of holders at the same time one gets it.
	Acquire(ctx context.Context, o Owner, name, holder string, span Span) (Lease, error)
	// Release ends a lease of a holder; one that is not theirs stays.
	Release(ctx context.Context, o Owner, name, holder string) error
	// ReleaseAll ends all leases of a holder: its process is gone.
	ReleaseAll(ctx context.Context, holder string) error
}

// Leases holds the use cases of leases. Time is the host's: the clocks of nodes
// that share a database must agree to the second, and a far side that can check
// the fencing number needs not even that.
type Leases struct {
	store LeaseStore
	now   func() time.Time
}

// NewLeases returns Leases.
func NewLeases(store LeaseStore, now func() time.Time) *Leases {
	return &Leases{store: store, now: now}
}

// Acquire is the store's, for 5 seconds to 10 minutes.
func (s *Leases) Acquire(ctx context.Context, o Owner, name, holder string, ttl time.Duration) (Lease, error) {
	if err := checkName("name", name); err != nil {
		return Lease{}, err
	}
	if err := checkSpan("ttl", ttl, 5*time.Second, 10*time.Minute); err != nil {
		return Lease{}, err
	}
	now := s.now()
	return s.store.Acquire(ctx, o, name, holder, Span{now, now.Add(ttl)})
}

// Release is the store's.
func (s *Leases) Release(ctx context.Context, o Owner, name, holder string) error {
	if err := checkName("name", name); err != nil {
		return err
	}
	return s.store.Release(ctx, o, name, holder)
}

// ReleaseAll is the store's.
func (s *Leases) ReleaseAll(ctx context.Context, holder string) error {
	return s.store.ReleaseAll(ctx, holder)
}
