package webhook

import (
	"context"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Recorder puts what happens into the ledger. It is an event.Observer.
//
// Concurrency: safe for concurrent use, also by several nodes: the ledger
// takes an event once.
type Recorder struct {
	store    Store
	ledger   Ledger
	renderer Renderer
	filters  Filters
	now      func() time.Time
	ids      id.Source
}

// NewRecorder returns a Recorder.
func NewRecorder(s Store, l Ledger, r Renderer, f Filters, now func() time.Time) *Recorder {
	return &Recorder{store: s, ledger: l, renderer: r, filters: f, now: now, ids: id.NewSource(now)}
}

// Start returns the feed number after which the events of a workspace are to
// be observed.
func (r *Recorder) Start(ctx context.Context, w identity.WorkspaceID) (uint64, error) {
	return r.ledger.Cursor(ctx, w)
}

// lag bounds how many events without consequence are looked at again after a crash.
const lag = 200

// Observe implements event.Observer. The same events may come again.
func (r *Recorder) Observe(ctx context.Context, events []event.Event) error {
	w := identity.WorkspaceID(events[0].Workspace)
	rows, err := r.rows(ctx, w, events)
	if err != nil {
		return err
	}
	last := events[len(events)-1].Feed
	if len(rows) == 0 && last/lag == (events[0].Feed-1)/lag {
		return nil
	}
	return r.ledger.Record(ctx, w, last, rows)
}

// rows returns what endpoints must be told, in the order of the feed.
func (r *Recorder) rows(ctx context.Context, w identity.WorkspaceID, events []event.Event) ([]Delivery, error) {
	all, err := r.store.Endpoints(ctx, w)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(e Endpoint) bool { return !e.Active })
	var wanted []event.Event
	for _, ev := range events {
		if slices.ContainsFunc(all, func(e Endpoint) bool { return e.wants(ev) }) {
			wanted = append(wanted, ev)
		}
	}
	if len(wanted) == 0 {
		return nil, nil
	}
	made, err := r.store.Mark(ctx, w, r.now().Add(-event.MarkSpan))
	if err != nil {
		return nil, err
	}
	rendered, err := r.renderer.Render(ctx, w, wanted)
	if err != nil {
		return nil, err
	}
	var out []Delivery
	for _, e := range all {
		mine, err := r.of(ctx, e, wanted, rendered)
		if err != nil {
			return nil, err
		}
		out = append(out, mine...)
	}
	for i := range out {
		out[i].Made = made
	}
	slices.SortStableFunc(out, func(a, b Delivery) int {
		switch {
		case a.Feed < b.Feed:
			return -1
		case a.Feed > b.Feed:
			return 1
		}
		return 0
	})
	return out, nil
}

// wants reports whether an endpoint asks for an event by its type and time.
func (e Endpoint) wants(ev event.Event) bool {
	return ev.Feed > e.From && Offered(ev.Type) && e.Subscribes(ev.Type)
}

// of returns what one endpoint must be told.
func (r *Recorder) of(ctx context.Context, e Endpoint, events []event.Event, rendered map[string]Envelope) ([]Delivery, error) {
	selected, err := r.selected(ctx, e, events, rendered)
	if err != nil {
		return nil, err
	}
	now := r.now()
	var out []Delivery
	for _, ev := range events {
		envelope, ok := rendered[ev.ID]
		if !ok || !e.wants(ev) {
			continue
		}
		if envelope.Narrowed && (len(e.Inboxes) > 0 && !slices.Contains(e.Inboxes, envelope.Inbox) ||
			len(e.Filter) > 0 && !envelope.Gone && !selected[envelope.Conversation]) {
			continue
		}
		d := Delivery{
			Workspace: e.Workspace, ID: DeliveryID(r.ids.New("whd")), Endpoint: e.ID, Event: ev.ID, Type: ev.Type, Feed: ev.Feed,
			Subject: ev.Subject, Body: envelope.Body, At: ev.At, State: Pending, NextAt: now, CreatedAt: now, PendingAt: now,
		}
		if e.Health == Disabled { // kept, to be replayed when it works again
			d.State, d.Code, d.SettledAt, d.NextAt = Dead, CodeDisabled, now, time.Time{}
		}
		out = append(out, d)
	}
	return out, nil
}

// selected evaluates an endpoint's filter once for a batch.
func (r *Recorder) selected(ctx context.Context, e Endpoint, events []event.Event, rendered map[string]Envelope) (map[string]bool, error) {
	if len(e.Filter) == 0 {
		return nil, nil
	}
	var about []string
	for _, ev := range events {
		if c := rendered[ev.ID].Conversation; c != "" && e.wants(ev) {
			about = append(about, c)
		}
	}
	slices.Sort(about)
	about = slices.Compact(about)
	if len(about) == 0 {
		return nil, nil
	}
	return r.filters.Among(ctx, e.Workspace, e.Filter, about)
}
