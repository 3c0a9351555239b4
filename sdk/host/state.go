package host

import (
	"context"
	"time"
)

// State keeps small values for an instance: cursors, ids, what was done already.
// They outlive the process and are the same on every node. Keys are text of 1 to
// 200 bytes, values have at most 64 KiB; an instance has at most 10,000 keys, and
// 100,000 claims apart from them. What must be searched, or is large, belongs
// into a database of the instance's own.
//
// Permission: state.
type State interface {
	// Get returns an entry; nil when there is none.
	Get(ctx context.Context, key string) (*Entry, error)
	// Put writes an entry.
	Put(ctx context.Context, req PutRequest) (PutResponse, error)
	// Delete removes an entry.
	Delete(ctx context.Context, req DeleteRequest) (DeleteResponse, error)
	// List returns a page of entries in the order of the keys' bytes.
	List(ctx context.Context, req ListRequest) (ListResponse, error)
	// Claim asks for the right to do something once. Package once is the easy way.
	Claim(ctx context.Context, req ClaimRequest) (Claim, error)
	// Complete keeps what came of a claim. False: the claim ran out and is
	// somebody else's now.
	Complete(ctx context.Context, req CompleteRequest) (bool, error)
	// Abandon gives a claim up: the thing was not done.
	Abandon(ctx context.Context, key, token string) error
}

// Entry is a value under its key.
type Entry struct {
	Key       string
	Value     []byte
	Version   uint64    // grows with each change, also over a deletion; never 0
	ExpiresAt time.Time // zero = never
}

// PutRequest is a value to keep.
type PutRequest struct {
	Key   string
	Value []byte
	// IfVersion writes only when this is the version; 0 in it only when there is
	// no entry. nil writes in any case.
	IfVersion *uint64
	TTL       time.Duration // 0 = for ever
}

// PutResponse says what became of it.
type PutResponse struct {
	Stored  bool   // false: IfVersion was not the version
	Version uint64 // when Stored
	Current *Entry // when not: what is there; nil = nothing
}

// DeleteRequest names an entry.
type DeleteRequest struct {
	Key       string
	IfVersion *uint64 // as in PutRequest
}

// DeleteResponse says what became of it.
type DeleteResponse struct {
	Deleted bool // false: there was none, or IfVersion was not the version
}

// ListRequest chooses entries.
type ListRequest struct {
	Prefix string
	After  string // keys after this one; "" = from the start
	Limit  int    // 1 to 200; 0 = 100
}

// ListResponse is a page.
type ListResponse struct {
	Entries []Entry
	More    bool
}

// ClaimRequest asks for a claim.
type ClaimRequest struct {
	Key    string
	Within time.Duration // how long the thing may take, 1 s to 10 min; 0 = 1 min
}

// ClaimState is what became of asking for a claim.
type ClaimState uint8

// The states. One that this version of the SDK does not know is ClaimHeld.
const (
	ClaimHeld    ClaimState = iota // somebody does it now; ask again after Until
	ClaimGranted                   // the caller's: do it, then complete it
	ClaimLapsed                    // granted, but an earlier claim ran out: it may have been done, whole or in part
	ClaimDone                      // it was done; Result has what came of it
)

// Claim is the right to do something once, or what became of it.
type Claim struct {
	State  ClaimState
	Token  string // when granted or lapsed
	Until  time.Time
	Result []byte // when done
}

// CompleteRequest says what came of a claim.
type CompleteRequest struct {
	Key, Token string
	Result     []byte        // at most 64 KiB
	Keep       time.Duration // how long it is remembered, at most 30 days; 0 = 7 days
}
