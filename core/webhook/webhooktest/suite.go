package webhooktest

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/webhook"
)

// Fixture is what the suite runs on.
type Fixture struct {
	Store  webhook.Store
	Ledger webhook.Ledger
	Log    webhook.Log
	Feed   event.Log
	// Workspace makes a new workspace.
	Workspace func(tb testing.TB) identity.WorkspaceID
}

// suite is one test's state.
type suite struct {
	Fixture
	*testing.T
	w   identity.WorkspaceID
	now time.Time
	n   int
}

// Run holds a store to the ports.
func Run(t *testing.T, fresh func(t *testing.T) Fixture) {
	for name, test := range map[string]func(*suite){
		"endpoints": (*suite).endpoints, "tenancy": (*suite).tenancy, "once": (*suite).once, "order": (*suite).order,
		"health": (*suite).health, "replay": (*suite).replay, "forget": (*suite).forget, "pages": (*suite).pages,
	} {
		t.Run(name, func(t *testing.T) {
			f := fresh(t)
			test(&suite{Fixture: f, T: t, w: f.Workspace(t), now: time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)})
		})
	}
}

func (s *suite) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *suite) is(err error, kind errs.Kind) {
	s.Helper()
	if !errs.Is(err, kind) {
		s.Fatalf("got %v, want %v", err, kind)
	}
}

func (s *suite) event(w identity.WorkspaceID) event.Event {
	s.n++
	return event.Event{ID: fmt.Sprintf("chg_%s_%d", w, s.n), Workspace: string(w), Type: webhook.Changed, Subject: "x", At: s.now}
}

// endpoint makes an endpoint.
func (s *suite) endpoint(w identity.WorkspaceID) webhook.Endpoint {
	s.Helper()
	s.n++
	e := webhook.Endpoint{
		Workspace: w, ID: webhook.ID(fmt.Sprintf("whk_%s_%03d", w, s.n)), URL: "https://example.com/ä", Events: []string{webhook.All}, Active: true,
		Health: webhook.Healthy, CreatedAt: s.now, UpdatedAt: s.now, Secrets: []webhook.Secret{{KID: "a", Sealed: "sealed", CreatedAt: s.now}},
	}
	s.must(s.Store.Create(s.Context(), e, s.event(w)))
	return e
}

// delivery is the event of a feed number.
func (s *suite) delivery(e webhook.Endpoint, feed uint64, subject string) webhook.Delivery {
	return webhook.Delivery{
		Workspace: e.Workspace, ID: webhook.DeliveryID(fmt.Sprintf("whd_%s_%d", e.ID, feed)), Endpoint: e.ID, Event: fmt.Sprintf("chg_%d", feed),
		Type: "message.created", Feed: feed, Subject: subject, Body: []byte(`{"text":"你好\u0000"}`), At: s.now.Add(time.Duration(feed) * time.Second),
		State: webhook.Pending, NextAt: s.now, CreatedAt: s.now, PendingAt: s.now,
	}
}

func queue(e webhook.Endpoint) webhook.Queue {
	return webhook.Queue{Workspace: e.Workspace, Endpoint: e.ID}
}

// claim claims and returns the feed numbers.
func (s *suite) claim(e webhook.Endpoint, at time.Time, limit int) []uint64 {
	s.Helper()
	list, err := s.Ledger.Claim(s.Context(), queue(e), at, at.Add(time.Minute), limit)
	s.must(err)
	out := []uint64{}
	for _, d := range list {
		out = append(out, d.Feed)
	}
	return out
}

func (s *suite) same(got, want any, what string) {
	s.Helper()
	if !reflect.DeepEqual(got, want) {
		s.Fatalf("%s: got %+v, want %+v", what, got, want)
	}
}

func keep(*webhook.Endpoint) webhook.Effect { return webhook.Effect{} }

func (s *suite) settle(d webhook.Delivery, state webhook.State, next time.Time) {
	s.Helper()
	a := webhook.Attempt{
		At: s.now, Took: 5 * time.Millisecond, KIDs: []string{"a", "b"}, Status: 500, Headers: [][2]string{{"Content-Type", "text/plain"}},
		Body: "no ✓", Cut: true, Code: webhook.CodeStatus, Detail: "it said no",
	}
	if state == webhook.Delivered {
		a.Status, a.Code, a.Detail = 200, "", ""
	}
	s.must(s.Ledger.Settle(s.Context(), webhook.Settlement{Delivery: d, Attempt: a, State: state, Attempts: d.Attempts + 1, NextAt: next}, keep))
}

