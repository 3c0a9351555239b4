package export

import "context"

// Format names the format of exports, with its version: what is added keeps it,
// what changes or goes makes the next.
const Format = "patchbay-export/1"

// Noun is a kind of thing in an export: a file of lines, one JSON object each.
type Noun struct {
	Name   string
	About  string
	Fields []Field
	Table  bool // as a CSV table, too
}

// Field is a member of a line's object: null when there is none.
type Field struct {
	Name string
	Kind string // text, time (RFC 3339, UTC), number, bool, json
}

// Attachments is the noun whose files may go with an export.
const Attachments = "attachments"

// Source reads what goes into an export, as of one moment.
type Source interface {
	// Nouns lists what there is, in order.
	Nouns() []Noun
	// Total counts the lines of everything.
	Total(ctx context.Context) (int64, error)
	// Lines calls each with every thing of a noun: its values as text, "" for
	// none, and the line of JSON with its end. Both are valid until each returns.
	Lines(ctx context.Context, noun string, each func(cells []string, line []byte) error) error
	Close() error
}
