package dispatch_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/calendar"
	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/dispatch/dispatchtest"
	"github.com/patchbay-im/patchbay/core/identity"
)

// nights is the hours of the queues of a floor.
type nights struct {
	mu    sync.Mutex
	hours map[string]dispatch.Schedule
	fails error
}

// constant is always open, or never.
type constant bool

func (c constant) Open(time.Time) bool                       { return bool(c) }
func (c constant) Opens(at time.Time) (time.Time, bool)      { return at, bool(c) }
func (c constant) Next(time.Time) (change time.Time, _ bool) { return time.Time{}, false }

func (n *nights) Hours(context.Context, identity.WorkspaceID) ([]dispatch.QueueHours, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	var out []dispatch.QueueHours
	for q, h := range n.hours {
		out = append(out, dispatch.QueueHours{Queue: q, Hours: h})
	}
	return out, n.fails
}

// follow gives a queue its hours; nil = none.
func (n *nights) follow(q string, h dispatch.Schedule) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.hours == nil {
		n.hours = map[string]dispatch.Schedule{}
	}
	if n.hours[q] = h; h == nil {
		delete(n.hours, q)
	}
}

// set makes a queue one that is always open, or never.
func (n *nights) set(q string, closed bool) { n.follow(q, constant(!closed)) }

func (n *nights) closed(q string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	h, has := n.hours[q]
	return has && !h.Open(time.Now())
}

