package calendar

import (
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
)

// Schedule answers when it is open. It never changes: safe for concurrent use.
type Schedule struct {
	location   *time.Location
	week       Week
	exceptions []Exception // in order, none shares a date with another
	idle       bool        // the week alone never opens
	full       bool        // the week alone never closes
	last       Date        // of the exceptions
}

// tail is how many days after the last exception everything has happened once
// that a week does, even where a change of clocks swallows an interval.
const tail = 15

// mostYears is how far Working counts.
const mostYears = 100

// Schedule compiles hours that Check has accepted. It fails for a zone that this
// program does not know.
func (h Hours) Schedule() (*Schedule, error) {
	location, err := Location(h.Zone)
	if err != nil {
		return nil, err
	}
	h = h.Clone()
	s := &Schedule{location: location, week: h.Week, idle: true, full: true}
	for _, day := range h.Week {
		s.idle = s.idle && len(day) == 0
		s.full = s.full && whole(day)
	}
	sortExceptions(h.Exceptions)
	for _, e := range h.Exceptions {
		if n := len(s.exceptions); n > 0 {
			e.From = max(e.From, s.exceptions[n-1].To+1)
		}
		if e.From <= e.To {
			s.exceptions, s.last = append(s.exceptions, e), e.To
		}
	}
	return s, nil
}

// Location returns a zone of the IANA database. Local is none.
func Location(name string) (*time.Location, error) {
	if name == "" || name == "Local" || len(name) > 64 {
		return nil, unknownZone()
	}
	location, err := time.LoadLocation(name)
	if err != nil {
		return nil, unknownZone()
	}
	return location, nil
}

// ofTheList reports whether a zone that this program can load is one by which
// others know it: not what systems keep beside the zones, which no browser knows.
func ofTheList(name string) bool {
	switch name {
	case "localtime", "posixrules", "Factory":
		return false
	}
	folder, _, _ := strings.Cut(name, "/")
	return !slices.Contains([]string{"posix", "right", "SystemV"}, folder)
}

func unknownZone() error {
	return errs.New(errs.Invalid, "calendar.invalid", "Some values are not accepted.").
		WithFields(errs.Field{Pointer: "/time_zone", Code: "unknown", Detail: "is no zone of the IANA database, such as Asia/Shanghai"})
}

// Location returns the zone whose clock the schedule follows.
func (s *Schedule) Location() *time.Location { return s.location }

// whole reports whether hours are all of a day.
func whole(hours []Interval) bool {
	end := 0
	for _, h := range hours {
		if h.From > end {
			return false
		}
		end = h.To
	}
	return end == dayMinutes
}

// day returns the hours of a date, and the first later date that may have
// others: what lies between is all closed, or all open.
func (s *Schedule) day(d Date) (hours []Interval, next Date) {
	i := sort.Search(len(s.exceptions), func(i int) bool { return s.exceptions[i].To >= d })
	if i < len(s.exceptions) && s.exceptions[i].From <= d {
		e := s.exceptions[i]
		if hours = e.on(s.week); len(hours) == 0 || whole(hours) {
			return hours, e.To + 1
		}
		return hours, d + 1
	}
	hours = s.week[d.Weekday()]
	switch {
	case (s.idle || s.full) && i < len(s.exceptions):
		return hours, s.exceptions[i].From
	case s.full:
		return hours, d + mostYears*yearDays
	default:
		return hours, d + 1
	}
}

const yearDays = 366

