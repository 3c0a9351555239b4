package authz_test

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// TestLoginFlood floods wrong sign-ins over the network, from many networks and
// at many accounts, and signs good users in meanwhile: one whose own account is
// guessed at, from where they signed in before, and one from where nobody did.
func TestLoginFlood(t *testing.T) {
	if !long() {
		t.Skip("make hostile: it keeps the machine busy for a while")
	}
	w := newWorld(t, "PATCHBAY_SERVER_TRUSTED_PROXIES=127.0.0.0/8")
	signIn := func(email, secret, from string) (int, time.Duration) {
		began := time.Now()
		a, err := w.try(nobody(), http.MethodPost, "/api/v1/session", fmt.Sprintf(`{"email":%q,"password":%q}`, email, secret), "X-Forwarded-For", from)
		if err != nil {
			return 0, time.Since(began)
		}
		return a.status, time.Since(began)
	}
	const good = "owner@here.example"
	status, price := signIn(good, password, "192.0.2.1")
	if status != http.StatusOK {
		t.Fatalf("alone: %d", status)
	}
	const attackers, most = 150, 20_000
	var asked, wrong, admitted atomic.Int64
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for n := range attackers {
		wg.Go(func() {
			for i := 0; wrong.Load() < most; i++ {
				select {
				case <-stop:
					return
				case <-time.After(100 * time.Millisecond): // 1,500 a second over all
				}
				asked.Add(1)
				email := fmt.Sprintf("victim%d.%d@example.com", n, i)
				if i%8 == 0 {
					email = good
				}
				if status, _ := signIn(email, "a wrong password", fmt.Sprintf("10.1.%d.%d", n, i%250)); status == http.StatusOK {
					admitted.Add(1)
				}
				wrong.Add(1)
			}
		})
	}
	if !rig.Await(t.Context(), time.Minute, func() bool { return asked.Load() >= 3*attackers }) {
		t.Fatal("the flood does not begin")
	}
	var slowest time.Duration
	for n := range 3 {
		for email, from := range map[string]string{good: fmt.Sprintf("192.0.2.%d", n+2), "owner@there.example": fmt.Sprintf("172.16.%d.5", n)} {
			status, took := signIn(email, password, from)
			if status != http.StatusOK {
				t.Errorf("%s is answered %d from %s", email, status, from)
			}
			slowest = max(slowest, took)
		}
	}
	close(stop)
	wg.Wait()
	fmt.Printf("login flood: %d wrong sign-ins from %d networks; a good one alone %v, meanwhile at most %v\n", wrong.Load(), attackers, price.Round(time.Millisecond), slowest.Round(time.Millisecond))
	if limit := max(time.Second, 8*price); slowest > limit { // a machine on which one hash takes long is no fault of the line
		t.Errorf("a good user waits %v", slowest)
	}
	if admitted.Load() > 0 {
		t.Errorf("%d wrong passwords were admitted", admitted.Load())
	}
}
