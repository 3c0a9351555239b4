package policy

import (
	"context"
	"math"
	"reflect"
	"strconv"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// Store keeps drafts and revisions.
//
// What every implementation guarantees (policytest.Run checks it): a method is
// one transaction, on disk when it returns nil; the events passed in commit
// with it, or not at all; workspaces know nothing of one another. Times come
// back to the millisecond, in UTC.
type Store interface {
	dispatch.Plans

	// State returns what the workspace has; the zero State is none.
	State(ctx context.Context, w identity.WorkspaceID) (State, error)
	// Revision returns a plan that was in force; errs.Absent if there is none of
	// the number.
	Revision(ctx context.Context, w identity.WorkspaceID, number uint64) (Revision, error)
	// Revisions lists what was in force, the newest first.
	Revisions(ctx context.Context, w identity.WorkspaceID, request page.Request) (page.Page[Revision], error)
	// Change loads the state, lets change work on it and saves it. A Published
	// that change replaced becomes a new revision, whose number is the store's
	// to give: the last and one. change runs inside the transaction, must be
	// pure and may run more than once; its error is returned as it is. Of
	// changes of one workspace each sees what the one before it left.
	Change(ctx context.Context, w identity.WorkspaceID, change func(*State) error, events ...event.Event) (State, error)
}

// Replaced reports whether what change made of the published revision is a new
// one.
func Replaced(last, now Revision) bool { return !reflect.DeepEqual(last, now) }

// Before reads a cursor of Revisions: the list goes on with numbers below it.
func Before(cursor string) (uint64, error) {
	key, err := page.Decode(cursor, 1)
	if err != nil || key == nil {
		return math.MaxInt64, err //nolint:wrapcheck // it says that the cursor is bad
	}
	n, err := strconv.ParseUint(key[0], 10, 63)
	if err != nil {
		return 0, errs.New(errs.Invalid, "page.cursor_invalid", "The cursor is not one we gave out. Start again without it.")
	}
	return n, nil
}
