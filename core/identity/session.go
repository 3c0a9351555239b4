package identity

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/id"
)

// Life of a session.
const (
	SessionLife    = 30 * 24 * time.Hour // after the last use
	SessionMaxLife = 90 * 24 * time.Hour // after signing in, however much it is used
	touchEvery     = time.Minute         // well below MinIdle
)

// LinkLife is how long a sign-in link works unless said otherwise.
const LinkLife = 15 * time.Minute

// Sessions are the use cases of signing in and out.
type Sessions struct{ *commons }

// SignIn starts a session, or asks for the second factor of an account that has
// one. WrongCredentials is the answer to a wrong password
// and to an unknown account, after the same work; errs.RateLimited after too
// many failures; errs.Unavailable when too many sign in at once.
func (s *Sessions) SignIn(ctx context.Context, email, password string, client Client) (SignedIn, error) {
	account, err := s.prove(ctx, email, password, client)
	if err != nil {
		return SignedIn{}, err
	}
	return s.enter(ctx, account, way{how: signedByPassword}, client)
}

// CreateLink returns the token of a link that signs the account in once,
// within life (0 = LinkLife). For the application itself: no route makes one.
func (s *Sessions) CreateLink(ctx context.Context, account AccountID, life time.Duration) (string, error) {
	at, token := s.time(), newToken()
	err := s.Stores.Links.CreateLink(ctx, SignInLink{
		TokenHash: hashToken(token), Account: account, CreatedAt: at, ExpiresAt: at.Add(or(life, LinkLife)),
	})
	if err != nil {
		return "", err
	}
	return token, nil
}

// SignInByLink is SignIn by a link's token, which it uses up.
// LinkNotValid when it is unknown, used or expired.
func (s *Sessions) SignInByLink(ctx context.Context, token string, client Client) (SignedIn, error) {
	var account Account
	err := s.guess(client, errs.Unauthenticated, func() (err error) {
		if !plausibleToken(token) {
			return LinkNotValid()
		}
		account, err = s.Stores.Links.UseLink(ctx, hashToken(token), s.time())
		return err
	})
	if err != nil {
		return SignedIn{}, err
	}
	return s.enter(ctx, account, way{how: signedByLink}, client)
}

// Authenticate returns the session of a token and its account; SessionEnded
// when there is none. It prolongs the session. What another node changed may
// be missed for a second.
func (s *Sessions) Authenticate(ctx context.Context, token string) (Session, Account, error) {
	if !plausibleToken(token) {
		return Session{}, Account{}, SessionEnded()
	}
	hash := hashToken(token)
	in, err := s.signedIn.get(hash, func() (signedIn, error) {
		session, account, err := s.Stores.Sessions.SessionByToken(ctx, hash)
		if err != nil {
			return signedIn{}, err
		}
		return signedIn{s.touch(ctx, session), account}, nil
	})
	switch {
	case errs.Is(err, errs.NotFound):
		return Session{}, Account{}, SessionEnded()
	case err != nil:
		return Session{}, Account{}, err
	case !in.session.ExpiresAt.After(s.now()):
		return Session{}, Account{}, SessionEnded()
	}
	return in.session, in.account, nil
}

// touch prolongs a live session, at most once a minute. A failure is logged: a
// database that cannot be written must not sign everybody out.
func (s *Sessions) touch(ctx context.Context, session Session) Session {
	at := s.time()
	end := at.Add(SessionLife)
	if last := session.CreatedAt.Add(SessionMaxLife); end.After(last) {
		end = last
	}
	if !session.ExpiresAt.After(at) || at.Sub(session.SeenAt) < touchEvery {
		return session
	}
	if err := s.Stores.Sessions.TouchSession(ctx, session.ID, at, end); err != nil {
		s.Log.WarnContext(ctx, "session not prolonged", "session", session.ID, "error", err)
		return session
	}
	session.SeenAt, session.ExpiresAt = at, end
	return session
}

// Recheck is Enter without any cache: for connections that stay open.
func (s *Sessions) Recheck(ctx context.Context, session SessionID, w WorkspaceID) (Scope, error) {
	found, err := s.Stores.Sessions.Session(ctx, session)
	if errs.Is(err, errs.NotFound) || err == nil && !found.ExpiresAt.After(s.now()) {
		return Scope{}, SessionEnded()
	}
	if err != nil {
		return Scope{}, err
	}
	member, err := s.Stores.Members.MemberOf(ctx, w, found.Account)
	if err != nil {
		return Scope{}, err
	}
	in, err := s.seat(ctx, member)
	if err != nil {
		return Scope{}, err
	}
	scope, err := in.scope()
	if err != nil {
		return Scope{}, err
	}
	at := scope.door()
	terms, err := s.Stores.Policies.Terms(ctx, at.workspace, found.Account)
	if err != nil {
		return Scope{}, err
	}
	if err := terms.allow(found, at.workspace, at.role, s.now()); err != nil {
		return Scope{}, err
	}
	s.used(ctx, scope)
	return scope, nil
}

// seat finds out what a member may do.
func (c *commons) seat(ctx context.Context, m Member) (seated, error) {
	rights, err := c.rightsOf(ctx, m)
	if err != nil {
		return seated{}, err
	}
	w, err := c.Stores.Workspaces.Workspace(ctx, m.Workspace)
	if err != nil || !w.Sandbox() {
		return seated{member: m, rights: rights}, err
	}
	there, err := c.enterSandbox(ctx, w, m.Account)
	return seated{m, rights.inSandbox(), there}, err
}

