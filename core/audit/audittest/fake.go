// Package audittest is what every audit.Store must keep, and a store in memory.
package audittest

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/audit"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// Fake keeps chains in memory. It is safe for concurrent use.
type Fake struct {
	mu     sync.Mutex
	heads  map[identity.WorkspaceID]audit.Head
	rows   map[identity.WorkspaceID][]audit.Row
	months map[identity.WorkspaceID]int
}

// NewFake returns an empty Fake.
func NewFake() *Fake {
	return &Fake{heads: map[identity.WorkspaceID]audit.Head{}, rows: map[identity.WorkspaceID][]audit.Row{}, months: map[identity.WorkspaceID]int{}}
}

func (f *Fake) head(w identity.WorkspaceID) audit.Head {
	if h, ok := f.heads[w]; ok {
		return h
	}
	return audit.NewHead()
}

func (f *Fake) append(e event.Event) {
	w := identity.WorkspaceID(e.Workspace)
	h := f.head(w)
	r := h.Next(e)
	f.rows[w], f.heads[w] = append(f.rows[w], r), h
}

// Workspaces implements audit.Reader.
func (f *Fake) Workspaces(context.Context) ([]identity.WorkspaceID, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []identity.WorkspaceID
	for w := range f.heads {
		out = append(out, w)
	}
	slices.Sort(out)
	return out, nil
}

// Head implements audit.Reader.
func (f *Fake) Head(_ context.Context, w identity.WorkspaceID) (audit.Head, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.head(w), nil
}

// Chain implements audit.Reader.
func (f *Fake) Chain(_ context.Context, w identity.WorkspaceID, after uint64, limit int) ([]audit.Row, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []audit.Row
	for _, r := range f.rows[w] {
		if r.Seq > after && len(out) < limit {
			out = append(out, r)
		}
	}
	return out, nil
}

// Keep implements audit.Store.
func (f *Fake) Keep(_ context.Context, events ...event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range events {
		f.append(e)
	}
	return nil
}

// Rows implements audit.Store.
func (f *Fake) Rows(_ context.Context, w identity.WorkspaceID, filter audit.Filter, p page.Request) (page.Page[audit.Row], error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out page.Page[audit.Row]
	after, err := page.Decode(p.Cursor, 1)
	if err != nil {
		return out, err
	}
	for _, r := range slices.Backward(f.rows[w]) {
		if after != nil {
			if last, _ := strconv.ParseUint(after[0], 10, 64); r.Seq >= last {
				continue
			}
		}
		if !selects(filter, r) {
			continue
		}
		if len(out.Items) == p.Size() {
			out.Next = page.Encode(strconv.FormatUint(out.Items[len(out.Items)-1].Seq, 10))
			break
		}
		out.Items = append(out.Items, r)
	}
	return out, nil
}

func selects(f audit.Filter, r audit.Row) bool {
	c := r.Record
	text := strings.ToLower(strings.Join([]string{c.Action, c.Actor.ID, c.Actor.Name, c.Via, c.Address, c.Target.ID, c.Target.Name, string(c.Detail)}, " "))
	action := f.Action == "" || c.Action == f.Action || strings.HasSuffix(f.Action, ".") && strings.HasPrefix(c.Action, f.Action)
	return action && (f.Actor == "" || c.Actor.ID == f.Actor) && (f.Target == "" || c.Target.ID == f.Target) &&
		(f.From.IsZero() || !r.At.Before(f.From)) && (f.To.IsZero() || r.At.Before(f.To)) && strings.Contains(text, strings.ToLower(f.Words))
}

// LastBefore implements audit.Store.
func (f *Fake) LastBefore(_ context.Context, w identity.WorkspaceID, at time.Time) (uint64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	last := uint64(0)
	for _, r := range f.rows[w] {
		if r.At.Before(at) {
			last = r.Seq
		}
	}
	return last, nil
}

// Trim implements audit.Store.
func (f *Fake) Trim(_ context.Context, w identity.WorkspaceID, a audit.Anchor, e event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := slices.IndexFunc(f.rows[w], func(r audit.Row) bool { return r.Seq == a.Through })
	if i < 0 || f.rows[w][i].Hash != a.Hash {
		return errs.New(errs.Conflict, "audit.broken", "The audit log is not what was verified. Nothing was removed from it.")
	}
	h := f.head(w)
	h.Base, h.BaseHash = a.Through, a.Hash
	f.heads[w], f.rows[w] = h, slices.Clone(f.rows[w][i+1:])
	f.append(e)
	return nil
}

// Months implements audit.Store.
func (f *Fake) Months(_ context.Context, w identity.WorkspaceID) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.months[w], nil
}

// SetMonths implements audit.Store.
func (f *Fake) SetMonths(_ context.Context, w identity.WorkspaceID, months int, told func(was int) event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if e := told(f.months[w]); e.Audit != nil {
		f.months[w] = months
		f.append(e)
	}
	return nil
}