func schedule(tb testing.TB, h calendar.Hours) *calendar.Schedule {
	tb.Helper()
	s, err := h.Schedule()
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// daily is open every day for these minutes of the clock of a zone.
func daily(zone string, from, to int) calendar.Hours {
	h := calendar.Hours{Zone: zone}
	for d := range h.Week {
		h.Week[d] = []calendar.Interval{{From: from, To: to}}
	}
	return h
}

// onHours is onFloor with the queue "q" following hours from the start on.
func onHours(t *testing.T, h func() calendar.Hours, fn func(f *floor)) {
	t.Helper()
	onFloor(t, nil, func(f *floor) {
		f.shut()
		f.nights.follow("q", schedule(t, h()))
		f.open()
		fn(f)
	})
}

// until lets time pass until an instant.
func (f *floor) until(at time.Time) {
	f.Helper()
	if d := time.Until(at); d > 0 {
		f.pass(d)
	}
}

// inQueue makes an item that has waited in "q".
func (f *floor) inQueue(waited time.Duration) dispatch.Item {
	f.Helper()
	it := f.mem.NewItem(f.ws, time.Now().Add(-waited))
	it.Queue = "q"
	it = f.mem.Shape(f.ws, it.Key, it)
	f.d.Signal(f.ws, dispatch.Signal{Waits: []dispatch.Item{it}})
	f.pass(250 * time.Millisecond)
	return it
}

// told is how a customer was last told to stand.
func (f *floor) toldOf(it dispatch.Item) dispatch.Position {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last[it.Key]
}

const clock = 60 // minutes of an hour

// What waits in a closed queue is given to nobody, is told when it opens, and
// goes out in its order when it does, without a word from anybody.
func TestAQueueOpensAndCloses(t *testing.T) {
	t.Parallel()
	onHours(t, func() calendar.Hours { return daily("UTC", 9*clock, 17*clock) }, func(f *floor) { // the clock of a bubble begins at midnight UTC
		m := f.present(1)
		young, old := f.inQueue(0), f.inQueue(time.Hour)
		opens := time.Now().UTC().Truncate(24 * time.Hour).Add(9 * time.Hour)
		f.owned(old, "")
		if got, want := f.toldOf(young), (dispatch.Position{Key: young.Key, Place: 2, Closed: true, Opens: opens}); got != want || f.d.Position(f.ws, young.Key) != want {
			f.Fatalf("told %+v, want %+v", got, want)
		}
		f.until(opens.Add(-time.Millisecond))
		f.owned(old, "")
		f.until(opens)
		f.owned(old, m)
		f.owned(young, "")
		f.pass(250 * time.Millisecond)
		if got, want := f.toldOf(young), (dispatch.Position{Key: young.Key, Place: 1, Available: true}); got != want {
			f.Fatalf("told %+v, want %+v", got, want)
		}
		f.until(opens.Add(8 * time.Hour)) // closes
		f.do(old, dispatchtest.Resolve, "")
		f.pass(time.Minute)
		f.owned(young, "")
		if got := f.toldOf(young); !got.Closed || !got.Opens.Equal(opens.Add(24*time.Hour)) {
			f.Fatalf("told %+v", got)
		}
		f.until(opens.Add(24 * time.Hour))
		f.owned(young, m)
	})
}

// A restart in the night gives out nothing before the queue is known to be closed.
func TestHoursOverARestart(t *testing.T) {
	t.Parallel()
	onHours(t, func() calendar.Hours { return daily("UTC", 9*clock, 17*clock) }, func(f *floor) {
		m := f.present(5)
		it := f.inQueue(time.Hour)
		f.shut()
		f.nights.mu.Lock()
		f.nights.fails = errors.New("connection refused")
		f.nights.mu.Unlock()
		f.open()
		f.come(m)
		f.pass(time.Minute)
		f.owned(it, "")
		f.nights.mu.Lock()
		f.nights.fails = nil
		f.nights.mu.Unlock()
		f.pass(time.Minute)
		f.owned(it, "")
		f.until(time.Now().UTC().Truncate(24 * time.Hour).Add(9 * time.Hour))
		f.owned(it, m)
	})
}

// Hours that change hold at once; a change that nobody told of is found by the
// comparison with the store.
func TestHoursChange(t *testing.T) {
	t.Parallel()
	onHours(t, func() calendar.Hours { return daily("UTC", 9*clock, 17*clock) }, func(f *floor) {
		m := f.present(5)
		one := f.inQueue(time.Hour)
		f.nights.follow("q", schedule(t, daily("UTC", 0, 24*clock)))
		f.d.Signal(f.ws, dispatch.Signal{Settings: true})
		f.pass(0)
		f.owned(one, m)
		f.nights.follow("q", schedule(t, daily("UTC", 9*clock, 17*clock)))
		f.d.Signal(f.ws, dispatch.Signal{Settings: true})
		f.pass(0)
		two := f.inQueue(0)
		f.owned(two, "")
		f.nights.follow("q", nil)
		f.pass(3 * time.Minute)
		f.owned(two, m)
	})
}

// On a make-up day it opens as on another day, on a holiday not at all.
func TestHoursOfHolidays(t *testing.T) {
	t.Parallel()
	var today calendar.Date
	week := func() calendar.Hours {
		today = calendar.DateAt(time.Now().UTC())
		h := calendar.Hours{Zone: "UTC", Exceptions: []calendar.Exception{
			{Name: "Holiday", From: today, To: today, Effect: calendar.Closed},
			{Name: "Make-up", From: today + 1, To: today + 1, Effect: calendar.AsWeekday, Weekday: today.Weekday()},
		}}
		h.Week[today.Weekday()] = []calendar.Interval{{From: 9 * clock, To: 17 * clock}}
		return h
	}
	onHours(t, week, func(f *floor) {
		m := f.present(5)
		it := f.inQueue(0)
		midnight := time.Now().UTC().Truncate(24 * time.Hour)
		f.until(midnight.Add(12 * time.Hour))
		f.owned(it, "")
		f.until(midnight.Add(33*time.Hour - time.Second))
		f.owned(it, "")
		f.until(midnight.Add(33 * time.Hour))
		f.owned(it, m)
	})
}

// Opening times are those of a clock in the zone, which is turned forward.
func TestHoursOverAChangeOfClocks(t *testing.T) {
	t.Parallel()
	onHours(t, func() calendar.Hours { return daily("Europe/Berlin", 9*clock, 17*clock) }, func(f *floor) {
		spring := time.Date(2000, 3, 25, 18, 0, 0, 0, time.UTC) // the night to the 26th is an hour shorter
		f.until(spring)
		m := f.present(5)
		it := f.inQueue(0)
		opens := time.Date(2000, 3, 26, 7, 0, 0, 0, time.UTC)
		if got := f.toldOf(it); !got.Closed || !got.Opens.Equal(opens) {
			f.Fatalf("told %+v", got)
		}
		f.until(opens.Add(-time.Second))
		f.owned(it, "")
		f.until(opens)
		f.owned(it, m)
	})
}
