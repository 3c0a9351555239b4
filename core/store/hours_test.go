package store_test

import (
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/calendar"
	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/queue"
)

// The dispatcher is told the hours of the queues that have some, of its workspace
// alone, as their calendars say now.
func TestHoursOfQueues(t *testing.T) {
	inStreams(t, func(f *streams) {
		week := calendar.Hours{Zone: "Asia/Shanghai"}
		week.Week[f.at.Weekday()] = []calendar.Interval{{From: 18 * 60, To: 20 * 60}} // 10:00 to 12:00 UTC
		c := calendar.Calendar{Workspace: f.ws, ID: "cal_office", Name: "Office", Hours: week, Revision: 1, CreatedAt: f.at, UpdatedAt: f.at}
		f.ok(f.s.Calendars().Create(f.Context(), c))
		f.queue("que_always", queue.Plan{})
		if got := f.hours(); len(got) != 0 {
			f.Fatalf("%+v", got)
		}
		f.queue("que_office", queue.Plan{Calendar: c.ID})
		other := f.d.workspace(f.T)
		theirs := c
		theirs.Workspace = other
		f.ok(f.s.Calendars().Create(f.Context(), theirs))
		f.ok(f.s.Queues().Create(f.Context(), queue.Queue{Workspace: other, ID: "que_theirs", Name: "Theirs", Plan: queue.Plan{Calendar: c.ID}}))
		opens := func(want time.Time) {
			f.Helper()
			got := f.hours()
			if len(got) != 1 || got[0].Queue != "que_office" || got[0].Hours.Open(f.at) {
				f.Fatalf("%+v", got)
			}
			if at, _ := got[0].Hours.Next(f.at); !at.Equal(want) {
				f.Fatalf("opens at %v, want %v", at, want)
			}
		}
		opens(f.at.Add(30 * time.Minute))
		_, err := f.s.Calendars().Change(f.Context(), f.ws, c.ID, func(c *calendar.Calendar) error {
			c.Hours.Zone = "UTC"
			return nil
		})
		f.ok(err)
		opens(f.at.Add(8*time.Hour + 30*time.Minute))

		standing, err := queue.NewHours(f.s.Queues(), f.s.Calendars()).Standing(f.Context(), f.ws, "que_office", f.at)
		f.ok(err)
		if !standing.Closed || !standing.Opens.Equal(f.at.Add(8*time.Hour+30*time.Minute)) {
			f.Fatalf("%+v", standing)
		}
		f.ok(f.s.Queues().Delete(f.Context(), f.ws, "que_office", f.at))
		f.ok(f.s.Calendars().Delete(f.Context(), f.ws, c.ID))
		if err := f.s.Calendars().Delete(f.Context(), other, c.ID); !errs.Is(err, errs.Conflict) {
			f.Fatal(err)
		}
	})
}

func (f *streams) hours() []dispatch.QueueHours {
	f.Helper()
	got, err := f.work.Hours(f.Context(), f.ws)
	f.ok(err)
	return got
}