// walk tells of each stretch of open time between two instants, in order, until
// visit says false. Stretches may touch.
func (s *Schedule) walk(from, until time.Time, visit func(start, end time.Time) bool) {
	for t := from.In(s.location); t.Before(until); {
		_, offset := t.Zone()
		midnight := func(d Date) time.Time { return time.Unix(int64(d)*daySeconds-int64(offset), 0).In(s.location) }
		today := DateAt(t)
		hours, next := s.day(today)
		if ahead := next - margin; ahead > today {
			end := earlier(midnight(ahead), until) // the clock may change on the way: not beyond
			if len(hours) > 0 && !visit(t, end) {
				return
			}
			t = end.In(s.location)
			continue
		}
		end := earlier(even(t, midnight(today+1)), until)
		for _, h := range hours {
			open, shut := later(t, midnight(today).Add(time.Duration(h.From)*time.Minute)), earlier(end, midnight(today).Add(time.Duration(h.To)*time.Minute))
			if open.Before(shut) && !visit(open, shut) {
				return
			}
		}
		t = end.In(s.location)
	}
}

// margin is more days than a change of clocks ever moved a date.
const margin = 2

// even returns until when, at most end, the clock that shows t runs evenly. The
// two are at most a day apart, and no clock changes twice in a day.
// (time.Time.ZoneBounds has no end that can be relied on after 2037.)
func even(t, end time.Time) time.Time {
	_, offset := t.Zone()
	changed := func(at time.Time) bool {
		_, is := at.Zone()
		return is != offset
	}
	if !changed(end) {
		return end
	}
	seconds := int(end.Unix() - t.Unix())
	n := sort.Search(seconds, func(n int) bool { return changed(time.Unix(t.Unix()+int64(n)+1, 0).In(t.Location())) })
	return time.Unix(t.Unix()+int64(n)+1, 0).In(t.Location())
}

// horizon is the instant by which everything has happened that will ever be new.
func (s *Schedule) horizon(at time.Time) time.Time {
	today := DateAt(at.In(s.location))
	last := today
	if len(s.exceptions) > 0 {
		last = max(last, s.last)
	}
	return at.AddDate(0, 0, int(last-today)+tail)
}

// Open reports whether it is open at an instant.
func (s *Schedule) Open(at time.Time) bool {
	open := false
	s.walk(at, at.Add(1), func(_, _ time.Time) bool {
		open = true
		return false
	})
	return open
}

// Opens returns the first instant from at on at which it is open: at itself if
// it is. ok is false if it never is.
func (s *Schedule) Opens(at time.Time) (opens time.Time, ok bool) {
	s.walk(at, s.horizon(at), func(start, _ time.Time) bool {
		opens, ok = start, true
		return false
	})
	return opens, ok
}

// Next returns when what Open says changes after at, and whether it opens then.
// The zero time: never.
func (s *Schedule) Next(at time.Time) (change time.Time, opens bool) {
	horizon, reached := s.horizon(at), at
	s.walk(at, horizon, func(start, end time.Time) bool {
		if start.After(reached) { // a gap
			change, opens = reached, false
			if reached.Equal(at) {
				change, opens = start, true
			}
			return false
		}
		reached = end
		return true
	})
	if change.IsZero() && reached.After(at) && reached.Before(horizon) {
		return reached.In(s.location), false
	}
	return change, opens
}

// Working returns how much of the time between two instants it is open; of more
// than a hundred years, of the first hundred. Nothing if to is not after from.
func (s *Schedule) Working(from, to time.Time) time.Duration {
	var sum time.Duration
	s.walk(from, earlier(to, from.AddDate(mostYears, 0, 0)), func(start, end time.Time) bool {
		sum += end.Sub(start)
		return true
	})
	return sum
}

// Day is a date and its hours.
type Day struct {
	Date  Date
	Hours []Interval
	Name  string // of the exception that makes them; "" = the week does
}

// Days returns the hours of n dates from the one at an instant on.
func (h Hours) Days(at time.Time, n int) ([]Day, error) {
	location, err := Location(h.Zone)
	if err != nil {
		return nil, err
	}
	out := make([]Day, n)
	for i := range out {
		date := DateAt(at.In(location)) + Date(i)
		hours, e := h.Of(date)
		out[i] = Day{Date: date, Hours: slices.Clone(hours)}
		if e != nil {
			out[i].Name = e.Name
		}
	}
	return out, nil
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
