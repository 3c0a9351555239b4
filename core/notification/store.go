package notification

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// Store keeps notifications and how far the feed of each workspace was looked
// at. A method is one transaction, on disk when it returns nil; what is absent
// or of another workspace is errs.Absent.
type Store interface {
	// Cursor returns the feed number up to which events were looked at; 0 = none
	// were. For workspaces older than notifications it began at their head.
	Cursor(ctx context.Context, w identity.WorkspaceID) (uint64, error)
	// Mark says who was erased since a time.
	Mark(ctx context.Context, w identity.WorkspaceID, since time.Time) (event.Mark, error)
	// Record stores notifications and moves the cursor up to a feed number; 0
	// leaves it. Left out are those whose Feed the cursor had reached, and those
	// whose source the member was told of. One that collapses replaces what it
	// collapses with. It returns those that were stored, in order; the events of
	// tell about them, unless it is nil, are stored with them. If somebody was
	// erased since one was made it stores nothing: event.ErrErased.
	Record(ctx context.Context, w identity.WorkspaceID, upTo uint64, list []Notification, tell Teller) ([]Notification, error)
	// Retell puts another text in the place of what notifications say of the message
	// with a seq.
	Retell(ctx context.Context, w identity.WorkspaceID, of conversation.ID, seq uint64, text string) error
	// Named returns the notifications with some ids, of whichever member, by id;
	// what is no more is left out.
	Named(ctx context.Context, w identity.WorkspaceID, ids []ID) (map[ID]Notification, error)
	// Sweep removes what is older than before, and of each member all but the
	// newest keep. It returns how many.
	Sweep(ctx context.Context, w identity.WorkspaceID, before time.Time, keep int) (int, error)
}

// Inbox is one member's notifications. Methods on the id of another member, or
// an unknown one, find nothing. What is about a conversation or a ticket that
// the member does not reach (any more) is not shown and not counted.
type Inbox interface {
	// List returns the notifications of the member whose sight it is, the newest first.
	List(ctx context.Context, w identity.WorkspaceID, of Sight, unread bool, p page.Request) (page.Page[Notification], error)
	// Unread counts.
	Unread(ctx context.Context, w identity.WorkspaceID, of Sight) (int, error)
	// MarkRead marks notifications read; nil = all. Those that were read stay
	// as they are, and ids of somebody else's are passed over.
	MarkRead(ctx context.Context, w identity.WorkspaceID, m identity.MemberID, ids []ID, at time.Time, events ...event.Event) error
	// Preferences returns what the member chose; nil = nothing yet.
	Preferences(ctx context.Context, w identity.WorkspaceID, m identity.MemberID) (*Preferences, error)
	// SavePreferences stores what the member chose; errs.Absent when there is
	// no such member.
	SavePreferences(ctx context.Context, w identity.WorkspaceID, m identity.MemberID, p Preferences) error
}

// Sight is what a member sees.
type Sight struct {
	Member        identity.MemberID
	Conversations identity.Reach
	Tickets       identity.Reach
}
