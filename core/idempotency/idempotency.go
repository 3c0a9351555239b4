// Package idempotency lets a program send the same request twice and have it
// done once: the first answer is kept under a key that the program chose, and
// given again.
//
// What holds when the server dies: a claim is stored before the request is
// done, and each transaction of the request marks the claim in the same commit
// that makes its effect. So the database knows whether there was an effect,
// whatever became of the answer. Without an effect the request is done anew;
// with one whose answer was lost it is never done again, and who asks is told.
// What leaves the database (a test delivery to a webhook, the restart of a
// plugin) is outside of this promise.
package idempotency

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Bounds.
const (
	MaxKey = 255              // characters of a key
	Life   = 24 * time.Hour   // how long an answer is given again
	Lease  = 40 * time.Second // a claim older than that is nobody's: no request takes so long
	// MaxAnswer is the size of the largest answer that is kept, in bytes. Of a
	// larger one it is only known that there was one.
	MaxAnswer = 256 << 10
)

// Key names a request: what its sender called it, in its workspace.
type Key struct {
	Workspace identity.WorkspaceID
	Principal string // the member, or the API key: two programs of one member do not meet
	Name      string

	// Rights names what the principal may do and see now (identity.Rights.Mark).
	// It is no part of the name: under other rights the answer is not given
	// again, since it may tell of what they do not see any more.
	Rights string
}

// Claim is the right to do a request.
type Claim struct {
	Key
	Token     string // of this attempt: a later one takes the claim away
	Hash      string // of the request
	At, Until time.Time
}

// Answer is what a request was answered.
type Answer struct {
	Status    int
	MediaType string
	Body      []byte
}

// State is how far the request of a key is.
type State uint8

// The states.
const (
	Claimed State = iota // the claim is the caller's
	Running              // somebody does the request now
	Lost                 // it had an effect, and its answer was never kept
	Done                 // it is answered
)

// Held is what a store knows of a key.
type Held struct {
	State  State
	Hash   string
	Until  time.Time // of the lease, when Running
	Answer Sealed    // when Done
}

// Sealed is an answer as it is kept. An empty body says that it was not kept.
type Sealed struct {
	Status    int
	MediaType string
	Body      string
}

// Store keeps claims and answers.
//
// Every transaction of the same database that runs in a context of With, and
// writes, marks the claim as having had an effect, atomically with what it
// writes; when the claim is not there any more, or another's, it fails with
// Gone and writes nothing.
type Store interface {
	// Claim stores the claim and answers Claimed when the key is new, has
	// expired, or its lease ran out without an effect. Otherwise it tells what
	// is there. Of claims at the same time one gets Claimed.
	Claim(ctx context.Context, c Claim, expires time.Time) (Held, error)
	// Release forgets a claim that had no effect, and reports whether it did.
	Release(ctx context.Context, c Claim) (bool, error)
	// Answer keeps the answer of a claim. Of one that is not there nothing changes.
	Answer(ctx context.Context, c Claim, a Sealed) error
	// Sweep forgets what expired, at most limit, and returns how many.
	Sweep(ctx context.Context, now time.Time, limit int) (int, error)
}

// Sealer keeps answers from who reads the database alone: some carry a secret
// that is shown once, and all carry what people wrote.
type Sealer interface {
	Seal(secret []byte, about string) string
	Open(sealed, about string) ([]byte, error)
}

type contextKey struct{}

// With returns a context in which transactions mark the claim.
func With(ctx context.Context, c Claim) context.Context {
	return context.WithValue(ctx, contextKey{}, c)
}

// In returns the claim of a context.
func In(ctx context.Context) (Claim, bool) {
	c, ok := ctx.Value(contextKey{}).(Claim)
	return c, ok
}

// HashOf is the hash of a request: of the same key a request with another one
// is refused.
func HashOf(method, target string, body []byte) string {
	h := sha256.New()
	_, _ = h.Write([]byte(method + "\n" + target + "\n")) // never fails
	_, _ = h.Write(body)
	return hex.EncodeToString(h.Sum(nil))
}

// Service holds the use cases.
//
// Concurrency: safe for concurrent use.
type Service struct {
	store  Store
	sealer Sealer
	now    func() time.Time
}

