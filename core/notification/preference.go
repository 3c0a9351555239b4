package notification

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
)

// Preferences are how a member wants to be told.
type Preferences struct {
	Rules map[Kind]Rule // of every kind
	Quiet *Quiet        // nil = never
}

// Rule is how a member wants to be told of one kind.
type Rule struct {
	InApp   bool // at all: false makes no notification
	Browser bool // by the browser, unless the conversation is on the screen
	Sound   bool
}

// Quiet is the time of day in which neither browser nor sound tell of anything.
// From after To spans midnight.
type Quiet struct {
	From, To string // "22:00"
	Timezone string // IANA, for example "Asia/Shanghai"
}

// Covers reports whether a moment lies in the quiet hours. In a time zone that
// nobody knows, none does.
func (q *Quiet) Covers(now time.Time) bool {
	if q == nil {
		return false
	}
	zone, err := time.LoadLocation(q.Timezone)
	if err != nil {
		return false
	}
	at := now.In(zone).Format("15:04")
	if q.From < q.To {
		return q.From <= at && at < q.To
	}
	return q.From <= at || at < q.To
}

// Default returns the preferences of a member who chose nothing.
func Default() Preferences {
	p := Preferences{Rules: make(map[Kind]Rule)}
	loud := []Kind{Mention, Assigned, TakenOver, Reply, ScheduledFailed, RiskFound, ApprovalAsked, AlertRaised, TicketAssigned, TicketMention}
	for _, k := range Kinds() {
		p.Rules[k] = Rule{InApp: true, Browser: true, Sound: slices.Contains(loud, k)}
	}
	return p
}

// complete returns p with the default for every kind that p lacks, and without
// kinds that there are not.
func (p Preferences) complete() Preferences {
	out := Default()
	out.Quiet = p.Quiet
	for k := range out.Rules {
		if r, ok := p.Rules[k]; ok {
			out.Rules[k] = r
		}
	}
	return out
}

const maxTimezone = 64

// check refuses what a client could not act on.
func (p Preferences) check() error {
	var wrong []errs.Field
	add := func(pointer, code, detail string) {
		wrong = append(wrong, errs.Field{Pointer: pointer, Code: code, Detail: detail})
	}
	for k := range p.Rules {
		if !slices.Contains(Kinds(), k) {
			add("/rules", "unknown", fmt.Sprintf("has no kind %q", k))
		}
	}
	if q := p.Quiet; q != nil {
		if !clock(q.From) {
			add("/quiet_hours/from", "format", "must be a time of day, as 22:00")
		}
		if !clock(q.To) {
			add("/quiet_hours/to", "format", "must be a time of day, as 08:00")
		}
		if q.From == q.To {
			add("/quiet_hours/to", "empty", "must differ from the beginning")
		}
		if !zone(q.Timezone) {
			add("/quiet_hours/timezone", "format", "must be the name of a time zone, as Asia/Shanghai")
		}
	}
	if len(wrong) > 0 {
		return errs.New(errs.Invalid, "notification.preferences", "Some values are not accepted.").WithFields(wrong...)
	}
	return nil
}

// clock reports whether s is a time of day.
func clock(s string) bool {
	return len(s) == 5 && regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]$`).MatchString(s)
}

// zone reports whether s looks like the name of a time zone. Which ones there
// are the browser knows, which applies it; this machine may have no list.
func zone(s string) bool {
	return s != "" && len(s) <= maxTimezone && !strings.Contains(s, "..") &&
		regexp.MustCompile(`^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$`).MatchString(s)
}
