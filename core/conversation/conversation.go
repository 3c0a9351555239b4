// Package conversation is the engine's first noun: conversations between a
// customer and the company, their messages and notes, and the gapless
// sequence in which everything a client shows is numbered.
//
// A Conversation is an aggregate. Its methods decide and record what changed;
// a store saves the row, the changes, their messages, their outbox entries,
// the deliveries they cause and the load they put on an agent in one
// transaction. Nothing outside this package assigns a sequence number.
package conversation

import (
	"cmp"
	"encoding/json"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
)

type (
	// ID names a conversation: cnv_.
	ID string
	// MessageID names a message: msg_.
	MessageID string
	// ChangeID names a change: chg_. It is the id of its event in the outbox, too.
	ChangeID string
)

// State is where a conversation stands.
type State string

// The states.
const (
	Open     State = "open"
	Snoozed  State = "snoozed"  // sleeps until SnoozedUntil or the customer writes; eats no capacity
	Resolved State = "resolved" // done until the customer writes again
)

// Responder is who is expected to answer.
type Responder string

// The responders. Dispatch acts on the queue alone.
const (
	ResponderBot   Responder = "bot"
	ResponderQueue Responder = "queue"
	ResponderAgent Responder = "agent"
)

// Conversation is a talk with one customer in one inbox.
type Conversation struct {
	Workspace    identity.WorkspaceID
	ID           ID
	Inbox        channel.InboxID
	Contact      contact.ID
	Recipient    string // the contact's external id in the inbox; see Address
	Thread       string // the far side's key of the talk; "" = it has none
	Apart        bool   // it is not the one that its customer has: an answer alone goes on with it
	State        State
	Responder    Responder
	Assignee     identity.MemberID // "" = nobody
	AnsweredBy   identity.MemberID // who answered the customer last; "" = nobody yet
	SnoozedUntil time.Time         // zero unless snoozed
	WaitingSince time.Time         // the customer's oldest unanswered message; zero = none
	QueuedAt     time.Time         // arrival time for dispatch, kept when work is re-offered; zero unless in the queue
	Weight       int               // of an agent's capacity; see Weigh. Below 1 counts as 1

	LastSeq        uint64 // of the last change
	LastPublicSeq  uint64 // of the last change that the customer may see
	LastInboundSeq uint64 // of the customer's last message
	ContactReadSeq uint64 // of the last message that the customer is known to have seen
	Last           Preview
	CreatedAt      time.Time
	UpdatedAt      time.Time // of the last change

	Windows []Window // of a channel that has some, by what opened them last; closed ones, too

	Organised
	Offering
	Rated

	// Read-only, joined by the store.
	ContactName  string
	Group        bool // the customer is a group: its members all read what is sent
	AssigneeName string
	Plugin       channel.PluginID
	Live         bool

	pending []Change
	html    map[uint64]string  // of pending messages, by seq
	was     map[uint64]Message // before pending changes that revise them, by the changes' seq
	isNew   bool
	before  Load

	deadlines map[uint64]time.Time // of pending messages, by seq
}

// Preview is the last message as lists show it.
type Preview struct {
	Text       string // at most PreviewLength characters; of a message without text, its first attachment's name
	Sender     identity.ActorKind
	Kind       MessageKind
	Attachment media.Kind // of its first attachment; "" = none
	Recalled   bool       // its sender took it back
	At         time.Time
}

// Load is the capacity that a conversation takes from an agent.
type Load struct {
	Member identity.MemberID // "" = from nobody
	Weight int
}

// Load returns what the conversation costs now: only open work counts that is
// assigned or offered.
func (c *Conversation) Load() Load {
	who := cmp.Or(c.Assignee, c.OfferedTo)
	if c.State != Open || who == "" {
		return Load{}
	}
	return Load{Member: who, Weight: max(c.Weight, 1)}
}

// InQueue reports whether dispatch must find somebody.
func (c *Conversation) InQueue() bool { return c.Waits() && c.OfferedTo == "" }

// MessageKind says who may see a message.
type MessageKind string

