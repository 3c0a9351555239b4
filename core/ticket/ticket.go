// Package ticket is work that outlives a conversation: something that a
// customer wants, that people hand over, and that ends. A ticket has a number
// that can be said on the phone, a type with custom fields, and a history
// without a gap.
//
// A Ticket is an aggregate: its methods decide and record what changed, and a
// store saves the row, the changes, their comments and links, and their outbox
// entries in one transaction. Nothing outside this package assigns a sequence
// number. Customers follow their ticket by a signed link; what they may know
// has a sequence of its own (public_seq), so that internal comments can neither
// be seen nor inferred.
package ticket

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/team"
)

type (
	// ID names a ticket: tkt_.
	ID string
	// ChangeID names a change: chg_. It is the id of its event in the outbox, too.
	ChangeID string
	// CommentID names a comment: tcm_.
	CommentID string
	// LinkID names a link between two tickets: tlk_. Both ends carry it.
	LinkID string
)

// Status is where a ticket stands.
type Status string

// The statuses.
const (
	New     Status = "new"     // nobody has answered or taken it
	Open    Status = "open"    // somebody works on it
	Pending Status = "pending" // waits for the customer
	Solved  Status = "solved"  // done, unless the customer writes again
	Closed  Status = "closed"  // done for good; what comes after is a follow-up
)

// Statuses lists them in the order of a board.
func Statuses() []Status { return []Status{New, Open, Pending, Solved, Closed} }

// Done reports whether the work is over.
func (s Status) Done() bool { return s == Solved || s == Closed }

// Priority is how urgent a ticket is.
type Priority string

// The priorities.
const (
	Low    Priority = "low"
	Normal Priority = "normal"
	High   Priority = "high"
	Urgent Priority = "urgent"
)

// Priorities lists what Priority may be, the least urgent first. A store may
// keep the index.
func Priorities() []Priority { return []Priority{Low, Normal, High, Urgent} }

// Limits, in characters (Unicode code points) unless said.
const (
	MaxTitle       = 200
	MaxDescription = 10_000
	MaxText        = 10_000 // of a comment
	MaxFollowers   = 50
	MaxLabels      = 50
	MaxLinks       = 50
	MaxMentions    = 50
)

// Ticket is one piece of work.
type Ticket struct {
	Workspace    identity.WorkspaceID
	ID           ID
	Number       uint64 // 1, 2, 3, ... per workspace without a gap; the store gives it to a new ticket
	Type         TypeID
	Title        string
	Description  string
	Status       Status
	Priority     Priority
	Contact      contact.ID             // "" = nobody's
	Conversation conversation.ID        // it came from; "" = none
	Inbox        channel.InboxID        // likewise
	Source       conversation.MessageID // the message that it was made of by itself; "" = somebody made it
	Assignee     identity.MemberID
	Team         team.ID
	Followers    []identity.MemberID // by id; nil = nobody
	DueAt        time.Time           // zero = no due date
	Overdue      time.Time           // the due date whose passing was recorded
	Fields       map[string]any      // by key: string, float64 or bool; nil = none
	Labels       []catalog.LabelID   // by id; nil = none
	MergedInto   ID                  // where it goes on; "" unless merged, and then it is in no list
	Before       *Standing           // how it stood before it was merged; nil unless merged
	CreatedBy    identity.Actor
	CreatedAt    time.Time
	UpdatedAt    time.Time // of the last change
	SolvedAt     time.Time // zero unless solved, or closed after that
	ClosedAt     time.Time
	Rating       *Rating // the last one given
	LinkEpoch    uint64  // links given out under an earlier one are void

	Weight       int       // what it takes of its assignee's capacity; 0 = nothing. The store says it as it saves
	WaitingSince time.Time // when it came to be open, or without an assignee, the last time; likewise

	LastSeq       uint64 // of the last change
	LastPublicSeq uint64 // of the last change that the customer may see
	Comments      int

	// Read-only, joined by the store.
	Links        []Link
	ContactName  string
	Organisation contact.OrganisationID
	AssigneeName string

	pending  []Change
	isNew    bool
	released bool
}

// Label is how people write the number: T-123.
func Label(number uint64) string { return "T-" + strconv.FormatUint(number, 10) }

// Standing is what a merge takes from a ticket and its undoing gives back.
type Standing struct {
	Status   Status
	SolvedAt time.Time
}

// Rating is what the customer thought of the work.
type Rating struct {
	Score   int // 1 (worst) to conversation.MaxScore
	Comment string
	At      time.Time
}

