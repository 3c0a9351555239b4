// Package export gives a workspace, or one person, what is kept of them: a file
// in an open format, made in the background, fetched by who may, and thrown
// away after some days. It never holds a secret: see docs/operate/export.md for
// what is in it.
package export

import (
	"context"
	"errors"
	"time"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
)

// ID names an export: exp_.
type ID string

// State is how far an export has come.
type State string

// The states. The last three are ends.
const (
	Queued    State = "queued"
	Running   State = "running"
	Done      State = "done"
	Failed    State = "failed"
	Cancelled State = "cancelled"
)

// Actions in the audit log.
const (
	Created    = "export.created"
	Deleted    = "export.deleted"
	Downloaded = "export.downloaded"
)

// Of says what of.
type Of struct {
	Workspace identity.WorkspaceID
	Contact   contact.ID // "" = everything
	Files     bool       // the bytes of attachments, too
}

// Job is an export.
type Job struct {
	Of
	ID         ID
	State      State
	Actor      identity.Actor
	CreatedAt  time.Time
	StartedAt  time.Time
	FinishedAt time.Time
	ExpiresAt  time.Time // of the file; while it is made, when whoever makes it is given up
	Done       int64     // lines written
	Total      int64     // lines there are, about
	Made
	HasFile bool
	Code    string // of a failure
	Detail  string
}

// Busy reports whether it is not at an end.
func (j Job) Busy() bool { return j.State == Queued || j.State == Running }

// Made is a file that was made.
type Made struct {
	Size   int64
	SHA256 string
	Counts map[string]int64 // lines by noun
}

// UnderWay is the answer to a second export at a time.
func UnderWay() *errs.Error {
	return errs.New(errs.Conflict, "export.under_way", "An export of this workspace is being made. Wait until it is done, or cancel it.")
}

// Store keeps jobs.
type Store interface {
	// Create adds a job; UnderWay when one is.
	Create(ctx context.Context, j Job, events ...event.Event) error
	// Job returns one, or errs.Absent.
	Job(ctx context.Context, w identity.WorkspaceID, id ID) (Job, error)
	// Jobs returns a workspace's newest.
	Jobs(ctx context.Context, w identity.WorkspaceID, limit int) ([]Job, error)
	// Change changes one, in a transaction with the events.
	Change(ctx context.Context, w identity.WorkspaceID, id ID, change func(*Job) ([]event.Event, error)) (Job, error)
	// Busy lists jobs of all workspaces that are not at an end, the oldest first.
	Busy(ctx context.Context) ([]Job, error)
	// Expired lists jobs at an end whose file is there and should not be.
	Expired(ctx context.Context, now time.Time) ([]Job, error)
}

// Press makes the files.
type Press interface {
	// Write makes the file of a job. tell is called now and then with how many
	// lines of how many are written; its error ends it, and leaves nothing.
	Write(ctx context.Context, id ID, of Of, tell func(done, total int64) error) (Made, error)
	// Open opens a file; ErrLost when it is not there.
	Open(id ID) (File, error)
	// Remove removes a file, whole or not. One that is not there is no error.
	Remove(id ID) error
	// Sweep removes what is half written since before a time: left behind.
	Sweep(before time.Time) error
}

// File is an open file.
type File interface {
	ReadAt(p []byte, off int64) (int, error)
	Close() error
	Size() int64
}

// ErrLost says that a file is not there.
var ErrLost = errors.New("export: the file is gone")
