// Package polling asks a system that cannot call out what customers wrote: one
// page of a list after another, from where it was asked last. It knows neither
// what the items are nor where it is kept how far it came (Place).
package polling

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/plugins/webhook/mapping"
	"github.com/patchbay-im/patchbay/sdk/expr"
)

// Bounds of a round.
const (
	MaxPages  = 20      // of a round; what is left is asked for in the next one
	MaxItems  = 500     // of a page
	MaxAnswer = 4 << 20 // bytes of a page
	maxWhat   = 100
	maxWord   = 2048 // bytes of a cursor and of what leads to the next page
)

// What a cursor is.
const (
	CursorNone   = "none"   // the same is asked each time
	CursorItem   = "item"   // a field of the newest item
	CursorAnswer = "answer" // stands in the answer
	CursorTime   = "time"   // when it was asked, and Overlap before it
)

// NewestFirst is an order of lists; "" is the other one.
const NewestFirst = "newest"

// Fields are the fields of a form, as somebody typed them.
type Fields struct {
	URL      string // with placeholders: Names
	Method   string // GET (also ""), POST
	Body     string // JSON with placeholders, of POST
	Items    string // where the list is in the answer; "" = the answer is the list
	Cursor   string // "" = CursorNone
	CursorAt string // of CursorItem and CursorAnswer
	Start    string // the first cursor; of CursorTime a time of RFC 3339
	Next     string // where the answer says how the next page is got
	Order    string

	Overlap       time.Duration // of CursorTime
	Authorization string        // the header; "" = none
	Secrets       []string      // that sign a body
}

// Problem is a field that cannot be used: its JSON name in the form, without what
// all have in common. Message "" = it is missing.
type Problem struct{ Field, Message string }

// The names of fields, as they stand in Problem.
const (
	FieldURL      = "url"
	FieldBody     = "body"
	FieldItems    = "items"
	FieldCursor   = "cursor"
	FieldCursorAt = "cursor_at"
	FieldStart    = "start"
	FieldNext     = "next"
)

// Plan is compiled. It is safe for concurrent use.
type Plan struct {
	fields   Fields
	url      *expr.Text
	host     string     // scheme and host: no page is anywhere else
	body     *expr.Node // nil = none
	items    *mapping.Source
	cursorAt *mapping.Source
	next     *mapping.Source
	uses     []string // placeholders
	mark     string
}

// The placeholders.
const namePage, nameNext, nameCursor, nameNow = "page", "next", "cursor", "now"

// Names lists what the address and the body may use.
func Names() []string { return []string{nameCursor, nameNext, namePage, nameNow} }

// Compile reads the fields.
func Compile(f Fields) (*Plan, []Problem) {
	p := &Plan{fields: f, mark: mark(f)}
	var problems []Problem
	fault := func(field, message string) { problems = append(problems, Problem{field, message}) }
	source := func(field, text string) *mapping.Source {
		s, err := mapping.ReadSource(text)
		if err != nil {
			fault(field, err.Error())
		}
		return s
	}
	p.items, p.next = source(FieldItems, f.Items), source(FieldNext, f.Next)
	if f.Cursor == CursorItem || f.Cursor == CursorAnswer {
		if p.cursorAt = source(FieldCursorAt, f.CursorAt); f.CursorAt == "" {
			fault(FieldCursorAt, "")
		}
	}
	if _, err := time.Parse(time.RFC3339, f.Start); f.Cursor == CursorTime && f.Start != "" && err != nil {
		fault(FieldStart, "is no time such as 2026-11-22T08:30:00Z")
	}
	p.compileURL(fault)
	p.compileBody(fault)
	p.compileUses(fault)
	return p, problems
}

func (p *Plan) compileURL(fault func(field, message string)) {
	if p.fields.URL == "" {
		fault(FieldURL, "")
		return
	}
	var err error
	if p.url, err = expr.Compile(p.fields.URL); err != nil {
		fault(FieldURL, err.Error())
		return
	}
	if p.host = origin(p.fields.URL); p.host == "" {
		fault(FieldURL, "has no server before the first placeholder")
	}
	p.use(FieldURL, p.url.Names(), fault)
}

// use notes the placeholders of a field.
func (p *Plan) use(field string, names []string, fault func(field, message string)) {
	p.uses = append(p.uses, names...)
	for _, name := range names {
		if !slices.Contains(Names(), strings.SplitN(name, ".", 2)[0]) {
			fault(field, "uses the name "+name+", which there is not; there are "+strings.Join(Names(), ", "))
		}
	}
}