// NewService returns a Service.
func NewService(store Store, sealer Sealer, now func() time.Time) *Service {
	return &Service{store: store, sealer: sealer, now: now}
}

// Begin claims a request, or returns the answer that it had. Errors: BadKey,
// Mismatch, InFlight, AnswerLost. What the request writes must run in a context
// of With; then comes End or Abandon.
func (s *Service) Begin(ctx context.Context, k Key, hash string) (Claim, *Answer, error) {
	if !valid(k.Name) {
		return Claim{}, nil, BadKey()
	}
	at := s.now().UTC()
	c := Claim{Key: k, Token: rand.Text(), Hash: hash, At: at, Until: at.Add(Lease)}
	held, err := s.store.Claim(ctx, c, at.Add(Life))
	switch {
	case err != nil:
		return Claim{}, nil, err
	case held.State == Claimed:
		return c, nil, nil
	case held.Hash != hash:
		return Claim{}, nil, Mismatch()
	case held.State == Running:
		return Claim{}, nil, InFlight()
	case held.State == Done && held.Answer.Body != "":
		body, err := s.sealer.Open(held.Answer.Body, about(k))
		if err == nil {
			return Claim{}, &Answer{Status: held.Answer.Status, MediaType: held.Answer.MediaType, Body: body}, nil
		}
	}
	return Claim{}, nil, AnswerLost()
}

// End keeps an answer. One that refuses, of a request that changed nothing, is
// not kept: the key is free again, and the request may be tried anew.
func (s *Service) End(ctx context.Context, c Claim, a Answer) error {
	const refused = 400
	if a.Status >= refused {
		if free, err := s.store.Release(ctx, c); free || err != nil {
			return err
		}
	}
	sealed := Sealed{Status: a.Status, MediaType: a.MediaType}
	if len(a.Body) <= MaxAnswer {
		sealed.Body = s.sealer.Seal(a.Body, about(c.Key))
	}
	return s.store.Answer(ctx, c, sealed)
}

// Abandon gives a claim back whose request has no answer, unless it had an effect.
func (s *Service) Abandon(ctx context.Context, c Claim) error {
	_, err := s.store.Release(ctx, c)
	return err
}

// Sweep forgets what is a day old.
func (s *Service) Sweep(ctx context.Context) error {
	const batch = 500
	for {
		n, err := s.store.Sweep(ctx, s.now(), batch)
		if err != nil || n < batch {
			return err
		}
	}
}

func about(k Key) string {
	return "idempotency/" + string(k.Workspace) + "/" + k.Principal + "/" + k.Name + "/" + k.Rights
}

// valid reports whether a key is 1 to 255 printable characters of ASCII.
func valid(key string) bool {
	for i := range len(key) {
		if key[i] < ' ' || key[i] > '~' {
			return false
		}
	}
	return key != "" && len(key) <= MaxKey
}

// BadKey is the answer to a key that is none.
func BadKey() *errs.Error {
	return errs.New(errs.Invalid, "idempotency.key", "An Idempotency-Key is 1 to 255 printable ASCII characters.")
}

// Mismatch is the answer to a key that another request had.
func Mismatch() *errs.Error {
	return errs.New(errs.Invalid, "idempotency.mismatch", "This Idempotency-Key was used for another request. Use a new key for each request.")
}

// InFlight is the answer while the first request of a key is being done.
func InFlight() *errs.Error {
	e := errs.New(errs.Conflict, "idempotency.in_flight", "The first request with this Idempotency-Key is still being done. Ask again in a moment.")
	e.RetryAfter = time.Second
	return e
}

// AnswerLost is the answer to a request that was done and whose answer is not
// there, or is not for the rights that its sender has now.
func AnswerLost() *errs.Error {
	return errs.New(errs.Conflict, "idempotency.answer_lost", "The request with this Idempotency-Key took effect, but its answer is not kept any more. Read what it made instead of sending it again.")
}

// Gone is why a transaction does not run whose claim another has taken.
func Gone() *errs.Error {
	return errs.New(errs.Conflict, "idempotency.in_flight", "Another request with this Idempotency-Key has taken over. Ask again in a moment.")
}