func (s *suite) endpoints() {
	ctx := s.Context()
	before, err := s.Feed.Head(ctx, string(s.w))
	s.must(err)
	made := webhook.Endpoint{
		Workspace: s.w, ID: "whk_z", URL: "https://example.com", Description: "d", Events: []string{"message.created", "note.created"},
		Filter: json.RawMessage(`{"and":[]}`), Inboxes: []string{"inb_1"}, Active: true, Health: webhook.Failing, FailingSince: s.now,
		LastSuccess: s.now.Add(-time.Hour), CreatedBy: "mem_1", CreatedAt: s.now, UpdatedAt: s.now,
		Secrets: []webhook.Secret{{KID: "a", Sealed: "x", CreatedAt: s.now, ExpiresAt: s.now.Add(time.Hour)}, {KID: "b", Sealed: "y", CreatedAt: s.now}},
	}
	s.must(s.Store.Create(ctx, made, s.event(s.w)))
	made.From = before
	got, err := s.Store.Endpoint(ctx, s.w, "whk_z")
	s.must(err)
	s.same(got, made, "as made")

	changed, err := s.Store.Change(ctx, s.w, "whk_z", func(e *webhook.Endpoint) (webhook.Effect, error) {
		e.Active, e.URL = false, "https://other.example"
		return webhook.Effect{Save: true, Events: []event.Event{s.event(s.w)}}, nil
	})
	s.must(err)
	got, err = s.Store.Endpoint(ctx, s.w, "whk_z")
	s.must(err)
	s.same(got, changed, "as changed")
	s.same(got.URL, "https://other.example", "its address")
	s.same(got.From, before, "an endpoint that is turned off begins nowhere else")
	_, err = s.Store.Change(ctx, s.w, "whk_z", func(e *webhook.Endpoint) (webhook.Effect, error) {
		e.URL = "https://wrong.example"
		return webhook.Effect{Save: true}, errs.New(errs.Conflict, "x", "no")
	})
	s.is(err, errs.Conflict)
	back, err := s.Store.Change(ctx, s.w, "whk_z", func(e *webhook.Endpoint) (webhook.Effect, error) {
		e.Active = true
		return webhook.Effect{Save: true}, nil
	})
	s.must(err)
	s.same(back.URL, "https://other.example", "a change that fails")
	s.same(back.From, before+2, "one that is turned on is sent what comes from now on")
	head, err := s.Feed.Head(ctx, string(s.w))
	s.must(err)
	s.same(head, before+2, "events in the feed")
	for range webhook.MaxEndpoints - 1 {
		s.endpoint(s.w)
	}
	s.is(s.Store.Create(ctx, webhook.Endpoint{Workspace: s.w, ID: "whk_more"}, s.event(s.w)), errs.Conflict)
	s.must(s.Store.Delete(ctx, s.w, "whk_z", s.event(s.w)))
	s.is(s.Store.Delete(ctx, s.w, "whk_z", s.event(s.w)), errs.NotFound)
	all, err := s.Store.Endpoints(ctx, s.w)
	s.must(err)
	s.same(len(all), webhook.MaxEndpoints-1, "endpoints that are left")
}

func (s *suite) tenancy() {
	ctx, other := s.Context(), s.Workspace(s.T)
	e := s.endpoint(s.w)
	s.must(s.Ledger.Record(ctx, s.w, 9, []webhook.Delivery{s.delivery(e, 9, "a")}))
	_, err := s.Store.Endpoint(ctx, other, e.ID)
	s.is(err, errs.NotFound)
	_, err = s.Store.Change(ctx, other, e.ID, func(*webhook.Endpoint) (webhook.Effect, error) { return webhook.Effect{Save: true}, nil })
	s.is(err, errs.NotFound)
	s.is(s.Store.Delete(ctx, other, e.ID, s.event(other)), errs.NotFound)
	_, _, err = s.Log.Delivery(ctx, other, s.delivery(e, 9, "a").ID)
	s.is(err, errs.NotFound)
	_, err = s.Log.Replay(ctx, other, e.ID, webhook.Selection{}, s.now, func(int) []event.Event { return nil })
	s.is(err, errs.NotFound)
	list, err := s.Log.Deliveries(ctx, other, e.ID, "", page.Request{})
	s.must(err)
	s.same(len(list.Items), 0, "deliveries seen from elsewhere")
	counts, err := s.Log.Counts(ctx, other, e.ID)
	s.must(err)
	s.same(len(counts), 0, "counts seen from elsewhere")
	all, err := s.Store.Endpoints(ctx, other)
	s.must(err)
	s.same(len(all), 0, "endpoints seen from elsewhere")
	foreign := s.delivery(e, 10, "a")
	foreign.Workspace = other
	s.must(s.Ledger.Record(ctx, other, 10, []webhook.Delivery{foreign}))
	_, _, err = s.Log.Delivery(ctx, other, foreign.ID)
	s.is(err, errs.NotFound)
}

