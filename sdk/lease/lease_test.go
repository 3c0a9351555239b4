package lease_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-im/patchbay/sdk/host"
	"github.com/patchbay-im/patchbay/sdk/lease"
)

// book is a host's leases, of several processes.
type book struct {
	mu    sync.Mutex
	owner string
	until time.Time
	down  bool
}

type process struct {
	*book
	name string
}

func (p process) Acquire(_ context.Context, _ string, ttl time.Duration) (host.Lease, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.down {
		return host.Lease{}, errors.New("down")
	}
	if p.owner != p.name && time.Now().Before(p.until) {
		return host.Lease{Until: p.until}, nil
	}
	p.owner, p.until = p.name, time.Now().Add(ttl)
	return host.Lease{Acquired: true, Until: p.until}, nil
}

func (p process) Release(context.Context, string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.owner == p.name {
		p.until = time.Time{}
	}
	return nil
}

// One process has it at a time; the other follows when it stops or is cut off.
func TestHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &book{}
		var mu sync.Mutex
		running, most, runs := 0, 0, map[string]int{}
		ran := func() (now, atOnce, a, b int) {
			mu.Lock()
			defer mu.Unlock()
			return running, most, runs["a"], runs["b"]
		}
		work := func(name string) func(context.Context) error {
			return func(ctx context.Context) error {
				mu.Lock()
				running++
				runs[name]++
				most = max(most, running)
				mu.Unlock()
				<-ctx.Done()
				mu.Lock()
				running--
				mu.Unlock()
				return errors.New("it ended")
			}
		}
		first, stop := context.WithCancel(t.Context())
		second, end := context.WithCancel(t.Context())
		done := make(chan error, 2)
		go func() { done <- lease.Hold(first, process{b, "a"}, "x", work("a")) }()
		synctest.Wait()
		go func() { done <- lease.Hold(second, process{b, "b"}, "x", work("b")) }()
		time.Sleep(5 * time.Minute)
		if _, _, a, b := ran(); a != 1 || b != 0 {
			t.Errorf("after a while a ran %d times and b %d", a, b)
		}
		stop()
		if err := <-done; err != nil {
			t.Errorf("a stopped owner: %v", err)
		}
		time.Sleep(time.Minute)
		if _, _, _, b := ran(); b != 1 {
			t.Errorf("after the owner stopped b ran %d times", b)
		}
		b.mu.Lock()
		b.down = true
		b.mu.Unlock()
		time.Sleep(time.Minute)
		if now, _, _, _ := ran(); now != 0 {
			t.Error("it goes on without a lease")
		}
		b.mu.Lock()
		b.down = false
		b.mu.Unlock()
		time.Sleep(time.Minute)
		if _, atOnce, _, b := ran(); b != 2 || atOnce != 1 {
			t.Errorf("after the host came back b ran %d times, at most %d at once", b, atOnce)
		}
		end()
		if err := <-done; err != nil {
			t.Errorf("a stopped owner: %v", err)
		}
	})
}

// What fn returns by itself is returned, and the lease is free.
func TestEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, want := &book{}, errors.New("the password was rejected")
		if err := lease.Hold(t.Context(), process{b, "a"}, "x", func(context.Context) error { return want }); !errors.Is(err, want) {
			t.Errorf("%v", err)
		}
		if time.Now().Before(b.until) {
			t.Error("the lease is kept")
		}
	})
}

// A task is ended from elsewhere, which waits for it; one that was ended before
// is never begun.
func TestTask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var task lease.Task
		begun, left := make(chan struct{}), false
		var running sync.WaitGroup
		running.Go(func() {
			_ = task.Run(t.Context(), process{&book{}, "a"}, "x", func(ctx context.Context) error {
				close(begun)
				<-ctx.Done()
				time.Sleep(time.Second) // what is in hand
				left = true
				return ctx.Err()
			})
		})
		<-begun
		task.End()
		if !left {
			t.Error("the end did not wait")
		}
		running.Wait()
		task.End() // twice is no harm

		var never lease.Task
		never.End()
		err := never.Run(t.Context(), process{&book{}, "a"}, "x", func(context.Context) error { return errors.New("it was begun") })
		if err != nil {
			t.Error(err)
		}
	})
}
