package event

import (
	"encoding/json"
	"reflect"
	"unicode/utf8"
)

// Record is what the audit log keeps of an administrative or security action.
// The store that appends an event appends its record to the chain of the
// event's workspace, in the same transaction; At and the record's identity come
// from the event. An event whose Type is "" is written to the chain and not to
// the feed.
//
// A store takes the record when its work is done: the function of a Change
// method may complete it (Detail, the target's name) through the pointer, and
// must set the same fields each time it runs. One without an Action is not kept.
type Record struct {
	Action  string // past tense, for example "member.updated"
	Actor   Party
	Via     string // the session or API key it came by; "" = none
	Address string // network address; "" = unknown
	Target  Party
	Detail  []byte // a JSON object, never a secret; nil = none
}

// Party is who acted, or what was acted on. The name is that of the moment:
// it can be read when the thing itself has gone.
type Party struct {
	Kind string // "agent", "system", "plugin", ...; "member", "inbox", "team", ...
	ID   string
	Name string
}

// MaxDetail bounds the JSON of a record's detail, in bytes.
const MaxDetail = 16 << 10

// maxNoted is how many bytes of a text a detail repeats.
const maxNoted = 512

// Difference says what became of one field.
type Difference struct {
	From any `json:"from"`
	To   any `json:"to"`
}

// Differences are what became of a thing, by field.
type Differences map[string]Difference

// Note adds a field unless it stayed as it was. Long texts are cut short.
func (d Differences) Note(field string, from, to any) {
	if !reflect.DeepEqual(from, to) {
		d[field] = Difference{From: cut(from), To: cut(to)}
	}
}

// Say sets the detail to the JSON of an object of ours. One that is too long
// is replaced by the fact.
func (r *Record) Say(detail any) *Record {
	text, err := json.Marshal(detail)
	switch {
	case err != nil || len(text) > MaxDetail:
		r.Detail = []byte(`{"too_long":true}`)
	case string(text) == "{}" || string(text) == "null":
		r.Detail = nil
	default:
		r.Detail = text
	}
	return r
}

// cut shortens a long text at a rune.
func cut(v any) any {
	r := reflect.ValueOf(v)
	if r.Kind() != reflect.String || r.Len() <= maxNoted {
		return v
	}
	s := r.String()[:maxNoted]
	for s != "" && !utf8.ValidString(s) {
		s = s[:len(s)-1]
	}
	return s + "…"
}
