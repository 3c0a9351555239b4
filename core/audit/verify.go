package audit

import (
	"cmp"
	"encoding/json"
	"fmt"
	"time"
)

// Trimmed is the action of the row that says retention removed a verified
// beginning of the chain. Its detail is an Anchor.
const Trimmed = "audit.trimmed"

// Anchor says where a chain was cut: the row at Through and those before it are
// gone, and Hash was its hash.
type Anchor struct {
	Through uint64 `json:"through"`
	Hash    string `json:"hash"`
}

// Fault is the first row of a chain that is not as it was written.
type Fault struct {
	Seq    uint64
	ID     string // "" when the row is missing
	Reason Reason
	Row    Row // as it stands there now; zero when it is missing
}

// Reason says what is wrong with a row.
type Reason string

// The reasons.
const (
	Missing    Reason = "missing"    // the row was removed
	Changed    Reason = "changed"    // its content does not have its hash
	Unchained  Reason = "unchained"  // it does not follow the row before: inserted, moved, or the one before was written anew
	Unanchored Reason = "unanchored" // the beginning of the chain is gone and no row says that retention removed it
	Extra      Reason = "extra"      // the chain's head does not know it
)

// Error says what is wrong, for people.
func (f *Fault) Error() string {
	row := fmt.Sprintf("row %d", f.Seq)
	if f.ID != "" {
		row += " (" + f.ID + ")"
	}
	if f.Row.Record.Action != "" {
		row += fmt.Sprintf(", which says %s by %s at %s,", f.Row.Record.Action, cmp.Or(f.Row.Record.Actor.Name, f.Row.Record.Actor.ID, "nobody"), f.Row.At.UTC().Format(time.RFC3339))
	}
	switch f.Reason {
	case Missing:
		return row + " is missing"
	case Changed:
		return row + " was changed after it was written"
	case Unchained:
		return row + " does not follow the row before it"
	case Unanchored:
		return row + " follows rows that are gone, and no later row says that retention removed them"
	case Extra:
		return row + " was added behind the end of the log"
	default:
		return row + " is wrong"
	}
}

// Verifier checks a chain row by row. Make one with NewVerifier, give it every
// row in order, and end with Close.
type Verifier struct {
	head     Head
	last     uint64
	hash     string
	rows     uint64
	anchored bool
	first    Row
}

// NewVerifier returns a Verifier of the chain with this head.
func NewVerifier(h Head) *Verifier {
	return &Verifier{head: h, last: h.Base, hash: h.BaseHash, anchored: h.Base == 0}
}

// Rows is how many rows have been found right.
func (v *Verifier) Rows() uint64 { return v.rows }

// Add checks the next row.
func (v *Verifier) Add(r Row) *Fault {
	switch {
	case r.Seq > v.head.Seq:
		if v.last < v.head.Seq {
			return &Fault{Seq: v.last + 1, Reason: Missing}
		}
		return &Fault{Seq: r.Seq, ID: r.ID, Reason: Extra, Row: r}
	case r.Seq > v.last+1:
		return &Fault{Seq: v.last + 1, Reason: Missing}
	case r.Seq != v.last+1:
		return &Fault{Seq: r.Seq, ID: r.ID, Reason: Unchained, Row: r}
	case r.Sum() != r.Hash:
		return &Fault{Seq: r.Seq, ID: r.ID, Reason: Changed, Row: r}
	case r.Previous != v.hash:
		return &Fault{Seq: r.Seq, ID: r.ID, Reason: Unchained, Row: r}
	}
	if v.rows == 0 {
		v.first = r
	}
	v.anchored = v.anchored || r.anchors(v.head)
	v.last, v.hash = r.Seq, r.Hash
	v.rows++
	return nil
}

// Close checks that the chain ends where its head says, and that what is gone
// from its beginning was removed by retention.
func (v *Verifier) Close() *Fault {
	switch {
	case v.last < v.head.Seq:
		return &Fault{Seq: v.last + 1, Reason: Missing}
	case v.last == v.head.Seq && v.hash != v.head.Hash:
		return &Fault{Seq: v.last, Reason: Changed}
	case !v.anchored:
		return &Fault{Seq: v.head.Base + 1, ID: v.first.ID, Reason: Unanchored}
	}
	return nil
}

// anchors reports whether the row says that the chain was cut at its base.
func (r Row) anchors(h Head) bool {
	if r.Record.Action != Trimmed {
		return false
	}
	var a Anchor
	return json.Unmarshal(r.Record.Detail, &a) == nil && a.Through == h.Base && a.Hash == h.BaseHash
}
