package routing

import (
	"context"

	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Store keeps the rules of workspaces.
//
// What every implementation guarantees (routingtest.Run checks it): a method is
// one transaction, on disk when it returns nil; the events passed in commit with
// it, or not at all.
type Store interface {
	// Document returns the rules of a workspace; the zero Document when there were
	// never any.
	Document(ctx context.Context, w identity.WorkspaceID) (Document, error)
	// Save replaces the rules by those of the next revision. Errors: Changed, when
	// they are not of the revision before it; of several at once one succeeds.
	Save(ctx context.Context, w identity.WorkspaceID, d Document, events ...event.Event) error
}
