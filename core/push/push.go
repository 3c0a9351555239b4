// Package push tells members by their browser when no window of the console is
// open: Web Push (RFC 8030) to the push service that the browser chose, with
// what is said encrypted for the browser alone (RFC 8291) and signed by this
// installation (RFC 8292). docs/adr/0052-telling-agents-elsewhere.md says why
// the core does this itself.
//
// A subscription belongs to a session: it ends with it, and opens what the
// session opens. What waits to be told is stored with its notification, in one
// transaction; it leaves when the member has not read it a few seconds later.
//
// Promise: each notification that is due is sent to each of the member's
// browsers at least once while it is news (Life), unless the push service
// refuses it. One that was read, gave way to a newer one, or went out of reach
// is not sent.
package push

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/notification"
)

// Rules that nobody configures.
const (
	// Most is how many browsers of an account are told.
	Most = 20
	// Delay is how long a notification waits to be read in an open window
	// before it is pushed.
	Delay = 3 * time.Second
	// Life is how long it is news: afterwards it is not pushed any more, and
	// the push service forgets it too.
	Life = 4 * time.Hour

	maxEndpoint = 2048 // bytes
	maxPlain    = 2900 // bytes of what is said; push services take 4096 encrypted
)

// Say is how much a push says.
type Say string

// The amounts.
const (
	SayAll  Say = "all"  // who wrote, and what, in short
	SayKind Say = "kind" // what happened, without names and words
)

// Subscription is a browser that wants to be told.
type Subscription struct {
	Session  identity.SessionID
	Account  identity.AccountID
	Endpoint string // where its push service takes messages; a secret
	Key      []byte // of the browser: a point of P-256, uncompressed, 65 bytes
	Auth     []byte // 16 bytes, a secret
	Say      Say
	Since    time.Time

	SentAt   time.Time // the push service took something; zero = never
	Code     string    // why the last was not taken; "" = it was
	Failures int       // in a row
	RestTill time.Time // nothing is sent before
	Paced    time.Time // the rate's theoretical arrival time, see pace
}

// stored is what of a subscription is sealed.
type stored struct {
	Endpoint string `json:"endpoint"`
	Key      []byte `json:"key"`
	Auth     []byte `json:"auth"`
}

// Sealed returns the part of a subscription that is a secret, for the store.
func (s *Subscription) Sealed(by Sealer) (string, error) {
	text, err := json.Marshal(stored{s.Endpoint, s.Key, s.Auth})
	if err != nil {
		return "", err //nolint:wrapcheck // strings and bytes always marshal
	}
	return by.Seal(text, about(s.Session)), nil
}

// Unseal puts the secret part back.
func (s *Subscription) Unseal(by Sealer, sealed string) error {
	text, err := by.Open(sealed, about(s.Session))
	if err != nil {
		return err //nolint:wrapcheck // its own sentence
	}
	var p stored
	err = json.Unmarshal(text, &p)
	s.Endpoint, s.Key, s.Auth = p.Endpoint, p.Key, p.Auth
	return err //nolint:wrapcheck // as it was stored
}

func about(session identity.SessionID) string { return "push:" + string(session) }

// Place names an endpoint without saying it.
func Place(endpoint string) string {
	sum := sha256.Sum256([]byte(endpoint))
	return hex.EncodeToString(sum[:])
}

// Sealer keeps secrets; a seal.Box does.
type Sealer interface {
	Seal(secret []byte, about string) string
	Open(sealed, about string) ([]byte, error)
}

// Waiting is a notification that a browser is to be told of.
type Waiting struct {
	Workspace    identity.WorkspaceID
	Member       identity.MemberID
	Notification notification.ID
	At           time.Time // of the notification
}

// Store keeps subscriptions. A method is one transaction, on disk when it
// returns nil. A subscription whose session ended is gone.
type Store interface {
	// Subscribe stores a subscription in place of the session's, and of any that
	// has its endpoint: a browser has one. It conflicts (TooMany) when the account
	// has Most others; errs.Absent when the session is gone.
	Subscribe(ctx context.Context, s Subscription) error
	// Subscriptions lists those of an account, the oldest first. One whose
	// secrets cannot be opened has no Endpoint.
	Subscriptions(ctx context.Context, a identity.AccountID) ([]Subscription, error)
	// Unsubscribe removes one; errs.Absent when the account has no such.
	Unsubscribe(ctx context.Context, a identity.AccountID, session identity.SessionID) error
}

// Ledger keeps what waits. Its methods are transactions too.
type Ledger interface {
	// Next returns when something can be done at the earliest; zero = nothing waits.
	Next(ctx context.Context) (time.Time, error)
	// Claim returns subscriptions that something is due for and that do not
	// rest, and keeps others from claiming them until then.
	Claim(ctx context.Context, now, until time.Time, limit int) ([]Subscription, error)
	// Waiting lists what is due for a session, the oldest first.
	Waiting(ctx context.Context, session identity.SessionID, now time.Time, limit int) ([]Waiting, error)
	// Settle removes what is done, stores how the subscription fares (SentAt,
	// Code, Failures, RestTill, Paced) and gives the claim back. One that is gone,
	// or is of another endpoint by now, stays as it is.
	Settle(ctx context.Context, s Subscription, done []Waiting) error
	// End removes a subscription that its push service does not know any more,
	// unless the session has another by now.
	End(ctx context.Context, s Subscription) error
	// Unclaim gives back all claims: those of a process that is no more.
	Unclaim(ctx context.Context) error
}

// Answer is what a push service said.
type Answer struct {
	Status     int           // 0 = it did not answer
	Code       string        // what kept it from answering
	RetryAfter time.Duration // 0 = it did not say
}

// Poster speaks to push services.
type Poster interface {
	// Check says what is wrong with an address, or nil.
	Check(address string) error
	// Post sends a message, within the time of ctx.
	Post(ctx context.Context, address string, headers [][2]string, body []byte) Answer
}

// Renderer writes a notification as browsers are told it.
type Renderer interface {
	// Render returns the notification, and where in the console it leads.
	Render(n notification.Notification) (shape json.RawMessage, path string, err error)
}

// TooMany refuses one browser too many.
func TooMany() error {
	return errs.New(errs.Conflict, "push.too_many", "Twenty of your browsers are told already. Remove one of them first.")
}
