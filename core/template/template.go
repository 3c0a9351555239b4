// Package template applies industry templates: sets of labels, canned replies,
// ticket types and the like that a plugin brings as data. A template is looked
// at as a plan before anything happens, applied, upgraded to a later version
// and removed again; what a person changed in between is never touched.
//
// For each object it is known what the template said last, and what the
// workspace had then (the base). Where the workspace still has that, a newer
// template may change it; where it has something else, a person did that, and
// it stays, field by field.
//
// Durability: every object is noted before it is made and after it was made, so
// that an application that was cut off goes on where it stopped, and makes
// nothing twice.
package template

import (
	"context"
	"encoding/json"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
)

// MaxObjects bounds what a template makes.
const MaxObjects = 1000

// Ref names a template.
type Ref struct {
	Plugin string // "<publisher>/<name>"
	Name   string // in the plugin's manifest
}

// Meta is a template that is installed on this server.
type Meta struct {
	Ref
	Version   string            // the plugin's
	Title     map[string]string // by locale; "en" is always there
	Summary   map[string]string
	Locales   []string        // it can be applied in
	Questions json.RawMessage // JSON Schema of Ask.Answers; nil = none
}

// Ask is how somebody wants a template.
type Ask struct {
	Locale  string
	Answers json.RawMessage // a JSON object; nil = none
}

// Object is something that a template makes.
type Object struct {
	Kind  string          // of a Kind
	Key   string          // unique in the template and the kind: how it is known again
	Value json.RawMessage // a JSON object. A string "ref:<kind>/<key>" stands for the id of another object
}

// Library is the port to the templates that plugins bring.
type Library interface {
	// Templates lists the installed ones, by plugin and name.
	Templates() []Meta
	// Objects returns what a template makes, by the answers. What the answers
	// lack is refused with their pointers below /answers; errs.Absent when
	// there is no such template.
	Objects(ctx context.Context, ref Ref, ask Ask) ([]Object, error)
}

// Kind is the port to one sort of objects of a workspace. Values are JSON
// objects in one normal form, so that equal values have equal bytes. The scope
// is that of who applies: the kind asks for their permission.
type Kind interface {
	// Normal checks a value and returns its normal form. References have been
	// resolved, or are left as they are where the object is not there yet.
	Normal(value json.RawMessage) (json.RawMessage, error)
	// Find returns the object that goes by the same name in the workspace.
	Find(ctx context.Context, scope identity.Scope, value json.RawMessage) (id string, found bool, err error)
	// Read returns an object in its normal form; false when it is gone.
	Read(ctx context.Context, scope identity.Scope, id string) (value json.RawMessage, found bool, err error)
	// Create makes one and returns its id.
	Create(ctx context.Context, scope identity.Scope, value json.RawMessage) (id string, err error)
	Update(ctx context.Context, scope identity.Scope, id string, value json.RawMessage) error
	Delete(ctx context.Context, scope identity.Scope, id string) error
}

// Named is a Kind under its name. Kinds are made in their order and deleted in
// the reverse one, so that references point backwards.
type Named struct {
	Name string
	Kind Kind
}

// State is how far an application came.
type State string

// The states.
const (
	Applying   State = "applying"   // now, or it was cut off: apply again
	Applied    State = "applied"    // all of it
	Incomplete State = "incomplete" // some objects were refused
)

// Install is a template in use in a workspace.
type Install struct {
	Ref
	Version   string
	Ask       Ask
	State     State
	By        identity.MemberID // "" for an API key
	AppliedAt time.Time
	Until     time.Time // while Applying: nobody else applies it before
}

// Tracked is what is known of an object that a template made, or found.
type Tracked struct {
	Kind, Key string
	ID        string          // "" = it was about to be made
	Wrote     json.RawMessage // what the template said last; nil = nothing
	Base      json.RawMessage // what the workspace had after that: stored, values may look otherwise
	Owned     bool            // the template made it: removing the template removes it
}

// Store keeps what was applied.
type Store interface {
	// Installs lists the templates in use, by plugin and name.
	Installs(ctx context.Context, w identity.WorkspaceID) ([]Install, error)
	// Install returns one with its objects; errs.Absent when it is not in use.
	Install(ctx context.Context, w identity.WorkspaceID, ref Ref) (Install, []Tracked, error)
	// Begin stores an installation that is Applying. It refuses with
	// errs.Conflict while another application of the template has not ended
	// and its Until is after now.
	Begin(ctx context.Context, w identity.WorkspaceID, i Install, now time.Time) error
	// Track stores an object, Untrack forgets one.
	Track(ctx context.Context, w identity.WorkspaceID, ref Ref, t Tracked) error
	Untrack(ctx context.Context, w identity.WorkspaceID, ref Ref, kind, key string) error
	// Finish stores how it ended, and the record in e: what was made tells of
	// itself, so there is no event for the feed.
	Finish(ctx context.Context, w identity.WorkspaceID, i Install, e event.Event) error
	// Remove forgets an installation and what is left of its objects.
	Remove(ctx context.Context, w identity.WorkspaceID, ref Ref, e event.Event) error
}

// Busy is the answer to an application beside another one.
func Busy() *errs.Error {
	return errs.New(errs.Conflict, "template.busy", "This template is being applied right now. Wait until that is done.")
}
