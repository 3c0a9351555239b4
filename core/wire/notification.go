package wire

import (
	"time"

	"github.com/patchbay-im/patchbay/core/notification"
)

// Notification is one thing that a member is told.
type Notification struct {
	ID             string     `json:"id"`
	Kind           string     `json:"kind" enum:"mention,assigned,reply,participant_reply,scheduled_failed,rating,unattended"`
	ConversationID string     `json:"conversation_id,omitempty"`
	Text           string     `json:"text" doc:"What was written, at most 140 characters."`
	Actor          *Actor     `json:"actor,omitempty" doc:"Who did it; absent for the system."`
	At             time.Time  `json:"at"`
	ReadAt         *time.Time `json:"read_at,omitempty"`
}

// NotificationOf returns the view of a notification.
func NotificationOf(n notification.Notification) Notification {
	out := Notification{
		ID: string(n.ID), Kind: string(n.Kind), ConversationID: string(n.Conversation), Text: n.Text,
		At: Stamp(n.At), ReadAt: stampOrNil(n.ReadAt),
	}
	if n.Actor.ID != "" {
		a := actorOf(n.Actor)
		out.Actor = &a
	}
	return out
}
