package wire

import (
	"strings"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// Topic returns the permission that events of a type are told under; "" for a
// type that nobody is told of. It is the table of what a live connection and
// the feed show, as the routes' permissions are of the rest; a test holds it
// against all types there are.
func Topic(typ string) identity.Permission {
	noun, _, _ := strings.Cut(typ, ".")
	switch noun {
	case "conversation", "message", "note", "rating", "scheduled", "finding":
		return identity.ConversationRead
	case "ticket", "ticket_type":
		return identity.TicketRead
	case "contact", "organisation", "erasure": // an erasure says no more than that all is to be asked for anew
		return identity.ContactRead
	case "import":
		return identity.ContactImport
	case "member":
		return identity.MemberRead
	case "role":
		return identity.RoleRead
	case "invitation":
		return identity.MemberManage
	case "workspace":
		return identity.WorkspaceRead
	case "inbox":
		return identity.InboxRead
	case "team", "queue", "skill", "calendar", "policy":
		return identity.TeamRead
	case "connection", "grant":
		return identity.PluginRead
	case "approval":
		return identity.ConversationReply
	case "webhook":
		return identity.WebhookRead
	case "label", "attribute", "canned", "view":
		return identity.CatalogRead
	default:
		return ""
	}
}

// Verdict is what a member is told of an event.
type Verdict int

// The verdicts.
const (
	Hidden Verdict = iota // that the feed went on
	Gone                  // that a conversation left their reach, or is no more
	Shown                 // all of it
)

// Told is an event with what it is about, as it is now.
type Told struct {
	Event        event.Event
	Change       *conversation.Change
	Conversation *conversation.Conversation
	TicketChange *ticket.Change
	Ticket       *ticket.Ticket
}

// Judge says what of the event a member is told; seen tells which contacts they
// reach, by id.
func (t Told) Judge(scope identity.Scope, seen func(id string) bool) Verdict {
	topic := Topic(t.Event.Type)
	if topic == "" || !scope.May(topic) {
		return Hidden
	}
	within := scope.Reach()
	switch {
	case t.Event.Type == conversation.Deleted:
		if within.Covers(conversation.FarewellOf(t.Event.Data).Held) {
			return Gone
		}
		return Hidden
	case within.All():
		return Shown
	case t.Event.Type == contact.Changed && !seen(t.Event.Subject):
		return Hidden
	case topic == identity.ConversationRead:
		if t.Conversation == nil {
			return Hidden
		}
		now := t.Conversation.Held()
		return moved(within, now, t.Change != nil && within.Covers(t.Change.HeldBefore(now)))
	case ticket.Is(t.Event.Type):
		if t.Ticket == nil {
			return Hidden
		}
		now := t.Ticket.Holding()
		return moved(within, now, t.TicketChange != nil && within.Covers(t.TicketChange.HeldBefore(now)))
	default:
		return Shown
	}
}

func moved(within identity.Reach, now identity.Holding, before bool) Verdict {
	switch {
	case within.Covers(now):
		return Shown
	case before:
		return Gone
	default:
		return Hidden
	}
}

// Types of what takes the place of an event that a member is not shown, so that
// the feed's numbers go on without a gap.
const (
	TypeGone       = "conversation.gone" // data {id, seq}: rows up to this seq are not theirs any more
	TypeTicketGone = "ticket.gone"       // likewise
	TypeSkip       = "skip"
)

// View is the event whole, as who sees everything gets it.
func (t Told) View() FeedEvent {
	return FeedEventOf(t.Event, t.Change, t.Conversation).WithTicket(t.TicketChange, t.Ticket)
}

// Left says what left the member's reach with a Gone event: a conversation (it
// may be no more) or a ticket, and the seq up to which rows of it are not theirs any more.
func (t Told) Left() (conversationID, ticketID string, seq uint64) {
	if t.Ticket != nil {
		return "", string(t.Ticket.ID), t.Ticket.LastSeq
	}
	if t.Conversation == nil {
		return t.Event.Subject, "", conversation.FarewellOf(t.Event.Data).Seq
	}
	return string(t.Conversation.ID), "", t.Conversation.LastSeq
}

// To is the event as a member is told of it.
func (t Told) To(scope identity.Scope, seen func(id string) bool) FeedEvent {
	switch t.Judge(scope, seen) {
	case Shown:
		return t.View()
	case Gone:
		conv, tick, seq := t.Left()
		out := FeedEvent{Feed: t.Event.Feed, Type: TypeGone, At: Stamp(t.Event.At), Data: map[string]any{"id": conv + tick, "seq": seq}}
		if tick != "" {
			out.Type = TypeTicketGone
		}
		return out
	case Hidden:
	}
	return FeedEvent{Feed: t.Event.Feed, Type: TypeSkip, At: Stamp(t.Event.At)}
}
