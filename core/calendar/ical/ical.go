// Package ical reads holidays from calendar files (RFC 5545, text/calendar):
// all-day and timed events, and rules that repeat them. Only what falls into a
// window of dates is read, so that no rule is followed without an end.
package ical

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
)

// Limits of a file.
const (
	MaxFile   = 512 << 10 // bytes
	maxLine   = 16 << 10
	maxDepth  = 6
	maxEvents = 5000
	maxProps  = 100  // lines of an event
	maxRules  = 200  // of a file
	maxDates  = 2000 // that a file comes to in the window
)

// Kind is what a feed says about an event's days.
type Kind int

// The kinds. Feeds of Chinese holidays mark days as 休 and 班, or with Apple's
// X-APPLE-SPECIAL-DAY.
const (
	Unmarked Kind = iota // holidays have no mark in most feeds
	Off
	Work       // a make-up day
	Observance // a day that people keep, and work on
)

// Event is one occurrence of an event, by the clock of its zone.
type Event struct {
	Line       int // of the file, from 1
	Name       string
	Kind       Kind
	AllDay     bool
	Start, End time.Time // AllDay: dates, at midnight UTC; else instants. End is not in it
}

// Skipped is an event that was left out.
type Skipped struct {
	Line   int
	Name   string
	Code   string
	Detail string
}

// The codes of what is left out.
const (
	Cancelled   = "cancelled"
	Free        = "free" // marked as not busy, with a time
	NoDate      = "no_date"
	Backwards   = "backwards"
	UnknownZone = "unknown_zone"
	Unsupported = "unsupported"
	Outside     = "outside" // no date of it is in the window
)

// File is what was read, by time.
type File struct {
	Events  []Event
	Skipped []Skipped
	Marked  bool // it marks each day off: what has no mark is none
}

func refuse(line int, code, detail string) error {
	return errs.New(errs.Invalid, "calendar.file_refused", "The file is not accepted.").
		WithFields(errs.Field{Pointer: "/file", Code: code, Detail: fmt.Sprintf("line %d %s", line, detail)})
}

// Read reads what a file says of the time from first to last. Times without a
// zone are of the location. A file that is none, or does harm, is refused whole
// with its line: errs.Invalid, calendar.file_refused. Also that of ctx.
func Read(ctx context.Context, file string, location *time.Location, first, last time.Time) (File, error) {
	if len(file) > MaxFile {
		return File{}, refuse(1, "too_large", fmt.Sprintf("begins %d bytes; at most %d", len(file), MaxFile))
	}
	props, err := lines(file)
	if err != nil {
		return File{}, err
	}
	events, err := components(props)
	if err != nil {
		return File{}, err
	}
	r := reader{location: location, first: first, last: last}
	for _, c := range events {
		if err := r.event(ctx, c); err != nil {
			return File{}, err
		}
	}
	slices.SortStableFunc(r.out.Events, func(a, b Event) int { return a.Start.Compare(b.Start) })
	return r.out, nil
}

// reader is one file on its way in.
type reader struct {
	location    *time.Location
	first, last time.Time
	rules       int
	steps       int // of all rules
	out         File
}

func (r *reader) skip(e Event, code, detail string) {
	r.out.Skipped = append(r.out.Skipped, Skipped{e.Line, e.Name, code, detail})
}

func (r *reader) event(ctx context.Context, c component) error {
	kind, marks := kindOf(c)
	e := Event{Line: c.line, Name: c.text("SUMMARY"), Kind: kind}
	r.out.Marked = r.out.Marked || marks
	if strings.EqualFold(c.text("STATUS"), "CANCELLED") {
		r.skip(e, Cancelled, "The event is cancelled.")
		return nil
	}
	if c.first("RECURRENCE-ID") != nil || c.first("RDATE") != nil {
		r.skip(e, Unsupported, "RDATE and RECURRENCE-ID are not read.")
		return nil
	}
	if code, detail := r.times(c, &e); code != "" {
		r.skip(e, code, detail)
		return nil
	}
	if !e.AllDay && strings.EqualFold(c.text("TRANSP"), "TRANSPARENT") && e.Kind != Work {
		r.skip(e, Free, "The event has a time and is marked as free.")
		return nil
	}
	if rule := c.first("RRULE"); rule != nil {
		return r.repeat(ctx, c, e, *rule)
	}
	if !r.add(e) {
		r.skip(e, Outside, "The event is not of the years that are imported.")
	}
	return r.bounded(c.line)
}

// add keeps an occurrence that is in the window.
func (r *reader) add(e Event) bool {
	if !e.Start.Before(r.last) || !e.End.After(r.first) {
		return false
	}
	r.out.Events = append(r.out.Events, e)
	return true
}

func (r *reader) bounded(line int) error {
	if len(r.out.Events) > maxDates {
		return refuse(line, "too_many", fmt.Sprintf("is of an event that brings the file past %d entries", maxDates))
	}
	return nil
}

// kindOf reads the marks of feeds. marks reports whether it is one that such a
// feed puts on each day off; words that only some days have are none.
func kindOf(c component) (kind Kind, marks bool) {
	switch strings.ToUpper(c.text("X-APPLE-SPECIAL-DAY")) {
	case "WORK-HOLIDAY":
		return Off, true
	case "ALTERNATE-WORKDAY":
		return Work, false
	}
	name := strings.NewReplacer("（", "(", "）", ")", "【", "(", "】", ")", "[", "(", "]", ")", " ", "", "-", "", "\u2010", "", "\u2011", "", "\u2013", "").
		Replace(strings.ToLower(c.text("SUMMARY")))
	about := strings.ToLower(c.text("DESCRIPTION"))
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(name, w) })
	}
	switch {
	case has("不上班", "不用上班"):
		return Off, true
	case has("nonworking", "notworking", "notaworking", "noworking"):
		return Off, false
	case has("(班)", "补班", "上班", "workingday", "makeupday") || strings.HasSuffix(name, "班"):
		return Work, false
	case has("(休)", "放假", "休假", "补休") || strings.HasSuffix(name, "休"):
		return Off, true
	case strings.HasPrefix(about, "observance"): // Google's feeds
		return Observance, false
	case strings.HasPrefix(about, "public holiday"), has("(publicholiday)"):
		return Off, false
	default:
		return Unmarked, false
	}
}
