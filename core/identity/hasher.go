package identity

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"runtime"
	"time"

	"github.com/alexedwards/argon2id"
	"golang.org/x/crypto/argon2"

	"github.com/patchbay-im/patchbay/core/errs"
)

// HashOptions are the cost of a password hash and how many may be computed at
// once. Zero values mean the defaults, which follow the OWASP password storage
// cheat sheet for argon2id (19 MiB, t=2, p=1) and take about 0.1 s of CPU.
type HashOptions struct {
	MemoryKiB   uint32 // default 19456
	Iterations  uint32 // default 2
	Parallelism uint8  // default 1
	Concurrent  int    // hashes at once; default half of the CPUs, at least 1
	Waiting     int    // callers that may wait for their turn; default 64

	// Patience is how long a caller who is not known waits; default 5 s.
	Patience time.Duration

	// Now makes the line forget, after a minute, who was served; nil = never.
	Now func() time.Time
}

// Hasher hashes and checks passwords with argon2id, in PHC form.
//
// Concurrency: safe for concurrent use. At most Concurrent hashes run at once
// and at most Waiting callers wait, whose order is line's; who finds no place
// or loses it is told errs.Unavailable. So a flood of sign-ins costs neither
// all CPUs nor unbounded memory, nor does it shut the others out.
type Hasher struct {
	params argon2id.Params
	nobody string // the hash of no password
	line   *line
}

// NewHasher returns a Hasher.
func NewHasher(o HashOptions) *Hasher {
	if o.Now == nil {
		o.Now = func() time.Time { return time.Time{} }
	}
	h := &Hasher{
		params: argon2id.Params{
			Memory: or(o.MemoryKiB, 19*1024), Iterations: or(o.Iterations, 2), Parallelism: or(o.Parallelism, 1),
			SaltLength: 16, KeyLength: 32,
		},
		line: newLine(or(o.Concurrent, max(1, runtime.GOMAXPROCS(0)/2)), or(o.Waiting, 64), or(o.Patience, 5*time.Second), o.Now),
	}
	random := base64.RawStdEncoding.EncodeToString
	h.nobody = fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.params.Memory, h.params.Iterations,
		h.params.Parallelism, random(randomBytes(h.params.SaltLength)), random(randomBytes(h.params.KeyLength)))
	return h
}

// Hash returns the hash of a password in PHC form: for who has shown a token or
// a session.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	var hash string
	err := h.turn(ctx, Comer{Known: true}, func() (err error) {
		hash, err = argon2id.CreateHash(password, &h.params)
		return err
	})
	return hash, err
}

// Verify reports whether hash is that of password. With an empty hash (nobody,
// or somebody without a password) it does the same work and reports false.
func (h *Hasher) Verify(ctx context.Context, password, hash string, who Comer) (bool, error) {
	if hash == "" {
		hash = h.nobody
	}
	var same bool
	err := h.turn(ctx, who, func() (err error) {
		same, err = argon2id.ComparePasswordAndHash(password, hash)
		return err
	})
	return same, err
}

// turn runs fn when it is its turn.
func (h *Hasher) turn(ctx context.Context, who Comer, fn func() error) error {
	if !h.line.enter(ctx, who) {
		return busy(context.Cause(ctx))
	}
	defer h.line.exit()
	return fn()
}

func busy(cause error) *errs.Error {
	e := errs.Wrap(cause, errs.Unavailable, "session.busy", "Too many people sign in at this moment. Try again shortly.")
	e.RetryAfter = 2 * time.Second
	return e
}

// or returns value, or fallback when value is not positive.
func or[T int | uint8 | uint32 | time.Duration](value, fallback T) T {
	if value > 0 {
		return value
	}
	return fallback
}

// randomBytes returns n random bytes. crypto/rand.Read never fails: it ends the
// program when the system has no randomness.
func randomBytes(n uint32) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}