// The kinds of messages.
const (
	Text MessageKind = "text"
	Note MessageKind = "note" // for colleagues; the customer can neither see it nor infer it
)

// DeliveryState is how far an outbound message came. "" = nothing to deliver.
type DeliveryState string

// The delivery states.
const (
	DeliveryPending   DeliveryState = "pending"
	DeliverySent      DeliveryState = "sent"
	DeliveryDelivered DeliveryState = "delivered" // the far side has brought it to the person
	DeliveryRead      DeliveryState = "read"
	DeliveryFailed    DeliveryState = "failed"
	DeliveryUnknown   DeliveryState = "unknown" // may or may not have left: a person decides
)

// Message is what somebody wrote.
type Message struct {
	Workspace     identity.WorkspaceID
	ID            MessageID
	Conversation  ID
	Seq           uint64 // of the change that brought it
	ClientID      string // the sender's own id: the key of idempotency
	Kind          MessageKind
	Sender        identity.Actor
	Text          string
	Attachments   []media.Attachment
	ReplyTo       *Quote
	Mentions      []Mention        // of notes alone
	GroupMentions []channel.Member // of the group, whom an answer names by "@" and their name
	Altered       *Altered         // what interceptors made of it; nil = nothing
	CreatedAt     time.Time
	Delivery      DeliveryState
	DeliveryError string // for agents
	Carried
}

// Carried is what some channels tell of a message beside its text and files.
type Carried struct {
	External    string // the far side's id of what we sent; "" = none, or not known yet. Of a customer's message it is ClientID
	HTML        bool   // it has HTML, which is kept apart: see MessageReader.HTML
	Cut         bool   // Text is its beginning; the whole is in the HTML
	Quoted      string // of the text, which it follows: earlier messages and the signature
	Envelope    *channel.Envelope
	Location    *channel.Location
	Unsupported *channel.Unsupported
	Trust       channel.Trust
	Automatic   bool            // a machine wrote it
	NoReply     bool            // nothing answers it by itself: a list, an address that nobody reads
	Elsewhere   bool            // the company wrote it, and not here
	Participant bool            // somebody wrote it who takes part, and is not the customer
	Member      *channel.Member // who of the group wrote it, whose name is Sender's; nil = the customer is no group, or it is not known
	Forwards    *Forwarded
	Template    *Template // what it is of; nil = an ordinary message
	WrittenAt   time.Time // of what a backfill brought: when it was written, by the far side's clock; zero = it came by itself
	EditedAt    time.Time
	RecalledAt  time.Time
	Changing    *Changing // what the far side is to do to it; nil = nothing
}

// Change is one entry of a conversation's history, and the unit of resume.
type Change struct {
	Workspace    identity.WorkspaceID
	ID           ChangeID
	Conversation ID
	Seq          uint64 // 1, 2, 3, ... without a gap
	PublicSeq    uint64 // likewise for what the customer may see; 0 = hidden
	Type         ChangeType
	At           time.Time
	Actor        identity.Actor
	Message      *Message        // as it is now
	Data         json.RawMessage // an object; nil = {}
}

// ChangeType names a change, in the past tense.
type ChangeType string

