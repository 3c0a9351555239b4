package main

import (
	"context"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/plugins/telegram/api"
	"github.com/patchbay-im/patchbay/plugins/telegram/update"
	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/host"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/lease"
)

// account is a bot that is connected.
type account struct {
	env    sdk.Env
	group  *sdk.Group
	in     instance.Instance
	config config
	words  words
	said   update.Words
	api    *api.Client
	moves  *moves
	ledger ledger
	task   lease.Task

	mu    sync.Mutex
	state instance.Health
	link  string // where customers find the bot; "" = not known yet
}

// account makes one of an inbox. Nothing is asked of Telegram yet.
func (t *telegram) account(in instance.Instance) (*account, error) {
	a := &account{
		env: t.env, group: t.group, in: in, words: wordsIn(in.Locale), said: update.WordsIn(in.Locale), state: instance.Health{State: instance.Unknown},
		moves: newMoves(t.env.State(in.ID)), ledger: ledger{t.env.State(in.ID)},
	}
	if err := in.Decode(&a.config); err != nil {
		return nil, err
	}
	if faults := a.config.faults(a.words); len(faults) > 0 {
		return nil, errs.Reject("config_invalid", faults[0].Message)
	}
	var err error
	a.api, err = t.client(in, a.config)
	return a, err
}

// leaseName is what one process of the installation holds: Telegram lets one ask.
const leaseName = "updates"

// run receives where no other server does, until it is ended.
func (a *account) run(ctx context.Context) {
	receive := a.poll
	if a.config.hooked() {
		receive = a.hook
	}
	_ = a.task.Run(ctx, a.env.Leases(a.in.ID), leaseName, func(ctx context.Context) error { // they end with ctx alone
		receive(ctx)
		return nil
	})
}

// end stops receiving and waits for the update in hand.
func (a *account) end() { a.task.End() }

// Pauses after failures in a row.
const (
	firstPause = time.Second
	lastPause  = 30 * time.Second
)

// pauseAfter is how long to wait after n failures in a row, the last of them err.
func pauseAfter(n int, err error) time.Duration {
	d := firstPause << min(max(n-1, 0), 10)
	return max(min(d, lastPause), errs.As(err).RetryAfter)
}

// wait waits; false when ctx ended before.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// until does something until it works; false when ctx ended before.
func (a *account) until(ctx context.Context, do func(context.Context) error) bool {
	for n := 1; ctx.Err() == nil; n++ {
		err := do(ctx)
		if err == nil {
			return true
		}
		a.trouble(ctx, n, err)
		if !wait(ctx, pauseAfter(n, err)) {
			return false
		}
	}
	return false
}

// trouble says that receiving failed the nth time in a row. Once is nothing to
// tell, unless somebody has to mend it.
func (a *account) trouble(ctx context.Context, n int, err error) {
	e := errs.As(err)
	if ctx.Err() != nil {
		return
	}
	a.env.Log.InfoContext(ctx, "Telegram could not be asked", "inbox", a.in.ID, "times", n, "error", err)
	switch {
	case e.Code == errs.CodeAuthExpired:
		a.report(ctx, instance.Health{State: instance.Down, Code: e.Code, Detail: e.Detail})
	case e.Code == api.CodeConflict && n > 1, e.Source == errs.Rejected:
		a.report(ctx, instance.Health{State: instance.Down, Code: e.Code, Detail: e.Detail})
	case n > 1:
		a.report(ctx, instance.Health{State: instance.Degraded, Code: e.Code, Detail: e.Detail})
	}
}

// well says that receiving works.
func (a *account) well(ctx context.Context) {
	a.mu.Lock()
	detail := a.link
	a.mu.Unlock()
	a.report(ctx, instance.Health{State: instance.OK, Detail: detail})
}

// greet learns who the bot is.
func (a *account) greet(ctx context.Context) error {
	me, err := a.api.Me(ctx)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if me.Username != "" {
		a.link = "https://t.me/" + me.Username
	}
	return nil
}

// report keeps and tells how the bot fares, where that is news.
func (a *account) report(ctx context.Context, h instance.Health) {
	a.mu.Lock()
	news := a.state != h
	a.state = h
	a.mu.Unlock()
	if !news {
		return
	}
	if err := a.env.ReportHealth(ctx, a.in.ID, h); err != nil && ctx.Err() == nil {
		a.env.Log.InfoContext(ctx, "the health of a bot is told later", "inbox", a.in.ID, "error", err)
	}
}

func (a *account) health() instance.Health {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.state
}

func valueOf(e *host.Entry) []byte {
	if e == nil {
		return nil
	}
	return e.Value
}
