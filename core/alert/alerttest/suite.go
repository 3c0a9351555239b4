package alerttest

import (
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/alert"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/identity/identitytest"
	"github.com/patchbay-im/patchbay/core/queue"
)

// Fixture is an implementation under test, and a hand to arrange what the suite
// needs.
type Fixture struct {
	Store     alert.Store
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
		"rules":        testRules,
		"raised once":  testRaise,
		"cleared":      testClear,
		"acknowledged": testAcknowledge,
		"tenants":      testTenants,
	})
}

// world is one test case.
type world struct {
	*identitytest.Tenant
	Fixture
}

// standing compares what stands in a workspace.
func (w *world) standing(in identity.WorkspaceID, want ...alert.Alert) {
	w.Helper()
	got, err := w.Store.Standing(w.Context(), in)
	w.OK(err)
	if len(got)+len(want) > 0 {
		w.Reads(got, want)
	}
}

func at(second int) time.Time { return time.Date(2026, 5, 4, 9, 0, second, 0, time.UTC) }

func waits(id alert.ID, in string, second int) alert.Alert {
	a := alert.Alert{ID: id, Limit: 600, Since: at(second), At: at(second + 15)}
	a.Rule, a.Queue = alert.LongWait, queueID(in)
	return a
}

func queueID(name string) queue.ID {
	if name == "" {
		return ""
	}
	return queue.ID("que_" + name)
}

func away(id alert.ID, member identity.MemberID, second int) alert.Alert {
	a := alert.Alert{ID: id, Limit: 1800, Since: at(second), At: at(second + 15)}
	a.Rule, a.Member = alert.LongAway, member
	return a
}

func testRules(w *world) {
	_, revision, err := w.Store.Rules(w.Context(), w.WS)
	w.OK(err)
	w.Reads(revision, uint64(0))
	rules := alert.Default()
	rules.Wait.OfTarget, rules.Risk.On = 250, false
	w.OK(w.Store.SaveRules(w.Context(), w.WS, rules, 0, w.Event(identity.WorkspaceChanged, string(w.WS))))
	got, revision, err := w.Store.Rules(w.Context(), w.WS)
	w.OK(err)
	w.Reads(got, rules)
	w.Reads(revision, uint64(1))

	late := w.Event(identity.WorkspaceChanged, string(w.WS))
	if err := w.Store.SaveRules(w.Context(), w.WS, alert.Default(), 0, late); !errs.Is(err, errs.Conflict) || errs.As(err).Code != "alert.stale" {
		w.Errorf("a change of what is no longer the last: %v", err)
	}
	if got, _, err = w.Store.Rules(w.Context(), w.WS); err != nil || got != rules {
		w.Errorf("it changed all the same: %v, %v", got, err)
	}
}

func testRaise(w *world) {
	one, two, three := waits("alr_1", "a", 1), away("alr_2", "mem_1", 2), waits("alr_3", "", 3)
	w.OK(w.Store.Raise(w.Context(), w.WS, []alert.Alert{two, one}))
	w.standing(w.WS, one, two)
	again := waits("alr_9", "a", 9)
	w.OK(w.Store.Raise(w.Context(), w.WS, []alert.Alert{again, three}))
	w.standing(w.WS, one, two, three)
}

func testClear(w *world) {
	one, two := waits("alr_1", "a", 1), waits("alr_2", "b", 2)
	w.OK(w.Store.Raise(w.Context(), w.WS, []alert.Alert{one, two}))
	w.OK(w.Store.Clear(w.Context(), w.WS, []alert.ID{"alr_1", "alr_none"}))
	w.standing(w.WS, two)
	later := waits("alr_3", "a", 30)
	w.OK(w.Store.Raise(w.Context(), w.WS, []alert.Alert{later}))
	w.standing(w.WS, two, later)
}

func testAcknowledge(w *world) {
	one := waits("alr_1", "a", 1)
	w.OK(w.Store.Raise(w.Context(), w.WS, []alert.Alert{one}))
	first := identity.Actor{Kind: identity.ActorMember, ID: "mem_1", Name: "林晓"}
	got, err := w.Store.Acknowledge(w.Context(), w.WS, "alr_1", first, at(40))
	w.OK(err)
	one.AckBy, one.AckAt = first, at(40)
	w.Reads(got, one)
	got, err = w.Store.Acknowledge(w.Context(), w.WS, "alr_1", identity.Actor{Kind: identity.ActorMember, ID: "mem_2"}, at(50))
	w.OK(err)
	w.Reads(got, one)
	w.standing(w.WS, one)
	if _, err := w.Store.Acknowledge(w.Context(), w.WS, "alr_none", first, at(40)); !errs.Is(err, errs.NotFound) {
		w.Errorf("one that does not stand: %v", err)
	}
}

func testTenants(w *world) {
	other := w.Workspace(w.T)
	one := waits("alr_1", "a", 1)
	w.OK(w.Store.Raise(w.Context(), w.WS, []alert.Alert{one}))
	w.OK(w.Store.SaveRules(w.Context(), w.WS, alert.Default(), 0))
	w.standing(other)
	w.OK(w.Store.Clear(w.Context(), other, []alert.ID{"alr_1"}))
	if _, err := w.Store.Acknowledge(w.Context(), other, "alr_1", identity.Actor{}, at(9)); !errs.Is(err, errs.NotFound) {
		w.Errorf("an alert of another workspace: %v", err)
	}
	w.standing(w.WS, one)
	if _, revision, err := w.Store.Rules(w.Context(), other); err != nil || revision != 0 {
		w.Errorf("rules of another workspace: %d, %v", revision, err)
	}
}
