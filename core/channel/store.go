package channel

import (
	"context"

	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/instance"
)

// Store keeps inboxes.
type Store interface {
	Workspaces
	// CreateInbox stores a new inbox, what its plugin is granted from now on
	// (beside what it was granted before) and the events in one transaction.
	CreateInbox(ctx context.Context, inbox Inbox, grants []instance.Grant, events ...event.Event) error
	// UpdateInbox loads an inbox, lets change work on it and saves it with the events.
	UpdateInbox(ctx context.Context, workspace identity.WorkspaceID, id InboxID, change func(*Inbox) ([]event.Event, error)) (Inbox, error)
	// Inboxes lists a workspace's inboxes, the oldest first.
	Inboxes(ctx context.Context, workspace identity.WorkspaceID) ([]Inbox, error)
	// InboxByHook finds an inbox by the hash of its webhook token, or errs.Absent.
	InboxByHook(ctx context.Context, hash string) (Inbox, error)
}
