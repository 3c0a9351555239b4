package extension

import (
	"context"
	"encoding/json"
	"time"
)

// Point is something that interceptors are asked before.
type Point string

// The points.
const (
	PointSend  Point = "message.send"
	PointRoute Point = "conversation.route"
)

// Interceptor is a plugin's wish to be asked at a point, from its manifest.
type Interceptor struct {
	Plugin   PluginID
	Point    Point
	Priority int // the lowest is asked first
	Budget   time.Duration
	Deny     bool // what no answer in time means
}

// Change is what is about to happen. Send or Route is set.
type Change struct {
	ID    string
	Send  *SendDraft
	Route *RouteDraft
}

// SendDraft is a message that is about to be sent.
type SendDraft struct {
	Conversation string // "" = it begins with this
	Author       Author
	AuthorID     string
	Text         string
	Files        []File
}

// RouteDraft is a conversation that is about to wait in a queue.
type RouteDraft struct {
	Conversation string // "" = it begins with this
	Inbox        string
	Customer     string
	Team         string // "" = everybody's
}

// Verdict is what an interceptor says. The zero value lets it happen.
type Verdict struct {
	Deny   bool
	Reason string  // a sentence for people
	Text   *string // of a message: says this instead
	Team   *string // of a route: goes there instead; a name or an id
}

// Event is something that has happened, as plugins are told.
type Event struct {
	ID   string
	Type string
	Feed uint64
	At   time.Time
	Data json.RawMessage // what a webhook of the type has
}

// Outcome is what a plugin made of one item.
type Outcome struct {
	Taken    bool   // or known already
	Rejected bool   // refused for good; neither = try again
	Code     string // why not
	Detail   string
	After    time.Duration // not before; 0 = the host decides
}

// Hooks asks and tells hooks.
type Hooks interface {
	// Interceptors lists what the plugins that are switched on want to be asked,
	// whether their processes run or not, in the order of priority and then of
	// plugin.
	Interceptors(p Point) []Interceptor
	// Intercept asks a plugin until ctx ends. No answer, no process, or more
	// than its manifest allows (CodeBusy) is errs.Unavailable: the caller
	// applies Deny.
	Intercept(ctx context.Context, to Address, c Change) (Verdict, error)
	// EventsOf lists the types of events that a plugin's manifest asks for; nil
	// when it is not installed.
	EventsOf(p PluginID) []string
	// Asks reports whether a plugin's manifest asks for a scope.
	Asks(p PluginID, scope string) bool
	// Tell tells a plugin what has happened, at most MaxTold events. It returns
	// an outcome for each that it answered, in order. One that is told as often
	// as its manifest allows is errs.Unavailable CodeBusy, with when to try again.
	Tell(ctx context.Context, to Address, events []Event) ([]Outcome, error)
}

// MaxTold is how many events or messages a plugin is handed at once.
const MaxTold = 32
