package policytest

import (
	"errors"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/identity/identitytest"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/policy"
)

// Fixture is an implementation under test, and a hand to arrange what the suite
// needs.
type Fixture struct {
	Store     policy.Store
	Log       event.Log // of the same storage
	Workspace func(t testing.TB) identity.WorkspaceID
}

// Run runs the suite. open returns an empty, independent storage each time.
func Run(t *testing.T, open func(t *testing.T) Fixture) {
	t.Helper()
	identitytest.Cases(t, func(t *testing.T) *world {
		f := open(t)
		return &world{identitytest.NewTenant(t, f.Log, f.Workspace), f}
	}, map[string]func(*world){
		"nothing written":     testNothing,
		"a draft":             testDraft,
		"published":           testPublished,
		"a change that fails": testFails,
		"list in pages":       testPages,
		"one by one":          testTogether,
		"tenants apart":       testTenants,
	})
}

// world is one test case.
type world struct {
	*identitytest.Tenant
	Fixture
}

func (w *world) event() event.Event { return w.Event(policy.Changed, string(w.WS)) }

func (w *world) state() policy.State {
	w.Helper()
	out, err := w.Store.State(w.Context(), w.WS)
	w.OK(err)
	return out
}

func (w *world) by() identity.Actor {
	return identity.Actor{Kind: identity.ActorMember, ID: "mem_1", Name: "李 Ann"}
}

// plan says everything that a plan can say.
func plan(boost int) dispatch.Plan {
	return dispatch.Plan{
		Order: dispatch.OrderPlan{By: "ageing", BoostS: boost}, Starvation: 2.5,
		Agents:   dispatch.ChoicePlan{By: "pack", Reserve: dispatch.ReservePlan{Free: 2, Channels: []dispatch.Channel{dispatch.Voice}}},
		Channels: map[dispatch.Channel]dispatch.ChannelPlan{dispatch.Mail: {Cost: new(0.0), TargetS: 60}, dispatch.Voice: {Weight: 6, Limit: dispatch.Never, Exclusive: true, HandlingS: 9}},
		Values:   []dispatch.ValuePlan{{Value: 1, Cost: 2.25}},
	}
}

// publish puts a plan in force.
func (w *world) publish(p dispatch.Plan, note string) policy.State {
	w.Helper()
	w.Now = w.Now.Add(time.Second)
	out, err := w.Store.Change(w.Context(), w.WS, func(st *policy.State) error {
		st.Published = policy.Revision{Plan: p, Note: note, By: w.by(), At: w.Now}
		return nil
	}, w.event())
	w.OK(err)
	return out
}

func testNothing(w *world) {
	w.Reads(w.state(), policy.State{})
	p, err := w.Store.Plan(w.Context(), w.WS)
	w.OK(err)
	w.Reads(p, dispatch.Plan{})
	_, err = w.Store.Revision(w.Context(), w.WS, 1)
	if !errs.Is(err, errs.NotFound) {
		w.Fatalf("a revision that is not: %v", err)
	}
	all, err := w.Store.Revisions(w.Context(), w.WS, page.Request{})
	if err != nil || len(all.Items) > 0 || all.Next != "" {
		w.Fatalf("%+v, %v", all, err)
	}
	for _, cursor := range []string{"!", page.Encode("x"), page.Encode("1", "2")} {
		if _, err := w.Store.Revisions(w.Context(), w.WS, page.Request{Cursor: cursor}); !errs.Is(err, errs.Invalid) {
			w.Fatalf("cursor %q: %v", cursor, err)
		}
	}
}

func testDraft(w *world) {
	before := w.Head()
	want := policy.State{Draft: policy.Draft{Plan: plan(60), Revision: 1, By: w.by(), At: w.Now}}
	got, err := w.Store.Change(w.Context(), w.WS, func(st *policy.State) error {
		st.Draft = want.Draft
		return nil
	}, w.event())
	w.OK(err)
	w.Reads(got, want)
	w.Reads(w.state(), want)
	if w.Head() != before+1 {
		w.Fatal("no event")
	}
	p, err := w.Store.Plan(w.Context(), w.WS)
	w.OK(err)
	w.Reads(p, dispatch.Plan{}) // a draft is not in force
	_, err = w.Store.Change(w.Context(), w.WS, func(st *policy.State) error {
		w.Reads(*st, want)
		st.Draft.Plan, st.Draft.Revision = plan(90), 2
		return nil
	})
	w.OK(err)
	want.Draft.Plan, want.Draft.Revision = plan(90), 2
	w.Reads(w.state(), want)
}

func testPublished(w *world) {
	first := w.publish(plan(60), "why\nnot 为何")
	if first.Published.Number != 1 {
		w.Fatalf("the first is number %d", first.Published.Number)
	}
	second := w.publish(plan(90), "")
	w.Reads(w.state(), second)
	p, err := w.Store.Plan(w.Context(), w.WS)
	w.OK(err)
	w.Reads(p, plan(90))
	old, err := w.Store.Revision(w.Context(), w.WS, 1)
	w.OK(err)
	w.Reads(old, first.Published)
	w.Now = w.Now.Add(time.Second)
	third, err := w.Store.Change(w.Context(), w.WS, func(st *policy.State) error {
		st.Published = policy.Revision{Plan: old.Plan, Restores: 1, By: w.by(), At: w.Now}
		return nil
	}, w.event())
	w.OK(err)
	w.Reads(third.Published, policy.Revision{Number: 3, Plan: plan(60), Restores: 1, By: w.by(), At: w.Now})
	w.Reads(w.state(), third)
}

func testFails(w *world) {
	want := w.publish(plan(60), "x")
	before, no := w.Head(), errors.New("no")
	_, err := w.Store.Change(w.Context(), w.WS, func(st *policy.State) error {
		st.Draft.Revision, st.Published = 7, policy.Revision{Plan: plan(9)}
		return no
	}, w.event())
	if !errors.Is(err, no) {
		w.Fatalf("got %v", err)
	}
	w.Reads(w.state(), want)
	if w.Head() != before {
		w.Fatal("an event of a change that failed")
	}
}

func testPages(w *world) {
	for i := range 5 {
		w.publish(plan(60+i), "")
	}
	var got []uint64
	for _, r := range identitytest.InPages(w.Tenant, func(p page.Request) (page.Page[policy.Revision], error) {
		return w.Store.Revisions(w.Context(), w.WS, p)
	}) {
		w.Reads(r.Plan, plan(59+int(r.Number)))
		got = append(got, r.Number)
	}
	w.Reads(got, []uint64{5, 4, 3, 2, 1})
}

// testTogether changes at the same time: each change sees the one before it.
func testTogether(w *world) {
	const n = 8
	done := make(chan error, n)
	for range n {
		go func() {
			_, err := w.Store.Change(w.Context(), w.WS, func(st *policy.State) error {
				st.Draft.Revision++
				st.Published = policy.Revision{Plan: plan(60), At: w.Now, Restores: st.Published.Number}
				return nil
			})
			done <- err
		}()
	}
	for range n {
		w.OK(<-done)
	}
	st := w.state()
	if st.Draft.Revision != n || st.Published.Number != n || st.Published.Restores != n-1 {
		w.Fatalf("after %d changes: %+v", n, st)
	}
}

func testTenants(w *world) {
	w.publish(plan(60), "")
	mine := w.WS
	w.WS = w.Workspace(w.T)
	testNothing(w)
	w.publish(plan(90), "")
	w.WS = mine
	p, err := w.Store.Plan(w.Context(), w.WS)
	w.OK(err)
	w.Reads(p, plan(60))
}
