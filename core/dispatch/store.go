package dispatch

import (
	"context"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Index is what Store reads.
type Index interface {
	// Workspaces returns every workspace.
	Workspaces(ctx context.Context) ([]identity.WorkspaceID, error)

	// Waiting returns every item of the workspace that waits in the queue
	// (open, responder = queue, no owner), in any order, each with its original
	// arrival time. It is one consistent read.
	Waiting(ctx context.Context, workspace identity.WorkspaceID) ([]Item, error)

	// Agents returns every member of the workspace who may be given work: not
	// suspended, and of a role that answers customers, whether present or not.
	Agents(ctx context.Context, workspace identity.WorkspaceID) ([]AgentRow, error)

	// Loads is Agents for the members named only. A member who may not be given
	// work (any more), or is not of this workspace, is left out.
	Loads(ctx context.Context, workspace identity.WorkspaceID, members []identity.MemberID) ([]AgentRow, error)
}

// Claimer is the side of a Store that gives items to members.
type Claimer interface {
	// Claim gives an item to a member: two conditional updates in one
	// transaction, and nothing at all unless both apply.
	//
	//	item:  becomes the member's, WHERE it waits in the queue without an owner
	//	       AND is of the class of the claim
	//	agent: used = used + weight, has = has + 1 of the channel, idle_since = at,
	//	       WHERE used + weight <= capacity AND has < limit of the channel
	//	       AND has no exclusive item AND, for an exclusive item, has nothing
	//	       AND the member may be given work AND, unless a person claims,
	//	       the member meets the class or a rung, and their wrap-up is over
	//
	// With OfferFor the item is offered to the member until at + OfferFor, in whole
	// milliseconds, and weighs on them as if it were theirs; WHERE nothing else is
	// offered to them, so that one rings at a time.
	//
	// Otherwise a Conflict: CodeItemTaken when the item does not wait (any more,
	// or is unknown), CodeAgentFull when the agent cannot take it. The change
	// and the event of the assignment commit with it, under the actor By, and
	// the wake-up is published after the commit, as for every other write.
	//
	// This is the only way by which work reaches an agent within capacity: of
	// any number of claims for one item at most one succeeds, and used never
	// passes capacity through it. Repeating a claim that had succeeded returns
	// CodeItemTaken.
	Claim(ctx context.Context, claim Claim) error

	// Claims makes claims of one workspace in one transaction, each after those
	// before it, and returns what Claim would have of each. With an error it is
	// unknown whether any counts.
	Claims(ctx context.Context, workspace identity.WorkspaceID, claims []Claim) ([]error, error)
}

// Store is dispatch's port to the database. Times come back to the
// millisecond, in UTC. Any error without the kind Conflict or NotFound means
// that the outcome is unknown: the caller backs off and asks again.
//
// The suite in dispatchtest says the same as a program.
type Store interface {
	Index
	Claimer
	OfferStore
	Terms

	// Release takes back the member's open work in which the customer awaits an
	// answer, and what is offered to them: each item waits in the queue again, without an owner, with its
	// original arrival time, and used falls by its weight, all in one
	// transaction with the changes and events (which name the reason). It
	// returns the items; none is no error, so Release may be repeated. Work that
	// sleeps, is done, or awaits the customer stays with the member.
	Release(ctx context.Context, workspace identity.WorkspaceID, member identity.MemberID, reason Reason) ([]Item, error)

	// SaveAgent records what dispatch knows of a member and would miss after a
	// restart. It is called when a member comes, goes or chooses, never for a
	// heartbeat. Capacity and load are not its concern. An unknown member is
	// errs.Absent.
	SaveAgent(ctx context.Context, workspace identity.WorkspaceID, agent AgentState) error

	// EndWrapUp ends a member's wrap-up. None is no error; an unknown member is
	// errs.Absent.
	EndWrapUp(ctx context.Context, workspace identity.WorkspaceID, member identity.MemberID) error
}

// Plans says by what plan each workspace gives out its work.
type Plans interface {
	// Plan returns the plan in force, which Check accepts; the zero Plan where
	// none was published. Its errors are as Store's.
	Plan(ctx context.Context, workspace identity.WorkspaceID) (Plan, error)
}

// AgentRow is a member as stored.
type AgentRow struct {
	AgentState
	Profile   Profile    // see AbilitiesOf
	Capacity  int        // weight of open work that dispatch may give at once
	Used      int        // weight of the member's open, assigned work, given by whomever; may exceed Capacity by a manual override
	Aside     int        // of Used, by tickets
	Limits    PerChannel // items of each channel that dispatch may give at once; 0 = as the budget allows, Never = none
	Has       PerChannel // items of each channel that the member has now, counted as Used is
	Exclusive bool       // the member has an exclusive item
	Ringing   bool       // something is offered to the member
	Missed    int        // offers in a row that the member did not answer; see OfferStore
	// WrapUpUntil is when the member's wrap-up ends. It begins with the commit
	// in which the member finishes work of theirs, and lasts as long as the
	// workspace says; one that is over may be told or left out. Zero = none.
	WrapUpUntil time.Time
}

// AgentState is what dispatch itself records of a member. A member never
// saved is Available, not online, idle since the zero time.
type AgentState struct {
	Member    identity.MemberID
	Status    Status    // as chosen: Available or Away; "" to SaveAgent = as it is stored, and so is Reason
	Online    bool      // held a lease when saved
	IdleSince time.Time // when last given work or became available, whichever is later; zero = never
	Reason    string    // why away, as chosen
	Since     time.Time // when the effective status, or its reason, began; zero = never here
}

// Claim is one attempt to give an item to a member.
type Claim struct {
	Workspace identity.WorkspaceID
	Item      Key
	Class     Class   // as the item was chosen by; another one by now = ErrItemTaken
	Rungs     []Class // what of the item's ladder is reached: whoever meets one of these may have it too
	Channel   Channel
	Weight    int  // at least 1
	Exclusive bool // the member must have nothing else, and is given nothing else while the item is theirs
	Member    identity.MemberID
	By        identity.Actor // the system when dispatch decides, a member who takes from the queue
	At        time.Time
	OfferFor  time.Duration // how long the item is offered to the member, who may accept or refuse; 0 = it is theirs at once
}

// May reports whether a member of a profile may be given the item: whether they
// meet its class, or a rung that it reached.
func (c Claim) May(p Profile) bool {
	may := func(class Class) bool { return BySkill{}.May(p, class) }
	return may(c.Class) || slices.ContainsFunc(c.Rungs, may)
}

// Codes of a refused claim.
const (
	CodeItemTaken = "dispatch.item_taken"
	CodeAgentFull = "dispatch.agent_full"
)

// ErrItemTaken is the answer to a claim of an item that does not wait.
func ErrItemTaken() *errs.Error {
	return errs.New(errs.Conflict, CodeItemTaken, "It does not wait in the queue any more. Somebody else may have it.")
}

// ErrAgentFull is the answer to a claim for a member who cannot take the item.
func ErrAgentFull() *errs.Error {
	return errs.New(errs.Conflict, CodeAgentFull, "This member cannot take more work now.")
}
