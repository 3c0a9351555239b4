// Package backfilltest is the conformance suite of backfill.Store and an
// in-memory fake that passes it.
package backfilltest

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/channel/backfill"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Fake keeps runs in memory. It is safe for concurrent use.
type Fake struct {
	mu     sync.Mutex
	runs   []backfill.Run // the oldest first
	events []event.Event
}

// NewFake returns an empty Fake.
func NewFake() *Fake { return &Fake{} }

// Events returns those that were stored, in their order.
func (f *Fake) Events() []event.Event {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.events)
}

func copied(r backfill.Run) backfill.Run {
	r.Refusals = slices.Clone(r.Refusals)
	for _, t := range []*time.Time{&r.Since, &r.StartedAt, &r.FinishedAt, &r.Until} {
		*t = t.Truncate(time.Microsecond)
	}
	return r
}

func (f *Fake) find(match func(backfill.Run) bool) []backfill.Run {
	var out []backfill.Run
	for _, r := range f.runs {
		if match(r) {
			out = append(out, copied(r))
		}
	}
	slices.SortFunc(out, func(a, b backfill.Run) int {
		return cmp.Or(a.StartedAt.Compare(b.StartedAt), cmp.Compare(a.ID, b.ID))
	})
	return out
}

// Begin implements backfill.Store.
func (f *Fake) Begin(_ context.Context, r backfill.Run, e event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	of := func(x backfill.Run) bool { return x.Workspace == r.Workspace && x.Inbox == r.Inbox }
	if len(f.find(func(x backfill.Run) bool { return of(x) && x.State == backfill.Running })) > 0 {
		return backfill.UnderWay()
	}
	f.runs = append(f.runs, copied(r))
	f.events = append(f.events, e)
	all := f.find(of)
	for _, old := range all[:max(0, len(all)-backfill.Kept)] {
		f.runs = slices.DeleteFunc(f.runs, func(x backfill.Run) bool { return of(x) && x.ID == old.ID })
	}
	return nil
}

// Runs implements backfill.Store.
func (f *Fake) Runs(_ context.Context, w identity.WorkspaceID, inbox channel.InboxID) ([]backfill.Run, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := f.find(func(r backfill.Run) bool { return r.Workspace == w && r.Inbox == inbox })
	slices.Reverse(out)
	return out, nil
}

// Running implements backfill.Store.
func (f *Fake) Running(context.Context) ([]backfill.Run, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.find(func(r backfill.Run) bool { return r.State == backfill.Running }), nil
}

// Change implements backfill.Store.
func (f *Fake) Change(_ context.Context, w identity.WorkspaceID, id backfill.ID, change func(*backfill.Run) error, events ...event.Event) (backfill.Run, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	at := slices.IndexFunc(f.runs, func(r backfill.Run) bool { return r.Workspace == w && r.ID == id })
	if at < 0 {
		return backfill.Run{}, errs.Absent()
	}
	r := copied(f.runs[at])
	if err := change(&r); err != nil {
		return backfill.Run{}, err
	}
	f.runs[at] = copied(r)
	f.events = append(f.events, events...)
	return copied(r), nil
}
