// Package retention deletes what a workspace keeps no longer: conversations that
// ended long ago, files, traces of visitors, contacts that nothing is left of.
// The rules are the workspace's; without one, a thing is kept as the product
// keeps it, which for what people said is for ever.
//
// Deleting goes in small transactions with rests between them, so that nobody
// who writes waits for it. Whoever looks at what was deleted is told in the feed.
package retention

import (
	"fmt"
	"maps"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Actions in the audit log.
const (
	Updated = "retention.updated"
	Applied = "retention.applied" // by the clock: what was deleted, in numbers
)

// Kind is a kind of thing that has an age.
type Kind string

// The kinds.
const (
	Conversations Kind = "conversations" // resolved, by their last change; with all that was said
	Files         Kind = "files"         // of conversations and tickets: the bytes; their names stay
	Contacts      Kind = "contacts"      // without a conversation or a ticket, by when they were last seen or changed
	PageViews     Kind = "page_views"
	Webhooks      Kind = "webhook_deliveries" // ended ones, with what was sent and answered
	Notifications Kind = "notifications"
	Exports       Kind = "exports"
	Requests      Kind = "channel_requests" // raw ones of far sides, with what became of them
)

// Limit bounds a rule, in days.
type Limit struct {
	Kind    Kind
	Min     int
	Max     int
	Default int // 0 = for ever
}

const forever = 36500 // the most days, a hundred years

// Limits lists all kinds with their bounds, in the order to show and to carry
// them out. What the product forgets by itself cannot be kept longer.
func Limits() []Limit {
	return []Limit{
		{Conversations, 30, forever, 0},
		{Files, 30, forever, 0},
		{Contacts, 30, forever, 0},
		{PageViews, 1, 90, 90},
		{Webhooks, 1, 30, 30},
		{Notifications, 7, 90, 90},
		{Exports, 1, 30, 7},
		{Requests, 1, 30, 7},
	}
}

// Rules are days by kind. A kind that is not there has its default.
type Rules map[Kind]int

// Policy is the rules of a workspace.
type Policy struct {
	Workspace identity.WorkspaceID
	Rules     Rules
	UpdatedAt time.Time // zero: nobody set one
	UpdatedBy identity.Actor
	RunAt     time.Time // when they were last carried out to the end
}

// Days is how long a kind is kept; 0 = for ever.
func (p Policy) Days(k Kind) int {
	if days, ok := p.Rules[k]; ok {
		return days
	}
	for _, l := range Limits() {
		if l.Kind == k {
			return l.Default
		}
	}
	return 0
}

// Patch is a change of rules: days by kind; 0 = as the product keeps it.
type Patch map[Kind]int

// check refuses rules beyond their bounds, all of them at once.
func (p Patch) check() error {
	var fields []errs.Field
	known := make(map[Kind]bool)
	for _, l := range Limits() {
		known[l.Kind] = true
		days, ok := p[l.Kind]
		if !ok || days == 0 {
			continue
		}
		switch {
		case days < l.Min:
			fields = append(fields, errs.Field{Pointer: "/" + string(l.Kind), Code: "too_short", Detail: fmt.Sprintf("at least %d days", l.Min)})
		case days > l.Max:
			fields = append(fields, errs.Field{Pointer: "/" + string(l.Kind), Code: "too_long", Detail: fmt.Sprintf("at most %d days", l.Max)})
		}
	}
	for k := range p {
		if !known[k] {
			fields = append(fields, errs.Field{Pointer: "/" + string(k), Code: "unknown", Detail: "is no kind of thing that has an age"})
		}
	}
	if len(fields) == 0 {
		return nil
	}
	return errs.New(errs.Invalid, "retention.days", "A time is shorter or longer than can be kept: "+fields[0].Pointer[1:]+", "+fields[0].Detail+".").WithFields(fields...)
}

// apply changes the rules and says what became different.
func (p Patch) apply(rules Rules) (Rules, event.Differences) {
	out, changes := Rules{}, event.Differences{}
	maps.Copy(out, rules)
	for k, days := range p {
		was := out[k]
		if days == 0 {
			delete(out, k)
		} else {
			out[k] = days
		}
		changes.Note(string(k), was, days)
	}
	return out, changes
}

// Tally is how much was deleted under a rule.
type Tally struct {
	Kind    Kind
	Days    int
	Deleted int64
}

// Forecast is what a rule would delete now.
type Forecast struct {
	Kind   Kind
	Count  int64
	Bytes  int64     // of files
	Oldest time.Time // zero: there is nothing
}

// Sweep asks for a batch.
type Sweep struct {
	Workspace identity.WorkspaceID
	Kind      Kind
	Days      int
	Before    time.Time
	Limit     int
	At        time.Time
	// Event makes an event of the feed.
	Event func(typ, subject string, data []byte) event.Event
}
