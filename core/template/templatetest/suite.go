package templatetest

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/template"
)

// Fixture is a store under test.
type Fixture struct {
	Store     template.Store
	Workspace func(t testing.TB) identity.WorkspaceID
}

// Run runs the suite. open returns an empty, independent storage each time.
func Run(t *testing.T, open func(t *testing.T) Fixture) {
	t.Helper()
	for name, run := range map[string]func(*world){
		"keeps what was applied": testKeeps,
		"one at a time":          testOne,
		"strangers":              testStrangers,
		"tenants apart":          testTenants,
		"forgets":                testForgets,
	} {
		t.Run(name, func(t *testing.T) {
			w := &world{T: t, Fixture: open(t), now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
			w.ws = w.Workspace(t)
			run(w)
		})
	}
}

type world struct {
	*testing.T
	Fixture

	now time.Time
	ws  identity.WorkspaceID
}

func retail() template.Ref { return template.Ref{Plugin: "acme/shops", Name: "retail"} }

func (w *world) install(state template.State) template.Install {
	return template.Install{
		Ref: retail(), Version: "1.2.3", Ask: template.Ask{Locale: "zh-CN", Answers: json.RawMessage(`{"shop":"茶"}`)},
		State: state, By: "", AppliedAt: w.now, Until: w.now.Add(time.Minute),
	}
}

func (w *world) event(ws identity.WorkspaceID) event.Event {
	return event.Event{ID: "aud_1", Workspace: string(ws), At: w.now}
}

func (w *world) begin(ws identity.WorkspaceID) template.Install {
	w.Helper()
	i := w.install(template.Applying)
	if err := w.Store.Begin(w.Context(), ws, i, w.now); err != nil {
		w.Fatal(err)
	}
	return i
}

func (w *world) track(ws identity.WorkspaceID, t template.Tracked) {
	w.Helper()
	if err := w.Store.Track(w.Context(), ws, retail(), t); err != nil {
		w.Fatal(err)
	}
}

func testKeeps(w *world) {
	i := w.begin(w.ws)
	pending := template.Tracked{Kind: "label", Key: "b", Owned: true}
	made := template.Tracked{Kind: "label", Key: "a", ID: "lab_1", Wrote: json.RawMessage(`{"name":"退款 "}`), Base: json.RawMessage(`{"name":"退款"}`), Owned: true}
	theirs := template.Tracked{Kind: "team", Key: "a", ID: "tea_1"}
	for _, t := range []template.Tracked{pending, {Kind: "label", Key: "a", Owned: true}, made, theirs} {
		w.track(w.ws, t)
	}
	got, tracked, err := w.Store.Install(w.Context(), w.ws, retail())
	if err != nil || !reflect.DeepEqual(got, i) {
		w.Errorf("got %+v %v, want %+v", got, err, i)
	}
	if want := []template.Tracked{made, pending, theirs}; !reflect.DeepEqual(tracked, want) {
		w.Errorf("got %+v, want %+v", tracked, want)
	}
	i.State, i.Until, i.Version = template.Applied, time.Time{}, "1.3.0"
	if err := w.Store.Finish(w.Context(), w.ws, i, w.event(w.ws)); err != nil {
		w.Fatal(err)
	}
	all, err := w.Store.Installs(w.Context(), w.ws)
	if err != nil || !reflect.DeepEqual(all, []template.Install{i}) {
		w.Errorf("got %+v %v, want %+v", all, err, i)
	}
}

func testOne(w *world) {
	w.begin(w.ws)
	again := w.install(template.Applying)
	if err := w.Store.Begin(w.Context(), w.ws, again, w.now.Add(time.Second)); !errs.Is(err, errs.Conflict) {
		w.Errorf("two at a time: %v", err)
	}
	again.Until = w.now.Add(time.Hour)
	if err := w.Store.Begin(w.Context(), w.ws, again, w.now.Add(2*time.Minute)); err != nil {
		w.Errorf("one that was cut off: %v", err)
	}
	again.State, again.Until = template.Applied, time.Time{}
	if err := w.Store.Finish(w.Context(), w.ws, again, w.event(w.ws)); err != nil {
		w.Fatal(err)
	}
	w.begin(w.ws)
}

func testStrangers(w *world) {
	ctx := w.Context()
	if _, _, err := w.Store.Install(ctx, w.ws, retail()); !errs.Is(err, errs.NotFound) {
		w.Errorf("Install: %v", err)
	}
	if err := w.Store.Finish(ctx, w.ws, w.install(template.Applied), w.event(w.ws)); !errs.Is(err, errs.NotFound) {
		w.Errorf("Finish: %v", err)
	}
	if err := w.Store.Remove(ctx, w.ws, retail(), w.event(w.ws)); !errs.Is(err, errs.NotFound) {
		w.Errorf("Remove: %v", err)
	}
	if err := w.Store.Track(ctx, w.ws, retail(), template.Tracked{Kind: "label", Key: "a"}); err == nil {
		w.Error("an object of no installation is kept")
	}
	if err := w.Store.Untrack(ctx, w.ws, retail(), "label", "a"); err != nil {
		w.Errorf("Untrack: %v", err)
	}
}

func testTenants(w *world) {
	other := w.Workspace(w.T)
	w.begin(w.ws)
	w.begin(other)
	w.track(w.ws, template.Tracked{Kind: "label", Key: "a", ID: "lab_1", Owned: true})
	if _, tracked, err := w.Store.Install(w.Context(), other, retail()); err != nil || len(tracked) > 0 {
		w.Errorf("the other workspace has %v %v", tracked, err)
	}
	if err := w.Store.Remove(w.Context(), other, retail(), w.event(other)); err != nil {
		w.Fatal(err)
	}
	if _, tracked, err := w.Store.Install(w.Context(), w.ws, retail()); err != nil || len(tracked) != 1 {
		w.Errorf("ours has %v %v", tracked, err)
	}
}

func testForgets(w *world) {
	w.begin(w.ws)
	w.track(w.ws, template.Tracked{Kind: "label", Key: "a", ID: "lab_1", Owned: true})
	w.track(w.ws, template.Tracked{Kind: "label", Key: "b", ID: "lab_2", Owned: true})
	if err := w.Store.Untrack(w.Context(), w.ws, retail(), "label", "a"); err != nil {
		w.Fatal(err)
	}
	if _, tracked, err := w.Store.Install(w.Context(), w.ws, retail()); err != nil || len(tracked) != 1 || tracked[0].Key != "b" {
		w.Errorf("got %v %v", tracked, err)
	}
	if err := w.Store.Remove(w.Context(), w.ws, retail(), w.event(w.ws)); err != nil {
		w.Fatal(err)
	}
	if all, err := w.Store.Installs(w.Context(), w.ws); err != nil || len(all) > 0 {
		w.Errorf("got %v %v", all, err)
	}
	w.begin(w.ws)
	if _, tracked, err := w.Store.Install(w.Context(), w.ws, retail()); err != nil || len(tracked) > 0 {
		w.Errorf("a new one has the objects of the old: %v %v", tracked, err)
	}
}
