package extensiontest

import (
	"context"
	"fmt"
	"time"

	"github.com/patchbay-im/patchbay/core/extension"
)

func (w *world) acquire(holder string) extension.Lease {
	w.Helper()
	l, err := w.leases.Acquire(w.Context(), w.mine, "session", holder, time.Minute)
	w.ok(err)
	return l
}

func leases(w *world) {
	a := w.acquire("a")
	if !a.Acquired || a.Fencing != 1 || !a.Until.Equal(w.now.Add(time.Minute)) {
		w.Fatalf("the first: %+v", a)
	}
	if b := w.acquire("b"); b.Acquired || b.Fencing != 0 || !b.Until.Equal(a.Until) {
		w.Errorf("another: %+v", b)
	}
	w.now = w.now.Add(30 * time.Second)
	if a = w.acquire("a"); !a.Acquired || a.Fencing != 1 || !a.Until.Equal(w.now.Add(time.Minute)) {
		w.Errorf("prolonged: %+v", a)
	}
	w.now = w.now.Add(time.Minute)
	if b := w.acquire("b"); !b.Acquired || b.Fencing != 2 {
		w.Errorf("taken over: %+v", b)
	}
	w.ok(w.leases.Release(w.Context(), w.mine, "session", "a"))
	if a := w.acquire("a"); a.Acquired {
		w.Errorf("released by who had lost it: %+v", a)
	}
	w.ok(w.leases.Release(w.Context(), w.mine, "session", "b"))
	if a := w.acquire("a"); !a.Acquired || a.Fencing != 3 {
		w.Errorf("released: %+v", a)
	}
	if l, err := w.leases.Acquire(w.Context(), w.others[1], "session", "c", time.Minute); err != nil || !l.Acquired || l.Fencing != 1 {
		w.Errorf("another instance's: %+v %v", l, err)
	}
}

func deadHolder(w *world) {
	w.acquire("a")
	_, err := w.leases.Acquire(w.Context(), w.others[0], "mailbox", "a", time.Minute)
	w.ok(err)
	w.ok(w.leases.ReleaseAll(w.Context(), "b"))
	if b := w.acquire("b"); b.Acquired {
		w.Errorf("another's death released it: %+v", b)
	}
	w.ok(w.leases.ReleaseAll(w.Context(), "a"))
	if b := w.acquire("b"); !b.Acquired || b.Fencing != 2 {
		w.Errorf("after its death: %+v", b)
	}
}

func oneHolder(w *world) {
	won := together(func(i int) bool {
		l, err := w.leases.Acquire(w.Context(), w.mine, "session", fmt.Sprint("h", i), time.Minute)
		if err != nil {
			w.Error(err)
		}
		return l.Acquired
	})
	if won != 1 {
		w.Errorf("%d of %d hold the lease", won, crowd)
	}
}

const plugin = extension.PluginID("acme/erp")

func (w *world) due(lease string) []extension.Run {
	w.Helper()
	found, err := w.Schedules.Due(w.Context(), []extension.PluginID{"acme/other", plugin}, lease, extension.Span{Now: w.now, Until: w.now.Add(extension.RunLease)}, 10)
	w.ok(err)
	return found
}

func (w *world) schedule(key string, at time.Time, every time.Duration) {
	w.Helper()
	w.ok(w.Schedules.Put(w.Context(), w.mine, extension.Schedule{Plugin: plugin, Key: key, At: at, Every: every, Payload: []byte(key)}, "run-"+key))
}

func schedules(w *world) {
	w.schedule("later", w.now.Add(time.Hour), 0)
	w.schedule("second", w.now.Add(-time.Minute), time.Minute)
	w.schedule("first", w.now.Add(-time.Hour), 0)
	w.ok(w.Schedules.Put(w.Context(), w.mine, extension.Schedule{Plugin: "acme/absent", Key: "x", At: w.now}, "r"))
	due := w.due("l1")
	if len(due) != 2 || due[0].Key != "first" || due[1].Key != "second" || due[0].Owner != w.mine || string(due[0].Payload) != "first" ||
		due[1].Every != time.Minute || due[0].ID != "run-first" || !due[0].At.Equal(w.now.Add(-time.Hour)) || due[0].Plugin != plugin {
		w.Fatalf("due: %+v", due)
	}
	if again := w.due("l2"); len(again) > 0 {
		w.Errorf("given twice: %+v", again)
	}
	w.ok(w.Schedules.Settle(w.Context(), due[0], extension.Settled{}))
	w.ok(w.Schedules.Settle(w.Context(), due[1], extension.Settled{Due: due[1].At, Next: w.now.Add(10 * time.Second), Attempts: 1, RunID: due[1].ID}))
	if found := w.due("l2"); len(found) > 0 {
		w.Errorf("before the pause is over: %+v", found)
	}
	w.now = w.now.Add(10 * time.Second)
	retry := w.due("l3")
	if len(retry) != 1 || retry[0].Attempts != 1 || retry[0].ID != "run-second" {
		w.Fatalf("tried again: %+v", retry)
	}
	w.now = w.now.Add(extension.RunLease) // the runner died
	taken := w.due("l4")
	if len(taken) != 1 || taken[0].ID != "run-second" {
		w.Fatalf("after a runner's death: %+v", taken)
	}
	w.ok(w.Schedules.Settle(w.Context(), retry[0], extension.Settled{}))
	found, err := w.Schedules.Cancel(w.Context(), w.mine, "second")
	w.ok(err)
	if !found {
		w.Error("a runner that had lost its run ended the schedule")
	}
	if found, err := w.Schedules.Cancel(w.Context(), w.mine, "first"); found || err != nil {
		w.Errorf("what ran once is still there: %v %v", found, err)
	}
	if found, err := w.Schedules.Cancel(w.Context(), w.others[0], "later"); found || err != nil {
		w.Errorf("another's was cancelled: %v %v", found, err)
	}
}

func oneRunner(w *world) {
	w.schedule("k", w.now, 0)
	won := together(func(i int) bool {
		found, err := w.Schedules.Due(w.Context(), []extension.PluginID{plugin}, fmt.Sprint("l", i), extension.Span{Now: w.now, Until: w.now.Add(time.Minute)}, 10)
		if err != nil {
			w.Error(err)
		}
		return len(found) == 1
	})
	if won != 1 {
		w.Errorf("%d of %d run it", won, crowd)
	}
}

func replaced(w *world) {
	w.schedule("k", w.now, 0)
	old := w.due("l1")
	w.ok(w.Schedules.Put(w.Context(), w.mine, extension.Schedule{Plugin: plugin, Key: "k", At: w.now, Payload: []byte("new")}, "run-new"))
	if found := w.due("l2"); len(found) > 0 {
		w.Errorf("two runs of one key at a time: %+v", found)
	}
	w.ok(w.Schedules.Settle(w.Context(), old[0], extension.Settled{}))
	fresh := w.due("l3")
	if len(fresh) != 1 || fresh[0].ID != "run-new" || string(fresh[0].Payload) != "new" {
		w.Errorf("the new one: %+v", fresh)
	}
	_, err := w.Schedules.Cancel(context.WithoutCancel(w.Context()), w.mine, "k")
	w.ok(err)
}
