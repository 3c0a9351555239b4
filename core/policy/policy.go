// Package policy keeps how a workspace gives out its work: a draft that may be
// changed at will, the plan in force, and every plan that was in force before.
//
// A plan is put in force as a whole, by a revision with a number, an author and
// a note. A revision never changes: to roll back is to publish an older one's
// plan again.
package policy

import (
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// MaxNote bounds the note of a revision, in characters (Unicode code points).
const MaxNote = 500

// Changed is the type of the event that says the draft changed, or another plan
// is in force. Its subject is the workspace; it has no data.
const Changed = "policy.changed"

// State is what a workspace has: the zero State where nothing was ever written.
type State struct {
	Draft     Draft
	Published Revision // the plan in force; Number 0 = none was published: first come, first served
}

// Draft is a plan that is not in force.
type Draft struct {
	Plan     dispatch.Plan
	Revision uint64 // grows with each change; 0 = never written
	By       identity.Actor
	At       time.Time
}

// Revision is a plan that was put in force.
type Revision struct {
	Number   uint64 // from 1, without a gap
	Plan     dispatch.Plan
	Note     string         // why; may be ""
	Restores uint64         // the revision whose plan it is again; 0 = it was the draft
	By       identity.Actor // Kind, ID and Name
	At       time.Time
}

// Stale is the answer to a change made of a draft, or of a published plan, that
// is no longer the last.
func Stale() *errs.Error {
	return errs.New(errs.Conflict, "policy.stale", "Somebody else changed the policy meanwhile. Look at it again.")
}

// Unchanged is the answer to publishing what is in force.
func Unchanged() *errs.Error {
	return errs.New(errs.Conflict, "policy.unchanged", "This is the policy in force already.")
}