func (s *suite) once() {
	ctx, e := s.Context(), s.endpoint(s.w)
	at, err := s.Ledger.Cursor(ctx, s.w)
	s.must(err)
	s.same(at, uint64(0), "the cursor of a new workspace")
	first := []webhook.Delivery{s.delivery(e, 3, "a"), s.delivery(e, 4, "b")}
	for range 2 { // the same batch comes again
		s.must(s.Ledger.Record(ctx, s.w, 4, first))
	}
	late := s.delivery(e, 2, "a") // before the cursor
	twice := s.delivery(e, 5, "b")
	twice.Event, twice.ID = "chg_4", "whd_other" // the same event under another number
	s.must(s.Ledger.Record(ctx, s.w, 6, []webhook.Delivery{late, twice, s.delivery(e, 6, "a")}))
	s.must(s.Ledger.Record(ctx, s.w, 1, nil)) // never backwards
	at, err = s.Ledger.Cursor(ctx, s.w)
	s.must(err)
	s.same(at, uint64(6), "the cursor")
	list, err := s.Log.Deliveries(ctx, s.w, e.ID, webhook.Pending, page.Request{})
	s.must(err)
	var feeds []uint64
	for _, d := range list.Items {
		feeds = append(feeds, d.Feed)
	}
	s.same(feeds, []uint64{6, 4, 3}, "what is recorded")
	d, attempts, err := s.Log.Delivery(ctx, s.w, first[0].ID)
	s.must(err)
	s.same(d, first[0], "as recorded")
	s.same(len(attempts), 0, "attempts")
}

func (s *suite) order() {
	ctx, e := s.Context(), s.endpoint(s.w)
	a1, b2, a3 := s.delivery(e, 1, "a"), s.delivery(e, 2, "b"), s.delivery(e, 3, "a")
	s.must(s.Ledger.Record(ctx, s.w, 3, []webhook.Delivery{a1, b2, a3}))
	waiting, err := s.Ledger.Waiting(ctx)
	s.must(err)
	if !slices.Contains(waiting, queue(e)) {
		s.Fatalf("%v waits, without %v", waiting, queue(e))
	}
	s.same(s.claim(e, s.now.Add(-time.Second), 9), []uint64{}, "before it is due")
	s.same(s.claim(e, s.now, 1), []uint64{1}, "the oldest")
	s.same(s.claim(e, s.now, 9), []uint64{2}, "what is not claimed, nor behind another")
	s.same(s.claim(e, s.now, 9), []uint64{}, "everything is claimed")
	next, err := s.Ledger.Next(ctx, queue(e))
	s.must(err)
	s.same(next.Equal(s.now.Add(time.Minute)), true, "a claim ends")
	s.same(s.claim(e, next, 9), []uint64{1, 2}, "claims that ended")
	s.must(s.Ledger.Unclaim(ctx))
	s.same(s.claim(e, s.now, 9), []uint64{1, 2}, "claims that were given back")

	s.settle(a1, webhook.Pending, s.now.Add(time.Hour))
	s.settle(b2, webhook.Delivered, time.Time{})
	s.same(s.claim(e, s.now, 9), []uint64{}, "the rest is behind one that is tried later")
	next, err = s.Ledger.Next(ctx, queue(e))
	s.must(err)
	s.same(next.Equal(s.now.Add(time.Hour)), true, "when that one is due")
	a1.Attempts = 1
	s.settle(a1, webhook.Dead, time.Time{})
	s.same(s.claim(e, s.now, 9), []uint64{3}, "what is dead holds nobody up")
	s.settle(a3, webhook.Delivered, time.Time{})
	s.settle(a3, webhook.Dead, time.Time{}) // too late: only the attempt counts

	d, attempts, err := s.Log.Delivery(ctx, s.w, a3.ID)
	s.must(err)
	s.same(d.State, webhook.Delivered, "its state")
	s.same(d.SettledAt.Equal(s.now.Add(5*time.Millisecond)), true, "when it was settled")
	_ = attempts
	d, attempts, err = s.Log.Delivery(ctx, s.w, a1.ID)
	s.must(err)
	s.same([]any{d.State, d.Attempts, d.Status, d.Code}, []any{webhook.Dead, 2, 500, webhook.CodeStatus}, "the dead one")
	want := webhook.Attempt{
		At: s.now, Took: 5 * time.Millisecond, KIDs: []string{"a", "b"}, Status: 500, Headers: [][2]string{{"Content-Type", "text/plain"}},
		Body: "no ✓", Cut: true, Code: webhook.CodeStatus, Detail: "it said no",
	}
	s.same(attempts[len(attempts)-1], want, "its attempt")
	next, err = s.Ledger.Next(ctx, queue(e))
	s.must(err)
	s.same(next.IsZero(), true, "nothing waits")
}

