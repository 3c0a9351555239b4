package audit

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// Filter selects rows; a zero field selects all.
type Filter struct {
	Actor  string // id of who acted
	Action string // a whole action, or "<noun>." for all of a noun
	Target string // id of what was acted on
	From   time.Time
	To     time.Time // excluded
	Words  string    // a part of a name, an id, an address or the detail, whatever its case
}

// Reader reads chains. It may stand on a database that nobody else has open.
type Reader interface {
	// Workspaces lists all workspaces, by id, with a chain or without.
	Workspaces(ctx context.Context) ([]identity.WorkspaceID, error)
	// Head returns where a chain stands; NewHead when it has no row.
	Head(ctx context.Context, w identity.WorkspaceID) (Head, error)
	// Chain returns at most limit rows with Seq > after, in order.
	Chain(ctx context.Context, w identity.WorkspaceID, after uint64, limit int) ([]Row, error)
}

// Store keeps chains. Rows are appended with the event that they belong to, by
// whatever store appends that (see event.Record).
type Store interface {
	Reader
	// Keep appends the records of events without another change.
	Keep(ctx context.Context, events ...event.Event) error
	// Rows returns a page of the rows that the filter selects, the newest first.
	Rows(ctx context.Context, w identity.WorkspaceID, f Filter, p page.Request) (page.Page[Row], error)
	// Trim removes the rows up to through and appends the event's record, in
	// one transaction. Hash must be that of the row at through; errs.Conflict
	// otherwise, and nothing is removed.
	Trim(ctx context.Context, w identity.WorkspaceID, a Anchor, e event.Event) error
	// Months returns how long rows of a workspace are kept; 0 = for ever.
	Months(ctx context.Context, w identity.WorkspaceID) (int, error)
	// SetMonths keeps how long rows of a workspace are kept and appends the
	// event's record, in one transaction. told makes the event of what was before;
	// one without a record when nothing changes.
	SetMonths(ctx context.Context, w identity.WorkspaceID, months int, told func(was int) event.Event) error
	// LastBefore returns the last row before a time; 0 when there is none.
	LastBefore(ctx context.Context, w identity.WorkspaceID, at time.Time) (uint64, error)
}
