package calendar

import (
	"strings"
	"time"
)

// Draft is hours as people and programs write them: in requests, in the store
// and in exports.
type Draft struct {
	Zone       string           `json:"time_zone"`
	Week       WeekDraft        `json:"week"`
	Exceptions []ExceptionDraft `json:"exceptions"`
}

// WeekDraft is the hours of each day; a day without any is closed.
type WeekDraft struct {
	Monday    []Span `json:"monday"`
	Tuesday   []Span `json:"tuesday"`
	Wednesday []Span `json:"wednesday"`
	Thursday  []Span `json:"thursday"`
	Friday    []Span `json:"friday"`
	Saturday  []Span `json:"saturday"`
	Sunday    []Span `json:"sunday"`
}

// Span is an Interval: 09:00 to 17:30; the end of a day is 24:00.
type Span struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// ExceptionDraft is an Exception: dates as 2026-02-15, a weekday as monday.
type ExceptionDraft struct {
	Name    string `json:"name"`
	From    string `json:"from"`
	To      string `json:"to"`
	Effect  string `json:"effect"`
	Weekday string `json:"weekday,omitempty"`
	Hours   []Span `json:"hours,omitempty"`
}

// days returns the days of a week by time.Weekday.
func (w *WeekDraft) days() [7]*[]Span {
	return [7]*[]Span{&w.Sunday, &w.Monday, &w.Tuesday, &w.Wednesday, &w.Thursday, &w.Friday, &w.Saturday}
}

// DayName returns monday.
func DayName(d time.Weekday) string { return strings.ToLower(d.String()) }

func parseDay(text string) (time.Weekday, bool) {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if DayName(d) == text {
			return d, true
		}
	}
	return 0, false
}

// Draft writes hours down.
func (h Hours) Draft() Draft {
	out := Draft{Zone: h.Zone, Exceptions: make([]ExceptionDraft, len(h.Exceptions))}
	for d, day := range out.Week.days() {
		*day = Spans(h.Week[d])
	}
	for i, e := range h.Exceptions {
		out.Exceptions[i] = e.Draft()
	}
	return out
}

// Draft writes an exception down.
func (e Exception) Draft() ExceptionDraft {
	out := ExceptionDraft{Name: e.Name, From: e.From.String(), To: e.To.String(), Effect: string(e.Effect)}
	switch e.Effect {
	case AsWeekday:
		out.Weekday = DayName(e.Weekday)
	case OwnHours:
		out.Hours = Spans(e.Hours)
	case Closed:
	}
	return out
}

// Spans writes intervals down; never nil.
func Spans(list []Interval) []Span {
	out := make([]Span, len(list))
	for i, in := range list {
		out[i] = Span{Clock(in.From), Clock(in.To)}
	}
	return out
}
