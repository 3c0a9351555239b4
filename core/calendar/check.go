package calendar

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
)

// Check reads hours as they were written, and refuses what cannot be: all that
// is wrong at once, by places of the request. Exceptions that say the same twice
// are merged. A calendar that never opens from now on is refused.
func (d Draft) Check(now time.Time) (Hours, error) {
	var w wrong
	h := w.hours(d)
	if len(w.Fields) == 0 {
		w.opens(h, now)
	}
	return h, w.err()
}

// Read reads hours that were checked before: what only the passing of time makes
// wrong is no fault.
func (d Draft) Read() (Hours, error) {
	w := wrong{stored: true}
	h := w.hours(d)
	return h, w.err()
}

// wrong collects what is wrong with a request.
type wrong struct {
	identity.Wrong

	stored bool // was accepted when it was written
}

func (w *wrong) err() error {
	return w.Refused("calendar.invalid", "Some values are not accepted.")
}

func (w *wrong) hours(d Draft) Hours {
	h := Hours{Zone: d.Zone}
	if _, err := Location(d.Zone); err != nil || !w.stored && !ofTheList(d.Zone) {
		w.Refuse("/time_zone", "unknown", "is no zone of the IANA database, such as Asia/Shanghai")
	}
	for i, day := range d.Week.days() {
		h.Week[i] = w.intervals("/week/"+DayName(time.Weekday(i)), *day)
	}
	h.Exceptions = w.exceptions(d.Exceptions)
	return h
}

func (w *wrong) opens(h Hours, now time.Time) {
	s, err := h.Schedule()
	if err != nil {
		w.Refuse("/time_zone", "unknown", "is no zone of the IANA database, such as Asia/Shanghai")
		return
	}
	if _, ok := s.Opens(now); !ok {
		w.Refuse("/week", "never_opens", "never opens: give at least one day hours")
	}
}

// intervals reads the hours of a day, and puts them into order.
func (w *wrong) intervals(pointer string, spans []Span) []Interval {
	if len(spans) > MaxIntervals {
		w.Refuse(pointer, "too_many", fmt.Sprintf("has %d intervals; at most %d", len(spans), MaxIntervals))
		return nil
	}
	var out []Interval
	before := len(w.Fields)
	places := make(map[Interval]int, len(spans))
	for i, s := range spans {
		in, ok := w.interval(fmt.Sprintf("%s/%d", pointer, i), s)
		if ok {
			out = append(out, in)
			places[in] = i
		}
	}
	slices.SortFunc(out, func(a, b Interval) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To)) })
	for i := 1; i < len(out); i++ {
		if a, b := out[i-1], out[i]; b.From < a.To {
			w.Refuse(fmt.Sprintf("%s/%d", pointer, places[b]), "overlaps",
				fmt.Sprintf("%s to %s overlaps %s to %s", Clock(b.From), Clock(b.To), Clock(a.From), Clock(a.To)))
		}
	}
	if len(w.Fields) > before {
		return nil
	}
	return out
}

func (w *wrong) interval(pointer string, s Span) (Interval, bool) {
	from, begins := parseClock(s.From)
	if !begins {
		w.Refuse(pointer+"/from", "format", "must be a time such as 09:00")
	}
	to, ends := parseClock(s.To)
	if !ends {
		w.Refuse(pointer+"/to", "format", "must be a time such as 17:30; the end of the day is 24:00")
	}
	if !begins || !ends {
		return Interval{}, false
	}
	switch {
	case from == to:
		w.Refuse(pointer, "empty", "begins and ends at the same time")
	case from > to:
		w.Refuse(pointer, "over_midnight", fmt.Sprintf("ends before it begins: write what goes on over midnight as two, %s to 24:00 and 00:00 to %s on the next day", s.From, s.To))
	default:
		return Interval{from, to}, true
	}
	return Interval{}, false
}

// exceptions reads exceptions into their order. Two that share a date must have
// the same effect; what is there twice is kept once.
func (w *wrong) exceptions(drafts []ExceptionDraft) []Exception {
	if len(drafts) > MaxExceptions {
		w.Refuse("/exceptions", "too_many", fmt.Sprintf("has %d entries; at most %d", len(drafts), MaxExceptions))
		return nil
	}
	var list []placed
	for i, d := range drafts {
		if e, ok := w.exception(fmt.Sprintf("/exceptions/%d", i), d); ok {
			list = append(list, placed{e, i})
		}
	}
	slices.SortStableFunc(list, func(a, b placed) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To)) })
	var out []Exception
	for i, e := range list {
		twice := false
		for _, o := range list[:i] { // at most MaxExceptions
			switch {
			case !e.Meets(o.Exception):
			case !e.Agrees(o.Exception):
				w.contradicts(e, o)
			case e.From == o.From && e.To == o.To:
				twice = true
			}
		}
		if !twice {
			out = append(out, e.Exception)
		}
	}
	return out
}

// placed is an exception and where the request has it.
type placed struct {
	Exception
	at int
}

func (w *wrong) contradicts(a, b placed) {
	if a.at < b.at {
		a, b = b, a
	}
	w.Refuse(fmt.Sprintf("/exceptions/%d", a.at), "contradicts", fmt.Sprintf("%s is another kind of day in “%s”", max(a.From, b.From), b.Name))
}

func (w *wrong) exception(pointer string, d ExceptionDraft) (Exception, bool) {
	before := len(w.Fields)
	e := Exception{Name: w.Name(pointer+"/name", d.Name, MaxName), From: w.date(pointer+"/from", d.From), Effect: Effect(d.Effect)}
	e.To = e.From
	if d.To != "" {
		e.To = w.date(pointer+"/to", d.To)
	}
	if len(w.Fields) == before {
		switch days := int(e.To - e.From); {
		case days < 0:
			w.Refuse(pointer+"/to", "before_from", "ends before it begins")
		case days >= MaxRange:
			w.Refuse(pointer+"/to", "too_long", fmt.Sprintf("has %d days; at most %d", days+1, MaxRange))
		}
	}
	w.effect(pointer, d, &e)
	return e, len(w.Fields) == before
}

func (w *wrong) effect(pointer string, d ExceptionDraft, e *Exception) {
	var ok bool
	switch e.Effect {
	case Closed:
	case AsWeekday:
		if e.Weekday, ok = parseDay(d.Weekday); !ok {
			w.Refuse(pointer+"/weekday", "enum", "must be a day of the week such as monday")
		}
	case OwnHours:
		if len(d.Hours) == 0 {
			w.Refuse(pointer+"/hours", "required", "is missing: without hours the day is closed")
		}
		e.Hours = w.intervals(pointer+"/hours", d.Hours)
	default:
		w.Refuse(pointer+"/effect", "enum", "must be closed, weekday or hours")
	}
}

func (w *wrong) date(pointer, text string) Date {
	d, ok := ParseDate(text)
	switch {
	case !ok:
		w.Refuse(pointer, "format", "must be a date such as 2026-02-15")
	case d.Year() < MinYear || d.Year() > MaxYear:
		w.Refuse(pointer, "out_of_range", fmt.Sprintf("must be of the years %d to %d", MinYear, MaxYear))
	}
	return d
}
