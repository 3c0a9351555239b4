// Package alerttest is the conformance suite of alert's port and an in-memory
// fake that passes it.
package alerttest

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/alert"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/event/eventtest"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Fake keeps rules and alerts in memory. It implements alert.Store. It is safe
// for concurrent use.
type Fake struct {
	feed *eventtest.Feed

	mu       sync.Mutex
	rules    map[identity.WorkspaceID]rules
	standing map[identity.WorkspaceID][]alert.Alert
}

type rules struct {
	alert.Rules
	revision uint64
}

// NewFake returns an empty Fake that writes its events to feed.
func NewFake(feed *eventtest.Feed) *Fake {
	return &Fake{feed: feed, rules: map[identity.WorkspaceID]rules{}, standing: map[identity.WorkspaceID][]alert.Alert{}}
}

// Rules implements alert.Store.
func (f *Fake) Rules(_ context.Context, w identity.WorkspaceID) (alert.Rules, uint64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r := f.rules[w]
	return r.Rules, r.revision, nil
}

// SaveRules implements alert.Store.
func (f *Fake) SaveRules(_ context.Context, w identity.WorkspaceID, r alert.Rules, revision uint64, events ...event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.rules[w].revision != revision {
		return alert.Stale()
	}
	f.rules[w] = rules{r, revision + 1}
	f.feed.Append(events...)
	return nil
}

// Standing implements alert.Store.
func (f *Fake) Standing(_ context.Context, w identity.WorkspaceID) ([]alert.Alert, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := slices.Clone(f.standing[w])
	slices.SortFunc(out, alert.Older)
	return out, nil
}

// Raise implements alert.Store.
func (f *Fake) Raise(_ context.Context, w identity.WorkspaceID, list []alert.Alert) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, a := range list {
		if !slices.ContainsFunc(f.standing[w], func(b alert.Alert) bool { return b.Key == a.Key }) {
			f.standing[w] = append(f.standing[w], a)
		}
	}
	return nil
}

// Clear implements alert.Store.
func (f *Fake) Clear(_ context.Context, w identity.WorkspaceID, ids []alert.ID) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.standing[w] = slices.DeleteFunc(f.standing[w], func(a alert.Alert) bool { return slices.Contains(ids, a.ID) })
	return nil
}

// Acknowledge implements alert.Store.
func (f *Fake) Acknowledge(_ context.Context, w identity.WorkspaceID, id alert.ID, by identity.Actor, at time.Time) (alert.Alert, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := slices.IndexFunc(f.standing[w], func(a alert.Alert) bool { return a.ID == id })
	if n < 0 {
		return alert.Alert{}, errs.Absent()
	}
	a := &f.standing[w][n]
	if a.AckAt.IsZero() {
		a.AckBy, a.AckAt = by, at
	}
	return *a, nil
}

// Floor is a floor of every workspace that stays as it is. It implements
// alert.Floors.
type Floor alert.Floor

// Floor implements alert.Floors.
func (f *Floor) Floor(context.Context, identity.WorkspaceID) (alert.Floor, error) {
	return alert.Floor(*f), nil
}
