package extension

import (
	"context"
	"encoding/json"
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
)

// FieldType is what a field of a record holds.
type FieldType string

// The types.
const (
	FieldText    FieldType = "text"
	FieldNumber  FieldType = "number"
	FieldBoolean FieldType = "boolean"
	FieldTime    FieldType = "time" // RFC 3339
	FieldURL     FieldType = "url"  // https
	FieldEmail   FieldType = "email"
	FieldPhone   FieldType = "phone"
	FieldMoney   FieldType = "money" // "12.50 EUR"
)

// Field is a field of a kind of record.
type Field struct {
	Name     string
	Label    string
	Type     FieldType
	Writable bool
	Required bool
}

// ObjectType is a kind of record of a system of record: party, order, lead.
type ObjectType struct {
	Name, Label                              string
	Fields                                   []Field
	Lookup, Search, Upsert, Activities, Pull bool // what it takes
}

// Far is a record of a system of record.
type Far struct {
	Object    string
	ID        string // the far side's
	Title     string
	URL       string          // https; "" = nowhere to look at it
	Fields    json.RawMessage // an object: values by Field.Name
	UpdatedAt time.Time       // zero = not known
	Deleted   bool
}

// Activity is something that happened here, to be written down at a record.
type Activity struct {
	Key     string // idempotency
	Object  string
	Record  string
	Subject string
	Text    string
	URL     string
	At      time.Time
}

// Page is what a pull brought.
type Page struct {
	Records []Far
	Cursor  []byte
	More    bool // ask again at once
}

// Connectors is the port to systems of record. Answers were checked at the edge.
// A record that the far side refuses is errs.Invalid with its words; what may
// work later is errs.Unavailable.
type Connectors interface {
	// Connects reports whether the plugin is a connector.
	Connects(plugin PluginID) bool
	Describe(ctx context.Context, c Connection, locale string) ([]ObjectType, error)
	Lookup(ctx context.Context, c Connection, who Sought) ([]Far, error)
	Search(ctx context.Context, c Connection, object, query string, limit int) ([]Far, error)
	Upsert(ctx context.Context, c Connection, key string, r Far) (Far, error)
	AddActivity(ctx context.Context, c Connection, a Activity) (id string, err error)
	Pull(ctx context.Context, c Connection, object string, cursor []byte) (Page, error)
}

// Mirrored is a record of a contact as it was when it was last pulled or looked
// up.
type Mirrored struct {
	Far
	SeenAt time.Time
}

// PullState is how far the pull of one kind of record has come.
type PullState struct {
	Workspace  identity.WorkspaceID
	Connection ConnectionID
	Object     string
	Cursor     []byte
	PulledAt   time.Time // when it last came to an end; zero = never
	Failure    string    // code of what went wrong last; "" = nothing
}

// Mirror keeps copies of the records of contacts, and how far pulls have come. A
// record that is about no contact is not kept. A method is one transaction.
type Mirror interface {
	// Keep stores a page of a pull with its cursor. A record is kept for the contact
	// that has one of its marks, when exactly one contact has; it goes when nobody
	// has any more, or when it was deleted at the far side. False: the cursor is
	// not where it was, another node has pulled, and nothing was stored.
	Keep(ctx context.Context, from PullState, p Page, marks []Marks, at time.Time) (bool, error)
	// Remember stores what a lookup of a contact found.
	Remember(ctx context.Context, c Connection, contact string, all []Far, at time.Time) error
	// Of returns the copies of a contact's records, and of those merged into it.
	Of(ctx context.Context, w identity.WorkspaceID, contact string) (map[ConnectionID][]Mirrored, error)
	// Take lets one node pull until a time: false when another one may.
	Take(ctx context.Context, s PullState, now, until time.Time) (bool, error)
	// Note stores what a pull ended with, and lets go of what Take took.
	Note(ctx context.Context, s PullState) error
	// Pulls returns how far the pulls of a connection have come, by object.
	Pulls(ctx context.Context, c Connection) (map[string]PullState, error)
}

// Marks are what a record says of whom it is about, written as contacts'
// addresses are. They stand in the order of the page's records.
type Marks struct {
	Emails []string
	Phones []string
}
