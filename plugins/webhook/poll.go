package main

import (
	"cmp"
	"context"
	"time"

	"github.com/patchbay-im/patchbay/plugins/webhook/polling"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/lease"
)

// leaseName is what one process of the installation holds to ask a system.
const leaseName = "poll"

// lastPause bounds the pause after failures in a row, unless a system is asked
// less often anyway.
const lastPause = 15 * time.Minute

// poller asks the system of one inbox, again and again.
//
// Lifecycle: run once; end cancels it and waits for the round in hand.
type poller struct {
	p    *plugin
	made *plan
	kept stand
	seen recent // what was taken, or refused and told
	told bool   // a round is in the log
	task lease.Task
}

func newPoller(p *plugin, made *plan) *poller {
	made.fetched.set(instance.Health{State: instance.Unknown})
	return &poller{p: p, made: made, kept: stand{p.env.State(made.in.ID)}}
}

// run asks while no other process does, until it is ended.
func (o *poller) run(ctx context.Context) {
	for _, scope := range []string{"lease", "state"} {
		if !o.made.in.Allows(scope) {
			o.made.fetched.set(instance.Health{State: instance.Down, Code: "permission_missing", Detail: "Messages are fetched only with the permissions lease and state."})
			return
		}
	}
	_ = o.task.Run(ctx, o.p.env.Leases(o.made.in.ID), leaseName, o.rounds) // they end with ctx alone
}

func (o *poller) end() { o.task.End() }

func (o *poller) rounds(ctx context.Context) error {
	for failed := 0; ctx.Err() == nil; {
		err := o.round(ctx)
		if failed++; err == nil {
			failed = 0
		}
		wait(ctx, pauseAfter(failed, cmp.Or(o.p.fast, o.made.every()), err))
	}
	return nil
}

// pauseAfter is how long to wait after n failures in a row, the last of them err.
func pauseAfter(n int, every time.Duration, err error) time.Duration {
	pause := min(every<<min(max(n-1, 0), 10), max(lastPause, every)) //nolint:mnd // longer than any pause
	if err != nil {
		pause = max(pause, errs.As(err).RetryAfter)
	}
	return pause
}

func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// How often a system is asked, where the form says nothing.
const everyS = 30

// every is how often the form says.
func (p *plan) every() time.Duration {
	return time.Duration(cmp.Or(p.config.PollEveryS, everyS)) * time.Second
}

// tells says how the inbox fares after a round: what a system answered, and
// whether anything of it could not be taken.
func (o *poller) tells(err error, refused Refused) {
	e := errs.As(err)
	now, revision := o.p.now(), o.made.in.Revision
	switch {
	case e == nil && refused.Lately(now, revision) > 0:
		o.made.fetched.set(instance.Health{State: instance.Degraded, Code: codeRefused, Detail: refused.sentence(now, revision)})
	case e == nil:
		o.made.fetched.set(instance.Health{})
	case e.Code == errs.CodeAuthExpired || e.Source == errs.Rejected || e.Source == errs.Own:
		o.made.fetched.set(instance.Health{State: instance.Down, Code: e.Code, Detail: e.Detail})
	default:
		o.made.fetched.set(instance.Health{State: instance.Degraded, Code: e.Code, Detail: e.Detail})
	}
}

// page asks for the page at a place, and takes nothing of it.
func (p *plugin) page(ctx context.Context, made *plan, at polling.Place) (polling.Page, error) {
	by, err := p.http(made.in, polling.MaxAnswer)
	if err != nil {
		return polling.Page{}, err
	}
	return made.poll.Fetch(ctx, by, at, p.now)
}
