// Package connector is the way to a system of record: a CRM, a shop, an ERP.
//
// A Connector says what kinds of records there are and finds those of one
// customer: they stand beside the conversation. What else it can do is found by
// type assertion: Searcher, Upserter, ActivityKeeper, Puller. What an object
// type claims is shown only when the connector has the method for it.
//
// Errors: of the source FarSide, the console says that the system does not
// answer and offers to try again; of the source Rejected, it shows the detail.
// A write that fails with FarSide or Own is repeated with the same key.
//
// Concurrency: every method may be called from several goroutines at once.
package connector

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/sdk/instance"
)

// Bounds of answers; what is beyond them is a fault of the plugin.
const (
	MaxLookup = 20  // records of one Lookup
	MaxSearch = 50  // records of one Search
	MaxPull   = 200 // records of one PullChanges
)

// Connector is what every connector can do.
type Connector interface {
	// DescribeObjects says what kinds of records there are. ctx ends after 5
	// seconds; the answer is remembered for a while.
	DescribeObjects(ctx context.Context, req DescribeObjectsRequest) (DescribeObjectsResponse, error)

	// Lookup finds the records of one customer. Somebody waits for it: ctx ends
	// after 1.5 seconds. Nothing found is no error.
	Lookup(ctx context.Context, req LookupRequest) (LookupResponse, error)
}

// Searcher finds records by words that an agent types. ctx ends after 5 seconds.
type Searcher interface {
	Search(ctx context.Context, req SearchRequest) (SearchResponse, error)
}

// Upserter makes records and changes them. ctx ends after 10 seconds. Repeated
// with the same IdempotencyKey it must have no further effect.
type Upserter interface {
	Upsert(ctx context.Context, req UpsertRequest) (UpsertResponse, error)
}

// ActivityKeeper writes down at a record what happened here, for example a
// conversation's summary. ctx ends after 10 seconds. Repeated with the same
// IdempotencyKey it must have no further effect.
type ActivityKeeper interface {
	AddActivity(ctx context.Context, req AddActivityRequest) (AddActivityResponse, error)
}

// Puller says what changed since a cursor, page by page. The core keeps the
// cursor in the transaction that keeps the records. ctx ends after 30 seconds.
//
// The core pulls for a connection whose configuration has "pull_every", in
// minutes: put the field into config_schema, with a default. Without it, or
// with 0, nobody pulls.
type Puller interface {
	PullChanges(ctx context.Context, req PullChangesRequest) (PullChangesResponse, error)
}

// DescribeObjectsRequest asks for the kinds of records.
type DescribeObjectsRequest struct {
	Instance instance.Instance
	Locale   string // BCP 47, for the labels
}

// DescribeObjectsResponse lists them.
type DescribeObjectsResponse struct {
	Objects []ObjectType
}

// ObjectType is a kind of record.
type ObjectType struct {
	Name   string // stable: party, order, lead, ...
	Label  string // to show it by, in the language asked for
	Fields []Field
	// Which of the verbs it takes.
	Lookup     bool
	Search     bool
	Upsert     bool
	Activities bool
	Pull       bool
}

// Field is one field of a kind of record.
type Field struct {
	Name     string
	Label    string
	Type     FieldType // the zero value is text
	Writable bool
	Required bool // to make a record
}

// FieldType says how a value is shown and typed.
type FieldType uint8

// The types of fields.
const (
	Text FieldType = iota
	Number
	Boolean
	Time // RFC 3339
	URL  // an https address
	Email
	Phone
	Money // a decimal number as text, with the currency after a blank: "12.50 EUR"
)

// Record is one record of the far side.
type Record struct {
	Object    string         // ObjectType.Name
	ID        string         // the far side's
	Title     string         // one line to show it by
	URL       string         // where a person can look at it; "" = nowhere
	Fields    map[string]any // values by Field.Name; numbers that come in are json.Number
	UpdatedAt time.Time      // zero = not known
	Deleted   bool           // of PullChanges
}

// LookupRequest is a customer.
type LookupRequest struct {
	Instance  instance.Instance
	ContactID string // the core's
	// By what the customer may be found; any of them.
	Emails      []string
	Phones      []string
	ExternalIDs []string
}

// LookupResponse is what was found, the most important first; at most MaxLookup.
type LookupResponse struct {
	Records []Record
}

// SearchRequest is what an agent looks for.
type SearchRequest struct {
	Instance instance.Instance
	Object   string // ObjectType.Name
	Query    string
	Limit    int // 1 to MaxSearch
}

// SearchResponse is what was found, the best first; at most SearchRequest.Limit.
type SearchResponse struct {
	Records []Record
}

// UpsertRequest is a record to make or to change.
type UpsertRequest struct {
	Instance       instance.Instance
	IdempotencyKey string
	// Record without an ID: make it, or find it by what the far side knows it
	// by. Fields that are not there stay as they are.
	Record Record
}

// UpsertResponse is the record as it is now.
type UpsertResponse struct {
	Record    Record
	Duplicate bool // it happened before, under the same key
}

// AddActivityRequest is something to write down.
type AddActivityRequest struct {
	Instance       instance.Instance
	IdempotencyKey string
	Object         string // ObjectType.Name
	RecordID       string
	Subject        string
	Text           string
	URL            string // where a person can read on in the console
	At             time.Time
}

// AddActivityResponse says that it is written.
type AddActivityResponse struct {
	ID        string // the far side's; "" = it gives none
	Duplicate bool   // it was there before, under the same key
}

// PullChangesRequest asks for one page of changes.
type PullChangesRequest struct {
	Instance instance.Instance
	Object   string // ObjectType.Name
	Cursor   []byte // of the answer before; empty at first
}

// PullChangesResponse is a page, in the order of the changes; at most MaxPull
// records.
type PullChangesResponse struct {
	Records []Record
	Cursor  []byte // where the next page begins; empty = the one asked with
	More    bool   // there is more now: ask again at once
}
