// Package simulate plays a day of traffic against a way of dispatching, in
// seconds and on a clock of its own: who comes when, how long they have
// patience and how long they take is drawn by a seed, or was recorded. The
// engine of core/dispatch is driven through its public methods, the ways of
// others stand beside it behind the same interface.
//
// The same scenario and seed give the same customers to every way: what two
// results differ in is the way's doing. The same scenario, seed, way and
// program give the same result to the byte.
//
// It does no I/O, starts nothing and reads no clock. Values are not safe for
// concurrent use; runs of their own are.
package simulate

import (
	"context"
	"fmt"

	"github.com/patchbay-im/patchbay/core/errs"
)

// Run plays a scenario. Traffic comes for the scenario's length; who came is
// followed until served or gone, for at most as long again. Its errors: Invalid
// with the fields of a scenario that Check refuses, the context's, and Internal
// when the way breaks a promise (gives an item twice, beyond an agent's room,
// to somebody who may not have it), which the run checks at every assignment.
func Run(ctx context.Context, s Scenario, way Way) (Result, error) {
	if err := s.Check(); err != nil {
		return Result{}, err
	}
	f := newFloor(s, way)
	if err := f.play(ctx); err != nil {
		return Result{}, err
	}
	if err := f.sound(); err != nil {
		return Result{}, err
	}
	return f.result(), nil
}

// sound looks whether everybody who came is there or through, once.
func (f *floor) sound() error {
	there := 0
	for _, c := range f.customers {
		if c.state != through {
			there++
		}
	}
	if there != f.open {
		return broken(fmt.Sprintf("%s: %d customers are there, and %d are counted", f.way, there, f.open))
	}
	return nil
}

// play takes events until nothing is left to happen.
func (f *floor) play(ctx context.Context) error {
	for n := 0; ; n++ {
		if n%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		e, more := f.take()
		if !more || e.at > f.end {
			return nil
		}
		f.now = e.at
		if err := e.happen(); err != nil {
			return err
		}
		if err := f.decide(); err != nil {
			return err
		}
		if f.now > f.length && f.open == 0 {
			return nil
		}
	}
}

// broken is what a way did that no way may.
func broken(detail string) error {
	return errs.New(errs.Internal, "simulation.promise_broken", detail)
}
