package realtime

import (
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/wire"
)

// The messages that gateways read from the bus, as JSON. Each goes to the
// subject named, followed by the workspace id. They are ephemeral: whoever
// misses one learns of it by the next, or at the next connection. A message on
// event.SubjectRights has no content that matters: it makes gateways ask again
// what every member of the workspace may.

// PresenceNews says whose presence changed (event.SubjectPresence).
type PresenceNews struct {
	Members []MemberPresence `json:"members"`
}

// MemberPresence is one member's presence, as members see it too.
type MemberPresence = wire.Presence

// QueueNews says which places in the queue changed (event.SubjectQueue).
type QueueNews struct {
	Places []QueuePlace `json:"places"`
}

// QueuePlace is the place of one customer, who is named as the conversation
// names them.
type QueuePlace struct {
	// Conversation is what they wait with; "" = what they had before.
	Conversation conversation.ID `json:"conversation,omitempty"`

	Inbox     channel.InboxID `json:"inbox"`
	Recipient string          `json:"recipient"`
	Position  int             `json:"position"`  // 1 = next; 0 = does not wait any more
	Available bool            `json:"available"` // an agent is, who may serve it
	// WaitS is about how many seconds it will take; see dispatch.Position.Wait.
	WaitS int `json:"wait_s,omitempty"`
	Standing
}

// Standing is whether a queue is open.
type Standing struct {
	Closed  bool       `json:"closed,omitempty"`   // it is given out by nobody now
	OpensAt *time.Time `json:"opens_at,omitempty"` // when a closed one opens; nil = nobody knows
}

func (s Standing) equal(o Standing) bool {
	if s.OpensAt == nil || o.OpensAt == nil {
		return s == o
	}
	return s.Closed == o.Closed && s.OpensAt.Equal(*o.OpensAt)
}

// DraftNews is a member's draft, for their own windows (event.SubjectDraft).
type DraftNews struct {
	Member string     `json:"member"`
	Draft  wire.Draft `json:"draft"`
}

// ReadNews says how far members have read, for the customer (event.SubjectRead).
type ReadNews struct {
	Inbox     channel.InboxID `json:"inbox"`
	Recipient string          `json:"recipient"`
	Seq       uint64          `json:"seq"` // public
}

// typingNews says who types (event.SubjectTyping). Gateways publish it themselves.
type typingNews struct {
	workspace identity.WorkspaceID // the end of the subject

	Conn         string          `json:"conn"` // the connection that need not be told
	Conversation conversation.ID `json:"conversation"`
	Inbox        channel.InboxID `json:"inbox"`
	Recipient    string          `json:"recipient"`
	Actor        wire.Actor      `json:"actor"`
	On           bool            `json:"on"`
	Private      bool            `json:"private"` // not for the customer
}
