// Package notification tells each member what happened that concerns them: a
// note that mentions them, a conversation or a ticket given to them, a customer
// who answers. What concerns whom is decided from the committed feed, so whatever
// made the change need not know.
//
// Promise: every event after the first start is looked at, and each member is
// told of it at most once, whatever crashes. How far the feed was looked at
// commits in the same transaction as what came of it.
package notification

import (
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// ID names a notification: ntf_.
type ID string

// Kind says why a member is told.
type Kind string

// The kinds.
const (
	Mention          Kind = "mention"           // a note mentions the member
	Assigned         Kind = "assigned"          // a conversation became the member's
	TakenOver        Kind = "taken_over"        // a supervisor took over a conversation of the member's, and said why
	Reply            Kind = "reply"             // a customer wrote in a conversation of the member's
	ParticipantReply Kind = "participant_reply" // somebody wrote in one that the member follows
	ScheduledFailed  Kind = "scheduled_failed"  // a message that the member wanted sent later was not
	Rating           Kind = "rating"            // a customer rated a conversation or a ticket of the member's
	Unattended       Kind = "unattended"        // a customer waits, and nobody who could answer is available
	ImportDone       Kind = "import_done"       // an import of contacts that the member began is over, well or not
	WebhookDisabled  Kind = "webhook_disabled"  // a webhook that the member may manage failed for days and was turned off
	PluginState      Kind = "plugin_state"      // a plugin that the member may manage was put into quarantine, came out of it, or went back a version
	AccountHealth    Kind = "account_health"    // an inbox or a connection that the member may manage fails, or works again
	RiskFound        Kind = "risk_found"        // an analyzer noticed something that the member is to know
	ApprovalAsked    Kind = "approval_asked"    // a tool is to be used in a conversation of the member's, if somebody agrees
	AlertRaised      Kind = "alert_raised"      // a queue or a colleague needs the member, who supervises
	TicketAssigned   Kind = "ticket_assigned"   // a ticket became the member's
	TicketMention    Kind = "ticket_mention"    // a comment on a ticket mentions the member
	TicketComment    Kind = "ticket_comment"    // somebody wrote on a ticket that is the member's, or that the member follows
	TicketOverdue    Kind = "ticket_overdue"    // such a ticket's due date has passed
)

// Kinds lists all kinds.
func Kinds() []Kind {
	return []Kind{
		Mention, Assigned, TakenOver, Reply, ParticipantReply, ScheduledFailed, Rating, Unattended, ImportDone, WebhookDisabled, PluginState, AccountHealth, RiskFound, ApprovalAsked, AlertRaised,
		TicketAssigned, TicketMention, TicketComment, TicketOverdue,
	}
}

// collapses reports whether an unread notification of the same kind and
// conversation or ticket gives way to a newer one: ten messages are one thing
// to look at.
func (k Kind) collapses() bool { return k == Reply || k == ParticipantReply || k == TicketComment }

// Notification is one thing that a member is told.
type Notification struct {
	Workspace identity.WorkspaceID
	ID        ID
	Member    identity.MemberID
	Kind      Kind
	// Source names what caused it: an event of the feed, or an episode. A
	// member is told of one source once.
	Source       string
	Feed         uint64          // of the event; 0 = the source is none
	Conversation conversation.ID // "" = about none
	Ticket       *Ticket         // nil = about none
	Seq          uint64          // of the message or the comment it is about; 0 = about none
	Import       *Import         // of ImportDone
	Plugin       *Plugin         // of PluginState
	Account      *Account        // of AccountHealth
	Raised       *Raised         // of AlertRaised
	Text         string          // what was written, at most conversation.PreviewLength characters
	Actor        identity.Actor
	At           time.Time
	ReadAt       time.Time  // zero = unread
	Made         event.Mark // when Text was read; not stored
}

// Ticket names the ticket that a notification is about, as it was then.
type Ticket struct {
	ID     ticket.ID
	Number uint64
	Title  string
}

// Plugin is what became of a plugin.
type Plugin struct {
	ID      string            `json:"plugin_id"`
	Name    map[string]string `json:"name"` // by locale
	Version string            `json:"version"`
	State   PluginNews        `json:"state"`
}

// Account is what became of an inbox or a connection.
type Account struct {
	ID    string `json:"id"` // inb_ or pin_
	Name  string `json:"name"`
	State string `json:"state"` // failing, credentials, or ok: it works again
	Code  string `json:"code,omitempty"`
}

// Raised is an alert as it was raised.
type Raised struct {
	ID     string `json:"id"`
	Rule   string `json:"rule"`            // wait, staff, risk, away
	Queue  string `json:"queue,omitempty"` // "" of a rule but away: what is in no queue
	Member string `json:"member,omitempty"`
	Name   string `json:"name,omitempty"` // of the queue or the member
	Limit  int    `json:"limit"`          // that was passed: seconds, members or conversations
}

// PluginNews is what is new with a plugin.
type PluginNews string

// The news.
const (
	PluginQuarantined PluginNews = "quarantined" // it died too often and rests
	PluginRecovered   PluginNews = "recovered"   // it works again after a quarantine
	PluginRolledBack  PluginNews = "rolled_back" // the version failed and was left for the one before
)

// Import is how an import of contacts ended. The numbers are of rows.
type Import struct {
	ID                                 string
	Failed                             bool // it could not go on; what was written before stays
	Created, Updated, Skipped, Refused int
}

// Collapses reports whether an older, unread notification of the same member,
// kind and conversation or ticket is replaced by this one.
func (n Notification) Collapses() bool { return n.Kind.collapses() }

// What is kept of a member's notifications.
const (
	Keep    = 500
	KeepFor = 90 * 24 * time.Hour
)
