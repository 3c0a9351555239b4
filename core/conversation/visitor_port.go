package conversation

import (
	"context"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/identity"
)

// VisitorID names a visitor session: vis_.
type VisitorID string

// Visitor is a browser talking through a live inbox: anonymous, or of a person
// whom the site vouched for. Which of the two, and which person, never changes
// in a session's life: see docs/adr/0021-visitor-identity.md.
type Visitor struct {
	Workspace identity.WorkspaceID
	ID        VisitorID
	Inbox     channel.InboxID
	TokenHash string // SHA-256, hex
	// PreviousHash is the token before, which works until PreviousUntil: two
	// tabs share a session, and one of them got the new token.
	PreviousHash  string
	PreviousUntil time.Time
	Renewal       string // from which, with the previous token, the present one is made
	Subject       string // the site's own id of the person; "" = anonymous
	Name          string // from the channel's policy, the site or the visitor; "" = nameless
	Email         string // from the site or, unproved, from the visitor
	Phone         string // likewise
	Locale        string
	Attributes    map[string]string
	ConsentAt     time.Time // when the visitor agreed that pages are recorded; zero = not
	CreatedAt     time.Time
	ExpiresAt     time.Time
}

// Verified reports whether the site vouched for who it is.
func (v Visitor) Verified() bool { return v.Subject != "" }

// externalSubject begins the external id of a person whom the site vouched
// for. Anonymous ones are known by their session's id, which begins otherwise.
const externalSubject = "sub:"

// External is what the inbox knows the visitor by, as a contact and as the
// recipient of a conversation. All sessions of a subject share it.
func (v Visitor) External() string {
	if v.Verified() {
		return externalSubject + v.Subject
	}
	return string(v.ID)
}

// SubjectOf returns the subject of a live inbox's external id; "" when it is
// an anonymous visitor's.
func SubjectOf(external string) string {
	subject, ok := strings.CutPrefix(external, externalSubject)
	if !ok {
		return ""
	}
	return subject
}

// Verified reports whether the customer is one whom the inbox's site vouched for.
func (c *Conversation) Verified() bool { return c.Live && SubjectOf(c.Recipient) != "" }

// VisitorStore keeps visitor sessions and the last answer of each inbox's policy.
type VisitorStore interface {
	AttendanceStore
	CreateVisitor(ctx context.Context, v Visitor) error
	// Visitor returns a session by id, which is globally unique, or errs.Absent.
	// It is there for a day after its end.
	Visitor(ctx context.Context, id VisitorID) (Visitor, error)
	// SaveVisitor stores what may change of a session: its tokens and end, what
	// the visitor told, and the consent.
	SaveVisitor(ctx context.Context, v Visitor) error
	// SweepVisitors deletes at most limit sessions that ended before a time, and
	// as many used identity tokens. It returns how many rows went.
	SweepVisitors(ctx context.Context, before time.Time, limit int) (int, error)
	// SavePolicy keeps the last answer of an inbox's policy, for when its
	// plugin is down, with the inbox's ConfigRevision.
	SavePolicy(ctx context.Context, inbox channel.Inbox, answer channel.SessionAnswer) error
	// Policy returns the kept answer; nil when there is none for the inbox's
	// ConfigRevision: a tightened configuration must not be answered from before.
	Policy(ctx context.Context, inbox channel.Inbox) (*channel.SessionAnswer, error)
}

// VisitorTx is the side of a transaction that knows visitor sessions.
type VisitorTx interface {
	AttendanceTx
	// VisitorSession loads a session of the workspace, or errs.Absent.
	VisitorSession(ctx context.Context, id VisitorID) (Visitor, error)
	// PutVisitor stores a session, new or known.
	PutVisitor(ctx context.Context, v Visitor) error
	// UseToken records the use of an identity token, in the place of an earlier
	// one, which it returns unless that has expired by now; nil = none.
	UseToken(ctx context.Context, inbox channel.InboxID, use TokenUse) (*TokenUse, error)
}

// TokenUse is who used an identity token.
type TokenUse struct {
	Hash        string    // of its jti
	Visitor     VisitorID // the session that it opened
	PresentedBy VisitorID // the session that brought it; "" = none
	At          time.Time
	ExpiresAt   time.Time // of the token
}
