package dispatch_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
)

// shownWaits is what whoever waits may be told.
var shownWaits = []time.Duration{
	time.Minute, 2 * time.Minute, 3 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute,
	20 * time.Minute, 30 * time.Minute, 45 * time.Minute, time.Hour,
}

// desk is agents with a place each and a queue before them, on a clock.
type desk struct {
	*testing.T
	*dispatch.Engine
	now    time.Time
	agents int
	came   int
	busy   []dispatch.Assignment
}

func newDesk(t *testing.T, agents int) *desk {
	t.Helper()
	d := &desk{T: t, Engine: dispatch.NewEngine(dispatch.Policy{}), now: epoch}
	d.hire(agents)
	d.Decide(d.now, 100)
	return d
}

func (d *desk) hire(n int) {
	for range n {
		d.Set(dispatch.Agent{Member: agentID(d.agents), Status: dispatch.Available, Capacity: 1, IdleSince: d.now})
		d.agents++
	}
}

// come brings n customers.
func (d *desk) come(n int) {
	for range n {
		d.Wait(dispatch.Item{Key: d.key(d.came), Queue: "q", WaitingSince: d.now})
		d.came++
	}
	d.decide()
}

func (d *desk) key(n int) dispatch.Key {
	return dispatch.Key{Kind: "conversation", ID: fmt.Sprintf("%06d", n)}
}

func (d *desk) decide() { d.busy = append(d.busy, d.Decide(d.now, 100)...) }

// serve has the agent who has been busy the longest finish, after a while.
func (d *desk) serve(after time.Duration, times int) {
	d.Helper()
	for range times {
		d.pass(after)
		if len(d.busy) == 0 {
			d.Fatal("nobody is busy")
		}
		a, _ := d.Agent(d.busy[0].Member)
		d.busy = d.busy[1:]
		a.Used, a.Has, a.IdleSince = 0, dispatch.PerChannel{}, d.now
		d.Set(a)
		d.decide()
	}
}

func (d *desk) pass(after time.Duration) {
	d.now = d.now.Add(after)
	d.Advance(d.now)
}

// wait is what the customer at a place is told.
func (d *desk) wait(place int) time.Duration {
	d.Helper()
	for n := range d.came {
		if at := d.Stands(d.key(n)); at.Place == place {
			return at.Wait
		}
	}
	d.Fatalf("nobody is at place %d", place)
	return 0
}

func (d *desk) want(place int, want time.Duration) {
	d.Helper()
	if got := d.wait(place); got != want {
		d.Fatalf("the customer at place %d is told %v, want %v", place, got, want)
	}
}

// settle takes all news and returns how many there were.
func (d *desk) settle() int {
	n := 0
	for range 100 {
		n += len(d.Moved(1000))
	}
	return n
}

func TestExpectedWait(t *testing.T) {
	t.Parallel()
	d := newDesk(t, 2)
	if _, known := d.ExpectedWait("q"); known {
		t.Fatal("a queue that nobody saw has an expected wait")
	}
	d.come(42) // 40 wait
	d.want(1, 0)
	if _, known := d.ExpectedWait("q"); known {
		t.Fatal("nobody was served, and a wait is expected")
	}
	d.serve(time.Minute, 20)
	d.want(2, 2*time.Minute) // one a minute
	d.want(5, 5*time.Minute)
	d.want(10, 10*time.Minute)
	d.want(19, 20*time.Minute)
	if got, known := d.ExpectedWait("q"); !known || got < 20*time.Minute || got > 22*time.Minute {
		t.Fatalf("a newcomer would wait %v (%v), want 21 minutes", got, known)
	}

	d.hire(8)
	d.decide()
	d.pass(time.Millisecond)
	d.want(5, time.Minute) // five times as fast
	d.Hold("q", true, time.Time{})
	d.want(5, 0)
	if _, known := d.ExpectedWait("q"); known {
		t.Fatal("a closed queue has an expected wait")
	}
	d.Hold("q", false, time.Time{})
	for n := range d.agents {
		a, _ := d.Agent(agentID(n))
		a.Status = dispatch.Away
		d.Set(a)
	}
	d.want(5, 0)
	if _, known := d.ExpectedWait("q"); known {
		t.Fatal("a queue that nobody serves has an expected wait")
	}
}

