package policytest

import (
	"context"
	"slices"

	"github.com/patchbay-im/patchbay/core/dispatch/simulate"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/traffic"
)

// Recorder is a policy.Recorder: what was recorded in every workspace, by date.
type Recorder map[string]traffic.Day

// List implements policy.Recorder.
func (r Recorder) List(context.Context, identity.WorkspaceID) (traffic.Calendar, error) {
	out := traffic.Calendar{Zone: "UTC", Days: []traffic.Count{}}
	for date, d := range r {
		out.Days = append(out.Days, traffic.Count{Date: date, Waits: len(d.Scenario.Arrivals)})
	}
	slices.SortFunc(out.Days, func(a, b traffic.Count) int { return -cmpDates(a.Date, b.Date) })
	return out, nil
}

func cmpDates(a, b string) int {
	if a < b {
		return -1
	}
	return 1
}

// Day implements policy.Recorder.
func (r Recorder) Day(_ context.Context, _ identity.WorkspaceID, date string) (traffic.Day, error) {
	d, there := r[date]
	if !there {
		return d, errs.New(errs.Invalid, traffic.CodeDay, "There is nothing to play on that day.").
			WithFields(errs.Field{Pointer: "/day/date", Code: "empty", Detail: "is a day on which nobody waited"})
	}
	return d, nil
}

// Busy is a recorded day of an hour: a customer a minute for two members, who are
// there for three quarters of it.
func Busy() traffic.Day {
	out := traffic.Day{
		Date: "2026-11-20", Zone: "UTC",
		Scenario: simulate.Scenario{
			Name: "2026-11-20", Length: 3600,
			Queues: []simulate.Queue{{
				Name: "sales, chat", Target: 60, Patience: 600, Group: "sales",
				Handling: simulate.Handling{Law: simulate.Lognormal, Mean: 180, CV: 1},
			}},
		},
		Streams: []traffic.Stream{{Queue: "que_1", Team: "tea_1"}},
		Groups:  []traffic.Group{{Key: "1. sales", Count: 2, Capacity: 2, To: 2700}},
		Gaps:    []traffic.Gap{{Code: traffic.GapHandling, Count: 30}},
	}
	for i := range 60 {
		a := simulate.Arrival{At: simulate.Seconds(60 * i), Queue: "sales, chat", Waited: 5}
		if i%2 == 0 {
			a.Handling = 200
		}
		out.Scenario.Arrivals = append(out.Scenario.Arrivals, a)
	}
	for _, name := range []string{"1. sales #1", "1. sales #2"} {
		out.Scenario.Staff = append(out.Scenario.Staff, simulate.Staff{
			Name: name, Kind: "1. sales", Count: 1, Budget: 2, Groups: []string{"sales"}, Shifts: []simulate.Shift{{From: 0, To: 2700}},
		})
	}
	return out
}
