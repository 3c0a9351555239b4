package once_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/host"
	"github.com/patchbay-im/patchbay/sdk/once"
)

// claims is the part of host.State that this package uses, in memory.
type claims struct {
	host.State
	mu    sync.Mutex
	byKey map[string]*claim
	next  int
}

type claim struct {
	token        string
	done, lapsed bool
	until        time.Time
	result       []byte
}

func newClaims() *claims { return &claims{byKey: make(map[string]*claim)} }

// Claim implements host.State.
func (c *claims) Claim(_ context.Context, req host.ClaimRequest) (host.Claim, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	old := c.byKey[req.Key]
	switch {
	case old != nil && old.done:
		return host.Claim{State: host.ClaimDone, Result: old.result}, nil
	case old != nil && time.Now().Before(old.until):
		return host.Claim{State: host.ClaimHeld, Until: old.until}, nil
	}
	c.next++
	fresh := &claim{token: strconv.Itoa(c.next), lapsed: old != nil, until: time.Now().Add(req.Within)}
	c.byKey[req.Key] = fresh
	if fresh.lapsed {
		return host.Claim{State: host.ClaimLapsed, Token: fresh.token}, nil
	}
	return host.Claim{State: host.ClaimGranted, Token: fresh.token}, nil
}

// Complete implements host.State.
func (c *claims) Complete(_ context.Context, req host.CompleteRequest) (bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := c.byKey[req.Key]
	if at == nil || at.token != req.Token {
		return false, nil
	}
	at.done, at.result = true, req.Result
	return true, nil
}

// Abandon implements host.State.
func (c *claims) Abandon(_ context.Context, key, token string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at := c.byKey[key]; at != nil && at.token == token {
		if at.until = time.Now(); !at.lapsed {
			delete(c.byKey, key)
		}
	}
	return nil
}

func Example() {
	state := newClaims() // env.State(in.ID)
	send := func(context.Context) ([]byte, error) {
		fmt.Println("sending")
		return []byte("provider-17"), nil
	}
	for range 2 {
		id, err := once.Do(context.Background(), state, "send/dlv_1", send)
		fmt.Println(string(id), err)
	}
	// Output:
	// sending
	// provider-17 <nil>
	// provider-17 <nil>
}

func TestManyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		state, ran := newClaims(), atomic.Int32{}
		var wait sync.WaitGroup
		for range 20 {
			wait.Go(func() {
				got, err := once.Do(t.Context(), state, "k", func(context.Context) ([]byte, error) {
					time.Sleep(5 * time.Second)
					ran.Add(1)
					return []byte("r"), nil
				})
				if err != nil || string(got) != "r" {
					t.Errorf("got %q %v", got, err)
				}
			})
		}
		wait.Wait()
		if ran.Load() != 1 {
			t.Errorf("it ran %d times", ran.Load())
		}
	})
}

func TestErrors(t *testing.T) {
	for name, tt := range map[string]struct {
		err   error
		again bool // the next call runs at once
	}{
		"refused by the far side":    {errs.Reject("no", "no"), true},
		"a fault of our own":         {errors.New("nil map"), true},
		"nobody knows":               {errs.Unavailable(nil, "timeout"), false},
		"certainly nothing happened": {once.NotDone(errs.RateLimited(0, "busy")), true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				state, ran := newClaims(), 0
				do := func(ctx context.Context) error {
					_, err := once.Do(ctx, state, "k", func(context.Context) ([]byte, error) {
						ran++
						if ran == 1 {
							return nil, tt.err
						}
						return nil, nil
					})
					return err
				}
				if err := do(t.Context()); !errors.Is(err, tt.err) {
					t.Fatalf("the first: %v", err)
				}
				if tt.again {
					if err := do(t.Context()); err != nil || ran != 2 {
						t.Errorf("the next: %v after %d", err, ran)
					}
					return
				}
				short, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				if err := do(short); errs.As(err).Source != errs.FarSide || ran != 1 {
					t.Errorf("while the claim stands: %v after %d", err, ran)
				}
				time.Sleep(time.Minute)
				if err := do(t.Context()); !errors.Is(err, once.ErrSuspect) || errs.As(err).Source != errs.Rejected || ran != 1 {
					t.Errorf("after the lapse: %v after %d", err, ran)
				}
				found, err := once.Do(t.Context(), state, "k", nil, once.Suspect(func(context.Context) ([]byte, bool, error) { return []byte("was sent"), true, nil }))
				if err != nil || string(found) != "was sent" {
					t.Errorf("who looks: %q %v", found, err)
				}
			})
		})
	}
}
