// Package rule says what a target is told, and when: by kind, inbox, team,
// priority and member, in working hours or outside them, after a time in which
// nobody attended to it, and not in quiet hours.
package rule

import (
	"slices"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/plugins/notify/news"
)

// Rules are those of one target. An empty list asks for nothing.
type Rules struct {
	Kinds      []string
	Inboxes    []string // ids or names
	Teams      []string // likewise
	Members    []string // ids, names or e-mail addresses
	Priorities []string
	After      time.Duration // what nobody attended to for so long; 0 = at once
	Outside    *Hours        // only outside these; nil = always
	Quiet      *Hours        // what is due then waits for their end; nil = never
	Zone       *time.Location
}

// Hours are a time of day on some days of the week. From after To spans
// midnight, and belongs to the day on which it begins. From as To is all day.
type Hours struct {
	From, To Clock
	Days     []time.Weekday // empty = every day
}

// Clock is a time of day, since midnight.
type Clock time.Duration

// ParseClock reads a time of day, as 22:00.
func ParseClock(s string) (Clock, bool) {
	t, err := time.Parse("15:04", s)
	if err != nil || len(s) != len("15:04") {
		return 0, false
	}
	return Clock(time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute), true
}

// on returns the moment at which the clock shows c on the day of t.
func (c Clock) on(t time.Time) time.Time {
	d := time.Duration(c)
	return time.Date(t.Year(), t.Month(), t.Day(), int(d/time.Hour), int(d/time.Minute%60), 0, 0, t.Location())
}

// Until returns when the hours that t is in end; false when it is in none.
func (h Hours) Until(t time.Time) (time.Time, bool) {
	for _, day := range []time.Time{t.AddDate(0, 0, -1), t} {
		if len(h.Days) > 0 && !slices.Contains(h.Days, day.Weekday()) {
			continue
		}
		from, to := h.From.on(day), h.To.on(day)
		if !from.Before(to) {
			to = h.To.on(day.AddDate(0, 0, 1))
		}
		if !t.Before(from) && t.Before(to) {
			return to, true
		}
	}
	return time.Time{}, false
}

// Wants reports whether the target is told of something.
func (r Rules) Wants(n news.Fresh) bool {
	if n.Attended || !slices.Contains(r.Kinds, n.Kind) {
		return false
	}
	if r.Outside != nil {
		if _, within := r.Outside.Until(n.At.In(r.zone())); within {
			return false
		}
	}
	return names(r.Inboxes, n.Inbox.ID, n.Inbox.Name) && names(r.Teams, n.Team.ID, n.Team.Name) &&
		names(r.Members, n.Member.ID, n.Member.Name, n.Member.Email) && names(r.Priorities, n.Priority)
}

// Due is when something may be told at the earliest.
func (r Rules) Due(n news.Fresh) time.Time { return n.At.Add(r.After) }

// Silent returns until when nothing is told; false when it may be now.
func (r Rules) Silent(now time.Time) (time.Time, bool) {
	if r.Quiet == nil {
		return time.Time{}, false
	}
	return r.Quiet.Until(now.In(r.zone()))
}

func (r Rules) zone() *time.Location {
	if r.Zone == nil {
		return time.UTC
	}
	return r.Zone
}

// names reports whether a list is empty or has one of the words.
func names(list []string, words ...string) bool {
	if len(list) == 0 {
		return true
	}
	return slices.ContainsFunc(list, func(want string) bool { return Named(want, words...) })
}

// Named reports whether somebody meant one of the words.
func Named(meant string, words ...string) bool {
	meant = strings.TrimSpace(meant)
	return meant != "" && slices.ContainsFunc(words, func(w string) bool { return strings.EqualFold(w, meant) })
}
