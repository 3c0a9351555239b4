// Package audit is the log of administrative and security actions: append-only,
// a chain of hashes per workspace. Whoever changes something hands a record
// along with its event (event.Record, identity.Record); the store appends it in
// the same transaction. This package says what a row is and how rows are
// chained, reads them, and verifies a chain.
package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Row is one entry of a workspace's chain.
type Row struct {
	Workspace identity.WorkspaceID
	Seq       uint64 // 1, 2, 3, ... per workspace without a gap
	ID        string // "aud_..."
	At        time.Time
	Record    event.Record
	Previous  string // Hash of the row before; Origin for the first
	Hash      string // 64 hexadecimal digits
}

// Origin is what the first row of a chain follows.
const Origin = "0000000000000000000000000000000000000000000000000000000000000000"

// form names the canonical form. A change of the form takes another name.
const form = "patchbay-audit-1"

// Canonical returns the bytes that are hashed: form and then every column but
// the hashes, in a fixed order, each as a netstring (its length in bytes in
// decimal, a colon, the bytes, a comma). The order: workspace, seq, id, at
// (microseconds since 1970, UTC), action, actor kind, actor id, actor name,
// via, address, target kind, target id, target name, detail (the JSON text as
// it is stored). Numbers are decimal.
func (r Row) Canonical() []byte {
	c := r.Record
	var b strings.Builder
	for _, field := range []string{
		form, string(r.Workspace), strconv.FormatUint(r.Seq, 10), r.ID, strconv.FormatInt(r.At.UnixMicro(), 10), c.Action,
		c.Actor.Kind, c.Actor.ID, c.Actor.Name, c.Via, c.Address, c.Target.Kind, c.Target.ID, c.Target.Name, string(c.Detail),
	} {
		b.WriteString(strconv.Itoa(len(field)))
		b.WriteByte(':')
		b.WriteString(field)
		b.WriteByte(',')
	}
	return []byte(b.String())
}

// Sum returns what Hash must be: SHA-256 over the 32 bytes of Previous and the
// canonical row. A Previous that is no hash counts as empty.
func (r Row) Sum() string {
	previous, err := hex.DecodeString(r.Previous)
	if err != nil {
		previous = nil
	}
	sum := sha256.Sum256(append(previous, r.Canonical()...))
	return hex.EncodeToString(sum[:])
}

// Head is where a chain stands. Rows up to Base have been removed by retention
// after they were verified; BaseHash is the hash of the last of them.
type Head struct {
	Seq      uint64 // of the last row; 0 = none was ever written
	Hash     string // of the last row
	Base     uint64
	BaseHash string
}

// NewHead is the head of a chain without rows.
func NewHead() Head { return Head{Hash: Origin, BaseHash: Origin} }

// Next chains what an event records behind the head and moves the head.
func (h *Head) Next(e event.Event) Row {
	r := Row{
		Workspace: identity.WorkspaceID(e.Workspace), Seq: h.Seq + 1, ID: RowID(e.ID),
		At: e.At.UTC().Truncate(time.Microsecond), Record: *e.Audit, Previous: h.Hash,
	}
	r.Hash = r.Sum()
	h.Seq, h.Hash = r.Seq, r.Hash
	return r
}

// RowID returns the id of the row that an event leaves: the event's, with the
// prefix of audit rows.
func RowID(cause string) string {
	_, suffix, _ := strings.Cut(cause, "_")
	return "aud_" + suffix
}