// origin is the scheme and the host of an address, when they stand before
// whatever is filled in; "" when not.
func origin(raw string) string {
	fixed, _, _ := strings.Cut(raw, "{{")
	u, err := url.Parse(fixed)
	if err != nil || u.Host == "" || u.User != nil || fixed != raw && u.Path == "" && u.RawQuery == "" && !strings.HasSuffix(fixed, "?") {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

func (p *Plan) compileBody(fault func(field, message string)) {
	if p.fields.Method != http.MethodPost || strings.TrimSpace(p.fields.Body) == "" {
		return
	}
	var value any
	if err := json.Unmarshal([]byte(p.fields.Body), &value); err != nil {
		fault(FieldBody, "is not JSON")
		return
	}
	node, faults := expr.CompileNode(value, "")
	for _, f := range faults {
		fault(FieldBody, f.Pointer+" "+f.Message)
	}
	if p.body = node; node == nil {
		return
	}
	for _, use := range node.Uses("") {
		p.use(FieldBody, []string{use.Name}, fault)
	}
}

// compileUses looks whether what moves a round on is filled in somewhere.
func (p *Plan) compileUses(fault func(field, message string)) {
	if p.url == nil {
		return
	}
	moves := p.fields.Cursor != "" && p.fields.Cursor != CursorNone
	switch {
	case moves && !p.fills(nameCursor):
		fault(FieldURL, "does not use {{cursor}}, so the same would be asked each time")
	case !moves && p.fills(nameCursor):
		fault(FieldCursor, "says nothing of what {{cursor}} is")
	case p.next == nil && p.fills(nameNext):
		fault(FieldNext, "")
	}
}

// fills reports whether a name is used, whole or in part.
func (p *Plan) fills(name string) bool {
	return slices.ContainsFunc(p.uses, func(used string) bool { return used == name || strings.HasPrefix(used, name+".") })
}

// mark tells plans apart whose places mean nothing to each other.
func mark(f Fields) string {
	f.Authorization, f.Secrets, f.Overlap = "", nil, 0
	encoded, _ := json.Marshal(f) // texts
	sum := sha256.Sum256(encoded)
	const enough = 8
	return hex.EncodeToString(sum[:enough])
}

// NewestFirst reports whether the items of a round come in an order that has to be
// turned round.
func (p *Plan) NewestFirst() bool { return p.fields.Order == NewestFirst }

// What is what is asked, for who looks on: method and path, without the query, in
// which there may be a key.
func (p *Plan) What() string {
	path, _, _ := strings.Cut(strings.TrimPrefix(p.fields.URL, p.host), "?")
	return cmp.Or(p.fields.Method, http.MethodGet) + " " + cmp.Or(path[:min(len(path), maxWhat)], "/")
}

// Place is how far it came. Its zero value is the start.
type Place struct {
	Plan   string `json:"plan"`             // whose it is
	Cursor string `json:"cursor,omitempty"` // what the round began with

	// Of a round that is not over:
	Page   int       `json:"page,omitempty"`   // the one to ask for; 0 = the first
	Next   string    `json:"next,omitempty"`   // what leads to it
	Newest string    `json:"newest,omitempty"` // the cursor when it is over
	Last   string    `json:"last,omitempty"`   // what tells the page before from others
	Begun  time.Time `json:"begun,omitzero"`
}

// At is a place as this plan understands it: one of another plan is the start,
// which for CursorTime is now where nothing else is said.
func (p *Plan) At(at Place, now time.Time) Place {
	if at.Plan == p.mark {
		return at
	}
	start := Place{Plan: p.mark, Cursor: p.fields.Start}
	if p.fields.Cursor == CursorTime && start.Cursor == "" {
		start.Cursor = now.Add(-p.fields.Overlap).UTC().Format(time.RFC3339Nano)
	}
	return start
}

// Midway reports whether a round is going on.
func (a Place) Midway() bool { return a.Page > 0 }

// Again is the place where the round began.
func (a Place) Again() Place { return Place{Plan: a.Plan, Cursor: a.Cursor} }

// Page is a page of the list.
type Page struct {
	Status int // of the answer; 0 = none
	Bytes  int // of the answer
	Items  []any
	Found  bool  // the cursor of CursorItem or CursorAnswer was there
	Then   Place // where it goes on, when the items are taken
	Over   bool  // the round is
}

// errNoServer says that an address leads away from the one that was typed.
var errNoServer = errors.New("the address leads to another server")
