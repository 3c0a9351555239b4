package channel

import (
	"context"
	"time"

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

// StoredRequest is a raw webhook request that waits for its plugin.
type StoredRequest struct {
	Workspace  identity.WorkspaceID
	Inbox      InboxID
	Request    WebhookRequest
	ReceivedAt time.Time
	Attempts   int
	NextAt     time.Time
}

// RequestStore keeps raw webhook requests until they are processed.
type RequestStore interface {
	// PutRequest stores a request. It fails with errs.RateLimited when the
	// inbox already has limit requests waiting.
	PutRequest(ctx context.Context, r StoredRequest, limit int) error
	// RequestDone removes a processed request.
	RequestDone(ctx context.Context, workspace identity.WorkspaceID, id string) error
	// RetryRequest counts an attempt and sets when the next is due.
	RetryRequest(ctx context.Context, workspace identity.WorkspaceID, id string, next time.Time) error
	// RequestsDue returns waiting requests with NextAt <= now, over all
	// workspaces, the oldest first.
	RequestsDue(ctx context.Context, now time.Time, limit int) ([]StoredRequest, error)
}
