// Package once does a thing at most once for its key, across restarts, processes
// and nodes, and gives everybody the result of that one time. It is how a plugin
// calls a far side that knows no idempotency keys:
//
//	id, err := once.Do(ctx, env.State(in.ID), "send/"+req.DeliveryID, func(ctx context.Context) ([]byte, error) {
//		return api.Send(ctx, req.Content.Text)
//	})
//
// What it cannot know: whether the far side did the thing when the process died,
// or its answer got lost, between the call and the result's keeping. Then the
// claim lapses after its time, and Do returns ErrSuspect: nobody does it again
// without having looked. With Suspect a plugin says what to do: look at the far
// side, or do it again where that harms nobody.
package once

import (
	"context"
	"errors"
	"time"

	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/host"
)

// ErrSuspect says that an earlier try ran out of time: it may have done the
// thing, whole or in part. Its source is Rejected: trying again changes nothing.
var ErrSuspect = errors.New("an earlier try did not say what became of it")

// CodeSuspect is the code of ErrSuspect as an errs.Error.
const CodeSuspect = "outcome_unknown"

// Option changes how Do works.
type Option func(*options)

type options struct {
	within  time.Duration
	keep    time.Duration
	suspect func(context.Context) (result []byte, done bool, err error)
}

// Within says how long the thing may take, 1 s to 10 min; it is a minute
// otherwise. fn's context ends then.
func Within(d time.Duration) Option { return func(o *options) { o.within = d } }

// Keep says how long the result is remembered, at most 30 days; it is 7 days
// otherwise.
func Keep(d time.Duration) Option { return func(o *options) { o.keep = d } }

// Suspect is asked when an earlier try may have done the thing. It looks at the
// far side: done with the result, or not done, and then fn runs.
func Suspect(look func(ctx context.Context) (result []byte, done bool, err error)) Option {
	return func(o *options) { o.suspect = look }
}

// Again does the thing again when an earlier try may have done it: for things
// that harm nobody when they happen twice.
func Again() Option {
	return Suspect(func(context.Context) ([]byte, bool, error) { return nil, false, nil })
}

// Do runs fn unless it has run under the key, and returns its result, at most 64
// KiB, each time. While another holds the key it waits, until ctx ends.
//
// An error of fn means that the thing was not done, unless its source is
// FarSide or InDoubt: then nobody knows, the claim is kept until it lapses, and
// the error is returned. Where the far side says for certain that nothing happened (it is
// busy, or could not be reached at all), wrap the error in NotDone.
func Do(ctx context.Context, state host.State, key string, fn func(ctx context.Context) ([]byte, error), opts ...Option) ([]byte, error) {
	o := options{within: time.Minute}
	for _, opt := range opts {
		opt(&o)
	}
	claim, err := take(ctx, state, key, o)
	if err != nil || claim.State == host.ClaimDone {
		return claim.Result, err
	}
	run, cancel := context.WithTimeout(ctx, o.within)
	defer cancel()
	t := try{state: state, key: key, claim: claim, options: o}
	if claim.State == host.ClaimLapsed {
		result, done, err := t.look(run)
		if err != nil {
			return nil, errors.Join(err, t.abandon(ctx))
		}
		if done {
			return result, t.complete(ctx, result)
		}
	}
	return t.do(ctx, run, fn)
}

// take waits for a claim, or for what became of it.
func take(ctx context.Context, state host.State, key string, o options) (host.Claim, error) {
	const least, most = 50 * time.Millisecond, 2 * time.Second
	for pause := least; ; pause = min(2*pause, most) {
		claim, err := state.Claim(ctx, host.ClaimRequest{Key: key, Within: o.within})
		if err != nil || claim.State != host.ClaimHeld {
			return claim, err
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return host.Claim{}, errs.Unavailable(ctx.Err(), "somebody else is doing this now").WithCode("in_progress")
		}
	}
}

// try is one attempt under a claim.
type try struct {
	state host.State
	key   string
	claim host.Claim
	options
}

func (t try) look(ctx context.Context) (result []byte, done bool, err error) {
	if t.suspect == nil {
		return nil, false, errs.Reject(CodeSuspect, "An earlier try did not say what became of it; look at the far side.").WithCause(ErrSuspect)
	}
	return t.suspect(ctx)
}

func (t try) do(ctx, run context.Context, fn func(context.Context) ([]byte, error)) (result []byte, err error) {
	finished := false
	defer func() {
		if !finished { // a panic: nobody knows; the claim lapses by itself
			return
		}
		switch {
		case err == nil:
			err = t.complete(ctx, result)
		case certain(err):
			if left := t.abandon(ctx); left != nil {
				err = errors.Join(err, left)
			}
		}
	}()
	result, err = fn(run)
	finished = true
	return result, err
}

// certain reports whether an error says that nothing happened.
func certain(err error) bool {
	if _, ok := errors.AsType[*notDone](err); ok {
		return true
	}
	source := errs.As(err).Source
	return source != errs.FarSide && source != errs.InDoubt && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled)
}

// after is a context for what must be written down although the caller leaves.
func after(ctx context.Context) (context.Context, context.CancelFunc) {
	const within = 5 * time.Second
	return context.WithTimeout(context.WithoutCancel(ctx), within)
}

func (t try) complete(ctx context.Context, result []byte) error {
	ctx, cancel := after(ctx)
	defer cancel()
	// When the claim is somebody else's by now they have asked Suspect, or will.
	_, err := t.state.Complete(ctx, host.CompleteRequest{Key: t.key, Token: t.claim.Token, Result: result, Keep: t.keep})
	return err
}

func (t try) abandon(ctx context.Context) error {
	ctx, cancel := after(ctx)
	defer cancel()
	return t.state.Abandon(ctx, t.key, t.claim.Token)
}

type notDone struct{ err error }

// NotDone says of an error that the thing was certainly not done, whatever the
// error's source: the next call may do it at once.
func NotDone(err error) error {
	if err == nil {
		return nil
	}
	return &notDone{err}
}

// Error returns the error's text.
func (e *notDone) Error() string { return e.err.Error() }

// Unwrap returns the error.
func (e *notDone) Unwrap() error { return e.err }
