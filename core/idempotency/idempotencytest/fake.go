// Package idempotencytest has a store of claims in memory and what every store
// of them must keep.
package idempotencytest

import (
	"context"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/idempotency"
)

// Fake implements idempotency.Store in memory.
type Fake struct {
	mu   sync.Mutex
	rows map[idempotency.Key]*row
}

type row struct {
	claim   idempotency.Claim
	expires time.Time
	effect  bool
	done    bool
	answer  idempotency.Sealed
}

// NewFake returns an empty Fake.
func NewFake() *Fake { return &Fake{rows: make(map[idempotency.Key]*row)} }

// Claim implements idempotency.Store.
func (f *Fake) Claim(_ context.Context, c idempotency.Claim, expires time.Time) (idempotency.Held, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r := f.rows[c.Key]
	stale := r != nil && !r.done && !r.effect && !r.claim.Until.After(c.At)
	if r == nil || stale || !r.expires.After(c.At) {
		f.rows[c.Key] = &row{claim: c, expires: expires}
		return idempotency.Held{State: idempotency.Claimed}, nil
	}
	held := idempotency.Held{State: idempotency.Running, Hash: r.claim.Hash, Until: r.claim.Until, Answer: r.answer}
	switch {
	case r.done:
		held.State = idempotency.Done
	case !r.claim.Until.After(c.At):
		held.State = idempotency.Lost
	}
	return held, nil
}

func (f *Fake) mine(c idempotency.Claim) *row {
	if r := f.rows[c.Key]; r != nil && r.claim.Token == c.Token {
		return r
	}
	return nil
}

// Release implements idempotency.Store.
func (f *Fake) Release(_ context.Context, c idempotency.Claim) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r := f.mine(c)
	if r == nil || r.effect || r.done {
		return false, nil
	}
	delete(f.rows, c.Key)
	return true, nil
}

// Answer implements idempotency.Store.
func (f *Fake) Answer(_ context.Context, c idempotency.Claim, a idempotency.Sealed) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r := f.mine(c); r != nil {
		r.done, r.answer = true, a
	}
	return nil
}

// Sweep implements idempotency.Store.
func (f *Fake) Sweep(_ context.Context, now time.Time, limit int) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for k, r := range f.rows {
		if n < limit && !r.expires.After(now) {
			delete(f.rows, k)
			n++
		}
	}
	return n, nil
}

// Write is a transaction that writes.
func (f *Fake) Write(ctx context.Context) error {
	c, ok := idempotency.In(ctx)
	if !ok {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	r := f.mine(c)
	if r == nil {
		return idempotency.Gone()
	}
	r.effect = true
	return nil
}
