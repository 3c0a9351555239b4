package routingtest

import (
	"encoding/json"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/routing"
)

// Fixture is an implementation under test, and a hand to arrange what the suite
// needs.
type Fixture struct {
	Store     routing.Store
	Log       event.Log // of the same storage
	Workspace func(t testing.TB) identity.WorkspaceID
}

// Run runs the suite. open returns an empty, independent storage each time.
func Run(t *testing.T, open func(t *testing.T) Fixture) {
	t.Helper()
	at := time.Date(2026, 3, 1, 12, 0, 0, 5_000_000, time.UTC)
	for name, run := range map[string]func(t *testing.T, f Fixture, w identity.WorkspaceID, at time.Time){
		"revisions":     testRevisions,
		"one by one":    testTogether,
		"tenants apart": testTenants,
	} {
		t.Run(name, func(t *testing.T) {
			f := open(t)
			run(t, f, f.Workspace(t), at)
		})
	}
}

func document(revision uint64, at time.Time, names ...string) routing.Document {
	d := routing.Document{Revision: revision, Zone: "Asia/Shanghai", At: at}
	for _, name := range names {
		d.List = append(d.List, routing.Kept{
			ID: "rul_" + name, Name: name + " 规则", Enabled: name != "off", When: json.RawMessage(`{"field":"text","op":"contains","value":"退款"}`),
			Then: routing.Effects{Queue: "que_1", Priority: "high"},
		})
	}
	return d
}

func changed(w identity.WorkspaceID, at time.Time) event.Event {
	return event.Event{
		ID: id.NewSource(time.Now).New("chg"), Workspace: string(w), Type: identity.WorkspaceChanged, Subject: string(w), At: at, Data: []byte(`{}`),
	}
}

func testRevisions(t *testing.T, f Fixture, w identity.WorkspaceID, at time.Time) {
	expect := func(want routing.Document) {
		t.Helper()
		if got, err := f.Store.Document(t.Context(), w); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
	}
	expect(routing.Document{})
	if err := f.Store.Save(t.Context(), w, document(2, at, "a")); errs.As(err) == nil || errs.As(err).Code != "routing.stale" {
		t.Error("of a revision that is not there:", err)
	}
	first, second := document(1, at, "a", "off"), document(2, at.Add(time.Second), "b")
	if err := f.Store.Save(t.Context(), w, first, changed(w, at)); err != nil {
		t.Fatal(err)
	}
	expect(first)
	if err := f.Store.Save(t.Context(), w, second, changed(w, at)); err != nil {
		t.Fatal(err)
	}
	expect(second)
	if err := f.Store.Save(t.Context(), w, document(2, at, "c"), changed(w, at)); errs.As(err) == nil || errs.As(err).Code != "routing.stale" {
		t.Error("of a revision that is over:", err)
	}
	expect(second)
	said, err := f.Log.Since(t.Context(), string(w), 0, 100)
	n := 0
	for _, e := range said {
		if e.Type == identity.WorkspaceChanged && e.Subject == string(w) && string(e.Data) == `{}` {
			n++
		}
	}
	if err != nil || n != 2 {
		t.Errorf("%d events of two changes, %v", n, err)
	}
}

// Of several at once one succeeds.
func testTogether(t *testing.T, f Fixture, w identity.WorkspaceID, at time.Time) {
	var wait sync.WaitGroup
	failed := make([]error, 8)
	for i := range failed {
		wait.Go(func() { failed[i] = f.Store.Save(t.Context(), w, document(1, at, "a"), changed(w, at)) })
	}
	wait.Wait()
	won := 0
	for _, err := range failed {
		if err == nil {
			won++
		} else if !errs.Is(err, errs.Conflict) {
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d of %d were saved", won, len(failed))
	}
}

func testTenants(t *testing.T, f Fixture, w identity.WorkspaceID, at time.Time) {
	if err := f.Store.Save(t.Context(), w, document(1, at, "a"), changed(w, at)); err != nil {
		t.Fatal(err)
	}
	if got, err := f.Store.Document(t.Context(), f.Workspace(t)); err != nil || got.Revision != 0 || got.List != nil {
		t.Errorf("another workspace has %+v, %v", got, err)
	}
}
