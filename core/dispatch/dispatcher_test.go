package dispatch_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/dispatch/dispatchtest"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

func TestAssignsAtOnce(t *testing.T) {
	t.Parallel()
	onFloor(t, nil, func(f *floor) {
		m := f.present(2)
		f.status(m, dispatch.AgentStatus{Status: dispatch.Available, Capacity: 2})
		it := f.ask(0)
		f.owned(it, m)
		f.status(m, dispatch.AgentStatus{Status: dispatch.Available, Capacity: 2, Open: 1})
		if f.place(it) != 0 {
			f.Fatal("a place was told to a customer who was served at once")
		}
		if s := f.d.Stats(); s.Assigned != 1 || s.Waiting != 0 || s.Available != 1 {
			f.Fatalf("%+v", s)
		}
	})
}

func TestLongestIdleFirst(t *testing.T) {
	t.Parallel()
	onFloor(t, nil, func(f *floor) {
		a := f.present(5)
		f.pass(time.Second)
		b := f.present(5)
		f.pass(time.Second)
		one := f.ask(0)
		f.pass(time.Second)
		two := f.ask(0)
		f.owned(one, a)
		f.owned(two, b)
		f.pass(time.Second)
		f.do(one, dispatchtest.Resolve, "") // a has just finished, so b is idle for longer
		three := f.ask(0)
		f.owned(three, b)
	})
}

func TestOldestFirstUpToCapacity(t *testing.T) {
	t.Parallel()
	onFloor(t, nil, func(f *floor) {
		young, old, middle := f.ask(time.Minute), f.ask(time.Hour), f.ask(30*time.Minute)
		f.pass(250 * time.Millisecond)
		for i, it := range []dispatch.Item{old, middle, young} {
			if at := f.d.Position(f.ws, it.Key); at.Place != i+1 || at.Available || f.place(it) != i+1 {
				f.Fatalf("place %d, told %d, want %d; available %v", at.Place, f.place(it), i+1, at.Available)
			}
		}
		m := f.present(2)
		f.pass(250 * time.Millisecond)
		f.owned(old, m)
		f.owned(middle, m)
		f.owned(young, "")
		if f.place(old) != 0 || f.place(young) != 1 || !f.hopes[young.Key] {
			f.Fatalf("told %d and %d, available %v", f.place(old), f.place(young), f.hopes[young.Key])
		}
		f.do(old, dispatchtest.Resolve, "")
		f.owned(young, m)
		f.pass(250 * time.Millisecond)
		if f.place(young) != 0 {
			f.Fatalf("told %d", f.place(young))
		}
	})
}

// Whether anybody is available is told to everybody who waits, whenever it changes.
func TestHopeIsTold(t *testing.T) {
	t.Parallel()
	onFloor(t, nil, func(f *floor) {
		m := f.present(1)
		f.ask(time.Minute)
		waits := f.ask(0)
		told := func() bool {
			f.pass(250 * time.Millisecond)
			f.mu.Lock()
			defer f.mu.Unlock()
			return f.hopes[waits.Key]
		}
		if !told() {
			f.Fatal("somebody is available, and it was not told")
		}
		if err := f.d.Choose(f.Context(), f.ws, m, dispatch.Away, ""); err != nil || told() {
			f.Fatalf("nobody is available any more, and it was not told (%v)", err)
		}
		if err := f.d.Choose(f.Context(), f.ws, m, dispatch.Available, ""); err != nil || !told() {
			f.Fatalf("somebody is available again, and it was not told (%v)", err)
		}
	})
}

// After a start, nobody is taken for absent because the store could not be asked yet.
func TestStatusWaitsForTheStore(t *testing.T) {
	t.Parallel()
	onFloor(t, nil, func(f *floor) {
		m := f.present(1)
		f.pass(time.Second)
		f.shut()
		f.mem.Fail(func(string) error { return errors.New("connection refused") })
		f.open()
		ctx, cancel := context.WithTimeout(f.Context(), time.Minute)
		defer cancel()
		if status, err := f.d.Status(ctx, f.ws, m); !errors.Is(err, context.DeadlineExceeded) {
			f.Fatalf("got %q, %v", status, err)
		}
		f.mem.Fail(nil)
		if status := f.seen(m); status != dispatch.Available {
			f.Fatalf("%s is %s: the restart took the lease", m, status)
		}
		if status := f.seen("mem_unknown"); status != dispatch.Offline {
			f.Fatalf("a stranger is %s", status)
		}
	})
}

