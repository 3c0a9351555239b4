package db

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync/atomic"

	"github.com/patchbay-im/patchbay/core/errs"
)

// Work is what a job does. It may run again after a rollback, so it must not
// keep state from an earlier run.
type Work func(ctx context.Context, tx *Tx) error

// job is a piece of work on its way through the writer.
type job struct {
	workspace string
	work      func(tx *Tx) error // with the caller's values, without its cancellation
	state     atomic.Int32
	answer    chan error // takes one
}

func newJob(ctx context.Context, workspace string, work Work) *job {
	ctx = context.WithoutCancel(ctx)
	return &job{
		workspace: workspace, answer: make(chan error, 1),
		work: func(tx *Tx) error {
			if err := work(ctx, tx); err != nil {
				return err
			}
			return tx.effect(ctx)
		},
	}
}

// States of a job.
const (
	jobWaits   int32 = iota
	jobTaken         // the writer has it
	jobDropped       // its caller has gone
)

// take claims the job for the writer; false when its caller has gone.
func (j *job) take() bool { return j.state.CompareAndSwap(jobWaits, jobTaken) }

// drop gives the job up; false when the writer has it.
func (j *job) drop() bool { return j.state.CompareAndSwap(jobWaits, jobDropped) }

// run does the work. A panic becomes an Internal error.
func (j *job) run(ctx context.Context, tx *Tx) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = errs.Wrap(&panicError{value: v, stack: debug.Stack()}, errs.Internal, "internal",
				"Something went wrong on our side. The cause is in the server's log.")
		}
	}()
	if j.workspace != "" {
		if err := tx.Lock(ctx, j.workspace); err != nil {
			return err
		}
	}
	return j.work(tx)
}

// panicError is what a job threw.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("panic in a job: %v\n%s", e.value, e.stack) }
