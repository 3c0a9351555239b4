package conversation

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/quote"
	"github.com/patchbay-im/patchbay/core/team"
)

// Store runs the transactions that change conversations.
type Store interface {
	// Within runs fn in one transaction of a workspace. When it returns nil,
	// all that fn saved is committed with fsync; when fn fails, none of it is.
	// fn may run again when the database asks for it, so it must not keep
	// state from an earlier run. Wake-ups are published after the commit.
	Within(ctx context.Context, workspace identity.WorkspaceID, fn func(ctx context.Context, tx Tx) error) error
}

// Tx is one transaction. What it loads is locked until the transaction ends.
type Tx interface {
	// Conversation loads one for change; errs.Absent when there is none.
	Conversation(ctx context.Context, id ID) (*Conversation, error)
	// Current loads for change the conversation that the inbox finds by a key: a
	// customer's external id, or ThreadKey; nil when there is none yet.
	Current(ctx context.Context, inbox channel.InboxID, key string) (*Conversation, error)
	// Sent finds what a sender (an Actor.ID) posted under a client id; nil when
	// nothing. The sender "" is the customer, whatever contact that was then.
	Sent(ctx context.Context, id ID, sender, clientID string) (*Change, error)
	// Message returns the message that a change brought or told of, as it is
	// now, or errs.Absent.
	Message(ctx context.Context, id ID, seq uint64) (*Message, error)
	Sides
	Neighbours
	// Save writes what c.Unsaved holds: the row, changes, messages, outbox
	// entries with the workspace's next feed numbers, deliveries of messages
	// that are DeliveryPending and of acts that are asked for, steps of what
	// DeliveryNews tell, versions of messages that are revised, and the agents'
	// load. Of a message that is recalled the files are retired, and what quotes it
	// says nothing any more. A new conversation gets the workspace's next number. A
	// team, queue, label or member that is not (any more) of the workspace is errs.Absent.
	Save(ctx context.Context, c *Conversation) error
}

// Sides are what a transaction keeps beside conversations and their messages.
type Sides interface {
	FarTx
	WritingTx
	VisitorTx
	RatingTx
	MergeTx
	BotTx
	FindingTx
}

// FarTx is the side of a transaction that keeps what far sides told.
type FarTx interface {
	ArrivingTx
	InboundTx
	EarlyTx
	SaidTx
}

// SaidTx is the side of a transaction that knows what was said.
type SaidTx interface {
	// Said lists what the newest messages of a conversation say that are no notes,
	// the newest first, at most limit.
	Said(ctx context.Context, id ID, limit int) ([]quote.Folded, error)
}

// MergeTx is the side of a transaction that merges need.
type MergeTx interface {
	// Extent returns how much there is of a conversation.
	Extent(ctx context.Context, id ID) (Extent, error)
}

// InboundTx is the side of a transaction that keeps inbound items apart.
type InboundTx interface {
	// Inbound finds what became of an inbound item; nil when it is new.
	Inbound(ctx context.Context, inbox channel.InboxID, kind InboundKind, external string) (*Dedup, error)
	// Remember makes Inbound find the item. It conflicts when it is known.
	Remember(ctx context.Context, inbox channel.InboxID, d Dedup) error
	// OfDelivery finds the message of ours that a delivery of the inbox carries;
	// nil when there is none.
	OfDelivery(ctx context.Context, inbox channel.InboxID, delivery string) (*Dedup, error)
	// TakesPart reports whether an address is on an envelope of the conversation.
	TakesPart(ctx context.Context, id ID, address string) (bool, error)
	SentTx
	AcknowledgementTx
	// UnderWay reports whether something that was sent in a conversation waits, or
	// is tried now.
	UnderWay(ctx context.Context, id ID) (bool, error)
}

// ArrivingTx is the side of a transaction that takes in inbound items.
type ArrivingTx interface {
	// Expect says what is to be taken in, so that a store may read at once what
	// that will ask for. It changes nothing else.
	Expect(ctx context.Context, a Arriving)
}

// Arriving is an inbound item before anything is known of it.
type Arriving struct {
	Inbox    channel.InboxID
	Kind     InboundKind
	External string
	Sender   string    // what the inbox knows the sender by
	Talk     string    // the key that Current finds its conversation by; "" = by none
	Visitor  VisitorID // who is the sender; "" = no visitor
}

// SentTx is the side of a transaction that knows how messages of ours left.
type SentTx interface {
	// LeftWith lists the messages that leave as one with a message, by their
	// seq and in order, itself among them.
	LeftWith(ctx context.Context, id ID, seq uint64) ([]uint64, error)
	// SentAs lists the far side's ids of a message, in any order.
	SentAs(ctx context.Context, id ID, seq uint64) ([]string, error)
}

// AcknowledgementTx is the side of a transaction that keeps automatic answers few.
type AcknowledgementTx interface {
	// Acknowledged returns when an inbox last answered a customer by itself, by
	// external id (zero = never), and how many messages without an author were
	// sent in a conversation since a time.
	Acknowledged(ctx context.Context, inbox channel.InboxID, external string, id ID, since time.Time) (time.Time, int, error)
	// Acknowledge records that an inbox answers a customer by itself.
	Acknowledge(ctx context.Context, inbox channel.InboxID, external string, at time.Time) error
}

// Neighbours are the sides of other nouns of the same transaction.
type Neighbours interface {
	Contacts() contact.Tx
	Media() media.Tx
}

// RatingTx is the side of a transaction that ratings need.
type RatingTx interface {
	// LastAnswer returns the last message that a member wrote to the customer;
	// the zero Answer when there is none.
	LastAnswer(ctx context.Context, id ID) (Answer, error)
}