func TestNewsIsCoalesced(t *testing.T) {
	t.Parallel()
	onFloor(t, nil, func(f *floor) {
		first := f.ask(time.Hour)
		for range 1000 {
			f.ask(time.Minute)
			f.pass(10 * time.Millisecond)
		}
		f.do(first, dispatchtest.Resolve, "")
		f.pass(time.Second)
		for i := 1; i < len(f.queue); i++ {
			if gap := f.queue[i].Sub(f.queue[i-1]); gap < 250*time.Millisecond {
				f.Fatalf("two announcements within %v", gap)
			}
		}
		if len(f.queue) < 30 {
			f.Fatalf("%d announcements in 11 s", len(f.queue))
		}
		for key := range f.waiting() {
			place := f.d.Position(f.ws, key).Place
			if told := f.place(dispatch.Item{Key: key}); told != place {
				f.Fatalf("told %d, is %d", told, place)
			}
		}
	})
}

func TestWorkOfALostAgentIsOfferedAgain(t *testing.T) {
	t.Parallel()
	onFloor(t, nil, func(f *floor) {
		lost := f.present(5)
		asks, answered := f.ask(time.Hour), f.ask(time.Minute)
		f.do(answered, dispatchtest.Answer, "")
		next := f.present(5)
		f.silence(lost)
		f.pass(30 * time.Second) // the whole lease
		f.pass(2 * time.Second)
		f.owned(asks, next)
		f.owned(answered, lost)
		f.status(lost, dispatch.AgentStatus{Status: dispatch.Offline, Capacity: 5, Open: 1})
		if row := f.row(lost); row.Online || row.Used != 1 {
			f.Fatalf("the row is %+v", row)
		}
		if s := f.d.Stats(); s.Returned != 1 {
			f.Fatalf("%+v", s)
		}
	})
}

func TestTakenBackWorkKeepsItsPlace(t *testing.T) {
	t.Parallel()
	onFloor(t, nil, func(f *floor) {
		lost := f.present(1)
		old := f.ask(time.Hour)
		f.owned(old, lost)
		young := f.ask(time.Minute)
		f.silence(lost)
		f.pass(31 * time.Second)
		if place := f.d.Position(f.ws, old.Key).Place; place != 1 {
			f.Fatalf("place %d: it has waited the longest", place)
		}
		f.come(lost) // the pair is excluded: the next in line goes first
		f.owned(young, lost)
		f.do(young, dispatchtest.Resolve, "")
		f.owned(old, "")
		f.pass(58 * time.Second)
		f.owned(old, "")
		f.pass(2 * time.Second)
		f.owned(old, lost)
	})
}

func TestReloadingAPageLosesNothing(t *testing.T) {
	t.Parallel()
	onFloor(t, nil, func(f *floor) {
		m := f.mem.NewMember(f.ws, 5)
		f.d.Beat(f.ws, m, "first")
		it := f.ask(0)
		f.owned(it, m)
		f.d.Leave(f.ws, m, "first")
		f.pass(9 * time.Second)
		f.d.Beat(f.ws, m, "second")
		f.pass(20 * time.Second)
		f.owned(it, m)
		f.d.Leave(f.ws, m, "second")
		f.pass(11 * time.Second)
		f.owned(it, "")
		f.status(m, dispatch.AgentStatus{Status: dispatch.Offline, Capacity: 5})
	})
}

func TestRestart(t *testing.T) {
	t.Parallel()
	onFloor(t, nil, func(f *floor) {
		back, gone := f.present(1), f.present(1)
		one, two := f.ask(2*time.Minute), f.ask(time.Minute)
		f.owned(one, back)
		f.owned(two, gone)
		f.pass(time.Minute)
		f.shut()
		f.pass(time.Hour) // however long the server was away
		f.open()
		f.status(back, dispatch.AgentStatus{Status: dispatch.Available, Capacity: 1, Open: 1})
		f.pass(15 * time.Second)
		f.come(back)
		f.owned(one, back)
		f.owned(two, gone)
		f.pass(16 * time.Second)
		f.owned(one, back)
		f.owned(two, "")
		if row := f.row(gone); row.Online {
			f.Fatalf("the row is %+v", row)
		}
	})
}

// TestWrittenToAnAbsentAgentBeforeACrash: the customer's message committed, and
// the server died before anybody was told of it.
func TestWrittenToAnAbsentAgentBeforeACrash(t *testing.T) {
	t.Parallel()
	onFloor(t, nil, func(f *floor) {
		gone := f.present(1)
		it := f.ask(time.Minute)
		f.do(it, dispatchtest.Answer, "")
		f.silence(gone)
		f.pass(time.Minute)
		f.owned(it, gone) // nobody awaits an answer
		f.shut()
		f.mem.Do(f.ws, it.Key, dispatchtest.Ask, "")
		next := f.mem.NewMember(f.ws, 1)
		f.open()
		f.owned(it, "")
		f.come(next)
		f.owned(it, next)
	})
}

