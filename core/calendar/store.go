package calendar

import (
	"context"

	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// Store keeps calendars.
//
// What every implementation guarantees (calendartest.Run checks it): a method is
// one transaction, on disk when it returns nil; the events passed in commit
// with it, or not at all; what is absent, or of another workspace, is
// errs.Absent.
type Store interface {
	// Calendar returns a calendar.
	Calendar(ctx context.Context, w identity.WorkspaceID, id ID) (Calendar, error)
	// Calendars lists the calendars of a workspace by id, the oldest first.
	Calendars(ctx context.Context, w identity.WorkspaceID, request page.Request) (page.Page[Calendar], error)
	// Create stores a new calendar. Errors: NameTaken, TooMany.
	Create(ctx context.Context, c Calendar, events ...event.Event) error
	// Change loads a calendar, lets change work on it and saves it. change runs
	// inside the transaction, must be pure and may run more than once; its
	// error is returned as it is. Error: NameTaken.
	Change(ctx context.Context, w identity.WorkspaceID, id ID, change func(*Calendar) error, events ...event.Event) (Calendar, error)
	// Delete takes a calendar away. Errors: InUse.
	Delete(ctx context.Context, w identity.WorkspaceID, id ID, events ...event.Event) error
}

// Directory answers what a calendar says, for the parts of the core that only
// ask. What is unknown is errs.Absent. It is Store's.
type Directory interface {
	Calendar(ctx context.Context, w identity.WorkspaceID, id ID) (Calendar, error)
}
