package calendar

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// maxArrivals is how many entries an import may come to on its way.
const maxArrivals = 4 * MaxExceptions

// timesOff is the events of a file that take time, and the dates they touch.
type timesOff struct {
	list    []timeOff
	dates   map[Date][]int // places in list
	touched int            // dates of all events together
}

// timeOff is one such event, by the clock of the calendar.
type timeOff struct {
	arrival
	start, end time.Time
	counts     bool // it changed a date
}

// nameMark stands between the names of events that take time of one date.
const nameMark = ", "

// maxTouched bounds the dates of all events together.
const maxTouched = 20_000

func (t *timesOff) add(a arrival, start, end time.Time) {
	if t.dates == nil {
		t.dates = make(map[Date][]int)
	}
	first, last := DateAt(start), DateAt(end.Add(-1))
	t.touched += int(last-first) + 1
	if t.touched > maxTouched {
		return
	}
	t.list = append(t.list, timeOff{arrival: a, start: start, end: end})
	for d := first; d <= last; d++ {
		t.dates[d] = append(t.dates[d], len(t.list)-1)
	}
}

// cut takes the time off out of the hours of each date: those that the entries
// of the file make, or else the calendar.
func (p *planner) cut(list []arrival, times *timesOff) ([]arrival, error) {
	if times.touched > maxTouched {
		return nil, refusedImport("/file", "too_many", fmt.Sprintf("takes time of more than %d days, all events together", maxTouched))
	}
	dates := make([]Date, 0, len(times.dates))
	for d := range times.dates {
		dates = append(dates, d)
	}
	slices.Sort(dates)
	for _, d := range dates {
		a, ok := p.shortened(list, times, d)
		if !ok {
			continue
		}
		if list = append(apart(list, d), a); len(list) > maxArrivals {
			return nil, refusedImport("/file", "too_many", fmt.Sprintf("comes to more than %d entries", maxArrivals))
		}
	}
	for _, t := range times.list {
		if !t.counts {
			p.skip(t.arrival, NothingElse, "It is closed at that time anyway.")
		}
	}
	return list, nil
}

// shortened returns what the events of a date leave of it, together.
func (p *planner) shortened(list []arrival, times *timesOff, d Date) (arrival, bool) {
	left, worked, ok := p.base(list, times, d)
	if !ok {
		return arrival{}, false
	}
	var names []string
	var out arrival
	whole := false
	for _, i := range times.dates[d] {
		t := &times.list[i]
		off := part(d, t.start, t.end)
		all, after := off == Interval{0, dayMinutes}, without(left, off)
		switch {
		case all && worked:
			if !t.counts {
				p.skip(t.arrival, Disagrees, "The file says that one of the dates is a make-up day.")
			}
			t.counts = true
			continue
		case slices.Equal(after, left) && (!all || whole):
			continue
		}
		if len(names) == 0 {
			out = t.arrival
		}
		if !slices.Contains(names, t.Name) {
			names = append(names, t.Name)
		}
		left, whole, t.counts = after, whole || all, true
	}
	if len(names) == 0 {
		return arrival{}, false
	}
	out.Name, out.From, out.To, out.timed = clip(strings.Join(names, nameMark)), d, d, false
	if len(left) > 0 {
		out.Effect, out.Hours = OwnHours, left
	}
	return out, true
}

// base returns the hours of a date before time is taken off: those that an entry
// of the file makes (worked), or the calendar. ok is false if the file has the
// date off. What the same import made before counts for nothing.
func (p *planner) base(list []arrival, times *timesOff, d Date) (hours []Interval, worked, ok bool) {
	for _, a := range list {
		if a.From <= d && d <= a.To {
			return a.on(p.Hours.Week), true, a.Effect != Closed
		}
	}
	hours, e := p.Hours.Of(d)
	if e == nil || e.Effect == AsWeekday || e.From != e.To {
		return hours, false, true
	}
	own := func(i int) bool {
		name := times.list[i].Name
		return e.Name == name || slices.Contains(strings.Split(e.Name, nameMark), name)
	}
	if slices.ContainsFunc(times.dates[d], own) {
		hours = p.Hours.Week[d.Weekday()]
	}
	return hours, false, true
}

// apart leaves a date out of entries.
func apart(list []arrival, d Date) []arrival {
	var out []arrival
	for _, a := range list {
		if a.From > d || d > a.To {
			out = append(out, a)
			continue
		}
		before, after := a, a
		before.To, after.From = d-1, d+1
		for _, piece := range []arrival{before, after} {
			if piece.From <= piece.To {
				out = append(out, piece)
			}
		}
	}
	return out
}

// without takes a stretch out of hours.
func without(hours []Interval, off Interval) []Interval {
	var out []Interval
	for _, h := range hours {
		for _, piece := range []Interval{{h.From, min(h.To, off.From)}, {max(h.From, off.To), h.To}} {
			if piece.From < piece.To {
				out = append(out, piece)
			}
		}
	}
	return out
}
