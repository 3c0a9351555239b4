package calendar

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/patchbay-im/patchbay/core/calendar/ical"
	"github.com/patchbay-im/patchbay/core/identity"
)

// clip makes of a text from outside one that may be a name.
func clip(text string) string {
	text = strings.Map(func(r rune) rune {
		if identity.Deceptive(r) {
			return -1
		}
		return r
	}, text)
	if r := []rune(text); len(r) > MaxName {
		text = string(r[:MaxName])
	}
	text = strings.TrimSpace(text)
	if !strings.ContainsFunc(text, unicode.IsGraphic) {
		return ""
	}
	return text
}

// entry makes of an event the exception that it asks for; of time off, one that
// has no dates yet. None if it is no day off, which is noted.
func (p *planner) entry(e ical.Event, marked bool) (arrival, bool) {
	a := arrival{Exception: Exception{Name: clip(e.Name), Effect: Closed}, line: e.Line}
	if a.Name == "" {
		a.Name = e.Start.In(p.zone(e)).Format(time.DateOnly)
	}
	switch {
	case e.Kind == ical.Observance || e.Kind == ical.Unmarked && marked:
		p.skip(a, NoHoliday, "The file does not say that these days are off.")
		return a, false
	case e.AllDay:
		a.From, a.To = DateOf(e.Start.Date()), DateOf(e.End.Date())-1
		if e.Kind == ical.Work {
			a.Effect, a.Weekday = AsWeekday, p.makeUp
		}
		return a, true
	case e.Kind == ical.Work:
		return p.workTime(a, e)
	default:
		a.timed = true
		return a, true
	}
}

func (p *planner) zone(e ical.Event) *time.Location {
	if e.AllDay {
		return time.UTC
	}
	return p.location
}

// part returns what of a date, in minutes, lies between two instants.
func part(d Date, start, end time.Time) Interval {
	minutes := func(t time.Time) int {
		switch at := DateAt(t); {
		case at < d:
			return 0
		case at > d:
			return dayMinutes
		default:
			return t.Hour()*hourMinutes + t.Minute()
		}
	}
	return Interval{minutes(start), minutes(end)}
}

// workTime is a make-up day with a time: it is open then.
func (p *planner) workTime(a arrival, e ical.Event) (arrival, bool) {
	start, end := e.Start.In(p.location), e.End.In(p.location)
	a.From = DateAt(start)
	in := part(a.From, start, end)
	if DateAt(end.Add(-1)) != a.From || in.From >= in.To {
		p.skip(a, OverMidnight, "A make-up day with a time begins and ends on one day.")
		return a, false
	}
	a.To, a.Effect, a.Hours = a.From, OwnHours, []Interval{in}
	return a, true
}

// joined makes one entry of those that follow one another and say the same: many
// feeds have an event for each day.
func joined(list []arrival) []arrival {
	slices.SortStableFunc(list, func(a, b arrival) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To)) })
	type key struct {
		name string
		ends Date
	}
	var out []arrival
	ending := make(map[key][]int, len(list)) // places in out
	for _, a := range list {
		before := key{a.Name, a.From - 1}
		k := slices.IndexFunc(ending[before], func(i int) bool {
			return out[i].Agrees(a.Exception) && int(a.To-out[i].From) < MaxRange
		})
		i := len(out)
		if k < 0 {
			out = append(out, a)
		} else {
			i = ending[before][k]
			ending[before] = slices.Delete(ending[before], k, k+1)
			out[i].To = a.To
		}
		ends := key{a.Name, a.To}
		ending[ends] = append(ending[ends], i)
	}
	return out
}
