package alert

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Store keeps rules and the alerts that stand.
//
// What every implementation guarantees (alerttest.Run checks it): a method is
// one transaction, on disk when it returns nil; the events passed in commit with
// it, or not at all; workspaces know nothing of one another. Times come back to
// the millisecond, in UTC.
type Store interface {
	// Rules returns what a workspace chose; revision 0 = it never did.
	Rules(ctx context.Context, w identity.WorkspaceID) (rules Rules, revision uint64, err error)
	// SaveRules stores rules as the revision after the last; Stale if that is not
	// the one given.
	SaveRules(ctx context.Context, w identity.WorkspaceID, rules Rules, revision uint64, events ...event.Event) error
	// Standing lists the alerts that stand, the oldest first.
	Standing(ctx context.Context, w identity.WorkspaceID) ([]Alert, error)
	// Raise stores alerts, but for those whose key stands already.
	Raise(ctx context.Context, w identity.WorkspaceID, list []Alert) error
	// Clear removes alerts; those that are not there are passed over.
	Clear(ctx context.Context, w identity.WorkspaceID, ids []ID) error
	// Acknowledge notes who takes care of an alert, unless somebody does already,
	// and returns it; errs.Absent when it does not stand.
	Acknowledge(ctx context.Context, w identity.WorkspaceID, id ID, by identity.Actor, at time.Time) (Alert, error)
}
