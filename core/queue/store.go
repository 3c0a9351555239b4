package queue

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/team"
)

// Store keeps queues.
//
// What every implementation guarantees (queuetest.Run checks it), of Skills too:
// a method is one transaction, on disk when it returns nil; the events passed in
// commit with it, or not at all; what is absent, deleted, or of another workspace
// is errs.Absent.
type Store interface {
	// Queue returns a queue.
	Queue(ctx context.Context, w identity.WorkspaceID, id ID) (Queue, error)
	// Queues lists the queues of a workspace by id, the oldest first.
	Queues(ctx context.Context, w identity.WorkspaceID, request page.Request) (page.Page[Queue], error)
	// Create stores a new queue, as revision 1. Errors: NameTaken, TooMany,
	// Unknown (a team, inbox, skill or queue), InboxTaken, Circle; of several at
	// once for one inbox one succeeds.
	Create(ctx context.Context, q Queue, events ...event.Event) error
	// Change loads a queue, lets change work on it and saves it as the next
	// revision. change runs inside the transaction, must be pure and may run more
	// than once; its error is returned as it is. Errors: those of Create but
	// TooMany.
	Change(ctx context.Context, w identity.WorkspaceID, id ID, change func(*Queue) error, events ...event.Event) (Queue, error)
	// Delete takes a queue away, with its inboxes. It stays in Graveyard until
	// Purge. Errors: InUse, when others overflow into it.
	Delete(ctx context.Context, w identity.WorkspaceID, id ID, at time.Time, events ...event.Event) error
}

// Skills keeps skills, and who has them.
type Skills interface {
	// Skill returns a skill.
	Skill(ctx context.Context, w identity.WorkspaceID, id SkillID) (Skill, error)
	// Skills lists the skills of a workspace by id, the oldest first.
	Skills(ctx context.Context, w identity.WorkspaceID, request page.Request) (page.Page[Skill], error)
	// CreateSkill stores a new skill that nobody has. Errors: NameTaken,
	// TooManySkills.
	CreateSkill(ctx context.Context, s Skill, events ...event.Event) error
	// RenameSkill gives a skill another name. Errors: NameTaken.
	RenameSkill(ctx context.Context, w identity.WorkspaceID, id SkillID, name string, events ...event.Event) (Skill, error)
	// DeleteSkill takes a skill away, from its members too. Errors: InUse.
	DeleteSkill(ctx context.Context, w identity.WorkspaceID, id SkillID, events ...event.Event) error
	// SetAbilities makes these the skills of a member. Errors: Unknown (a skill);
	// an unknown member is errs.Absent.
	SetAbilities(ctx context.Context, w identity.WorkspaceID, member identity.MemberID, has []Need, events ...event.Event) error
	// Abilities returns the skills of a member, by skill.
	Abilities(ctx context.Context, w identity.WorkspaceID, member identity.MemberID) ([]Need, error)
}

// Directory answers what waits where, for the parts of the core that only ask.
type Directory interface {
	// Queue is Store's.
	Queue(ctx context.Context, w identity.WorkspaceID, id ID) (Queue, error)
	// QueueOfInbox returns the queue that takes an inbox's new conversations and
	// its team; "" = none.
	QueueOfInbox(ctx context.Context, w identity.WorkspaceID, inbox string) (ID, team.ID, error)
	Graveyard
}

// Graveyard is the queues that were deleted and that something may still refer
// to.
type Graveyard interface {
	// Deleted lists deleted queues of every workspace, at most limit, in any order.
	Deleted(ctx context.Context, limit int) ([]Gone, error)
	// Purge forgets a deleted queue. One that is not deleted, or unknown, stays as
	// it is; that is no error.
	Purge(ctx context.Context, w identity.WorkspaceID, id ID) error
}

// People says who is there to serve.
type People interface {
	// Staff lists who may be given work: members who are not suspended and of a
	// role that answers customers, with their teams and skills, by id.
	Staff(ctx context.Context, w identity.WorkspaceID) ([]Colleague, error)
}

// Colleague is somebody who may be given work.
type Colleague struct {
	Member identity.MemberID
	Teams  []team.ID
	Skills []Need
}
