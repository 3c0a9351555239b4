package once_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/host"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/once"
	"github.com/patchbay-im/patchbay/sdk/plugintest"
)

// state is what an instance keeps in a core in memory.
func state(t *testing.T) host.State {
	t.Helper()
	h := plugintest.NewHost(t)
	in := h.Connect(instance.Instance{ID: "pin_1"})
	return h.For(in.ID).State
}

// memory is the part of host.State that once uses, for the example.
type memory struct {
	host.State
	results map[string][]byte
}

// Claim implements host.State.
func (m memory) Claim(_ context.Context, req host.ClaimRequest) (host.Claim, error) {
	if result, done := m.results[req.Key]; done {
		return host.Claim{State: host.ClaimDone, Result: result}, nil
	}
	return host.Claim{State: host.ClaimGranted, Token: "t"}, nil
}

// Complete implements host.State.
func (m memory) Complete(_ context.Context, req host.CompleteRequest) (bool, error) {
	m.results[req.Key] = req.Result
	return true, nil
}

func Example() {
	state := memory{results: make(map[string][]byte)} // env.State(in.ID)
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
		state, ran := state(t), atomic.Int32{}
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
				state, ran := state(t), 0
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
