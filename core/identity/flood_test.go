package identity_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
)

// TestLoginFlood floods wrong sign-ins, at the real price of a hash, from many
// networks at many accounts, and signs good users in meanwhile: each within a
// second, from a network that nobody saw before.
func TestLoginFlood(t *testing.T) {
	if testing.Short() {
		t.Skip("computes real hashes")
	}
	o := newOffice(t)
	o.hasher = identity.NewHasher(identity.HashOptions{Now: time.Now})
	services := identity.New(identity.Deps{
		Stores: o.fake.Stores(), Hasher: o.hasher, Notifier: o, Sealer: plain{}, OpenID: o.provider,
		Throttle: identity.NewThrottle(time.Now, identity.ThrottleOptions{}), Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	o.Services = services
	o.founded(ownerEmail)
	alone := time.Now()
	_, err := services.Sessions.SignIn(t.Context(), ownerEmail, password, identity.Client{Address: "192.0.2.1"})
	o.ok(err)
	price := time.Since(alone)

	stop := o.flood(150, func(n, _ int) string { return fmt.Sprintf("10.%d.%d.9", n/200, n%200) })
	var slowest time.Duration
	for n := range 5 {
		began := time.Now()
		_, err := services.Sessions.SignIn(t.Context(), ownerEmail, password, identity.Client{Address: fmt.Sprintf("172.16.%d.5", n)})
		o.ok(err)
		slowest = max(slowest, time.Since(began))
	}
	t.Logf("a sign-in alone %v; under %d wrong ones from 150 networks at most %v", price, stop(), slowest)
	if limit := max(time.Second, 8*price); slowest > limit { // a machine on which one hash takes long is no fault of the line
		t.Errorf("a good user waits %v", slowest)
	}
}

// flood begins wrong sign-ins by so many at once, each from the address that
// from gives it, 1,500 a second over all of 150. stop ends them and returns how
// many were refused.
func (o *office) flood(attackers int, from func(attacker, attempt int) string) (stop func() int64) {
	o.Helper()
	ctx, cancel := context.WithCancel(o.Context())
	var wrong, asked atomic.Int64
	var wg sync.WaitGroup
	for n := range attackers {
		wg.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				asked.Add(1)
				_, err := o.Sessions.SignIn(ctx, fmt.Sprintf("victim%d.%d@example.com", n, i), "a wrong password", identity.Client{Address: from(n, i)})
				if err != nil && ctx.Err() == nil {
					wrong.Add(1)
				}
				select {
				case <-ctx.Done():
				case <-time.After(100 * time.Millisecond):
				}
			}
		})
	}
	for asked.Load() < int64(2*attackers) { // it is in full spate
		select {
		case <-o.Context().Done():
			o.Fatal("the flood does not begin")
		case <-time.After(10 * time.Millisecond):
		}
	}
	return func() int64 {
		cancel()
		wg.Wait()
		return wrong.Load()
	}
}
