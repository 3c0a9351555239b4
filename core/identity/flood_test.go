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

	ctx, stop := context.WithCancel(t.Context())
	var wrong, asked atomic.Int64
	var wg sync.WaitGroup
	const attackers = 150
	for n := range attackers {
		client := identity.Client{Address: fmt.Sprintf("10.%d.%d.9", n/200, n%200)}
		wg.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				asked.Add(1)
				_, err := services.Sessions.SignIn(ctx, fmt.Sprintf("victim%d.%d@example.com", n, i), "a wrong password", client)
				if err != nil && ctx.Err() == nil {
					wrong.Add(1)
				}
				select {
				case <-ctx.Done():
				case <-time.After(100 * time.Millisecond): // 1,500 a second over all
				}
			}
		})
	}
	for asked.Load() < 2*attackers { // the flood is in full spate
		select {
		case <-t.Context().Done():
			t.Fatal("the flood does not begin")
		case <-time.After(10 * time.Millisecond):
		}
	}
	var slowest time.Duration
	for n := range 5 {
		began := time.Now()
		_, err := services.Sessions.SignIn(t.Context(), ownerEmail, password, identity.Client{Address: fmt.Sprintf("172.16.%d.5", n)})
		o.ok(err)
		slowest = max(slowest, time.Since(began))
	}
	stop()
	wg.Wait()
	t.Logf("a sign-in alone %v; under %d wrong ones from %d networks at most %v", price, wrong.Load(), attackers, slowest)
	if limit := max(time.Second, 8*price); slowest > limit { // a machine on which one hash takes long is no fault of the line
		t.Errorf("a good user waits %v", slowest)
	}
}
