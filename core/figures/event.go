package figures

import (
	"context"
	"encoding/json"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Abandoned is the type of the change that says that a customer left while they
// waited. Its data has the queue_id.
const Abandoned conversation.ChangeType = "conversation.abandoned"

// Event is what figures know of a committed event: of a conversation, or of a
// member's presence.
type Event struct {
	Feed    uint64 // 0 = it was read from the conversation's history
	Type    string
	Subject string // id of the conversation, or of the member
	Seq     uint64 // of the conversation's history
	At      time.Time
	Actor   identity.ActorKind
	ActorID string
	Message Message
	Data    json.RawMessage
}

// Message is what figures know of a message.
type Message struct {
	Automatic bool // a machine wrote it
	Elsewhere bool // the company wrote it, and not here
	Old       bool // a backfill brought it
}

// data is what figures read of changes.
type data struct {
	Assignee  identity.MemberID `json:"assignee_id"`
	Member    identity.MemberID `json:"member_id"` // of an offer
	Reason    string            `json:"reason"`
	By        string            `json:"by"`
	Queue     *string           `json:"queue_id"`
	State     string            `json:"state"`
	Scheduled string            `json:"scheduled_id"`

	dispatch.PresenceData
}

// Counts reports whether figures are made of events of a type.
func Counts(typ string) bool {
	switch conversation.ChangeType(typ) {
	case conversation.Created, conversation.MessageCreated, conversation.Assigned, conversation.Queued, conversation.OfferEnded,
		conversation.BotEngaged, conversation.ResolvedChange, conversation.Reopened, conversation.SnoozedChange, conversation.Unsnoozed,
		conversation.TeamChanged, conversation.Merged, conversation.Unmerged, Abandoned:
		return true
	default:
		return typ == conversation.Deleted || typ == dispatch.PresenceSwitched
	}
}

// Journal reads what happened. Of the events that figures are not made of (see
// Counts) it may leave out all but the feed number.
type Journal interface {
	// Start returns a feed number after which everything was committed that
	// happened since a time, and little else.
	Start(ctx context.Context, w identity.WorkspaceID, since time.Time) (uint64, error)
	// After returns at most limit events with feed numbers above one, in order.
	After(ctx context.Context, w identity.WorkspaceID, feed uint64, limit int) ([]Event, error)
	// Past calls fn with what happened before a time in the conversations that were
	// neither done by then nor untouched since, each conversation's in order.
	Past(ctx context.Context, w identity.WorkspaceID, before time.Time, fn func(Event)) error
	// History calls fn with what happened in a conversation before a seq, in order.
	History(ctx context.Context, w identity.WorkspaceID, id string, before uint64, fn func(Event)) error
	// Present returns the members whose status has not changed since a time, with
	// that status.
	Present(ctx context.Context, w identity.WorkspaceID, since time.Time) (map[identity.MemberID]dispatch.Status, error)
}
