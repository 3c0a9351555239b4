package main

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// load runs a number of workers for a span and returns how many calls a second
// they finished. do is given the worker's number and must stop at the first error.
func load(ctx context.Context, workers int, span time.Duration, do func(ctx context.Context, worker int) error) (float64, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var done atomic.Int64
	var stop atomic.Bool
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for !stop.Load() && ctx.Err() == nil {
				if err := do(ctx, w); err != nil {
					cancel(err)
					return
				}
				done.Add(1)
			}
		})
	}
	warm := span / 5 // until everybody is at it
	pause(ctx, warm)
	from, at := done.Load(), time.Now()
	pause(ctx, span)
	count, took := done.Load()-from, time.Since(at)
	stop.Store(true)
	wg.Wait()
	if err := context.Cause(ctx); err != nil {
		return 0, err
	}
	return float64(count) / took.Seconds(), nil
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