// Comment is what somebody wrote on a ticket.
type Comment struct {
	Workspace   identity.WorkspaceID
	ID          CommentID
	Ticket      ID
	Seq         uint64 // of the change that brought it
	ClientID    string // the writer's own id: the key of idempotency
	Public      bool   // the customer may read it
	Author      identity.Actor
	Text        string
	Attachments []media.Attachment
	Mentions    []Mention // of internal ones alone
	CreatedAt   time.Time
}

// Mention is a colleague whom a comment calls.
type Mention struct {
	Member identity.MemberID
	Name   string // as it was then
}

// LinkKind says how a ticket stands to another one.
type LinkKind string

// The kinds of links.
const (
	Relates      LinkKind = "relates"
	Blocks       LinkKind = "blocks"
	BlockedBy    LinkKind = "blocked_by"
	Duplicates   LinkKind = "duplicates"
	DuplicatedBy LinkKind = "duplicated_by"
	Parent       LinkKind = "parent" // the other one is the parent
	Child        LinkKind = "child"
)

// LinkKinds lists them.
func LinkKinds() []LinkKind {
	return []LinkKind{Relates, Blocks, BlockedBy, Duplicates, DuplicatedBy, Parent, Child}
}

// Mirror is the kind of the same link from the other end.
func (k LinkKind) Mirror() LinkKind {
	switch k {
	case Blocks:
		return BlockedBy
	case BlockedBy:
		return Blocks
	case Duplicates:
		return DuplicatedBy
	case DuplicatedBy:
		return Duplicates
	case Parent:
		return Child
	case Child:
		return Parent
	default:
		return k
	}
}

// Link is a link as one of its ends sees it.
type Link struct {
	ID     LinkID
	Kind   LinkKind
	Ticket ID // the other end
	Number uint64
	Title  string // as it is now
	Status Status // likewise
}

// Change is one entry of a ticket's history, and the unit of resume.
type Change struct {
	Workspace identity.WorkspaceID
	ID        ChangeID
	Ticket    ID
	Seq       uint64 // 1, 2, 3, ... without a gap
	PublicSeq uint64 // likewise for what the customer may see; 0 = hidden
	Type      ChangeType
	At        time.Time
	Actor     identity.Actor
	Comment   *Comment
	Data      json.RawMessage // an object; nil = {}
}

// ChangeType names a change, in the past tense.
type ChangeType string

// The types of changes. Data in braces.
const (
	Created       ChangeType = "ticket.created"   // {number, title, status, assignee_id?, team_id?, conversation_id?}
	Commented     ChangeType = "ticket.commented" // the comment
	StatusChanged ChangeType = "ticket.status"    // {status, from, by}
	Assigned      ChangeType = "ticket.assigned"  // {assignee_id, assignee_name, team_id, from_id, from_team_id; of dispatch also by, queue_id, queue_name, or reason}
	Edited        ChangeType = "ticket.edited"    // {fields: {name: {from, to}}}; of custom fields the name is fields.KEY
	Followed      ChangeType = "ticket.followers" // {member_ids, added, removed}
	Linked        ChangeType = "ticket.linked"    // {id, kind, ticket_id, number, title, status}
	Unlinked      ChangeType = "ticket.unlinked"  // likewise
	Labeled       ChangeType = "ticket.labeled"   // {label_ids, added, removed}
	Merged        ChangeType = "ticket.merged"    // {into, number}
	Absorbed      ChangeType = "ticket.absorbed"  // {from_id, number, title}
	Unmerged      ChangeType = "ticket.unmerged"  // {by, number, into, status, solved_at?} or {by, number, from_id}
	Rated         ChangeType = "ticket.rated"     // {score, comment?}
	WentOverdue   ChangeType = "ticket.overdue"   // {due_at}
)

// ChangeTypes lists them.
func ChangeTypes() []ChangeType {
	return []ChangeType{
		Created, Commented, StatusChanged, Assigned, Edited, Followed, Linked, Unlinked, Labeled,
		Merged, Absorbed, Unmerged, Rated, WentOverdue,
	}
}

// Is reports whether an event of the feed is a change of a ticket.
func Is(eventType string) bool { return slices.Contains(ChangeTypes(), ChangeType(eventType)) }

// public reports whether the customer may know of a change. A comment decides
// for itself.
func (t ChangeType) public() bool {
	switch t {
	case Created, StatusChanged, Merged, Rated:
		return true
	default:
		return false
	}
}

// TypeChanged is the event of a ticket type that was made or changed; its
// subject is the type.
const TypeChanged = "ticket_type.changed"