// The types of changes. Data in braces.
const (
	Created         ChangeType = "conversation.created" // {rule?}: see ruleData
	MessageCreated  ChangeType = "message.created"
	NoteCreated     ChangeType = "note.created"
	MessageEdited   ChangeType = "message.edited"           // Message says something else since
	MessageRecalled ChangeType = "message.recalled"         // its sender took Message back: it says nothing any more
	MessageDelivery ChangeType = "message.delivery"         // see DeliveryNews; no data = an attempt ended
	MessageFile     ChangeType = "message.file"             // {attachment_id, state}: what became of a file that the channel named
	Assigned        ChangeType = "conversation.assigned"    // {assignee_id, assignee_name, by, team_id?, from_id?, reason?, text?}: reason and text when it was taken over
	Queued          ChangeType = "conversation.queued"      // {reason, team_id?, from_id?, handoff?, rule?}: see ruleData
	Offered         ChangeType = "conversation.offered"     // {member_id, member_name, until}
	OfferEnded      ChangeType = "conversation.offer_ended" // {member_id, reason, text?}
	Abandoned       ChangeType = "conversation.abandoned"   // {queue_id?, team_id?, since}: the customer left while they waited; since: when they began to
	BotEngaged      ChangeType = "conversation.bot"         // {bot_id, bot_name}: a bot answers from now on
	ResolvedChange  ChangeType = "conversation.resolved"    // {reason?}: why, when nobody had answered: see ResolvedLeft
	Reopened        ChangeType = "conversation.reopened"    // {by, from_id?}
	SnoozedChange   ChangeType = "conversation.snoozed"     // {until}
	Unsnoozed       ChangeType = "conversation.unsnoozed"
	Identified      ChangeType = "conversation.identified"      // the customer proved who they are
	OfflineChange   ChangeType = "conversation.offline"         // {email, phone}: came by the form for when nobody is there
	CustomerEvent   ChangeType = "conversation.event"           // see Happened
	RatingRequested ChangeType = "rating.requested"             // {rating_id, via, member_id}
	RatingGiven     ChangeType = "rating.given"                 // {rating_id, via, score, comment?}
	ReadByContact   ChangeType = "conversation.read_by_contact" // {seq}

	ScheduledCreated   ChangeType = "scheduled.created" // these five: see scheduledData
	ScheduledChanged   ChangeType = "scheduled.changed"
	ScheduledCancelled ChangeType = "scheduled.cancelled"
	ScheduledSent      ChangeType = "scheduled.sent"
	ScheduledFailed    ChangeType = "scheduled.failed"

	FindingRaised    ChangeType = "finding.created"   // see findingData
	FindingDismissed ChangeType = "finding.dismissed" // {finding_id}

	Labeled             ChangeType = "conversation.labeled"      // {label_ids, added, removed}
	AttributesChanged   ChangeType = "conversation.attributes"   // {set}; null = taken away
	PriorityChanged     ChangeType = "conversation.priority"     // {priority}
	ParticipantsChanged ChangeType = "conversation.participants" // {member_ids, added, removed, as?}: see AsJoin
	TeamChanged         ChangeType = "conversation.team"         // {team_id, from_team_id, queue_id?, from_queue_id?}; with the queues when it enters or leaves one
	Merged              ChangeType = "conversation.merged"       // {into, number}
	Absorbed            ChangeType = "conversation.absorbed"     // {from_id, number, inbox_id, contact_id, contact_name, messages}
	Unmerged            ChangeType = "conversation.unmerged"     // {by, number, into, state, snoozed_until?, waiting_since?} or {by, number, from_id}
)

// public reports whether the customer may know of a change.
func (t ChangeType) public() bool {
	switch t {
	case MessageCreated, MessageEdited, MessageRecalled, Assigned, ResolvedChange, Reopened, RatingRequested, RatingGiven:
		return true
	case Created, NoteCreated, MessageDelivery, MessageFile, Queued, SnoozedChange, Unsnoozed, Identified, OfflineChange, CustomerEvent, ReadByContact,
		ScheduledCreated, ScheduledChanged, ScheduledCancelled, ScheduledSent, ScheduledFailed:
		return false
	case Labeled, AttributesChanged, PriorityChanged, ParticipantsChanged, TeamChanged, Merged, Absorbed, Unmerged,
		BotEngaged, FindingRaised, FindingDismissed, Offered, OfferEnded, Abandoned:
		return false
	default:
		return false
	}
}

// Why a conversation entered the queue: the data of Queued.
const (
	QueuedNew       = "new"
	QueuedReopened  = "reopened"
	QueuedReleased  = "released"   // a person put it back
	QueuedAgentLost = "agent_lost" // its agent disappeared
	QueuedHandoff   = "handoff"    // its bot gave it to people: handoff says why
)

// Limits, in characters (Unicode code points).
const (
	MaxText       = 10_000
	MaxHTML       = 2 << 20 // bytes of a message's HTML that are kept
	PreviewLength = 140
)
