package wire

import (
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/event"
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
	Seq        uint64      `json:"seq"` // per conversation 1, 2, 3, ...; 0 when it is about none
	Data       WebhookData `json:"data"`
}

// WebhookData is what an event is about: a change and its conversation, or the
// id of what changed.
type WebhookData struct {
	Change       *Change       `json:"change,omitempty"`
	Conversation *Conversation `json:"conversation,omitempty"`
	ID           string        `json:"id,omitempty"`
	Message      string        `json:"message,omitempty"`
	Omitted      bool          `json:"omitted,omitempty"` // the event was too large: fetch it
}

// WebhookOf returns the envelope of an event; change and conv are those it is
// about, nil when it is not about a conversation.
func WebhookOf(e event.Event, change *conversation.Change, conv *conversation.Conversation) Webhook {
	out := Webhook{
		ID: e.ID, Type: e.Type, Version: WebhookVersion, Workspace: e.Workspace, OccurredAt: Stamp(e.At), Seq: e.Seq,
	}
	if change == nil { // of what else an event carries, nothing is promised
		data := object(e.Data)
		out.Data.ID, _ = data["id"].(string)
		out.Data.Message, _ = data["message"].(string)
		return out
	}
	c := ChangeOf(*change)
	out.Data.Change = &c
	if conv != nil {
		c := ConversationOf(*conv)
		out.Data.Conversation = &c
	}
	return out
}