func TestNobodyWaitsWhereThereIsRoom(t *testing.T) {
	t.Parallel()
	d := newDesk(t, 2)
	d.come(1)
	if got, known := d.ExpectedWait("q"); !known || got != 0 {
		t.Fatalf("a newcomer would wait %v (%v), and an agent is free", got, known)
	}
	if _, known := d.ExpectedWait("other"); known {
		t.Fatal("a queue that nobody saw has an expected wait")
	}
}

// Of a queue that little is known of, what agents take elsewhere is.
func TestWaitFromHowLongAgentsTake(t *testing.T) {
	t.Parallel()
	d := newDesk(t, 2)
	for range 4 {
		d.come(2)
		d.serve(6*time.Minute, 1)
		d.serve(0, 1)
	}
	d.come(2)
	d.Wait(dispatch.Item{Key: key(1), Queue: "other", WaitingSince: d.now})
	d.decide()
	if got := d.Stands(key(1)).Wait; got != 3*time.Minute { // 6 minutes for each of two places
		t.Fatalf("told %v", got)
	}
}

// When nobody is served any more the wait grows, and is looked at by itself.
func TestWaitGrowsWhileNobodyIsServed(t *testing.T) {
	t.Parallel()
	d := newDesk(t, 1)
	d.come(31)
	d.serve(time.Minute, 10)
	d.settle()
	d.want(3, 3*time.Minute)
	for range 80 {
		at, ok := d.Next()
		if !ok {
			t.Fatal("nothing wakes the engine")
		}
		d.pass(at.Sub(d.now))
	}
	if d.settle() == 0 {
		t.Fatal("nobody is told")
	}
	if got := d.wait(3); got < 5*time.Minute {
		t.Fatalf("nobody was served for 20 minutes, and %v are told", got)
	}
}

// Those who leave make the wait shorter for those behind them alone.
func TestWaitCountsOnThoseWhoLeave(t *testing.T) {
	t.Parallel()
	stays, leaves := newDesk(t, 1), newDesk(t, 1)
	for _, d := range []*desk{stays, leaves} {
		d.come(61)
		for n := range 20 {
			if d == leaves {
				d.Gone(d.key(60 - n))
			}
			d.serve(time.Minute, 1)
		}
	}
	if a, b := leaves.wait(1), stays.wait(1); a != b {
		t.Fatalf("the next is told %v, and %v where nobody leaves", a, b)
	}
	if a, b := leaves.wait(20), stays.wait(20); a >= b {
		t.Fatalf("the twentieth is told %v, and %v where nobody leaves", a, b)
	}
}

func TestAdoptKeepsThePace(t *testing.T) {
	t.Parallel()
	d := newDesk(t, 1)
	d.come(31)
	d.serve(time.Minute, 10)
	d.Adopt(dispatch.Policy{})
	d.want(3, 3*time.Minute)
	d.serve(time.Minute, 5)
	d.want(3, 3*time.Minute)
}

// What is told moves with the place and the pace, and not with chance.
func TestWaitDoesNotFlap(t *testing.T) {
	t.Parallel()
	d := newDesk(t, 10)
	d.come(40)
	r := rand.New(rand.NewPCG(1, 2))
	for range 60 { // until the pace is known
		d.serve(time.Duration(r.ExpFloat64()*float64(10*time.Second)), 1)
		d.come(1)
	}
	d.settle()
	told, moves, reversals := map[dispatch.Key]time.Duration{}, 0, 0
	for range 300 {
		d.serve(time.Duration(r.ExpFloat64()*float64(10*time.Second)), 1)
		d.come(1)
		for _, p := range d.Moved(1000) {
			before, known := told[p.Key]
			if p.Place == 0 {
				delete(told, p.Key)
				continue
			}
			if known && before != p.Wait {
				moves++
				if p.Wait > before {
					reversals++
				}
			}
			told[p.Key] = p.Wait
		}
	}
	t.Logf("%d customers were told another wait %d times, %d of them a longer one", d.came, moves, reversals)
	if reversals*5 > moves {
		t.Fatalf("of %d changes %d were to a longer wait", moves, reversals)
	}
}
