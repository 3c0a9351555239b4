package identity

import (
	"context"
	"log/slog"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/id"
)

// Notifier tells the sockets of every node that somebody's rights or session
// ended. event.Bus is one.
//
// The message on event.SubjectRights+workspace is the id of the account ("" = all); its
// sockets are to ask Sessions.Recheck again. It may get lost: whoever holds a
// connection open asks now and then anyway.
type Notifier interface {
	Publish(subject string, data []byte) error
}

// Deps is what the services stand on.
type Deps struct {
	Stores   Stores
	Hasher   *Hasher
	Throttle *Throttle
	Notifier Notifier
	Places   Places // nil = members belong nowhere
	Sealer   Sealer
	OpenID   OpenID
	BaseURL  string // as people reach the server, without a slash at the end
	Now      func() time.Time
	Log      *slog.Logger
}

// Services are the use cases of the domain.
//
// Concurrency: safe for concurrent use; there are no goroutines.
type Services struct {
	Setup       *Setup
	Sessions    *Sessions
	Accounts    *Accounts
	Workspaces  *Workspaces
	Members     *Members
	Invitations *Invitations
	Roles       *Roles
	Keys        *Keys
	Factors     *Factors
	Policies    *Policies
	Resets      *Resets
	Providers   *Providers
	Federation  *Federation
}

// New returns the services.
func New(d Deps) *Services {
	c := &commons{
		Deps: d, clock: clock{now: d.Now, ids: id.NewSource(d.Now)},
		signedIn: newCache[string, signedIn](d.Now),
		scopes:   newCache[seat, seated](d.Now),
		refusals: make(chan refusal, maxRefusals),
		keys:     newCache[KeyID, keyed](d.Now),
		terms:    newCache[seat, Terms](d.Now),
	}
	return &Services{
		Setup: &Setup{commons: c}, Sessions: &Sessions{c}, Accounts: &Accounts{c},
		Workspaces: &Workspaces{c}, Members: &Members{c}, Invitations: &Invitations{c}, Keys: &Keys{c}, Roles: &Roles{c},
		Factors: &Factors{c}, Policies: &Policies{c}, Resets: &Resets{c}, Providers: &Providers{c}, Federation: &Federation{c},
	}
}

// commons is what the services share.
type commons struct {
	Deps
	clock

	signedIn *cache[string, signedIn] // by token hash
	scopes   *cache[seat, seated]
	keys     *cache[KeyID, keyed]
	refusals chan refusal // refused sign-ins that Watch records
	terms    *cache[seat, Terms]
}

// signedIn is a session with its account.
type signedIn struct {
	session Session
	account Account
}

// seat is where an account may sit in a workspace.
type seat struct {
	workspace WorkspaceID
	account   AccountID
}

// seated is a member with what they may do.
type seated struct {
	member Member
	rights Rights
	parent *door // of a sandbox
}

// SignedIn is a fresh session, or what stands before it. Token goes to the
// browser and is kept nowhere else.
type SignedIn struct {
	Token   string
	Session Session
	Account Account

	// Challenge, unless empty, asks for the second factor: there is no Token
	// and no Session yet, and Sessions.SignInSecond makes them.
	Challenge     string
	ChallengeEnds time.Time

	// Mark, unless empty, is for the browser to keep for MarkLife and to bring
	// along as Client.Mark.
	Mark string
}

// newSession makes a session that starts now.
func (c *commons) newSession(account Account, client Client) SignedIn {
	at, token := c.time(), newToken()
	return SignedIn{Token: token, Account: account, Session: Session{
		ID: SessionID(c.ids.New("ses")), Account: account.ID, TokenHash: hashToken(token),
		UserAgent: client.userAgent(), Address: client.address(), CreatedAt: at, SeenAt: at, ExpiresAt: at.Add(SessionLife),
	}}
}

// prove returns the account with this e-mail address if the password is its.
// It does the same work for an unknown one; both fail with WrongCredentials.
func (c *commons) prove(ctx context.Context, email, password string, client Client) (Account, error) {
	if len(password) > MaxPassword {
		return Account{}, WrongCredentials()
	}
	email, plausible := normalEmail(email)
	if !plausible || email == "" {
		email, plausible = "?", false // one counter for all rubbish
	}
	mark, _ := c.known(email, client)
	attempt, err := c.Throttle.BeginKnown(email, mark, client)
	if err != nil {
		return Account{}, err
	}
	var account Account
	if plausible {
		account, err = c.Stores.Accounts.AccountByEmail(ctx, email)
		if err != nil && !errs.Is(err, errs.NotFound) {
			attempt.Withdraw()
			return Account{}, err
		}
	}
	same, err := c.Hasher.Verify(ctx, password, account.PasswordHash, attempt.comer())
	switch {
	case err != nil:
		attempt.Withdraw()
		return Account{}, err
	case !same:
		c.Log.InfoContext(ctx, "password refused", "account", account.ID, "address", client.address())
		c.refuse(ctx, account.ID, client)
		return Account{}, WrongCredentials()
	}
	attempt.Succeeded()
	return account, nil
}

// guess runs use, which looks a token up. A token that use refuses counts
// against the client's network.
func (c *commons) guess(client Client, refused errs.Kind, use func() error) error {
	attempt, err := c.Throttle.Begin("", client)
	if err != nil {
		return err
	}
	err = use()
	if !errs.Is(err, refused) {
		attempt.Withdraw()
	}
	return err
}

// rightsChanged forgets what is cached and tells the sockets of an account, in
// one workspace, to check again; "" = of every account.
func (c *commons) rightsChanged(ctx context.Context, w WorkspaceID, account AccountID) {
	c.signedIn.clear()
	c.scopes.clear()
	c.terms.clear()
	if err := c.Notifier.Publish(event.SubjectRights+string(w), []byte(account)); err != nil {
		c.Log.WarnContext(ctx, "rights change not published", "workspace", w, "account", account, "error", err)
	}
}

// everybodyChanged is rightsChanged for all of a workspace.
func (c *commons) everybodyChanged(ctx context.Context, w WorkspaceID) { c.rightsChanged(ctx, w, "") }

// sessionsChanged is rightsChanged in every workspace of the account. The
// change is committed, so what fails here is logged.
func (c *commons) sessionsChanged(ctx context.Context, account AccountID) {
	c.signedIn.clear()
	c.terms.clear()
	list, err := c.Stores.Members.Memberships(ctx, account)
	if err != nil {
		c.Log.WarnContext(ctx, "end of session not published", "account", account, "error", err)
	}
	for _, m := range list {
		c.rightsChanged(ctx, m.Workspace.ID, account)
	}
}
