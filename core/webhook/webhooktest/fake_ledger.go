package webhooktest

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/webhook"
)

// Cursor implements webhook.Ledger.
func (f *Fake) Cursor(_ context.Context, w identity.WorkspaceID) (uint64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.cursors[w], nil
}

// Mark implements webhook.Store: here nobody is erased.
func (f *Fake) Mark(_ context.Context, _ identity.WorkspaceID, since time.Time) (event.Mark, error) {
	return event.Mark{Since: since}, nil
}

// Record implements webhook.Ledger.
func (f *Fake) Record(_ context.Context, w identity.WorkspaceID, upTo uint64, list []webhook.Delivery) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, d := range list {
		twice := slices.ContainsFunc(f.rows, func(r *row) bool { return r.Workspace == w && r.Endpoint == d.Endpoint && r.Event == d.Event })
		if d.Feed > f.cursors[w] && !twice && f.find(w, d.Endpoint) != nil {
			f.rows = append(f.rows, &row{Delivery: d})
		}
	}
	f.cursors[w] = max(f.cursors[w], upTo)
	return nil
}

// on reports whether deliveries of an endpoint may leave.
func (f *Fake) on(q webhook.Queue) bool {
	e := f.find(q.Workspace, q.Endpoint)
	return e != nil && e.Active && e.Health != webhook.Disabled
}

// turns lists the pending deliveries of an endpoint whose turn it is, in order.
func (f *Fake) turns(q webhook.Queue) []*row {
	first := make(map[string]*row)
	for _, r := range f.rows {
		if r.Workspace != q.Workspace || r.Endpoint != q.Endpoint || r.State != webhook.Pending {
			continue
		}
		if other := first[r.Subject]; other == nil || r.Feed < other.Feed {
			first[r.Subject] = r
		}
	}
	var out []*row
	for _, r := range first {
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b *row) int { return cmp.Compare(a.Feed, b.Feed) })
	return out
}

// Waiting implements webhook.Ledger.
func (f *Fake) Waiting(context.Context) ([]webhook.Queue, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []webhook.Queue
	for _, e := range f.endpoints {
		q := webhook.Queue{Workspace: e.Workspace, Endpoint: e.ID}
		if f.on(q) && len(f.turns(q)) > 0 {
			out = append(out, q)
		}
	}
	return out, nil
}

// Next implements webhook.Ledger.
func (f *Fake) Next(_ context.Context, q webhook.Queue) (time.Time, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out time.Time
	for _, r := range f.turns(q) {
		due := r.NextAt
		if r.claimed.After(due) {
			due = r.claimed
		}
		if out.IsZero() || due.Before(out) {
			out = due
		}
	}
	return out, nil
}

// Claim implements webhook.Ledger.
func (f *Fake) Claim(_ context.Context, q webhook.Queue, now, until time.Time, limit int) ([]webhook.Delivery, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.on(q) {
		return nil, nil
	}
	var out []webhook.Delivery
	for _, r := range f.turns(q) {
		if len(out) < limit && !r.NextAt.After(now) && !r.claimed.After(now) {
			r.claimed = until
			out = append(out, r.Delivery)
		}
	}
	return out, nil
}

// Settle implements webhook.Ledger.
func (f *Fake) Settle(_ context.Context, x webhook.Settlement, change func(*webhook.Endpoint) webhook.Effect) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	kept := f.find(x.Delivery.Workspace, x.Delivery.Endpoint)
	if kept == nil {
		return nil
	}
	for _, r := range f.rows {
		if r.Workspace != x.Delivery.Workspace || r.ID != x.Delivery.ID {
			continue
		}
		r.tried = append(r.tried, x.Attempt)
		r.tried = r.tried[max(0, len(r.tried)-webhook.MaxAttempts):]
		if r.State != webhook.Pending {
			continue
		}
		r.State, r.Attempts, r.NextAt, r.claimed = x.State, x.Attempts, x.NextAt, time.Time{}
		r.Status, r.Code = x.Attempt.Status, x.Attempt.Code
		if x.State != webhook.Pending {
			r.SettledAt = x.Attempt.At.Add(x.Attempt.Took)
		}
	}
	e := clone(*kept)
	effect := change(&e)
	f.effect(e, effect)
	return nil
}

// Unclaim implements webhook.Ledger.
func (f *Fake) Unclaim(context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.rows {
		r.claimed = time.Time{}
	}
	return nil
}
