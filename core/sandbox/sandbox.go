// Package sandbox is workspaces to try things out in: they belong to another
// workspace, their parent, hold sample data, and reach nobody outside but the
// webhooks that are made there (ADR 0035).
//
// What a sandbox does not offer its owner is the rule of identity; what its
// channels may be is channel's. This package makes, fills, empties and ends them.
package sandbox

import (
	"context"
	"strconv"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
)

// State is what a sandbox is going through.
type State string

// The states. Filling and Ending are work that goes on after a restart.
const (
	Filling State = "filling" // it is emptied and filled with sample data
	Ready   State = "ready"
	Ending  State = "ending" // it is closed for good and being emptied
	Ended   State = "ended"  // nobody used it; this is told of for a while
)

// Sandbox is a workspace that belongs to another one.
type Sandbox struct {
	Parent identity.WorkspaceID
	ID     identity.WorkspaceID // of the workspace that it is
	Name   string
	Locale string
	Maker  identity.MemberID // of the parent; the sandbox opens to their account alone
	// MakerName is as the parent shows it.
	MakerName string
	Account   identity.AccountID // the maker's
	State     State
	Idle      bool // it ended because nobody used it
	CreatedAt time.Time
	FilledAt  time.Time // zero = not yet
	UsedAt    time.Time // when somebody entered it, to the hour
	EndedAt   time.Time // zero = it has not
	DueAt     time.Time // when its work is to be taken up (again); zero = there is none
}

// There reports whether it is there to be used, or will be in a moment.
func (s Sandbox) There() bool { return s.State == Ready || s.State == Filling }

func (s Sandbox) target() event.Party {
	return event.Party{Kind: "sandbox", ID: string(s.ID), Name: s.Name}
}

// Limits bound how many there are and how long they wait for somebody.
type Limits struct {
	PerMember    int
	PerWorkspace int
	Idle         time.Duration // 0 = they wait for ever
}

// Store keeps sandboxes. A method is one transaction with the events handed to
// it, unless it says otherwise.
type Store interface {
	// Create stores a sandbox with its workspace and owner, and forgets those of
	// its maker that are Ended. TooManyOfYours, TooMany.
	Create(ctx context.Context, s Sandbox, w identity.Workspace, owner identity.Member, l Limits, events ...event.Event) error
	// Sandbox returns one of the parent's, or errs.Absent; so are those that are
	// Ending.
	Sandbox(ctx context.Context, parent, id identity.WorkspaceID) (Sandbox, error)
	// Sandboxes lists the parent's by id; those that are Ending are left out.
	Sandboxes(ctx context.Context, parent identity.WorkspaceID) ([]Sandbox, error)
	// Turn moves a sandbox to s.State, with Idle, FilledAt, EndedAt and DueAt.
	// errs.Absent when it is not in the state from ("": one that is listed).
	// When it begins to end, its workspace ends in the same transaction: it is
	// absent from then on, and so are its API keys, webhooks and inboxes.
	Turn(ctx context.Context, from State, s Sandbox, events ...event.Event) error
	Ledger
	Broom
}

// Ledger is the part of Store that tells what is to be done.
type Ledger interface {
	// Due lists those whose work is due.
	Due(ctx context.Context, now time.Time) ([]Sandbox, error)
	// Claim puts the work of a sandbox off until a time, and reports whether
	// nobody else had done so since it was read.
	Claim(ctx context.Context, s Sandbox, until time.Time) (bool, error)
	// Unused lists those that are Ready and were last used, made or filled before a
	// time.
	Unused(ctx context.Context, before time.Time) ([]Sandbox, error)
	// Forget deletes what is told of sandboxes that ended before a time.
	Forget(ctx context.Context, before time.Time) error
}

// Broom is the part of Store that empties workspaces.
type Broom interface {
	// Exports lists the exports of a workspace that may have files.
	Exports(ctx context.Context, w identity.WorkspaceID) ([]string, error)
	// Empty deletes at most so many rows of a workspace and returns how many; 0:
	// nothing is left. Its files are put on the list of those to remove. With
	// keep, what a reset keeps stays.
	Empty(ctx context.Context, w identity.WorkspaceID, keep bool, limit int) (int, error)
	// Renumber makes conversations and tickets count from 1 again.
	Renumber(ctx context.Context, w identity.WorkspaceID) error
	// Silence empties the audit logs of workspaces that ended before a time, some
	// rows at a time.
	Silence(ctx context.Context, before time.Time) error
}

// TooManyOfYours is the answer to who has as many sandboxes as they may.
func TooManyOfYours(limit int) *errs.Error {
	return errs.New(errs.Conflict, "sandbox.yours_exists",
		"You have a sandbox here already; the limit of this server for one person is "+strconv.Itoa(limit)+". Reset or delete it.")
}

// TooMany is the answer when a workspace has as many sandboxes as it may.
func TooMany(limit int) *errs.Error {
	return errs.New(errs.Conflict, "sandbox.too_many",
		"This workspace has as many sandboxes as it can have: "+strconv.Itoa(limit)+". Delete one that nobody needs.")
}

// Busy is the answer to a reset of a sandbox that is being filled.
func Busy() *errs.Error {
	return errs.New(errs.Conflict, "sandbox.filling", "The sandbox is being filled. Try again when it is ready.")
}

// Over is the answer to a reset of a sandbox that has ended.
func Over() *errs.Error {
	return errs.New(errs.Conflict, "sandbox.ended", "The sandbox has ended because nobody used it. Make a new one.")
}
