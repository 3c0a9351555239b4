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
	touchEvery     = time.Hour
)

// LinkLife is how long a sign-in link works unless said otherwise.
const LinkLife = 15 * time.Minute

// Sessions are the use cases of signing in and out.
type Sessions struct{ *commons }

// SignIn starts a session. WrongCredentials is the answer to a wrong password
// and to an unknown account, after the same work; errs.RateLimited after too
// many failures; errs.Unavailable when too many sign in at once.
func (s *Sessions) SignIn(ctx context.Context, email, password string, client Client) (SignedIn, error) {
	account, err := s.prove(ctx, email, password, client)
	if err != nil {
		return SignedIn{}, err
	}
	in := s.newSession(account, client)
	client.Via = string(in.Session.ID)
	events, err := s.everywhere(ctx, account.ID, client, SignedInAction, method(signedByPassword))
	if err != nil {
		return SignedIn{}, err
	}
	if err := s.Stores.Sessions.CreateSession(ctx, in.Session, events...); err != nil {
		return SignedIn{}, err
	}
	s.Log.InfoContext(ctx, "signed in", "account", account.ID, "session", in.Session.ID, "address", in.Session.Address)
	return in, nil
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

// SignInByLink starts a session by a link's token and uses the link up.
// LinkNotValid when it is unknown, used or expired.
func (s *Sessions) SignInByLink(ctx context.Context, token string, client Client) (SignedIn, error) {
	in := s.newSession(Account{}, client)
	err := s.guess(client, errs.Unauthenticated, func() error {
		if !plausibleToken(token) {
			return LinkNotValid()
		}
		account, err := s.Stores.Links.LinkAccount(ctx, hashToken(token))
		if err != nil {
			return err
		}
		client.Via = string(in.Session.ID)
		events, err := s.everywhere(ctx, account, client, SignedInAction, method(signedByLink))
		if err != nil {
			return err
		}
		in.Account, err = s.Stores.Links.UseLink(ctx, hashToken(token), s.time(), in.Session, events...)
		return err
	})
	if err != nil {
		return SignedIn{}, err
	}
	in.Session.Account = in.Account.ID
	s.Log.InfoContext(ctx, "signed in by link", "account", in.Account.ID, "session", in.Session.ID, "address", in.Session.Address)
	return in, nil
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

// touch prolongs a live session, at most hourly. A failure is logged: a
// database that cannot be written must not sign everybody out.
func (s *Sessions) touch(ctx context.Context, session Session) Session {
	at := s.time()
	end := at.Add(SessionLife)
	if last := session.CreatedAt.Add(SessionMaxLife); end.After(last) {
		end = last
	}
	if !session.ExpiresAt.After(at) || end.Sub(session.ExpiresAt) < touchEvery {
		return session
	}
	if err := s.Stores.Sessions.TouchSession(ctx, session.ID, end); err != nil {
		s.Log.WarnContext(ctx, "session not prolonged", "session", session.ID, "error", err)
		return session
	}
	session.ExpiresAt = end
	return session
}

// Recheck says whether a session may still act in a workspace, and as whom,
// without any cache: for connections that stay open. Errors: SessionEnded;
// errs.NotFound when the account is no active member.
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
	return in.scope()
}

// seat finds out what a member may do.
func (c *commons) seat(ctx context.Context, m Member) (seated, error) {
	rights, err := c.rightsOf(ctx, m)
	return seated{m, rights}, err
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
	s := Scope{Workspace: m.Workspace, Actor: Actor{
		Kind: ActorMember, ID: string(m.ID), Name: m.Name, Role: m.Role,
	}}
	if m.Role.BuiltIn() {
		return s, nil
	}
	return s.With(in.rights), nil
}

// SignOut ends a session. One that has ended is no error.
func (s *Sessions) SignOut(ctx context.Context, session Session) error {
	client := ClientFrom(ctx)
	client.Via = string(session.ID)
	events, err := s.everywhere(ctx, session.Account, client, SignedOutAction, nil)
	if err != nil {
		return err
	}
	if err := s.Stores.Sessions.DeleteSession(ctx, session.ID, events...); err != nil {
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
