package ical

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// layouts of DATE and DATE-TIME (RFC 5545, 3.3.4 and 3.3.5).
const (
	dateOnly = "20060102"
	dateTime = "20060102T150405"
)

const day = 24 * time.Hour

// longest is how long one event may be.
const longest = 366 * day

// times reads when an event is. A code says why it cannot be.
func (r *reader) times(c component, e *Event) (code, detail string) {
	start := c.first("DTSTART")
	if start == nil {
		return NoDate, "The event has no DTSTART."
	}
	at, allDay, code := r.moment(*start)
	if code != "" {
		return code, momentDetail(code, *start)
	}
	e.Start, e.AllDay, e.End = at, allDay, at
	if allDay {
		e.End = at.Add(day)
	}
	if end := c.first("DTEND"); end != nil {
		until, same, code := r.moment(*end)
		if code != "" || same != allDay {
			return NoDate, "DTEND is not of the kind of DTSTART."
		}
		e.End = until
	} else if p := c.first("DURATION"); p != nil {
		length, ok := duration(p.value)
		if !ok {
			return NoDate, "DURATION is not a length such as P1D."
		}
		e.End = at.Add(length)
	}
	if allDay && e.End.Equal(e.Start) { // some feeds write one day so
		e.End = e.Start.Add(day)
	}
	if length := e.End.Sub(e.Start); length <= 0 || length > longest {
		return Backwards, "The event ends before it begins, or lasts for more than a year."
	}
	return "", ""
}

func momentDetail(code string, p property) string {
	if code == UnknownZone {
		return "The zone " + strconv.Quote(short(p.params["TZID"])) + " is none of the IANA database."
	}
	return "DTSTART is not a date."
}

func short(text string) string {
	const most = 60
	if r := []rune(text); len(r) > most {
		return string(r[:most])
	}
	return text
}

// moment reads a DATE or a DATE-TIME.
func (r *reader) moment(p property) (at time.Time, allDay bool, code string) {
	text := strings.TrimSpace(p.value)
	if at, err := time.Parse(dateOnly, text); err == nil {
		return at, true, ""
	}
	if at, err := time.Parse(dateTime+"Z", text); err == nil {
		return at, false, ""
	}
	location := r.location
	if name := p.params["TZID"]; name != "" {
		var err error
		if location, err = time.LoadLocation(name); err != nil || name == "Local" {
			return time.Time{}, false, UnknownZone
		}
	}
	at, err := time.ParseInLocation(dateTime, text, location)
	if err != nil {
		return time.Time{}, false, NoDate
	}
	return at, false, ""
}

// duration reads P1W, P2D, PT12H30M (RFC 5545, 3.3.6).
func duration(text string) (time.Duration, bool) {
	m := regexp.MustCompile(`^\+?P(?:(\d{1,2})W)?(?:(\d{1,3})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,5})M)?(?:(\d{1,6})S)?)?$`).FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return 0, false
	}
	var sum time.Duration
	for i, unit := range []time.Duration{7 * day, day, time.Hour, time.Minute, time.Second} {
		if m[i+1] != "" {
			n, err := strconv.Atoi(m[i+1])
			if err != nil {
				return 0, false
			}
			sum += time.Duration(n) * unit
		}
	}
	return sum, sum > 0
}