// InboundKind separates the id spaces of inbound items.
type InboundKind string

// The kinds of inbound items.
const (
	InboundMessage InboundKind = "message" // id given by the far side
	InboundVisitor InboundKind = "visitor" // "<visitor session>/<client message id>"
	InboundSent    InboundKind = "sent"    // the far side's id of a message of ours
	InboundEdit    InboundKind = "edit"    // these two: of what changed a message
	InboundRecall  InboundKind = "recall"
	InboundEvent   InboundKind = "event"   // what a customer did beside writing
	InboundBegun   InboundKind = "begun"   // "<actor>/<client message id>" of what began a conversation of ours
	InboundOutside InboundKind = "outside" // "<conversation>/<when its queue opens>": told, or ticketed, that it is closed; "<conversation>/callback/<client id>": a callback
)

// Dedup is what became of an inbound item.
type Dedup struct {
	Kind         InboundKind
	External     string
	Hash         string // of the content: the same id with another content is refused
	Conversation ID
	Seq          uint64 // of the message's change
}

// Reader answers questions. It never waits for writers.
type Reader interface {
	DetailReader
	// Get returns one conversation, or errs.Absent.
	Get(ctx context.Context, workspace identity.WorkspaceID, id ID) (Conversation, error)
	// List returns conversations, the last changed first.
	List(ctx context.Context, workspace identity.WorkspaceID, f Filter, p page.Request) (page.Page[Conversation], error)
	// Timeline returns changes of a conversation in order of seq.
	Timeline(ctx context.Context, workspace identity.WorkspaceID, id ID, r Range) ([]Change, error)
	// Hydrate returns the changes that the given conversation events describe,
	// by event id, and the conversations they belong to, as they are now.
	Hydrate(ctx context.Context, workspace identity.WorkspaceID, events []event.Event) (map[string]Change, map[ID]Conversation, error)
	// OfContact returns the contact's conversation in an inbox by external id; nil when there is none.
	OfContact(ctx context.Context, workspace identity.WorkspaceID, inbox channel.InboxID, external string) (*Conversation, error)
	// SnoozedUntil lists conversations whose sleep is over, in all workspaces.
	SnoozedUntil(ctx context.Context, now time.Time, limit int) ([]Ref, error)
}

// PluginReader answers questions about what plugins do in conversations.
type PluginReader interface {
	BotReader
	FindingReader
}

// DetailReader answers questions about parts of conversations.
type DetailReader interface {
	PluginReader
	MessageReader
	ReferenceReader
}

// ReferenceReader finds conversations by what they refer to, merged ones too.
type ReferenceReader interface {
	// Referring lists conversations that carry a label, are of a team or stand in a
	// queue, whichever is given, at most limit, in any order.
	Referring(ctx context.Context, workspace identity.WorkspaceID, to Reference, limit int) ([]ID, error)
	// Reached returns those of the conversations, merged ones too, that a reach
	// covers.
	Reached(ctx context.Context, workspace identity.WorkspaceID, within identity.Reach, ids []ID) (map[ID]bool, error)
}

// Reference is a label, a team or a queue.
type Reference struct {
	Label catalog.LabelID
	Team  team.ID
	Queue queue.ID
}

// MessageReader answers questions about single messages.
type MessageReader interface {
	// Message returns one message of a conversation, or errs.Absent.
	Message(ctx context.Context, workspace identity.WorkspaceID, id ID, message MessageID) (Message, error)
	// HTML returns the HTML of a message as it came, not cleaned; errs.Absent
	// when it has none.
	HTML(ctx context.Context, workspace identity.WorkspaceID, id ID, message MessageID) (string, error)
	// Versions returns what a message said before, the oldest first; none when it
	// says what it always said, or is not there.
	Versions(ctx context.Context, workspace identity.WorkspaceID, id ID, message MessageID) ([]Version, error)
	// GroupMembers lists who of a group wrote the newest MaxGroupRead messages of a
	// conversation, each once and as they were last called, who wrote last first;
	// at most MaxGroupMembers.
	GroupMembers(ctx context.Context, workspace identity.WorkspaceID, id ID) ([]channel.Member, error)
	// SeenAt returns when the customer was first known to have seen a message;
	// zero when they have not.
	SeenAt(ctx context.Context, workspace identity.WorkspaceID, id ID, seq uint64) (time.Time, error)
}

// Ref names a conversation over all workspaces.
type Ref struct {
	Workspace identity.WorkspaceID
	ID        ID
}

// Filter selects conversations. Zero fields select all, but for Reach.
type Filter struct {
	Reach      identity.Reach // its zero value covers nothing
	State      State
	Assignee   identity.MemberID
	Unassigned bool
	Inbox      channel.InboxID
	Contact    contact.ID
}

// Range selects changes of one conversation by seq, or, for the customer, by
// public seq. With After the oldest Limit changes above it are returned, else
// the newest Limit changes below Before (0 = the end).
type Range struct {
	Public bool
	After  *uint64
	Before uint64
	Limit  int
}

// ReadMarks keeps how far each member has read.
type ReadMarks interface {
	// MarkRead records that the member has read up to seq; never backwards.
	MarkRead(ctx context.Context, workspace identity.WorkspaceID, member identity.MemberID, id ID, seq uint64) error
	// Read returns how far the member has read each of the given conversations; 0 = not at all.
	Read(ctx context.Context, workspace identity.WorkspaceID, member identity.MemberID, ids []ID) (map[ID]uint64, error)
	// ReadFarthest returns how far the member who has read the most of a
	// conversation has read it; 0 = nobody has.
	ReadFarthest(ctx context.Context, workspace identity.WorkspaceID, id ID) (uint64, error)
}
