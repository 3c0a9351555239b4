// Package importing brings contacts in from a table: read, map the columns,
// try, run. A run is a job in the background that commits its progress with
// every batch, so it goes on after a crash where it was and writes no row twice.
package importing

import (
	"context"
	"io"
	"time"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// ID names an import: imp_.
type ID string

// Changed is the type of the event that says an import went on. Its data is a
// Progress.
const Changed = "import.changed"

// Progress is the data of a Changed event.
type Progress struct {
	ID        ID                `json:"id"`
	State     State             `json:"state"`
	CreatedBy identity.MemberID `json:"created_by,omitempty"` // absent when it was no member
	Created   int               `json:"created"`
	Updated   int               `json:"updated"`
	Skipped   int               `json:"skipped"`
	Failed    int               `json:"failed"`
}

// Limits of an import.
const (
	MaxFile   = 20 << 20 // bytes
	MaxRows   = 100_000
	MaxErrors = 10_000 // that are kept; all are counted
	Shown     = 100    // errors that come with an import
	Samples   = 3      // cells of each column
	KeptFor   = 30 * 24 * time.Hour

	maxValue = 200 // characters of a refused cell that are kept
)

// State is how far an import is.
type State string

// The states.
const (
	Uploaded State = "uploaded" // waits for its mapping
	Checking State = "checking" // a dry run is under way
	Checked  State = "checked"
	Running  State = "running"
	Done     State = "done"
	Failed   State = "failed" // could not go on; Detail says why
)

// Field is what a column means: name, email, phone, external_id, organisation,
// note, or "attributes.<key>".
type Field string

// The fields.
const (
	Name         Field = "name"
	Email        Field = "email"
	Phone        Field = "phone"
	External     Field = "external_id"
	Organisation Field = "organisation" // by name; one that is not there is made
	Note         Field = "note"

	ofAttributes = "attributes."
)

// Match is by what a row finds the contact that is there already.
type Match string

// The matches. Of several contacts the oldest is taken.
const (
	ByEmail    Match = "email"
	ByPhone    Match = "phone"
	ByExternal Match = "external_id"
	ByNothing  Match = "none" // every row makes a contact
)

// OnMatch is what becomes of a row whose contact is there already.
type OnMatch string

// What becomes of it.
const (
	Update OnMatch = "update" // cells that are not empty replace what the contact has
	Skip   OnMatch = "skip"
)

// Column is a column of the table.
type Column struct {
	Index   int      `json:"index"`
	Header  string   `json:"header"`
	Samples []string `json:"samples"` // of the first rows
}

// Counts are what a check found, or a run has done.
type Counts struct {
	Created, Updated, Skipped, Failed int
}

// RowError is a row that was left out, and why.
type RowError struct {
	Row    int    // as a spreadsheet shows it: 1 is the header
	Place  int    // index of the column; -1 = the row as a whole
	Column string // its header
	Value  string // at most 200 characters of the cell
	Code   string
	Detail string
}

// Import is a table on its way in.
type Import struct {
	Workspace identity.WorkspaceID
	ID        ID
	State     State
	Encoding  string
	Delimiter rune
	Columns   []Column
	Mapping   map[int]Field
	Match     Match
	OnMatch   OnMatch
	Rows      int // of data
	Position  int // rows of data that are done
	Counts    Counts
	Detail    string // why it failed
	Actor     identity.Actor
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Store keeps imports.
type Store interface {
	// Create stores an import with its file, in UTF-8.
	Create(ctx context.Context, i Import, file []byte, events ...event.Event) error
	Import(ctx context.Context, workspace identity.WorkspaceID, id ID) (Import, error)
	// Imports lists them, the newest first.
	Imports(ctx context.Context, workspace identity.WorkspaceID, p page.Request) (page.Page[Import], error)
	// Change loads an import, lets change work on it, and saves it with the
	// events. An import whose position goes back to 0 loses its errors.
	Change(ctx context.Context, workspace identity.WorkspaceID, id ID, change func(*Import) ([]event.Event, error)) (Import, error)
	// Errors returns the first errors, in order of row and column.
	Errors(ctx context.Context, workspace identity.WorkspaceID, id ID, limit int) ([]RowError, error)
}

// Desk is the storage as the job in the background needs it.
type Desk interface {
	// Busy lists imports that are checking or running, of all workspaces.
	Busy(ctx context.Context, limit int) ([]Ref, error)
	// File returns the stored file.
	File(ctx context.Context, workspace identity.WorkspaceID, id ID) io.Reader
	// Advance loads the import, lets work do a batch, and saves in one
	// transaction the import, the contacts that work saved, the errors and the
	// events. It does nothing but answer false when the import is not in the
	// state and at the position any more: another node was faster, or somebody
	// changed it. An import that comes to Done or Failed loses its file.
	Advance(ctx context.Context, workspace identity.WorkspaceID, id ID, state State, position int, work func(ctx context.Context, i *Import, tx Tx) (Step, error)) (bool, error)
	// Sweep deletes imports that nobody touched since a time, at most limit.
	Sweep(ctx context.Context, before time.Time, limit int) (int, error)
}

// Tx is the contacts inside a batch's transaction.
type Tx interface {
	// Find returns the oldest contact that has the value, or who stands for it;
	// nil when there is none.
	Find(ctx context.Context, by Match, value string) (*contact.Contact, error)
	// Organisation returns the oldest organisation of a name; "" when there is none.
	Organisation(ctx context.Context, name string) (contact.OrganisationID, error)
	AddOrganisation(ctx context.Context, o contact.Organisation) error
	Add(ctx context.Context, c contact.Contact) error
	Save(ctx context.Context, c contact.Contact) error
}

// Step is what a batch leaves beside the contacts it saved.
type Step struct {
	Errors []RowError
	Events []event.Event
}

// Ref names an import over all workspaces.
type Ref struct {
	Workspace identity.WorkspaceID
	ID        ID
}
