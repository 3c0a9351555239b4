package extension

import (
	"context"
	"crypto/rand"
	"time"
)

// Limits of what is kept for one instance.
const (
	MaxStateValue = 64 << 10 // bytes of a value, and of the result of a claim
	MaxStateKeys  = 10_000
	MaxClaims     = 100_000 // apart from the keys
	MaxStatePage  = 200

	stateForever = 10 * 365 * 24 * time.Hour // no ttl is longer
)

// Entry is a value under its key.
type Entry struct {
	Key       string
	Value     []byte
	Version   uint64    // grows with each change, also over a deletion; never 0
	ExpiresAt time.Time // zero = never
}

// Put is a value that an instance wants kept.
type Put struct {
	Key       string
	Value     []byte
	IfVersion *uint64 // nil = whatever is there; 0 = only when there is nothing
	ExpiresAt time.Time
}

// StateStore keeps entries of instances. What has expired at now is not there.
type StateStore interface {
	// Get returns an entry; nil when there is none.
	Get(ctx context.Context, o Owner, key string, now time.Time) (*Entry, error)
	// Put writes an entry when p.IfVersion allows it; stored tells. The entry is
	// what is there after it; nil = nothing. Of writers at the same time with the
	// same IfVersion one has stored. A key that would be one more than
	// MaxStateKeys is Full.
	Put(ctx context.Context, o Owner, p Put, now time.Time) (there *Entry, stored bool, err error)
	// Delete removes an entry, when ifVersion is nil or its version, and reports
	// whether it did.
	Delete(ctx context.Context, o Owner, key string, ifVersion *uint64, now time.Time) (bool, error)
	// List returns at most limit entries whose keys begin with prefix and come
	// after a key, in the order of the keys' bytes.
	List(ctx context.Context, o Owner, r StateRange, now time.Time) ([]Entry, error)
}

// StateRange chooses entries.
type StateRange struct {
	Prefix, After string
	Limit         int
}

// ClaimState is what became of asking for a claim.
type ClaimState string

// The states.
const (
	ClaimGranted ClaimState = "granted"
	ClaimLapsed  ClaimState = "lapsed" // granted; but an earlier one ran out and was never given up
	ClaimHeld    ClaimState = "held"
	ClaimDone    ClaimState = "done"
)

// Claim is the right to do something once, or what became of it.
type Claim struct {
	State  ClaimState
	Token  string    // when granted or lapsed
	Until  time.Time // when granted, lapsed or held
	Result []byte    // when done
}

// ClaimStore keeps claims of instances.
type ClaimStore interface {
	// Take grants a claim under a key that has none, whose claim ran out, or
	// whose result is not remembered any more. Otherwise it tells what is
	// there. Of callers at the same time one gets it. A key that would be one
	// more than MaxClaims is Full.
	Take(ctx context.Context, o Owner, key, token string, span Span) (Claim, error)
	// Complete keeps the result of a claim that the token still holds, and
	// reports whether it did. Doing it again with the same token is fine.
	Complete(ctx context.Context, o Owner, key, token string, r Completed) (bool, error)
	// Abandon forgets a claim that the token holds, as if it had never been: who
	// comes next is told of an earlier lapse all the same.
	Abandon(ctx context.Context, o Owner, key, token string, now time.Time) error
}

// Span is a time and what is later.
type Span struct{ Now, Until time.Time }

// Completed is what came of a claim.
type Completed struct {
	Result []byte
	Span   // of remembering it
}

// Memory holds the use cases of what instances keep. The limits are checked here.
//
// Concurrency: safe for concurrent use.
type Memory struct {
	store  StateStore
	claims ClaimStore
	now    func() time.Time
}

// NewMemory returns a Memory.
func NewMemory(store StateStore, claims ClaimStore, now func() time.Time) *Memory {
	return &Memory{store: store, claims: claims, now: now}
}

// Get returns an entry; nil when there is none.
func (s *Memory) Get(ctx context.Context, o Owner, key string) (*Entry, error) {
	if err := checkName("key", key); err != nil {
		return nil, err
	}
	return s.store.Get(ctx, o, key, s.now())
}

// Put is the store's. ttl 0 = for ever.
func (s *Memory) Put(ctx context.Context, o Owner, p Put, ttl time.Duration) (*Entry, bool, error) {
	if err := checkName("key", p.Key); err != nil {
		return nil, false, err
	}
	if err := checkSize("value", p.Value, MaxStateValue); err != nil {
		return nil, false, err
	}
	now := s.now()
	if ttl != 0 {
		if err := checkSpan("ttl", ttl, time.Millisecond, stateForever); err != nil {
			return nil, false, err
		}
		p.ExpiresAt = now.Add(ttl)
	}
	return s.store.Put(ctx, o, p, now)
}

// Delete is the store's.
func (s *Memory) Delete(ctx context.Context, o Owner, key string, ifVersion *uint64) (bool, error) {
	if err := checkName("key", key); err != nil {
		return false, err
	}
	return s.store.Delete(ctx, o, key, ifVersion, s.now())
}

// List returns a page of entries, and whether there are more. A limit of 0 is 100.
func (s *Memory) List(ctx context.Context, o Owner, r StateRange) ([]Entry, bool, error) {
	for field, text := range map[string]string{"prefix": r.Prefix, "after": r.After} {
		if text == "" {
			continue
		}
		if err := checkName(field, text); err != nil {
			return nil, false, err
		}
	}
	if r.Limit == 0 {
		r.Limit = 100
	}
	if r.Limit < 0 || r.Limit > MaxStatePage {
		return nil, false, refused("limit", "must be 1 to 200")
	}
	want := r.Limit
	r.Limit++
	found, err := s.store.List(ctx, o, r, s.now())
	if len(found) > want {
		return found[:want], true, err
	}
	return found, false, err
}

// Claim asks for the right to do a thing within a time; 0 = a minute.
func (s *Memory) Claim(ctx context.Context, o Owner, key string, within time.Duration) (Claim, error) {
	if err := checkName("key", key); err != nil {
		return Claim{}, err
	}
	if within == 0 {
		within = time.Minute
	}
	if err := checkSpan("within", within, time.Second, 10*time.Minute); err != nil {
		return Claim{}, err
	}
	now := s.now().Truncate(time.Microsecond) // as it is kept: who holds the claim and who waits read the same end
	return s.claims.Take(ctx, o, key, rand.Text(), Span{now, now.Add(within)})
}

// Complete keeps what came of a claim; keep 0 = 7 days. It reports whether the
// claim was still the token's.
func (s *Memory) Complete(ctx context.Context, o Owner, key, token string, result []byte, keep time.Duration) (bool, error) {
	const day = 24 * time.Hour
	if err := checkName("key", key); err != nil {
		return false, err
	}
	if err := checkName("token", token); err != nil {
		return false, err
	}
	if err := checkSize("result", result, MaxStateValue); err != nil {
		return false, err
	}
	if keep == 0 {
		keep = 7 * day
	}
	if err := checkSpan("keep", keep, time.Second, 30*day); err != nil {
		return false, err
	}
	now := s.now()
	return s.claims.Complete(ctx, o, key, token, Completed{result, Span{now, now.Add(keep)}})
}

// Abandon gives a claim up: the thing was not done.
func (s *Memory) Abandon(ctx context.Context, o Owner, key, token string) error {
	if err := checkName("key", key); err != nil {
		return err
	}
	if err := checkName("token", token); err != nil {
		return err
	}
	return s.claims.Abandon(ctx, o, key, token, s.now())
}
