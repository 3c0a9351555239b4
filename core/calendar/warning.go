package calendar

import (
	"fmt"
	"strconv"
	"time"
)

// Warning is something of a calendar that may be meant, and may be a mistake.
type Warning struct {
	Pointer string // into the request
	Code    string // see the codes
	Detail  string // a sentence that may be shown
	About   string // what it names: a year, or a date
}

// The codes of warnings.
const (
	YearMissing  = "year_missing"   // a year has no entries, and the one before had
	MakeUpOpen   = "make_up_open"   // a make-up day on a day that is open anyway
	MakeUpClosed = "make_up_closed" // a make-up day that is open as a closed day
	Overlaps     = "overlaps"       // two entries share dates, and agree
)

// planAhead is the first month in which the next year's holidays are missed.
const planAhead = time.October

// Warnings returns what may be a mistake: of entries to come alone.
func (h Hours) Warnings(now time.Time) []Warning {
	location, err := Location(h.Zone)
	if err != nil {
		return nil // refused before
	}
	today := DateAt(now.In(location))
	out := h.missing(today)
	for i, e := range h.Exceptions {
		if e.To >= today {
			out = append(out, h.doubtful(i)...)
		}
	}
	return out
}

// missing warns of years whose holidays were not put in yet: this one, and from
// October on the next.
func (h Hours) missing(today Date) []Warning {
	has := make(map[int]bool)
	for _, e := range h.Exceptions {
		has[e.From.Year()], has[e.To.Year()] = true, true
	}
	var out []Warning
	warn := func(year int) {
		if has[year-1] && !has[year] {
			out = append(out, Warning{"/exceptions", YearMissing, fmt.Sprintf("Holidays of %d are not in yet.", year), strconv.Itoa(year)})
		}
	}
	warn(today.Year())
	if today.utc().Month() >= planAhead {
		warn(today.Year() + 1)
	}
	return out
}

func (h Hours) doubtful(i int) []Warning {
	e, pointer := h.Exceptions[i], fmt.Sprintf("/exceptions/%d", i)
	var out []Warning
	if e.Effect == AsWeekday {
		switch {
		case len(h.Week[e.Weekday]) == 0:
			out = append(out, Warning{pointer, MakeUpClosed, fmt.Sprintf("“%s” is open as a day that is closed.", e.Name), e.From.String()})
		case h.openAnyway(e):
			out = append(out, Warning{pointer, MakeUpOpen, fmt.Sprintf("“%s” is a make-up day on a day that is open anyway.", e.Name), e.From.String()})
		}
	}
	if i > 0 && e.Meets(h.Exceptions[i-1]) {
		out = append(out, Warning{pointer, Overlaps, fmt.Sprintf("“%s” shares dates with “%s”; they say the same.", e.Name, h.Exceptions[i-1].Name), e.From.String()})
	}
	return out
}

// openAnyway reports whether the week alone opens every date of an exception.
func (h Hours) openAnyway(e Exception) bool {
	for d := e.From; d <= min(e.To, e.From+6); d++ {
		if len(h.Week[d.Weekday()]) == 0 {
			return false
		}
	}
	return true
}
