// Package instancetest is the conformance suite of instance.ConditionStore and
// an in-memory fake that passes it.
package instancetest

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/instance"
)

// Fake keeps conditions in memory. It is safe for concurrent use.
type Fake struct {
	mu     sync.Mutex
	there  map[place]bool // accounts, and whether they are in use
	kept   map[place]instance.Condition
	events []event.Event
}

type place struct {
	workspace identity.WorkspaceID
	instance  string
}

// NewFake returns an empty Fake.
func NewFake() *Fake {
	return &Fake{there: make(map[place]bool), kept: make(map[place]instance.Condition)}
}

// Add makes an account.
func (f *Fake) Add(w identity.WorkspaceID, id string, enabled bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.there[place{w, id}] = enabled
}

// Events returns those that were stored, in their order.
func (f *Fake) Events() []event.Event {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.events)
}

func (f *Fake) get(at place) instance.Condition {
	c, ok := f.kept[at]
	if !ok {
		return instance.Condition{Workspace: at.workspace, Instance: at.instance, State: instance.ConditionUnknown}
	}
	c.Turns = slices.Clone(c.Turns)
	return c
}

// Condition implements instance.ConditionStore.
func (f *Fake) Condition(_ context.Context, w identity.WorkspaceID, id string) (instance.Condition, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.get(place{w, id}), nil
}

// Conditions implements instance.ConditionStore.
func (f *Fake) Conditions(_ context.Context, w identity.WorkspaceID) (map[string]instance.Condition, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := make(map[string]instance.Condition)
	for at, c := range f.kept {
		if at.workspace == w {
			c.Turns = nil
			out[at.instance] = c
		}
	}
	return out, nil
}

// ChangeCondition implements instance.ConditionStore.
func (f *Fake) ChangeCondition(_ context.Context, w identity.WorkspaceID, id string,
	change func(*instance.Condition) ([]event.Event, error),
) (instance.Condition, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	at := place{w, id}
	if _, ok := f.there[at]; !ok {
		return instance.Condition{}, errs.Absent()
	}
	c := f.get(at)
	events, err := change(&c)
	if err != nil {
		return instance.Condition{}, err
	}
	for _, t := range []*time.Time{&c.Since, &c.GoodAt, &c.RejectedAt, &c.NoticeAt, &c.ResumedAt} {
		*t = t.Truncate(time.Microsecond)
	}
	f.kept[at] = c
	f.events = append(f.events, events...)
	return f.get(at), nil
}

// NoticesDue implements instance.ConditionStore.
func (f *Fake) NoticesDue(_ context.Context, now time.Time, limit int) ([]instance.Condition, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []instance.Condition
	for _, c := range f.kept {
		if !c.NoticeAt.IsZero() && !c.NoticeAt.After(now) {
			c.Turns = nil
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b instance.Condition) int {
		return cmp.Or(a.NoticeAt.Compare(b.NoticeAt), cmp.Compare(a.Workspace, b.Workspace), cmp.Compare(a.Instance, b.Instance))
	})
	return out[:min(limit, len(out))], nil
}

// CountConditions implements instance.ConditionStore.
func (f *Fake) CountConditions(context.Context) (map[instance.ConditionState]int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := make(map[instance.ConditionState]int)
	for at, c := range f.kept {
		if f.there[at] {
			out[c.State]++
		}
	}
	return out, nil
}
