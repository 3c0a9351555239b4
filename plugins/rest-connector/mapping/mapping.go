// Package mapping reads a mapping: the document that says how a system of
// record with a REST interface is spoken to, and where in its answers the
// fields are. A mapping that Read returns is whole: its texts are compiled, its
// names mean something where they are used, its sizes are bounded.
package mapping

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/sdk/connector"
	"github.com/patchbay-im/patchbay/sdk/expr"
)

// MaxSize bounds a document, in bytes.
const MaxSize = 64 << 10

// Mapping is a compiled mapping. It is safe for concurrent use.
type Mapping struct {
	Name    map[string]string
	Headers map[string]*expr.Text
	Limits  Limits
	Auth    Auth
	Errors  []Rule
	Objects []Object
}

// Limits bound what is asked of the far side.
type Limits struct {
	PerSecond float64
	Burst     int
	AtOnce    int           // requests at the same time
	Timeout   time.Duration // of one request
	Response  int64         // bytes of one answer
}

// Auth says how requests prove who they come from.
type Auth struct {
	Type     string
	Username *expr.Text
	Password *expr.Text
	Token    *expr.Text
	Name     string
	Value    *expr.Text
	Login    []LoginStep
	Lifetime time.Duration // of a session; 0 = until it is refused
	Headers  map[string]*expr.Text
	Query    map[string]*expr.Text
}

// The ways.
const (
	AuthNone   = "none"
	AuthBasic  = "basic"
	AuthBearer = "bearer"
	AuthHeader = "header"
	AuthQuery  = "query"
	AuthLogin  = "login"
)

// LoginStep is one request of signing in. What it takes and makes are the names
// session.<name> of what comes after.
type LoginStep struct {
	Request
	Take      map[string]expr.Pointer
	Make      map[string]*expr.Text
	ExpiresIn *expr.Pointer // seconds
}

// Rule says what an answer means.
type Rule struct {
	Status  []int         // empty = any
	At      *expr.Pointer // nil = the body does not matter
	In      []any         // empty = anything but null
	Means   string
	Code    string
	Message *expr.Pointer
}

// What an answer can mean.
const (
	MeansOK          = "ok"
	MeansNotFound    = "not_found"
	MeansRejected    = "rejected"
	MeansRetry       = "retry"
	MeansRateLimited = "rate_limited"
	MeansAuth        = "auth"
)

// Request is a request to make.
type Request struct {
	Pointer string // where it stands in the document
	Method  string
	Path    *expr.Text
	Query   map[string]*expr.Text
	Headers map[string]*expr.Text
	Body    *expr.Node // nil = none
	Form    map[string]*expr.Text
	Items   expr.Pointer // where the rows of the answer are
	// Single says that the path names one thing: 404 means that it is not there,
	// and not that the path is wrong.
	Single bool
	names  map[string]bool
}

// Uses reports whether the request has a name in it.
func (r *Request) Uses(name string) bool { return r.names[name] }

// Creating is a request that makes something and tells its id.
type Creating struct {
	Request
	ID expr.Pointer
}

// Object is a kind of record.
type Object struct {
	Name      string
	Label     map[string]string
	ID        expr.Pointer
	Title     *expr.Text
	URL       *expr.Text // nil = none
	UpdatedAt []expr.Pointer
	Times     string
	Deleted   *Mark
	Fields    []Field
	Lookup    []Request
	Get       *Request
	Search    *Request
	Upsert    *Upsert
	Activity  *Activity
	Pull      *Pull
}

// Mark is a value that says something of a row.
type Mark struct {
	At expr.Pointer
	In []any
}

// Field is one field of a kind of record.
type Field struct {
	Name     string
	Label    map[string]string
	Type     connector.FieldType
	Read     []expr.Pointer
	Currency *expr.Pointer
	Times    string
	Write    *expr.Pointer
	Writable bool
	Required bool
}

// Upsert is how a record is made or changed.
type Upsert struct {
	Key    *Request  // finds what was made under a key
	Match  []Request // find a record that is there already
	Create Creating
	Update *Request
}

// Activity is how something is written down at a record.
type Activity struct {
	Find   *Creating
	Create Creating
}

// Pull is how changes are read.
type Pull struct {
	Overlap time.Duration
	Size    int
	Feeds   []Feed
}

// Feed is one list of changes, the oldest first.
type Feed struct {
	Request
	Name      string
	ChangedAt expr.Pointer
	Deleted   bool          // its rows are gone
	Next      *expr.Pointer // the far side's own cursor
}

// Object returns a kind of record by its name.
func (m *Mapping) Object(name string) (*Object, bool) {
	for i := range m.Objects {
		if m.Objects[i].Name == name {
			return &m.Objects[i], true
		}
	}
	return nil, false
}

// In returns a text in a language: the same language, the same without its
// region, English.
func In(texts map[string]string, locale string) string {
	if s, ok := texts[locale]; ok {
		return s
	}
	for _, tag := range slices.Sorted(maps.Keys(texts)) {
		s := texts[tag]
		if len(tag) >= 2 && len(locale) >= 2 && tag[:2] == locale[:2] && tag != "en" {
			return s
		}
	}
	return texts["en"]
}

// Lacks reports whether a name that the request uses has no value.
func (r *Request) Lacks(scope expr.Scope) bool {
	for name := range r.names {
		if v, there := expr.Find(scope, name); strings.HasPrefix(name, "field.") && (!there || v == nil || v == "") {
			return true
		}
	}
	return false
}
