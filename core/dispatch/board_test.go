package dispatch_test

import (
	"slices"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
)

// TestStatesOfQueues: what waits, rings, is late, and what is closed.
func TestStatesOfQueues(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	e := dispatch.NewEngine(dispatch.Plan{}.Policy())
	item := func(id, queue string, waited, target time.Duration) dispatch.Item {
		return dispatch.Item{Key: dispatch.Key{Kind: "conversation", ID: id}, Queue: queue, WaitingSince: now.Add(-waited), Target: target}
	}
	e.Wait(item("a", "sales", 10*time.Second, time.Minute))
	e.Wait(item("b", "sales", 45*time.Second, time.Minute))
	e.Wait(item("c", "sales", 61*time.Second, time.Minute))
	e.Wait(item("d", "", time.Hour, 0))
	e.Ring(item("e", "sales", 2*time.Minute, 0))
	e.Hold("night", true, time.Time{})
	want := []dispatch.QueueState{
		{Queue: "", Waiting: 1, Oldest: now.Add(-time.Hour)},
		{Queue: "night", Closed: true},
		{Queue: "sales", Waiting: 3, Ringing: 1, Oldest: now.Add(-2 * time.Minute), AtRisk: 2, Breached: 1},
	}
	if got := e.States(now); !slices.Equal(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}
