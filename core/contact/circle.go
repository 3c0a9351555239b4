package contact

import (
	"context"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Circle knows which contacts a reach covers: those with a conversation in
// reach, and those that the member made. A contact that was merged is reached
// with the survivor. Every store of this package is one.
type Circle interface {
	// Reached returns those of the contacts that the reach covers. What is not
	// there is not covered.
	Reached(ctx context.Context, workspace identity.WorkspaceID, within identity.Reach, ids []ID) (map[ID]bool, error)
}

// Reached answers errs.Absent unless the actor reaches all of the contacts.
// Who sees everything is not asked about.
func Reached(ctx context.Context, c Circle, scope identity.Scope, ids ...ID) error {
	within := scope.Reach()
	if within.All() {
		return nil
	}
	found, err := c.Reached(ctx, scope.Workspace, within, ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if !found[id] {
			return errs.Absent()
		}
	}
	return nil
}

// SeenOf finds out which contacts of events the actor reaches, at once.
func SeenOf(ctx context.Context, c Circle, scope identity.Scope, events []event.Event) (seen func(id string) bool, err error) {
	within := scope.Reach()
	if within.All() {
		return func(string) bool { return true }, nil
	}
	var ids []ID
	for _, e := range events {
		if e.Type == Changed {
			ids = append(ids, ID(e.Subject))
		}
	}
	if len(ids) == 0 || !scope.May(identity.ContactRead) {
		return func(string) bool { return false }, nil
	}
	found, err := c.Reached(ctx, identity.WorkspaceID(events[0].Workspace), within, ids)
	return func(id string) bool { return found[ID(id)] }, err
}