// Enter is ScopeFor of a session, under the workspace's policy: the errors of
// ScopeFor, SessionEnded, ProviderRequired, TwoFactorRequired.
func (s *Sessions) Enter(ctx context.Context, session Session, w WorkspaceID) (Scope, error) {
	scope, err := s.entrance(ctx, session, w)
	if err == nil {
		s.used(ctx, scope)
	}
	return scope, err
}

// entrance is Enter without a trace.
func (s *Sessions) entrance(ctx context.Context, session Session, w WorkspaceID) (Scope, error) {
	scope, err := s.ScopeFor(ctx, session.Account, w)
	if err != nil {
		return Scope{}, err
	}
	at := scope.door()
	terms, err := s.terms.get(seat{at.workspace, session.Account}, func() (Terms, error) {
		return s.Stores.Policies.Terms(ctx, at.workspace, session.Account)
	})
	if err != nil {
		return Scope{}, err
	}
	return scope, terms.allow(session, at.workspace, at.role, s.now())
}

// ScopeFor returns the scope of an account in a workspace; errs.Absent when
// it is no member or suspended. What another node changed may be missed for a
// second.
func (s *Sessions) ScopeFor(ctx context.Context, account AccountID, w WorkspaceID) (Scope, error) {
	if !id.Valid("wsp", string(w)) {
		return Scope{}, errs.Absent()
	}
	in, err := s.scopes.get(seat{w, account}, func() (seated, error) {
		member, err := s.Stores.Members.MemberOf(ctx, w, account)
		if err != nil {
			return seated{}, err
		}
		return s.seat(ctx, member)
	})
	if err != nil {
		return Scope{}, err
	}
	return in.scope()
}

// scope returns the member as an actor; errs.Absent when suspended.
func (in seated) scope() (Scope, error) {
	m := in.member
	if m.Suspended {
		return Scope{}, errs.Absent()
	}
	s := Scope{Workspace: m.Workspace, Actor: m.actor(), parent: in.parent}
	if m.Role.BuiltIn() && in.parent == nil {
		return s, nil
	}
	return s.With(in.rights), nil
}

// Barrier is what stands between a session and a workspace.
type Barrier string

// The barriers.
const (
	NoBarrier        Barrier = ""
	BarrierTwoFactor Barrier = "two_factor" // the account has to set one up
	BarrierProvider  Barrier = "provider"   // the workspace's own sign-in has to be used
)

// Barrier says what keeps a session out of a workspace of its account. Errors
// as Enter: errs.NotFound when it is none that the session opens at all.
func (s *Sessions) Barrier(ctx context.Context, session Session, w WorkspaceID) (Barrier, error) {
	_, err := s.entrance(ctx, session, w)
	switch {
	case err == nil:
		return NoBarrier, nil
	case errs.As(err).Code == TwoFactorRequired().Code:
		return BarrierTwoFactor, nil
	case errs.As(err).Code == ProviderRequired().Code:
		return BarrierProvider, nil
	}
	return NoBarrier, err
}

// SignOut ends a session. One that has ended is no error.
func (s *Sessions) SignOut(ctx context.Context, session Session) error {
	client := ClientFrom(ctx)
	client.Via = string(session.ID)
	events, err := s.everywhere(ctx, session.Account, client, SignedOutAction, nil)
	if err != nil {
		return err
	}
	if err := s.Stores.Sessions.DeleteSessions(ctx, []SessionID{session.ID}, events...); err != nil {
		return err
	}
	s.sessionsChanged(ctx, session.Account)
	return nil
}

// ChangePassword replaces the password of the session's account and ends its
// other sessions and unused sign-in links. Errors: errs.Invalid with the wrong
// fields named (/current, /new), errs.RateLimited, errs.Unavailable.
func (s *Sessions) ChangePassword(ctx context.Context, session Session, current, fresh string, client Client) error {
	account, err := s.Stores.Accounts.Account(ctx, session.Account)
	if err != nil {
		return err
	}
	c := &check{}
	c.password("/new", fresh, account.Email)
	if err := c.err(); err != nil {
		return err
	}
	account, err = s.prove(ctx, account.Email, current, client)
	if errs.Is(err, errs.Unauthenticated) {
		c.Refuse("/current", "wrong", "This is not your password.")
		return c.err()
	}
	if err != nil {
		return err
	}
	hash, err := s.Hasher.Hash(ctx, fresh)
	if err != nil {
		return err
	}
	client.Via = string(session.ID)
	events, err := s.everywhere(ctx, account.ID, client, PasswordEdited, nil)
	if err != nil {
		return err
	}
	err = s.Stores.Accounts.SetPassword(ctx, PasswordChange{
		Account: account.ID, Old: account.PasswordHash, Fresh: hash, Keep: session.ID, At: s.time(),
	}, events...)
	if err != nil {
		return err
	}
	s.Log.InfoContext(ctx, "password changed", "account", account.ID)
	s.sessionsChanged(ctx, account.ID)
	return nil
}

// Sweep removes what has expired. The application calls it now and then.
func (s *Sessions) Sweep(ctx context.Context) error {
	return s.Stores.Sessions.DeleteExpired(ctx, s.time())
}
