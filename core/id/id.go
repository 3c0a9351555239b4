// Package id makes identifiers: a prefix that says what they name, an
// underscore, and a ULID, which sorts by the millisecond it was made in.
// Within a millisecond the order is random on purpose: an identifier seen by a
// customer must not tell how many others were made.
package id

import (
	"crypto/rand"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"
)

// Source makes identifiers on a clock. It is safe for concurrent use.
type Source struct {
	now func() time.Time
}

// NewSource returns a Source on the given clock.
func NewSource(now func() time.Time) Source { return Source{now: now} }

// New returns "<prefix>_<ULID>", for example "cnv_01JD3X4Z5Y6W7V8T9S0R1Q2P3N".
func (s Source) New(prefix string) string {
	u, err := ulid.New(ulid.Timestamp(s.now()), rand.Reader)
	if err != nil { // a clock beyond the year 10889; crypto/rand does not fail
		u = ulid.ULID{}
	}
	return prefix + "_" + u.String()
}

// Valid reports whether s is an identifier with the given prefix.
func Valid(prefix, s string) bool {
	rest, ok := strings.CutPrefix(s, prefix+"_")
	if !ok || len(rest) != ulid.EncodedSize {
		return false
	}
	_, err := ulid.ParseStrict(rest)
	return err == nil
}