func (s *suite) health() {
	ctx, e, other := s.Context(), s.endpoint(s.w), s.endpoint(s.w)
	a, b := s.delivery(e, 1, "a"), s.delivery(e, 2, "b")
	s.must(s.Ledger.Record(ctx, s.w, 2, []webhook.Delivery{a, b, s.delivery(other, 2, "b")}))
	s.claim(e, s.now, 9)
	s.settle(a, webhook.Pending, s.now.Add(time.Hour))
	x := webhook.Settlement{Delivery: b, Attempt: webhook.Attempt{At: s.now}, State: webhook.Delivered, Attempts: 1}
	s.must(s.Ledger.Settle(ctx, x, func(e *webhook.Endpoint) webhook.Effect {
		e.LastSuccess = s.now
		return webhook.Effect{Save: true, Hurry: true, At: s.now, Events: []event.Event{s.event(s.w)}}
	}))
	s.same(s.claim(e, s.now, 9), []uint64{1}, "one that works again is told at once")
	got, err := s.Store.Endpoint(ctx, s.w, e.ID)
	s.must(err)
	s.same(got.LastSuccess.Equal(s.now), true, "when it last worked")

	x = webhook.Settlement{Delivery: a, Attempt: webhook.Attempt{At: s.now.Add(time.Second), Code: webhook.CodeTimeout}, State: webhook.Pending, Attempts: 2, NextAt: s.now}
	s.must(s.Ledger.Settle(ctx, x, func(e *webhook.Endpoint) webhook.Effect {
		e.Health = webhook.Disabled
		return webhook.Effect{Save: true, Bury: webhook.CodeDisabled, At: s.now}
	}))
	d, _, err := s.Log.Delivery(ctx, s.w, a.ID)
	s.must(err)
	s.same([]any{d.State, d.Code}, []any{webhook.Dead, webhook.CodeDisabled}, "of an endpoint that was disabled")
	s.must(s.Ledger.Record(ctx, s.w, 3, []webhook.Delivery{s.delivery(e, 3, "c")}))
	s.same(s.claim(e, s.now, 9), []uint64{}, "an endpoint that is disabled")
	s.same(s.claim(other, s.now, 9), []uint64{2}, "the other goes on")
	waiting, err := s.Ledger.Waiting(ctx)
	s.must(err)
	s.same(slices.Contains(waiting, queue(e)), false, "whether the disabled one waits")
	s.must(s.Store.Delete(ctx, s.w, e.ID, s.event(s.w)))
	s.settle(s.delivery(e, 3, "c"), webhook.Delivered, time.Time{}) // deleted while it was under way
	_, _, err = s.Log.Delivery(ctx, s.w, a.ID)
	s.is(err, errs.NotFound)
}

