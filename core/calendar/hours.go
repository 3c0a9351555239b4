package calendar

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Minutes of a day.
const (
	dayMinutes  = 24 * 60
	hourMinutes = 60
)

// Interval is a stretch of one day, in minutes since midnight: From is in it, To
// is not. 0 <= From < To <= 1440: what goes on over midnight is two intervals of
// two days.
type Interval struct{ From, To int }

// Week is the hours of each day, by time.Weekday; of a day in order, apart.
type Week [7][]Interval

// Effect is what an exception makes of its dates.
type Effect string

// The effects.
const (
	Closed    Effect = "closed"
	AsWeekday Effect = "weekday" // open as another day of the week: make-up days
	OwnHours  Effect = "hours"   // open at hours of its own
)

// Exception is dates that differ from the week.
type Exception struct {
	Name     string
	From, To Date // both are in it
	Effect   Effect
	Weekday  time.Weekday // of AsWeekday
	Hours    []Interval   // of OwnHours; not empty
}

// Hours is when a calendar is open.
type Hours struct {
	Zone       string // of the IANA database: Asia/Shanghai
	Week       Week
	Exceptions []Exception // by From; where two share a date they have the same effect
}

// Agrees reports whether two exceptions make the same of a date.
func (e Exception) Agrees(o Exception) bool {
	switch {
	case e.Effect != o.Effect:
		return false
	case e.Effect == AsWeekday:
		return e.Weekday == o.Weekday
	case e.Effect == OwnHours:
		return slices.Equal(e.Hours, o.Hours)
	default:
		return true
	}
}

// Meets reports whether two exceptions share a date.
func (e Exception) Meets(o Exception) bool { return e.From <= o.To && o.From <= e.To }

// Covers reports whether an exception has all the dates of another.
func (e Exception) Covers(o Exception) bool { return e.From <= o.From && o.To <= e.To }

// on returns the hours of a date that an exception is about.
func (e Exception) on(week Week) []Interval {
	switch e.Effect {
	case AsWeekday:
		return week[e.Weekday]
	case OwnHours:
		return e.Hours
	default:
		return nil
	}
}

// Of returns the hours of a date, and the exception that makes them; nil = the
// week does.
func (h Hours) Of(d Date) ([]Interval, *Exception) {
	for i := range h.Exceptions {
		if e := &h.Exceptions[i]; e.From <= d && d <= e.To {
			return e.on(h.Week), e
		}
	}
	return h.Week[d.Weekday()], nil
}

func (e Exception) clone() Exception {
	e.Hours = slices.Clone(e.Hours)
	return e
}

// Clone returns a copy that shares nothing.
func (h Hours) Clone() Hours {
	for d := range h.Week {
		h.Week[d] = slices.Clone(h.Week[d])
	}
	h.Exceptions = slices.Clone(h.Exceptions)
	for i := range h.Exceptions {
		h.Exceptions[i] = h.Exceptions[i].clone()
	}
	return h
}

// sortExceptions puts exceptions into their order.
func sortExceptions(list []Exception) {
	slices.SortStableFunc(list, func(a, b Exception) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To)) })
}

// Clock writes minutes since midnight as 09:00; the end of the day is 24:00.
func Clock(minutes int) string {
	return fmt.Sprintf("%02d:%02d", minutes/hourMinutes, minutes%hourMinutes)
}

// parseClock reads 09:00 and 24:00.
func parseClock(text string) (int, bool) {
	if text == "24:00" {
		return dayMinutes, true
	}
	t, err := time.Parse("15:04", text)
	if err != nil || len(text) != len("15:04") {
		return 0, false
	}
	return t.Hour()*hourMinutes + t.Minute(), true
}
