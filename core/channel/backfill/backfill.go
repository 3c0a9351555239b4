// Package backfill has a channel bring what came to an inbox while nobody
// listened: before the inbox was connected, during an outage. What is in the
// inbox already is known, so a run that is repeated brings nothing twice.
package backfill

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
)

// ID names a run: bfl_.
type ID string

// State is how far a run has come.
type State string

// The states. All but the first are ends.
const (
	Running     State = "running" // also while it waits for a server to begin it
	Done        State = "done"
	Failed      State = "failed"
	Interrupted State = "interrupted" // the server at work on it stopped; a new run goes over what it had
	Stopped     State = "stopped"     // somebody stopped it; what it had brought stays
)

// MaxAge is how far back a run goes.
const MaxAge = 90 * 24 * time.Hour

// Kept is how many runs of an inbox are kept, the newest.
const Kept = 20

// Actions in the audit log.
const (
	Started = "inbox.backfill_started"
	Ended   = "inbox.backfill_stopped" // by somebody
)

// Run is one bringing.
type Run struct {
	Workspace  identity.WorkspaceID
	ID         ID
	Inbox      channel.InboxID
	Since      time.Time
	State      State
	Actor      identity.Actor // who began it
	StartedAt  time.Time
	FinishedAt time.Time // zero = it is not over
	Counts
	Refusals []Refusal // why items were refused, at most MaxRefusals
	Code     string    // of a failure
	Detail   string    // likewise, for administrators

	Holder string    // who is at work on it; "" = nobody has begun
	Until  time.Time // its holder is given up then, unless it is heard of
}

// Counts are the items that a run has brought.
type Counts struct {
	Found   int // that the far side had
	New     int
	Known   int // were in the inbox before
	Refused int
}

// MaxRefusals bounds the reasons that are kept of a run.
const MaxRefusals = 10

// Refusal is a reason why items were refused.
type Refusal struct {
	Code   string `json:"code"`
	Detail string `json:"detail"` // of the first of them
	Count  int    `json:"count"`
}

// UnderWay is the answer to a second run at a time.
func UnderWay() *errs.Error {
	return errs.New(errs.Conflict, "backfill.under_way", "Older messages of this inbox are being brought. Wait until that is over.")
}

// NotRunning is the answer to who stops what is over.
func NotRunning() *errs.Error {
	return errs.New(errs.Conflict, "backfill.not_running", "No older messages of this inbox are being brought.")
}

// Store keeps runs.
type Store interface {
	// Begin adds a run with the event, and forgets the oldest of its inbox beyond
	// Kept. UnderWay when one of the inbox runs.
	Begin(ctx context.Context, r Run, e event.Event) error
	// Runs returns those of an inbox, the newest first.
	Runs(ctx context.Context, w identity.WorkspaceID, inbox channel.InboxID) ([]Run, error)
	// Running returns those of all workspaces that are Running, the oldest first.
	Running(ctx context.Context) ([]Run, error)
	// Change loads a run, lets change work on it and saves it with the events.
	// errs.Absent when it is gone.
	Change(ctx context.Context, w identity.WorkspaceID, id ID, change func(*Run) error, events ...event.Event) (Run, error)
}
