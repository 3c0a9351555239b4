// Package lease runs something in one process of the whole installation: the
// reader of a mailbox, the poller of an account that a far side lets only one
// client ask.
//
//	err := lease.Hold(ctx, env.Leases(in.ID), "mailbox", func(ctx context.Context) error {
//		return reader.Run(ctx)
//	})
package lease

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/sdk/host"
)

// Times of a lease.
const (
	ttl     = 30 * time.Second
	renewal = ttl / 3
	retry   = 5 * time.Second // after the host did not answer, and how often a lease of another is asked for at least
)

// Hold waits until this process owns name and calls fn, with a context that ends
// when it does not any more; then it waits again. It returns what fn returns while
// the process is the owner, and nil when ctx ends. fn must return when its context
// ends: until then nobody else is let in by this process, but another may be.
func Hold(ctx context.Context, leases host.Leases, name string, fn func(ctx context.Context) error) error {
	for ctx.Err() == nil {
		got, err := leases.Acquire(ctx, name, ttl)
		if err != nil || !got.Acquired {
			pause(ctx, retry)
			continue
		}
		lost, err := own(ctx, leases, name, got.Until, fn)
		if lost {
			continue
		}
		release(ctx, leases, name)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // it was to end
		}
		return err
	}
	return nil
}

// own runs fn while the lease is prolonged.
func own(ctx context.Context, leases host.Leases, name string, until time.Time, fn func(ctx context.Context) error) (lost bool, err error) {
	mine, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan ending, 1)
	go func() {
		var end ending
		defer func() {
			end.panicked = recover()
			done <- end
		}()
		end.err = fn(mine)
	}()
	timer := time.NewTicker(renewal)
	defer timer.Stop()
	for {
		select {
		case end := <-done:
			return false, end.error()
		case <-timer.C:
		}
		got, err := leases.Acquire(ctx, name, ttl)
		switch {
		case err == nil && got.Acquired:
			until = got.Until
		case err == nil || time.Until(until) <= renewal: // another's, or about to be
			cancel()
			end := <-done
			_ = end.error() // a panic is no way to end
			return true, nil
		}
	}
}

// ending is how a call ended.
type ending struct {
	err      error
	panicked any
}

// error is what the call returned. Its panic goes on in the caller's goroutine,
// where it can be caught.
func (e ending) error() error {
	if e.panicked != nil {
		panic(e.panicked) //nolint:forbidigo // it was one already
	}
	return e.err
}

// release lets others in at once.
func release(ctx context.Context, leases host.Leases, name string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), retry)
	defer cancel()
	_ = leases.Release(ctx, name) // it ends by itself
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
