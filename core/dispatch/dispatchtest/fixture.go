// Package dispatchtest is the conformance suite of dispatch.Store and an
// in-memory implementation that passes it.
//
// An implementation's test is a few lines: make a Fixture on the real tables,
// with the real use cases of whatever the work items are, and call Run.
package dispatchtest

import (
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Fixture is a Store, and hands to arrange what the suite needs. Every
// function fails the test when it cannot do its work. They are called
// concurrently by some cases.
type Fixture struct {
	Store dispatch.Store

	// NewWorkspace makes a workspace without members.
	NewWorkspace func(t testing.TB) identity.WorkspaceID
	// NewMember makes a member with the role agent, not suspended, and the
	// given capacity (1 to identity.MaxCapacity).
	NewMember func(t testing.TB, ws identity.WorkspaceID, capacity int) identity.MemberID
	// NewItem makes an open work item of weight 1 that waits in the queue since
	// the given time, because a customer awaits an answer.
	NewItem func(t testing.TB, ws identity.WorkspaceID, since time.Time) dispatch.Item
	// Do changes an item by a use case of its noun.
	Do func(t testing.TB, ws identity.WorkspaceID, item dispatch.Key, act Act, member identity.MemberID)
	// SetCapacity changes a member's capacity.
	SetCapacity func(t testing.TB, ws identity.WorkspaceID, member identity.MemberID, capacity int)
	// SetWrapUp changes how long members rest after work that they finished, in
	// whole seconds.
	SetWrapUp func(t testing.TB, ws identity.WorkspaceID, d time.Duration)
	// Suspend suspends a member, as an administrator would.
	Suspend func(t testing.TB, ws identity.WorkspaceID, member identity.MemberID)
	// Retire gives a member a role that answers no customers.
	Retire func(t testing.TB, ws identity.WorkspaceID, member identity.MemberID)
	// NewGroup makes a group with these members, and returns the class of items
	// that wait for it.
	NewGroup func(t testing.TB, ws identity.WorkspaceID, members ...identity.MemberID) dispatch.Class
	// Route makes an item one of a class; "" = for anybody.
	Route func(t testing.TB, ws identity.WorkspaceID, item dispatch.Key, class dispatch.Class)
	// SetOffering changes how the workspace gives out work, in whole seconds.
	SetOffering func(t testing.TB, ws identity.WorkspaceID, o dispatch.Offering)
	// Accept has a member take what is offered to them; a conflict unless it is.
	// To take what they have already is no error.
	Accept func(t testing.TB, ws identity.WorkspaceID, item dispatch.Key, member identity.MemberID) error
	// Reject has a member send back what is offered to them; a conflict unless it is.
	Reject func(t testing.TB, ws identity.WorkspaceID, item dispatch.Key, member identity.MemberID) error
	// Owner returns who has the item; "" = nobody.
	Owner func(t testing.TB, ws identity.WorkspaceID, item dispatch.Key) identity.MemberID
}

// Act is something a person does with a work item.
type Act string

// The acts.
const (
	Answer  Act = "answer"  // its owner answers the customer: nobody awaits an answer
	Ask     Act = "ask"     // the customer writes again, now, by the clock of the implementation: an answer is awaited
	Resolve Act = "resolve" // done
	Snooze  Act = "snooze"  // sleeps for an hour
	Assign  Act = "assign"  // somebody gives it to member by hand, whatever their capacity
	Requeue Act = "requeue" // somebody puts it back into the queue by hand
)
