package extension

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
)

// TokenState says whether what signing in gave still works.
type TokenState string

// The states.
const (
	TokenOK      TokenState = "ok"
	TokenExpired TokenState = "expired" // somebody must sign in again
)

// Token is what signing in at a far side gave a field of an instance.
type Token struct {
	Workspace    identity.WorkspaceID
	Instance     string // the inbox or connection
	Pointer      string // of the field
	Sealed       string // the tokens; "" = none that works
	State        TokenState
	Revision     uint64    // grows with each change
	ExpiresAt    time.Time // of the access token; zero = not known
	ClaimedUntil time.Time // somebody gets a new one until then
	Member       identity.MemberID
	UpdatedAt    time.Time
}

func (t Token) about() string {
	return "plugin-token/" + string(t.Workspace) + "/" + t.Instance + t.Pointer
}

// SignIn is a member's way to a far side and back. The state is stored hashed,
// the verifier sealed.
type SignIn struct {
	Workspace identity.WorkspaceID
	StateHash string
	Instance  string
	Pointer   string
	Sealed    string
	Member    identity.MemberID
	Session   string // of the member: who comes back must be who went
	CreatedAt time.Time
	ExpiresAt time.Time
}

func (x SignIn) about() string { return "plugin-sign-in/" + x.StateHash }

// TokenStore keeps tokens, and sign-ins that were not answered yet.
type TokenStore interface {
	// Token returns one token, or errs.Absent.
	Token(ctx context.Context, workspace identity.WorkspaceID, instance, pointer string) (Token, error)
	// Tokens lists those of a workspace.
	Tokens(ctx context.Context, workspace identity.WorkspaceID) ([]Token, error)
	// ClaimToken reserves the work of getting a new one until a time; false when
	// somebody else has, or the token is no more of that revision.
	ClaimToken(ctx context.Context, t Token, now, until time.Time) (bool, error)
	// PutToken saves a token under the next revision, unclaimed, with the events.
	// When t.Revision is not that of the stored one (0 = whatever it is), it
	// saves nothing and fails with errs.Conflict.
	PutToken(ctx context.Context, t Token, events ...event.Event) error
	// BeginSignIn stores a sign-in and forgets those that are over.
	BeginSignIn(ctx context.Context, x SignIn) error
	// TakeSignIn returns a sign-in that is not over, of a session, and forgets
	// it: each works once. errs.Absent when there is none.
	TakeSignIn(ctx context.Context, stateHash, session string, now time.Time) (SignIn, error)
}

// TokenRequest is one question at a token endpoint (RFC 6749, 4.1.3 and 6).
type TokenRequest struct {
	URL          string
	ClientID     string
	ClientSecret string // "" = a public client
	Redirect     string // of a code
	Code         string // "" = a refresh
	Verifier     string // of PKCE; "" = none
	Refresh      string
}

// TokenAnswer is what the endpoint said.
type TokenAnswer struct {
	Access    string
	Refresh   string    // "" = the one before stays
	ExpiresAt time.Time // zero = not said
	Refusal   string    // an error code of RFC 6749, 5.2; "" = none
}

// TokenEndpoint asks token endpoints. It judges their addresses as those of all
// that speaks outwards.
type TokenEndpoint interface {
	// Ask fails with errs.Unavailable when there is no answer that can be read.
	Ask(ctx context.Context, q TokenRequest) (TokenAnswer, error)
}

// AccessToken is a token for a far side.
type AccessToken struct {
	Value     string
	ExpiresAt time.Time // zero = not known
}

// AccessTokens gives plugins tokens for their far sides.
type AccessTokens interface {
	// AccessToken returns one that is valid now, for the field of an instance that
	// signing in fills. refused is one that the far side has just refused: another
	// is got. errs.Conflict when a member must sign in (again), errs.Absent when
	// there is no such field.
	AccessToken(ctx context.Context, workspace identity.WorkspaceID, instance, pointer, refused string) (AccessToken, error)
}
