// Package calendar says when a workspace works: weekly hours in a time zone,
// and dates that differ from them. Queues follow calendars (core/queue).
//
// The pure part is Hours (what was written down) and Schedule (the same,
// compiled to answer questions about instants). Times of a day are wall-clock
// times of the calendar's zone: where clocks are turned back an hour of the day
// comes twice and counts twice, where they are turned forward it does not come
// and is not counted.
package calendar

import (
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
)

// ID names a calendar: cal_.
type ID string

// Limits of what a workspace and its calendars hold.
const (
	MaxName       = 60  // characters (Unicode code points), of a calendar and of an exception
	MaxCalendars  = 50  // of a workspace
	MaxIntervals  = 8   // of a day
	MaxExceptions = 500 // of a calendar
	MaxRange      = 366 // days of one exception
	MinYear       = 2000
	MaxYear       = 2199
)

// Changed is the type of the event that says a calendar came, changed or went.
// Its data is {"id": "cal_..."}.
const Changed = "calendar.changed"

// Calendar is business hours with a name.
type Calendar struct {
	Workspace identity.WorkspaceID
	ID        ID
	Name      string // unique in the workspace
	Hours     Hours
	Revision  uint64 // from 1; grows with each change
	CreatedAt time.Time
	UpdatedAt time.Time
}

func (c Calendar) target() event.Party {
	return event.Party{Kind: "calendar", ID: string(c.ID), Name: c.Name}
}

// NameTaken is the answer to a second calendar of one name.
func NameTaken() *errs.Error {
	return errs.New(errs.Conflict, "calendar.name_taken", "Another calendar has this name.").
		WithFields(errs.Field{Pointer: "/name", Code: "taken", Detail: "another calendar has this name"})
}

// TooMany is the answer to a calendar beyond MaxCalendars.
func TooMany() *errs.Error {
	return errs.New(errs.Conflict, "calendar.too_many", "The workspace has as many calendars as it can have. Delete one first.")
}

// Stale is the answer to a change of a revision that is no longer the last.
func Stale() *errs.Error {
	return errs.New(errs.Conflict, "calendar.stale", "Somebody else changed the calendar meanwhile. Look at it again.")
}

// InUse is the answer to deleting a calendar that queues follow, which are named.
func InUse(queues ...string) *errs.Error {
	return errs.New(errs.Conflict, "calendar.in_use", "Queues follow it: "+strings.Join(queues, ", ")+". Give them other hours first.")
}
