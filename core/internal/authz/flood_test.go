package authz_test

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestLoginFlood floods wrong sign-ins over the network, from many networks and
// at many accounts, the good user's among them, and signs the good user in
// meanwhile.
func TestLoginFlood(t *testing.T) {
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
	const attackers, most = 48, 4000
	var wrong, admitted atomic.Int64
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for n := range attackers {
		wg.Go(func() {
			for i := 0; wrong.Load() < most; i++ {
				select {
				case <-stop:
					return
				case <-time.After(20 * time.Millisecond):
				}
				email := fmt.Sprintf("victim%d.%d@example.com", n, i)
				if i%8 == 0 {
					email = good
				}
				if status, _ := signIn(email, "a wrong password", fmt.Sprintf("10.%d.%d.9", n, i%250)); status == http.StatusOK {
					admitted.Add(1)
				}
				wrong.Add(1)
			}
		})
	}
	w.await("the flood", func() bool { return wrong.Load() > 4*attackers })
	var slowest time.Duration
	for n := range 5 {
		status, took := signIn(good, password, fmt.Sprintf("172.16.%d.5", n))
		if status != http.StatusOK {
			t.Errorf("the good user is answered %d", status)
		}
		slowest = max(slowest, took)
	}
	close(stop)
	wg.Wait()
	fmt.Printf("login flood: %d wrong sign-ins from %d networks; a good one alone %v, meanwhile at most %v\n", wrong.Load(), attackers*250, price.Round(time.Millisecond), slowest.Round(time.Millisecond))
	if limit := max(time.Second, 8*price); slowest > limit { // a machine on which one hash takes long is no fault of the line
		t.Errorf("the good user waits %v", slowest)
	}
	if admitted.Load() > 0 {
		t.Errorf("%d wrong passwords were admitted", admitted.Load())
	}
}
