package identity

import (
	"context"
	"crypto/subtle"
	"strings"
	"sync/atomic"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
)

// Setup is how an installation gets its first account.
type Setup struct {
	*commons

	done atomic.Bool // an account exists; that never changes back
}

// Founder is who founds a workspace.
type Founder struct {
	WorkspaceName string
	Name          string
	Email         string
	Password      string
	LinkOnly      bool   // Provision: no password, the account signs in by link alone
	Locale        string // "" = DefaultLocale
}

// Needed reports whether no account exists yet.
func (s *Setup) Needed(ctx context.Context) (bool, error) {
	if s.done.Load() {
		return false, nil
	}
	has, err := s.Stores.Setup.HasAccount(ctx)
	if err != nil {
		return false, err
	}
	if has {
		s.done.Store(true)
	}
	return !has, nil
}

// IssueToken returns a new set-up token; those before stop working. The
// application prints it at each start until set-up is done; then errs.NotFound.
func (s *Setup) IssueToken(ctx context.Context) (string, error) {
	token := newToken()
	if err := s.Stores.Setup.PutSetupToken(ctx, hashToken(token), s.time()); err != nil {
		return "", err
	}
	return token, nil
}

// Complete makes the first account, its workspace and a session. Errors:
// errs.NotFound once an account exists, SetupTokenInvalid, and errs.Invalid
// with the wrong fields named.
func (s *Setup) Complete(ctx context.Context, token string, founder Founder, client Client) (SignedIn, error) {
	needed, err := s.Needed(ctx)
	if err != nil {
		return SignedIn{}, err
	}
	if !needed {
		return SignedIn{}, errs.Absent()
	}
	hash := hashToken(token)
	if err := s.guess(client, errs.Unauthenticated, func() error { return s.checkToken(ctx, hash) }); err != nil {
		return SignedIn{}, err
	}
	founder.LinkOnly = false
	f, err := s.founding(ctx, founder)
	if err != nil {
		return SignedIn{}, err
	}
	in := s.newSession(f.Account, client)
	f.First, f.TokenHash, f.Session = true, hash, &in.Session
	return in, s.found(ctx, f)
}

func (s *Setup) checkToken(ctx context.Context, hash string) error {
	stored, err := s.Stores.Setup.SetupToken(ctx)
	if errs.Is(err, errs.NotFound) {
		return SetupTokenInvalid()
	}
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare([]byte(stored), []byte(hash)) != 1 {
		return SetupTokenInvalid()
	}
	return nil
}

// EnsureAdmin makes the first account and its workspace without a token, for
// automated installation. Empty names get defaults. Once any account exists it
// does nothing and reports false: it never resets a password.
func (s *Setup) EnsureAdmin(ctx context.Context, founder Founder) (bool, error) {
	needed, err := s.Needed(ctx)
	if err != nil || !needed {
		return false, err
	}
	if founder.Name == "" {
		founder.Name, _, _ = strings.Cut(strings.TrimSpace(founder.Email), "@")
	}
	if founder.WorkspaceName == "" {
		founder.WorkspaceName = "Patchbay"
	}
	founder.LinkOnly = false
	f, err := s.founding(ctx, founder)
	if err != nil {
		return false, err
	}
	f.First = true
	err = s.found(ctx, f)
	if errs.Is(err, errs.NotFound) { // another node was faster
		return false, nil
	}
	return err == nil, err
}

// Provision makes an account with a workspace, whatever exists already: for
// the application's demo data and for tools, never behind a route.
func (s *Setup) Provision(ctx context.Context, founder Founder) (Membership, error) {
	f, err := s.founding(ctx, founder)
	if err != nil {
		return Membership{}, err
	}
	return Membership{Workspace: f.Workspace, Member: f.Owner}, s.found(ctx, f)
}

// founding checks the founder and makes what is to be stored.
func (s *Setup) founding(ctx context.Context, founder Founder) (Founding, error) {
	if founder.Locale == "" {
		founder.Locale = DefaultLocale
	}
	c := &check{}
	workspace := c.name("/workspace_name", founder.WorkspaceName)
	name := c.name("/name", founder.Name)
	email := c.email(founder.Email)
	c.locale("/locale", founder.Locale)
	if !founder.LinkOnly {
		c.password("/password", founder.Password, email)
	}
	if err := c.err(); err != nil {
		return Founding{}, err
	}
	hash, err := s.hash(ctx, founder.Password, founder.LinkOnly)
	if err != nil {
		return Founding{}, err
	}
	account := s.newAccount(email, name, founder.Locale, hash)
	w := Workspace{
		ID: WorkspaceID(s.ids.New("wsp")), Name: workspace, Locale: founder.Locale, Settings: NewSettings(),
		CreatedAt: account.CreatedAt, UpdatedAt: account.CreatedAt,
	}
	return Founding{Account: account, Workspace: w, Owner: s.newMember(w.ID, account, RoleOwner)}, nil
}

func (s *Setup) found(ctx context.Context, f Founding) error {
	err := s.Stores.Setup.Found(ctx, f,
		s.audited(f.Workspace.ID, WorkspaceChanged, string(f.Workspace.ID), &event.Record{
			Action: WorkspaceFounded, Actor: f.Owner.party(), Address: ClientFrom(ctx).address(), Target: f.Workspace.target(),
		}),
		s.changed(f.Workspace.ID, MemberChanged, string(f.Owner.ID)))
	if err == nil {
		s.done.Store(true)
		s.Log.InfoContext(ctx, "workspace founded", "workspace", f.Workspace.ID, "account", f.Account.ID)
	}
	return err
}

// hash returns the hash of a password; "" for an account that has none.
func (c *commons) hash(ctx context.Context, password string, linkOnly bool) (string, error) {
	if linkOnly {
		return "", nil
	}
	return c.Hasher.Hash(ctx, password)
}

// newAccount makes an account.
func (c *commons) newAccount(email, name, locale, hash string) Account {
	at := c.time()
	return Account{
		ID: AccountID(c.ids.New("acc")), Email: email, Name: name, Locale: locale, PasswordHash: hash,
		CreatedAt: at, UpdatedAt: at,
	}
}

// newMember makes a member that bears the account's name.
func (c *commons) newMember(w WorkspaceID, account Account, role Role) Member {
	at := c.time()
	return Member{
		Workspace: w, ID: MemberID(c.ids.New("mem")), Account: account.ID, Email: account.Email, Name: account.Name,
		Role: role, Capacity: DefaultCapacity, CreatedAt: at, UpdatedAt: at,
	}
}
