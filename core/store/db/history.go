package db

import (
	"math"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/page"
)

// Signed and Unsigned carry sequences: they are unsigned in the domain and stay
// far below 2^63; what a client asks for need not.
func Signed(n uint64) int64 { return int64(min(n, math.MaxInt64)) }

// Unsigned is the reverse of Signed.
func Unsigned(n int64) uint64 { return uint64(n) } //nolint:gosec // see Signed

// History completes a query for a stretch of a history of changes: one that
// ends in "AND " and calls the table of changes h, with its arguments. What is
// asked for backwards comes the newest first.
//
// There are four ways. public_seq has no index of its own, which every message
// would have to pay for: it grows with seq and never passes it, so the way along
// seq starts at the right place and skips what is hidden.
func History(query string, r conversation.Range, args ...any) (string, []any) {
	limit := r.Limit
	if limit <= 0 {
		limit = page.DefaultLimit
	}
	before := int64(1 << 62)
	if r.Before > 0 {
		before = Signed(r.Before)
	}
	switch {
	case r.After != nil && r.Public:
		query, args = query+`h.seq > ? AND h.public_seq > ? ORDER BY h.seq LIMIT ?`, append(args, Signed(*r.After), Signed(*r.After))
	case r.After != nil:
		query, args = query+`h.seq > ? ORDER BY h.seq LIMIT ?`, append(args, Signed(*r.After))
	case r.Public:
		query, args = query+`h.public_seq < ? ORDER BY h.seq DESC LIMIT ?`, append(args, before)
	default:
		query, args = query+`h.seq < ? ORDER BY h.seq DESC LIMIT ?`, append(args, before)
	}
	return query, append(args, limit)
}
