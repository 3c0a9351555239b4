package rig

import (
	"context"
	"fmt"
	"time"
)

// Until asks again and again, until it is so, asking fails, or most is over.
func Until(ctx context.Context, most time.Duration, so func() (bool, error)) error {
	return Poll(ctx, 10*time.Millisecond, most, so)
}

// Poll is Until with so much time between two questions.
func Poll(ctx context.Context, between, most time.Duration, so func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	tick := time.NewTicker(between)
	defer tick.Stop()
	for {
		if done, err := so(); done || err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("waited for %v: %w", most, ctx.Err())
		}
	}
}

// Await is Until for what can only be so or not: it reports whether it came true.
func Await(ctx context.Context, most time.Duration, so func() bool) bool {
	return Until(ctx, most, func() (bool, error) { return so(), nil }) == nil
}
