package ticket

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/filter"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/team"
)

// Store runs the transactions that change tickets and their types.
type Store interface {
	// Within runs fn in one transaction of a workspace. When it returns nil,
	// all that fn saved is committed with fsync; when fn fails, none of it is.
	// fn may run again, so it must not keep state from an earlier run.
	Within(ctx context.Context, workspace identity.WorkspaceID, fn func(ctx context.Context, tx Tx) error) error
}

// Tx is one transaction. What it loads is locked until the transaction ends.
type Tx interface {
	// Ticket loads one for change; errs.Absent when there is none.
	Ticket(ctx context.Context, id ID) (*Ticket, error)
	// Sent finds what an author (an Actor.ID) wrote under a client id; nil when nothing.
	Sent(ctx context.Context, id ID, author, clientID string) (*Change, error)
	// Absorbs reports whether another ticket is merged into this one.
	Absorbs(ctx context.Context, id ID) (bool, error)
	// Save writes what t.Unsaved holds: the row, changes, comments, links and
	// outbox entries. A new ticket gets the workspace's next number. A
	// conversation, contact, team, label or member that is not (any more) of the
	// workspace is errs.Absent.
	Save(ctx context.Context, t *Ticket) error
	SourceTx
	TypeTx
	// Media are the files of the same transaction.
	Media() media.Tx
}

// SourceTx is the side of a transaction that knows tickets that were made by
// themselves.
type SourceTx interface {
	// BySource returns the ticket that was made of a message; nil when there is none.
	BySource(ctx context.Context, message conversation.MessageID) (*Ticket, error)
	// OpenOf returns the last ticket of a conversation that was made by itself, and
	// is neither done nor merged; nil when there is none.
	OpenOf(ctx context.Context, of conversation.ID) (*Ticket, error)
}

// TypeTx is the side of a transaction that keeps types.
type TypeTx interface {
	// Types returns all types, archived ones too, by creation. A workspace has
	// one, at least.
	Types(ctx context.Context) ([]Type, error)
	// SaveType keeps a type in place of its older version, with an event.
	SaveType(ctx context.Context, t Type, e event.Event) error
	// DeleteType removes a type that no ticket is of, and reports whether it did.
	DeleteType(ctx context.Context, id TypeID, e event.Event) (bool, error)
}

// Reader answers questions. It never waits for writers.
type Reader interface {
	// Get returns one ticket, or errs.Absent.
	Get(ctx context.Context, workspace identity.WorkspaceID, id ID) (Ticket, error)
	// OfLink returns a ticket by its id alone, which is globally unique, or
	// errs.Absent: for links that carry nothing else.
	OfLink(ctx context.Context, id ID) (Ticket, error)
	// Timeline returns changes of a ticket in order of seq.
	Timeline(ctx context.Context, workspace identity.WorkspaceID, id ID, r conversation.Range) ([]Change, error)
	// Types is TypeTx's, committed.
	Types(ctx context.Context, workspace identity.WorkspaceID) ([]Type, error)
	// HydrateTickets returns the changes that the given events describe, by
	// event id, and the tickets they belong to, as they are now.
	HydrateTickets(ctx context.Context, workspace identity.WorkspaceID, events []event.Event) (map[string]Change, map[ID]Ticket, error)
	Finder
	Sweeper
}

// Finder answers questions about many tickets. Merged ones are in no list.
type Finder interface {
	// Find returns a page of what the query selects, in its order.
	Find(ctx context.Context, workspace identity.WorkspaceID, q Query, p page.Request) (page.Page[Ticket], error)
	// Counts counts what the query selects by status, each up to most, and what
	// of it is overdue at a time.
	Counts(ctx context.Context, workspace identity.WorkspaceID, q Query, now time.Time, most int) (Counts, error)
}

// Query asks for tickets.
type Query struct {
	Where filter.Plan
	Sort  Sort
	Text  string // a part of the title, or a number; "" = any
	// Of a conversation or a contact alone; "" = of any.
	Conversation conversation.ID
	Contact      contact.ID
	Reach        identity.Reach // the zero one covers nothing
}

// Sort is an order of tickets.
type Sort string

// The orders.
const (
	ByUpdate   Sort = "updated"  // the last changed first
	ByCreation Sort = "created"  // the newest first
	ByDue      Sort = "due"      // the soonest due first, then those without
	ByPriority Sort = "priority" // the most urgent first, then the last changed
)

// Counts is how many tickets there are.
type Counts struct {
	ByStatus map[Status]int
	Overdue  int // past their due date and not done
}

// Sweeper finds what time has done, in all workspaces.
type Sweeper interface {
	// Overdue lists tickets whose due date has passed unrecorded.
	Overdue(ctx context.Context, now time.Time, limit int) ([]Ref, error)
	// SolvedLong lists solved tickets that their workspace closes by now.
	SolvedLong(ctx context.Context, now time.Time, limit int) ([]Ref, error)
	// Referring lists tickets that carry a label or are of a team, merged ones too.
	Referring(ctx context.Context, workspace identity.WorkspaceID, to conversation.Reference, limit int) ([]ID, error)
}

// Ref names a ticket over all workspaces, with how long that one keeps solved
// tickets.
type Ref struct {
	Workspace  identity.WorkspaceID
	ID         ID
	CloseAfter time.Duration // of SolvedLong
}

// Members tells the service of colleagues.
type Members interface {
	// Member returns a member who may take work, or an error that says why not.
	Member(ctx context.Context, scope identity.Scope, id identity.MemberID) (identity.Member, error)
}

// Teams tells the service of teams.
type Teams interface {
	// Team returns a team, or errs.Absent.
	Team(ctx context.Context, w identity.WorkspaceID, id team.ID) (team.Team, error)
	// TeamsOf returns a member's teams.
	TeamsOf(ctx context.Context, w identity.WorkspaceID, member identity.MemberID) ([]team.ID, error)
}

// Labels tells the service of labels.
type Labels interface {
	Labels(ctx context.Context, w identity.WorkspaceID) ([]catalog.Label, error)
}

// Contacts tells the service of customers.
type Contacts interface {
	contact.Circle
	// Get returns a contact, or errs.Absent.
	Get(ctx context.Context, workspace identity.WorkspaceID, id contact.ID) (contact.Contact, []contact.Identity, error)
}

// Conversations are the use cases of conversations that tickets need;
// *conversation.Service has them.
type Conversations interface {
	Get(ctx context.Context, scope identity.Scope, id conversation.ID) (conversation.Conversation, error)
	Post(ctx context.Context, scope identity.Scope, p conversation.Post) (conversation.Posted, error)
	Transcript(ctx context.Context, scope identity.Scope, id conversation.ID, notes bool) (conversation.Transcript, error)
}

// Houses knows what the company is called.
type Houses interface {
	// NameOf returns a workspace's name.
	NameOf(ctx context.Context, workspace identity.WorkspaceID) (string, error)
}

// Tongues knows in which language a customer is to be addressed.
type Tongues interface {
	// Tongues returns languages (BCP 47), the best first: the customer's own, if
	// a channel told it, and the workspace's.
	Tongues(ctx context.Context, workspace identity.WorkspaceID, customer contact.ID) ([]string, error)
}
