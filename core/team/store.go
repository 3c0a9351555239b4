package team

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// Store keeps teams.
//
// What every implementation guarantees (teamtest.Run checks it): a method is
// one transaction, on disk when it returns nil; the events passed in commit
// with it, or not at all; what is absent, deleted, or of another workspace is
// errs.Absent; Members and Inboxes come back sorted and without repetition.
type Store interface {
	// Team returns a team.
	Team(ctx context.Context, w identity.WorkspaceID, id ID) (Team, error)
	// Teams lists the teams of a workspace by id, the oldest first.
	Teams(ctx context.Context, w identity.WorkspaceID, request page.Request) (page.Page[Team], error)
	// Create stores a new team. Errors: NameTaken, TooMany, UnknownMember,
	// UnknownInbox, InboxTaken; of several at once for one inbox one succeeds.
	Create(ctx context.Context, t Team, events ...event.Event) error
	// Change loads a team, lets change work on it and saves it. change runs
	// inside the transaction, must be pure and may run more than once; its
	// error is returned as it is. Errors: those of Create but TooMany.
	Change(ctx context.Context, w identity.WorkspaceID, id ID, change func(*Team) error, events ...event.Event) (Team, error)
	// Delete takes a team away, with its membership and its inboxes. It stays
	// in Graveyard until Purge. Errors: InUse.
	Delete(ctx context.Context, w identity.WorkspaceID, id ID, at time.Time, events ...event.Event) error
}

// Directory answers who belongs where. It is Store's, for the parts of the core
// that only ask. What is unknown belongs nowhere; that is no error.
type Directory interface {
	// TeamOfInbox returns the team whose queue takes an inbox's new
	// conversations; "" = none.
	TeamOfInbox(ctx context.Context, w identity.WorkspaceID, inbox string) (ID, error)
	// TeamsOf returns the teams of a member, by id.
	TeamsOf(ctx context.Context, w identity.WorkspaceID, member identity.MemberID) ([]ID, error)
	// MembersOf returns the members of a team, by id.
	MembersOf(ctx context.Context, w identity.WorkspaceID, id ID) ([]identity.MemberID, error)
	identity.Places
}

// Graveyard is the teams that were deleted and that something may still refer
// to. Conversations that wait for one are moved first, then it is purged: a
// crash between the two loses nothing.
type Graveyard interface {
	// Deleted lists deleted teams of every workspace, at most limit, in any order.
	Deleted(ctx context.Context, limit int) ([]Gone, error)
	// Purge forgets a deleted team. One that is not deleted, or unknown, stays
	// as it is; that is no error.
	Purge(ctx context.Context, w identity.WorkspaceID, id ID) error
}
