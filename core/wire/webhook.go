package wire

import (
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// WebhookVersion is the version of Webhook. It changes when a receiver would
// have to change; new members may come at any time.
const WebhookVersion = 1

// Webhook is what an endpoint is sent.
type Webhook struct {
	ID         string      `json:"id"` // of the event: the same for every endpoint, attempt and replay
	Type       string      `json:"type"`
	Version    int         `json:"version"`
	Workspace  string      `json:"workspace"`
	OccurredAt time.Time   `json:"occurred_at"`
	Seq        uint64      `json:"seq"` // per conversation or ticket 1, 2, 3, ...; 0 when it is about none
	Data       WebhookData `json:"data"`
}

// WebhookData is what an event is about: a change with its conversation or its
// ticket, or the id of what changed.
type WebhookData struct {
	Change       any           `json:"change,omitempty"` // Change or TicketChange
	Conversation *Conversation `json:"conversation,omitempty"`
	Ticket       *Ticket       `json:"ticket,omitempty"`
	ID           string        `json:"id,omitempty"`
	Message      string        `json:"message,omitempty"`
	Omitted      bool          `json:"omitted,omitempty"` // the event was too large: fetch it
}

// WebhookOf returns the envelope of an event that is about no conversation and
// no ticket. Of what else such an event carries, nothing is promised.
func WebhookOf(e event.Event) Webhook {
	out := Webhook{
		ID: e.ID, Type: e.Type, Version: WebhookVersion, Workspace: e.Workspace, OccurredAt: Stamp(e.At), Seq: e.Seq,
	}
	data := object(e.Data)
	if out.Data.ID, _ = data["id"].(string); out.Data.ID == "" {
		out.Data.ID = e.Subject
	}
	out.Data.Message, _ = data["message"].(string)
	return out
}

// Talk returns the envelope of a change of a conversation.
func (w Webhook) Talk(change conversation.Change, c conversation.Conversation) Webhook {
	shown := ConversationOf(c)
	w.Data = WebhookData{Change: ChangeOf(change), Conversation: &shown}
	return w
}

// Work returns the envelope of a change of a ticket.
func (w Webhook) Work(change ticket.Change, t ticket.Ticket) Webhook {
	shown := TicketOf(t)
	w.Data = WebhookData{Change: TicketChangeOf(change), Ticket: &shown}
	return w
}