func TestAway(t *testing.T) {
	t.Parallel()
	onFloor(t, nil, func(f *floor) {
		m := f.present(5)
		mine := f.ask(0)
		if err := f.d.Choose(f.Context(), f.ws, m, dispatch.Away, ""); err != nil {
			f.Fatal(err)
		}
		f.status(m, dispatch.AgentStatus{Status: dispatch.Away, Capacity: 5, Open: 1})
		it := f.ask(0)
		f.owned(it, "")
		f.owned(mine, m)
		f.shut()
		f.open()
		f.come(m)
		f.owned(it, "")
		if err := f.d.Choose(f.Context(), f.ws, m, dispatch.Available, ""); err != nil {
			f.Fatal(err)
		}
		f.pass(time.Millisecond)
		f.owned(it, m)
		if err := f.d.Choose(f.Context(), f.ws, m, dispatch.Offline, ""); !errs.Is(err, errs.Invalid) {
			f.Fatalf("offline can be chosen: %v", err)
		}
		if err := f.d.Choose(f.Context(), f.ws, "mem_unknown", dispatch.Away, ""); !errs.Is(err, errs.NotFound) {
			f.Fatalf("an unknown member may choose: %v", err)
		}
	})
}

func TestCapacityAndRights(t *testing.T) {
	t.Parallel()
	onFloor(t, nil, func(f *floor) {
		m := f.present(1)
		one, two, three := f.ask(3*time.Minute), f.ask(2*time.Minute), f.ask(time.Minute)
		f.owned(one, m)
		f.owned(two, "")
		f.mem.SetCapacity(f.ws, m, 2)
		f.changed(m)
		f.pass(time.Millisecond)
		f.owned(two, m)
		f.owned(three, "")
		f.mem.Suspend(f.ws, m)
		f.changed(m)
		f.pass(time.Millisecond)
		for _, it := range []dispatch.Item{one, two, three} {
			f.owned(it, "")
		}
		if all := f.d.Presence(f.ws); len(all) != 0 {
			f.Fatalf("a suspended member is shown: %v", all)
		}
		f.pass(time.Minute) // the tab still beats, and changes nothing
		f.owned(one, "")
	})
}

func TestWorkspaceMadeWhileRunning(t *testing.T) {
	t.Parallel()
	onFloor(t, nil, func(f *floor) {
		f.ws = f.mem.NewWorkspace()
		it := f.mem.NewItem(f.ws, time.Now())
		m := f.present(1)
		f.owned(it, m)
	})
}

func TestHeartbeatsNeverTouchTheDatabase(t *testing.T) {
	t.Parallel()
	onFloor(t, nil, func(f *floor) {
		m := f.present(1)
		f.pass(time.Second)
		if !f.row(m).Online {
			f.Fatal("coming was not saved")
		}
		calls := map[string]int{}
		f.mem.Fail(func(method string) error { calls[method]++; return nil })
		f.pass(10 * time.Minute)
		f.mem.Fail(nil)
		if calls["SaveAgent"]+calls["Loads"]+calls["Claim"]+calls["Release"] > 0 || calls["Agents"] > 11 {
			f.Fatalf("60 heartbeats made %v", calls)
		}
	})
}

func TestStoreFails(t *testing.T) {
	t.Parallel()
	onFloor(t, nil, func(f *floor) {
		m := f.present(5)
		mine := f.ask(0)
		f.mem.Fail(func(string) error { return errors.New("disk full") })
		it := f.ask(0)
		if err := f.d.Choose(f.Context(), f.ws, m, dispatch.Away, ""); !errs.Is(err, errs.Unavailable) {
			f.Fatalf("a choice that was not stored: %v", err)
		}
		f.pass(5 * time.Minute) // far beyond the lease: heartbeats count without the store
		f.status(m, dispatch.AgentStatus{Status: dispatch.Available, Capacity: 5, Open: 1})
		if f.place(it) != 1 {
			f.Fatalf("told %d: places are told without the store", f.place(it))
		}
		f.mem.Fail(nil)
		f.owned(mine, m)
		f.owned(it, "")
		f.pass(5 * time.Second) // the longest pause
		f.owned(it, m)
		failures := f.d.Stats().Failures
		if failures < 10 || failures > 100 {
			f.Fatalf("%d calls in 5 minutes of failure", failures)
		}
	})
}

func TestStoreFailsAtStart(t *testing.T) {
	t.Parallel()
	onFloor(t, nil, func(f *floor) {
		f.shut()
		it := f.mem.NewItem(f.ws, time.Now())
		f.mem.Fail(func(string) error { return errors.New("connection refused") })
		f.open()
		m := f.present(1)
		f.pass(time.Minute)
		f.mem.Fail(nil)
		f.pass(10 * time.Second)
		f.owned(it, m)
	})
}

