// Package webhooktest is the conformance suite of the webhook ports and an
// in-memory fake that passes it.
package webhooktest

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/event/eventtest"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/webhook"
)

// Fake keeps endpoints and their ledger in memory. It implements
// webhook.Store, webhook.Ledger and webhook.Log. It is safe for concurrent use.
type Fake struct {
	feed *eventtest.Feed

	mu        sync.Mutex
	endpoints []webhook.Endpoint
	rows      []*row
	cursors   map[identity.WorkspaceID]uint64
}

type row struct {
	webhook.Delivery
	claimed time.Time
	tried   []webhook.Attempt
}

// NewFake returns an empty Fake that writes to a feed.
func NewFake(feed *eventtest.Feed) *Fake {
	return &Fake{feed: feed, cursors: make(map[identity.WorkspaceID]uint64)}
}

func (f *Fake) find(w identity.WorkspaceID, id webhook.ID) *webhook.Endpoint {
	i := slices.IndexFunc(f.endpoints, func(e webhook.Endpoint) bool { return e.Workspace == w && e.ID == id })
	if i < 0 {
		return nil
	}
	return &f.endpoints[i]
}

func clone(e webhook.Endpoint) webhook.Endpoint {
	e.Events, e.Inboxes, e.Secrets = slices.Clone(e.Events), slices.Clone(e.Inboxes), slices.Clone(e.Secrets)
	return e
}

// Endpoints implements webhook.Store.
func (f *Fake) Endpoints(_ context.Context, w identity.WorkspaceID) ([]webhook.Endpoint, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []webhook.Endpoint
	for _, e := range f.endpoints {
		if e.Workspace == w {
			out = append(out, clone(e))
		}
	}
	slices.SortFunc(out, func(a, b webhook.Endpoint) int { return cmp.Compare(a.ID, b.ID) })
	return out, nil
}

// Endpoint implements webhook.Store.
func (f *Fake) Endpoint(_ context.Context, w identity.WorkspaceID, id webhook.ID) (webhook.Endpoint, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e := f.find(w, id)
	if e == nil {
		return webhook.Endpoint{}, errs.Absent()
	}
	return clone(*e), nil
}

func (f *Fake) head(ctx context.Context, w identity.WorkspaceID) uint64 {
	n, err := f.feed.Head(ctx, string(w))
	if err != nil { // a feed in memory does not fail
		return 0
	}
	return n
}

// Create implements webhook.Store.
func (f *Fake) Create(ctx context.Context, e webhook.Endpoint, changed event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, x := range f.endpoints {
		if x.Workspace == e.Workspace {
			n++
		}
	}
	if n >= webhook.MaxEndpoints {
		return errs.New(errs.Conflict, "webhook.too_many", "A workspace has at most 20 webhooks. Delete one first.")
	}
	e.From = f.head(ctx, e.Workspace)
	f.endpoints = append(f.endpoints, clone(e))
	f.feed.Append(changed)
	return nil
}

// Change implements webhook.Store.
func (f *Fake) Change(ctx context.Context, w identity.WorkspaceID, id webhook.ID, change func(*webhook.Endpoint) (webhook.Effect, error)) (webhook.Endpoint, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	kept := f.find(w, id)
	if kept == nil {
		return webhook.Endpoint{}, errs.Absent()
	}
	e := clone(*kept)
	effect, err := change(&e)
	if err != nil {
		return webhook.Endpoint{}, err
	}
	if e.Active && !kept.Active {
		e.From = f.head(ctx, w)
	}
	f.effect(e, effect)
	return e, nil
}

func (f *Fake) effect(e webhook.Endpoint, x webhook.Effect) {
	if kept := f.find(e.Workspace, e.ID); x.Save && kept != nil {
		*kept = clone(e)
	}
	for _, r := range f.rows {
		if r.Workspace != e.Workspace || r.Endpoint != e.ID || r.State != webhook.Pending {
			continue
		}
		if x.Bury != "" {
			r.State, r.Code, r.SettledAt, r.NextAt, r.claimed = webhook.Dead, x.Bury, x.At, time.Time{}, time.Time{}
		}
		if x.Hurry && r.NextAt.After(x.At) {
			r.NextAt = x.At
		}
	}
	f.feed.Append(x.Events...)
}

