// Package catalog is what a workspace agreed on to keep its work in order: the
// labels that people put on conversations, the custom attributes that
// conversations and contacts may have, and canned replies.
package catalog

import (
	"time"

	"github.com/patchbay-im/patchbay/core/filter"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/team"
)

type (
	// LabelID names a label: lab_.
	LabelID string
	// AttributeID names the definition of a custom attribute: cat_.
	AttributeID string
	// CannedID names a canned reply: can_.
	CannedID string
)

// The events of the catalogue; their subject is the id of what changed.
const (
	LabelChanged     = "label.changed"
	AttributeChanged = "attribute.changed"
	CannedChanged    = "canned.changed"
)

// Label is a mark on conversations.
type Label struct {
	Workspace   identity.WorkspaceID
	ID          LabelID
	Name        string // unique in the workspace, whatever the case of its letters
	Color       string // #rrggbb, in lower case
	Description string
	CreatedAt   time.Time
}

// Target is what an attribute belongs to.
type Target string

// The targets.
const (
	OfConversation Target = "conversation"
	OfContact      Target = "contact"
)

// Type says which values an attribute takes.
type Type string

// The types, with the Go type of a value. All of them travel as JSON.
const (
	Text    Type = "text"    // string of at most MaxValue characters
	Number  Type = "number"  // float64, finite
	Boolean Type = "boolean" // bool
	Date    Type = "date"    // string, 2006-01-02
	List    Type = "list"    // string, one of the options
	Link    Type = "link"    // string, an http or https address
)

// Filtered returns how values of the type are filtered by.
func (t Type) Filtered() filter.Kind {
	switch t {
	case Number:
		return filter.Number
	case Boolean:
		return filter.Bool
	case Date:
		return filter.Date
	case List:
		return filter.Enum
	default:
		return filter.Text
	}
}

// Attribute is the definition of a custom attribute.
type Attribute struct {
	Workspace identity.WorkspaceID
	ID        AttributeID
	Target    Target
	Key       string // unique per target: a lower-case letter, then letters, digits and _; never changes
	Name      string // for people
	Type      Type   // never changes
	Options   []string
	Required  bool // clients ask for it before a conversation is resolved or a contact saved
	CreatedAt time.Time
}

// Scope says whose a canned reply is.
type Scope string

// The scopes. On the same shortcut the narrower one wins.
const (
	Personal  Scope = "personal"
	OfTeam    Scope = "team"
	Workspace Scope = "workspace"
)

// Canned is a reply that is written once and sent often. Its text may hold
// variables, which clients fill in; see Unknown.
type Canned struct {
	Workspace identity.WorkspaceID
	ID        CannedID
	Scope     Scope
	Member    identity.MemberID // of a personal one
	Team      team.ID           // of a team's
	Shortcut  string            // unique in its scope, in lower case
	Title     string
	Text      string
	Locale    string // of the text, "" = any
	Uses      uint64
	CreatedAt time.Time
	UpdatedAt time.Time // of the words; using it does not count
}

// Limits, in characters (Unicode code points) unless said.
const (
	MaxLabels      = 500 // of a workspace
	MaxAttributes  = 100 // definitions of a workspace and target
	MaxOptions     = 200
	MaxCanned      = 5000 // of a workspace
	MaxName        = 60
	MaxDescription = 300
	MaxKey         = 40
	MaxValue       = 1000
	MaxLink        = 2000
	MaxShortcut    = 40
	MaxTitle       = 120
	MaxText        = 10_000
)