func (s *suite) replay() {
	ctx, e := s.Context(), s.endpoint(s.w)
	var list []webhook.Delivery
	for feed := range uint64(6) {
		list = append(list, s.delivery(e, feed+1, "a"))
	}
	s.must(s.Ledger.Record(ctx, s.w, 6, list))
	for i, d := range list[:5] {
		state := webhook.Delivered
		if i%2 == 1 {
			state = webhook.Dead
		}
		s.settle(d, state, time.Time{})
	}
	again := func(which webhook.Selection) int {
		s.Helper()
		n, err := s.Log.Replay(ctx, s.w, e.ID, which, s.now.Add(time.Minute), func(int) []event.Event { return []event.Event{s.event(s.w)} })
		s.must(err)
		return n
	}
	s.same(again(webhook.Selection{Delivery: list[5].ID}), 0, "one that is pending")
	_, err := s.Log.Replay(ctx, s.w, e.ID, webhook.Selection{Delivery: "whd_none"}, s.now, func(int) []event.Event { return nil })
	s.is(err, errs.NotFound)
	s.same(again(webhook.Selection{State: webhook.Dead, Since: s.now.Add(4 * time.Second)}), 1, "dead since an event")
	s.same(again(webhook.Selection{Delivery: list[0].ID}), 1, "one")
	d, _, err := s.Log.Delivery(ctx, s.w, list[0].ID)
	s.must(err)
	s.same([]any{d.State, d.Attempts, d.PendingAt.Equal(s.now.Add(time.Minute)), d.SettledAt.IsZero()}, []any{webhook.Pending, 0, true, true}, "what is sent again")
	s.same(s.claim(e, s.now.Add(time.Hour), 9), []uint64{1}, "in order")
	s.same(again(webhook.Selection{}), 3, "all the others")
	counts, err := s.Log.Counts(ctx, s.w, e.ID)
	s.must(err)
	s.same(counts, map[webhook.State]int{webhook.Pending: 6}, "by state")
}

func (s *suite) forget() {
	ctx, e := s.Context(), s.endpoint(s.w)
	a, b, c := s.delivery(e, 1, "a"), s.delivery(e, 2, "b"), s.delivery(e, 3, "c")
	s.must(s.Ledger.Record(ctx, s.w, 3, []webhook.Delivery{a, b, c}))
	s.settle(a, webhook.Delivered, time.Time{})
	s.settle(b, webhook.Dead, time.Time{})
	for i := range webhook.MaxAttempts + 5 {
		c.Attempts = i
		x := webhook.Settlement{Delivery: c, Attempt: webhook.Attempt{At: s.now.Add(time.Duration(i) * time.Second), Code: "x"}, State: webhook.Pending, Attempts: i + 1, NextAt: s.now}
		s.must(s.Ledger.Settle(ctx, x, keep))
	}
	_, attempts, err := s.Log.Delivery(ctx, s.w, c.ID)
	s.must(err)
	s.same(len(attempts), webhook.MaxAttempts, "attempts that are kept")
	s.same(attempts[0].At.Equal(s.now.Add(5*time.Second)), true, "the newest of them, the oldest first")
	for _, want := range []struct {
		delivered, dead time.Time
		n               int
	}{{s.now, s.now, 0}, {s.now.Add(time.Second), s.now, 1}, {s.now.Add(time.Second), s.now.Add(time.Second), 1}, {s.now.Add(time.Hour), s.now.Add(time.Hour), 0}} {
		n, err := s.Log.Sweep(ctx, want.delivered, want.dead, 100)
		s.must(err)
		s.same(n, want.n, "what is old")
	}
	_, _, err = s.Log.Delivery(ctx, s.w, b.ID)
	s.is(err, errs.NotFound)
	_, _, err = s.Log.Delivery(ctx, s.w, c.ID)
	s.must(err)
}

func (s *suite) pages() {
	ctx, e := s.Context(), s.endpoint(s.w)
	var list []webhook.Delivery
	for feed := range uint64(5) {
		list = append(list, s.delivery(e, feed+1, "a"))
	}
	s.must(s.Ledger.Record(ctx, s.w, 5, list))
	var seen []uint64
	for p := (page.Request{Limit: 2}); ; {
		got, err := s.Log.Deliveries(ctx, s.w, e.ID, "", p)
		s.must(err)
		for _, d := range got.Items {
			seen = append(seen, d.Feed)
		}
		if p.Cursor = got.Next; got.Next == "" {
			break
		}
	}
	s.same(seen, []uint64{5, 4, 3, 2, 1}, "all pages")
	_, err := s.Log.Deliveries(ctx, s.w, e.ID, "", page.Request{Cursor: "nonsense"})
	s.is(err, errs.Invalid)
}