// Delete implements webhook.Store.
func (f *Fake) Delete(_ context.Context, w identity.WorkspaceID, id webhook.ID, changed event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.find(w, id) == nil {
		return errs.Absent()
	}
	f.endpoints = slices.DeleteFunc(f.endpoints, func(e webhook.Endpoint) bool { return e.Workspace == w && e.ID == id })
	f.rows = slices.DeleteFunc(f.rows, func(r *row) bool { return r.Workspace == w && r.Endpoint == id })
	f.feed.Append(changed)
	return nil
}

// Deliveries implements webhook.Log.
func (f *Fake) Deliveries(_ context.Context, w identity.WorkspaceID, id webhook.ID, state webhook.State, p page.Request) (page.Page[webhook.Delivery], error) {
	var out page.Page[webhook.Delivery]
	before, err := page.Decode(p.Cursor, 1)
	if err != nil {
		return out, err
	}
	most := uint64(1<<63 - 1)
	if before != nil {
		if most, err = strconv.ParseUint(before[0], 10, 63); err != nil {
			return out, errs.New(errs.Invalid, "page.cursor_invalid", "The cursor is not one we gave out. Start again without it.")
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.rows {
		if r.Workspace == w && r.Endpoint == id && r.Feed < most && (state == "" || r.State == state) {
			d := r.Delivery
			d.Body = nil
			out.Items = append(out.Items, d)
		}
	}
	slices.SortFunc(out.Items, func(a, b webhook.Delivery) int { return cmp.Compare(b.Feed, a.Feed) })
	if size := p.Size(); len(out.Items) > size {
		out.Items = out.Items[:size]
		out.Next = page.Encode(strconv.FormatUint(out.Items[size-1].Feed, 10))
	}
	return out, nil
}

// Delivery implements webhook.Log.
func (f *Fake) Delivery(_ context.Context, w identity.WorkspaceID, id webhook.DeliveryID) (webhook.Delivery, []webhook.Attempt, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.rows {
		if r.Workspace == w && r.ID == id {
			return r.Delivery, slices.Clone(r.tried), nil
		}
	}
	return webhook.Delivery{}, nil, errs.Absent()
}

// Counts implements webhook.Log.
func (f *Fake) Counts(_ context.Context, w identity.WorkspaceID, id webhook.ID) (map[webhook.State]int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := make(map[webhook.State]int)
	for _, r := range f.rows {
		if r.Workspace == w && r.Endpoint == id {
			out[r.State]++
		}
	}
	return out, nil
}

// Replay implements webhook.Log.
func (f *Fake) Replay(_ context.Context, w identity.WorkspaceID, id webhook.ID, which webhook.Selection, now time.Time, done func(int) []event.Event) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.find(w, id) == nil {
		return 0, errs.Absent()
	}
	n, there := 0, which.Delivery == ""
	for _, r := range f.rows {
		if r.Workspace != w || r.Endpoint != id || which.Delivery != "" && r.ID != which.Delivery {
			continue
		}
		there = true
		if r.State == webhook.Pending || which.State != "" && r.State != which.State || r.At.Before(which.Since) {
			continue
		}
		n++
		r.State, r.Attempts, r.NextAt, r.Code, r.PendingAt, r.SettledAt = webhook.Pending, 0, now, "", now, time.Time{}
	}
	if !there {
		return 0, errs.Absent()
	}
	if n > 0 {
		f.feed.Append(done(n)...)
	}
	return n, nil
}

// Sweep implements webhook.Log.
func (f *Fake) Sweep(_ context.Context, delivered, dead time.Time, limit int) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	f.rows = slices.DeleteFunc(f.rows, func(r *row) bool {
		old := r.State == webhook.Delivered && r.SettledAt.Before(delivered) || r.State == webhook.Dead && r.SettledAt.Before(dead)
		if !old || n >= limit {
			return false
		}
		n++
		return true
	})
	return n, nil
}