// Work is taken back before the absence is recorded, or a crash between the
// two would leave it with an agent who is gone.
func TestAbsenceIsRecordedLast(t *testing.T) {
	t.Parallel()
	onFloor(t, nil, func(f *floor) {
		m := f.present(1)
		it := f.ask(0)
		f.mem.Fail(func(method string) error {
			if method == "Release" {
				return errors.New("connection reset")
			}
			return nil
		})
		f.silence(m)
		f.pass(45 * time.Second)
		if row := f.row(m); !row.Online {
			f.Fatal("the absence was recorded while the work is still theirs")
		}
		f.mem.Fail(nil)
		f.pass(5 * time.Second)
		f.owned(it, "")
		if row := f.row(m); row.Online {
			f.Fatal("the absence was never recorded")
		}
	})
}

func TestAgentIsBackBeforeTheStore(t *testing.T) {
	t.Parallel()
	onFloor(t, nil, func(f *floor) {
		m := f.present(1)
		it := f.ask(0)
		f.mem.Fail(func(string) error { return errors.New("connection reset") })
		f.silence(m)
		f.pass(time.Minute)
		f.come(m)
		f.mem.Fail(nil)
		f.pass(10 * time.Second)
		f.owned(it, m)
		f.status(m, dispatch.AgentStatus{Status: dispatch.Available, Capacity: 1, Open: 1})
	})
}

func TestShadowFindsWhatWasNotTold(t *testing.T) {
	t.Parallel()
	onFloor(t, nil, func(f *floor) {
		m := f.present(2)
		f.pass(time.Second)
		waits := f.mem.NewItem(f.ws, time.Now()) // and nobody says so
		f.pass(125 * time.Second)
		f.owned(waits, m)
		if s := f.d.Stats(); s.Healed != 1 {
			f.Fatalf("%+v", s)
		}
		f.mem.Suspend(f.ws, m)
		gone := f.ask(0)
		f.mem.Do(f.ws, gone.Key, dispatchtest.Resolve, "")
		f.pass(125 * time.Second)
		if place := f.d.Position(f.ws, gone.Key).Place; place != 0 {
			f.Fatalf("a ghost is at %d", place)
		}
		f.owned(waits, "")
		before := f.d.Stats().Healed
		f.pass(10 * time.Minute)
		if after := f.d.Stats().Healed; after != before {
			f.Fatalf("%d differences although nothing happened", after-before)
		}
	})
}

func TestMoreSignalsThanFit(t *testing.T) {
	t.Parallel()
	onFloor(t, nil, func(f *floor) {
		it := f.mem.NewItem(f.ws, time.Now())
		flood := make([]dispatch.Signal, 1<<16)
		for i := range flood {
			flood[i] = dispatch.Signal{Gone: []dispatch.Key{it.Key}}
		}
		f.d.Signal(f.ws, flood...)
		f.pass(time.Millisecond)
		if place := f.d.Position(f.ws, it.Key).Place; place != 1 {
			f.Fatalf("place %d: the workspace was not read again", place)
		}
	})
}

func TestChoiceAfterTheEnd(t *testing.T) {
	t.Parallel()
	onFloor(t, nil, func(f *floor) {
		m := f.present(1)
		f.shut()
		if err := f.d.Choose(f.Context(), f.ws, m, dispatch.Away, ""); !errs.Is(err, errs.Unavailable) {
			f.Fatal(err)
		}
		if err := f.d.Choose(f.Context(), identity.WorkspaceID("wsp_new"), m, dispatch.Away, ""); !errs.Is(err, errs.Unavailable) {
			f.Fatal(err)
		}
		if _, err := f.d.Status(f.Context(), identity.WorkspaceID("wsp_other"), m); !errs.Is(err, errs.Unavailable) {
			f.Fatal(err)
		}
		f.open()
	})
}

// TestLoad counts what waits and who is there in workspaces that this node leads.
func TestLoad(t *testing.T) {
	t.Parallel()
	onFloor(t, nil, func(f *floor) {
		f.ask(time.Second)
		oldest := time.Now().Add(-time.Minute)
		f.ask(time.Minute)
		f.pass(time.Second)
		if got := f.d.Stats().Led; got.Waiting != 2 || got.Available != 0 || !got.Oldest.Equal(oldest) {
			f.Fatalf("%+v, not since %v", got, oldest)
		}
		f.present(2)
		f.pass(time.Second)
		if got := f.d.Stats().Led; got.Waiting != 0 || got.Available != 1 || !got.Oldest.IsZero() {
			f.Fatalf("%+v", got)
		}
	})
}
