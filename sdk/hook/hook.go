// Package hook is the ability to be asked before something happens, and to be
// told after. The manifest says which points and which events a plugin wants.
//
// Prefer being told: a hook that is asked makes people wait, for 150
// milliseconds unless the manifest says otherwise, and the core goes on without
// an answer as the manifest says (on_timeout).
//
// Concurrency: Intercept is called from several goroutines at once, OnEvents
// from one for each instance.
package hook

import (
	"context"
	"encoding/json"
	"time"

	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/message"
)

// Hook is asked, and told. A plugin that wants only one of both embeds Nothing.
type Hook interface {
	// Intercept judges something before it happens. It may be asked twice about
	// the same change, and must have no effect. ctx ends after the point's
	// budget_ms. An error counts as no answer.
	Intercept(ctx context.Context, req InterceptRequest) (InterceptResponse, error)

	// OnEvents takes note of what has happened: at least once, in the order of
	// each conversation, ticket and contact. The next batch comes after the
	// answer. ctx ends after 10 seconds.
	//
	// An error holds back all of them: they come again. One of the source
	// Rejected drops them.
	OnEvents(ctx context.Context, req OnEventsRequest) (OnEventsResponse, error)
}

// Nothing is a Hook that allows everything and takes every event: embed it and
// write the method that the plugin is about.
type Nothing struct{}

// Intercept allows.
func (Nothing) Intercept(context.Context, InterceptRequest) (InterceptResponse, error) {
	return Allow(), nil
}

// OnEvents takes all events.
func (Nothing) OnEvents(context.Context, OnEventsRequest) (OnEventsResponse, error) {
	return OnEventsResponse{}, nil
}

// InterceptRequest is what is about to happen: one of the drafts is set. When
// none is, the core knows a point that this version of the SDK does not; allow.
type InterceptRequest struct {
	Instance instance.Instance
	ChangeID string // of what is about to happen; the same when it is asked again

	Message *MessageDraft // point message.send: an agent or a bot is about to send a message
	Route   *RouteDraft   // point conversation.route: a conversation is about to be given to a queue
}

// MessageDraft is a message that was not sent yet.
type MessageDraft struct {
	ConversationID string // "" = it begins with this
	Author         message.Author
	AuthorID       string
	Content        message.Content
}

// RouteDraft is a conversation that was not given to anybody yet.
type RouteDraft struct {
	ConversationID string
	InboxID        string
	ContactID      string
	TeamID         string // where it would go; "" = to everybody
}

// InterceptResponse is the verdict. The zero value is none, and counts as no
// answer: make one with Allow, Deny, ChangeMessage or ChangeTeam.
type InterceptResponse struct {
	verdict Verdict
	reason  string
	content message.Content
	team    string
}

// Verdict is the word on what is about to happen.
type Verdict uint8

// The verdicts.
const (
	VerdictNone Verdict = iota // no answer
	VerdictAllow
	VerdictDeny
	VerdictChange
)

// Allow lets it happen.
func Allow() InterceptResponse { return InterceptResponse{verdict: VerdictAllow} }

// Deny keeps it from happening; reason is a sentence for whoever wanted it.
func Deny(reason string) InterceptResponse {
	return InterceptResponse{verdict: VerdictDeny, reason: reason}
}

// ChangeMessage lets a message be sent as content; reason, which may be empty,
// is told to its author. The core checks content like any other.
func ChangeMessage(content message.Content, reason string) InterceptResponse {
	return InterceptResponse{verdict: VerdictChange, content: content, reason: reason}
}

// ChangeTeam gives a conversation to a team instead, by its name or its id.
func ChangeTeam(team, reason string) InterceptResponse {
	return InterceptResponse{verdict: VerdictChange, team: team, reason: reason}
}

// Verdict returns the word.
func (r InterceptResponse) Verdict() Verdict { return r.verdict }

// Reason returns the sentence for people.
func (r InterceptResponse) Reason() string { return r.reason }

// Content returns what the message becomes.
func (r InterceptResponse) Content() message.Content { return r.content }

// Team returns where the conversation goes.
func (r InterceptResponse) Team() string { return r.team }

// OnEventsRequest is what has happened; 1 to 32 events.
type OnEventsRequest struct {
	Instance instance.Instance
	Events   []Event
}

// Event is something that has happened.
type Event struct {
	ID   string // the key for deduplication: a repeated event has the same
	Type string // conversation.created, message.created, ticket.changed, ...: those that webhooks know
	Feed uint64 // of the workspace's feed, growing
	At   time.Time
	Data json.RawMessage // an object: what a webhook of the same type has, cut to the scopes
}

// TypeGap is the type of an event that tells of others which the plugin was not
// told: the workspace did not allow it for a time, or the plugin failed at one
// over and over. Its Data is a Gap. It comes before anything newer.
const TypeGap = "feed.gap"

// Gap is what a plugin was not told: the events of the feed after After, up to
// Until. Whoever keeps a copy of something fetches it anew.
type Gap struct {
	After  uint64 `json:"after"`
	Until  uint64 `json:"until"`
	Reason string `json:"reason"` // not_allowed or failed
}

// OnEventsResponse is what became of each event. The zero value takes all.
type OnEventsResponse struct {
	// Results has one entry for each event, in order; nil = taken. Of the
	// source Rejected: dropped. Any other error holds this event and all after
	// it back, and they come again. Fewer entries hold back the rest.
	Results []error
}
