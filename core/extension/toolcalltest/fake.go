package toolcalltest

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/event/eventtest"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Fake is an extension.CallStore in memory. It is safe for concurrent use.
type Fake struct {
	feed *eventtest.Feed

	mu  sync.Mutex
	all []extension.Call
}

// NewFake returns an empty Fake that writes its events to feed.
func NewFake(feed *eventtest.Feed) *Fake { return &Fake{feed: feed} }

func copied(c extension.Call) extension.Call {
	c.Args, c.Completed.Output = bytes.Clone(c.Args), bytes.Clone(c.Completed.Output)
	return c
}

// Begin implements extension.CallStore.
func (f *Fake) Begin(_ context.Context, c extension.Call, maxPending int, events ...event.Event) (extension.Call, bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	waiting := 0
	for _, x := range f.all {
		if x.Workspace != c.Workspace {
			continue
		}
		if x.Caller.Kind == c.Caller.Kind && x.Caller.ID == c.Caller.ID && x.Key == c.Key {
			return copied(x), false, nil
		}
		if x.State == extension.CallPending {
			waiting++
		}
	}
	if c.State == extension.CallPending && waiting >= maxPending {
		return c, false, errs.New(errs.Conflict, "approval.too_many", "Too many uses of tools wait for somebody to agree. Decide some of them first.")
	}
	f.all = append(f.all, copied(c))
	f.feed.Append(events...)
	return c, true, nil
}

// find returns where a call is; -1 = nowhere.
func (f *Fake) find(w identity.WorkspaceID, id string) int {
	return slices.IndexFunc(f.all, func(x extension.Call) bool { return x.Workspace == w && x.ID == id })
}

// Call implements extension.CallStore.
func (f *Fake) Call(_ context.Context, w identity.WorkspaceID, id string) (extension.Call, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	at := f.find(w, id)
	if at < 0 {
		return extension.Call{}, errs.Absent()
	}
	return copied(f.all[at]), nil
}

// Change implements extension.CallStore.
func (f *Fake) Change(_ context.Context, w identity.WorkspaceID, id string, change func(*extension.Call) ([]event.Event, error)) (extension.Call, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	at := f.find(w, id)
	if at < 0 {
		return extension.Call{}, errs.Absent()
	}
	c := copied(f.all[at])
	events, err := change(&c)
	if err != nil {
		return extension.Call{}, err
	}
	f.all[at] = copied(c)
	f.feed.Append(events...)
	return c, nil
}

// list returns the calls that match, in order.
func (f *Fake) list(limit int, match func(extension.Call) bool, order func(a, b extension.Call) int) []extension.Call {
	var out []extension.Call
	for _, x := range f.all {
		if match(x) {
			out = append(out, copied(x))
		}
	}
	slices.SortStableFunc(out, order)
	return out[:min(len(out), limit)]
}

// Pending implements extension.CallStore.
func (f *Fake) Pending(_ context.Context, w identity.WorkspaceID) ([]extension.Call, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.list(len(f.all), func(x extension.Call) bool { return x.Workspace == w && x.State == extension.CallPending },
		func(a, b extension.Call) int {
			return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
		}), nil
}

// Due implements extension.CallStore.
func (f *Fake) Due(_ context.Context, now time.Time, limit int) ([]extension.Call, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	running := f.list(limit, func(x extension.Call) bool { return x.State == extension.CallRunning && !x.LeaseUntil.After(now) },
		func(a, b extension.Call) int { return a.LeaseUntil.Compare(b.LeaseUntil) })
	return append(running, f.list(limit, func(x extension.Call) bool { return x.State == extension.CallPending && !x.ExpiresAt.After(now) }, byExpiry)...), nil
}

func byExpiry(a, b extension.Call) int { return a.ExpiresAt.Compare(b.ExpiresAt) }

// Forget implements extension.CallStore.
func (f *Fake) Forget(_ context.Context, now time.Time, limit int) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	gone := f.list(limit, func(x extension.Call) bool { return x.Over() && !x.ExpiresAt.After(now) }, byExpiry)
	for _, x := range gone {
		at := f.find(x.Workspace, x.ID)
		f.all = slices.Delete(f.all, at, at+1)
	}
	return len(gone), nil
}
