package contact

import (
	"context"

	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// Tx is the contact side of a transaction of the conversation store.
type Tx interface {
	// ByIdentity finds who an inbox knows under an external id; nil when nobody.
	ByIdentity(ctx context.Context, inbox, external string) (*Contact, error)
	// Create stores a new contact with its first identity.
	Create(ctx context.Context, c Contact, who Identity) error
}

// Store keeps contacts.
type Store interface {
	// Get returns a contact with its identities, or errs.Absent.
	Get(ctx context.Context, workspace identity.WorkspaceID, id ID) (Contact, []Identity, error)
	// List returns contacts, the newest first. A query filters by a part of
	// name, e-mail or phone, without regard to the case of ASCII letters.
	List(ctx context.Context, workspace identity.WorkspaceID, query string, p page.Request) (page.Page[Contact], error)
	// Update loads the contact, lets change work on it, and saves it with the
	// events in one transaction.
	Update(ctx context.Context, workspace identity.WorkspaceID, id ID, change func(*Contact) ([]event.Event, error)) (Contact, error)
}
