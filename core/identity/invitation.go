package identity

import (
	"context"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/page"
)

// InvitationLife is how long an invitation works.
const InvitationLife = 7 * 24 * time.Hour

// InvitationState is what became of an invitation.
type InvitationState string

// The states of an invitation.
const (
	InvitationPending  InvitationState = "pending"
	InvitationAccepted InvitationState = "accepted"
	InvitationRevoked  InvitationState = "revoked"
	InvitationExpired  InvitationState = "expired"
)

// State returns what has become of the invitation by now.
func (i Invitation) State(now time.Time) InvitationState {
	switch {
	case !i.AcceptedAt.IsZero():
		return InvitationAccepted
	case !i.RevokedAt.IsZero():
		return InvitationRevoked
	case !i.ExpiresAt.After(now):
		return InvitationExpired
	default:
		return InvitationPending
	}
}

// Invitations are the use cases of asking people in.
type Invitations struct{ *commons }

// Issued is a new invitation with its token, which is kept nowhere.
type Issued struct {
	Invitation Invitation
	Token      string
}

// Preview is what the bearer of an invitation may know before accepting.
type Preview struct {
	WorkspaceName string
	Email         string
	Role          Role
	RoleName      string // of a role that the workspace made
	AccountExists bool   // accepting asks for its password instead of a new one
	// Providers are those that the invited may come in by: the enabled ones of
	// the workspace.
	Providers []Provider
	// ProviderOnly says that a password would open nothing there.
	ProviderOnly bool
}

// Acceptor is what somebody says to accept an invitation.
type Acceptor struct {
	Token    string
	Name     string // of a new account; an existing one keeps its own
	Password string // of the existing account, or to be set
}

// Create invites an e-mail address in a role, in place of an invitation that
// is pending. Needs MemberManage, and a role that the actor could give
// (RoleBeyond). AlreadyMember when somebody with the address is one.
func (s *Invitations) Create(ctx context.Context, scope Scope, email string, role Role) (Issued, error) {
	if err := scope.Require(MemberManage); err != nil {
		return Issued{}, err
	}
	c := &check{}
	email = c.email(email)
	c.role("/role", role)
	if err := c.err(); err != nil {
		return Issued{}, err
	}
	if err := s.given(ctx, scope, role); err != nil {
		return Issued{}, err
	}
	at, token := s.time(), newToken()
	i := Invitation{
		Workspace: scope.Workspace, ID: InvitationID(s.ids.New("inv")), Email: email, Role: role,
		InvitedBy: scope.Member(), TokenHash: hashToken(token), CreatedAt: at, ExpiresAt: at.Add(InvitationLife),
	}
	record := Record(ctx, scope, InvitationMade, i.target()).Say(map[string]string{"role": string(role)})
	if err := s.Stores.Invitations.Invite(ctx, i, s.audited(i.Workspace, InvitationChanged, string(i.ID), record)); err != nil {
		return Issued{}, err
	}
	return Issued{Invitation: i, Token: token}, nil
}

// List returns the invitations of the workspace, newest first. Needs MemberManage.
func (s *Invitations) List(ctx context.Context, scope Scope, request page.Request) (page.Page[Invitation], error) {
	if err := scope.Require(MemberManage); err != nil {
		return page.Page[Invitation]{}, err
	}
	return s.Stores.Invitations.Invitations(ctx, scope.Workspace, request)
}

// Revoke makes an invitation useless. Needs MemberManage, and a role that may
// change the invited. InvitationSettled when it was accepted or revoked.
func (s *Invitations) Revoke(ctx context.Context, scope Scope, id InvitationID) error {
	if err := scope.Require(MemberManage); err != nil {
		return err
	}
	i, err := s.Stores.Invitations.Invitation(ctx, scope.Workspace, id)
	if err != nil {
		return err
	}
	may, err := s.outranks(ctx, scope, i.Role)
	if err != nil {
		return err
	}
	if !may {
		return Outranked()
	}
	return s.Stores.Invitations.Revoke(ctx, scope.Workspace, id, s.time(),
		s.audited(scope.Workspace, InvitationChanged, string(id), Record(ctx, scope, InvitationRevoke, i.target())))
}

// Lookup tells the bearer of a token what it invites to; InvitationNotValid
// when it is unknown, used, revoked or expired.
func (s *Invitations) Lookup(ctx context.Context, token string, client Client) (Preview, error) {
	i, err := s.pending(ctx, token, client)
	if err != nil {
		return Preview{}, err
	}
	w, err := s.Stores.Workspaces.Workspace(ctx, i.Workspace)
	if err != nil {
		return Preview{}, err
	}
	_, err = s.Stores.Accounts.AccountByEmail(ctx, i.Email)
	if err != nil && !errs.Is(err, errs.NotFound) {
		return Preview{}, err
	}
	out := Preview{WorkspaceName: w.Name, Email: i.Email, Role: i.Role, AccountExists: err == nil}
	return out, s.ways(ctx, i, &out)
}

// ways completes a preview with the role's name and how the invited may come in.
func (s *Invitations) ways(ctx context.Context, i Invitation, out *Preview) error {
	role, err := s.definition(ctx, i.Workspace, i.Role)
	if err != nil && !errs.Is(err, errs.NotFound) {
		return err
	}
	out.RoleName = role.Name
	policy, err := s.Stores.Policies.SignInPolicy(ctx, i.Workspace)
	if err != nil {
		return err
	}
	out.ProviderOnly = policy.ProviderOnly && i.Role != RoleOwner
	all, err := s.Stores.Providers.ProvidersOf(ctx, i.Workspace)
	out.Providers = slices.DeleteFunc(all, func(p Provider) bool { return !p.Enabled })
	return err
}

// Accept makes the bearer of a token a member and signs them in, as SignIn does. An existing
// account with the invited address proves itself by its password; otherwise an
// account is made. Errors: InvitationNotValid, WrongCredentials, errs.Invalid
// with the wrong fields named, AlreadyMember, errs.RateLimited, errs.Unavailable.
func (s *Invitations) Accept(ctx context.Context, by Acceptor, client Client) (SignedIn, error) {
	i, err := s.pending(ctx, by.Token, client)
	if err != nil {
		return SignedIn{}, err
	}
	account, err := s.Stores.Accounts.AccountByEmail(ctx, i.Email)
	isNew := errs.Is(err, errs.NotFound)
	switch {
	case isNew:
		account, err = s.newcomer(ctx, i, by)
	case err == nil:
		account, err = s.prove(ctx, i.Email, by.Password, client)
	}
	if err != nil {
		return SignedIn{}, err
	}
	member := s.newMember(i.Workspace, account, i.Role)
	err = s.Stores.Invitations.Accept(ctx, Acceptance{
		TokenHash: i.TokenHash, At: s.time(),
		Joining: Joining{Account: account, NewAccount: isNew, Member: member},
	},
		s.changed(i.Workspace, InvitationChanged, string(i.ID)),
		s.audited(i.Workspace, MemberChanged, string(member.ID), member.joined(i, client)))
	if err != nil {
		return SignedIn{}, err
	}
	s.Log.InfoContext(ctx, "invitation accepted", "workspace", i.Workspace, "member", member.ID, "account", account.ID)
	return s.enter(ctx, account, way{how: signedByAccepting}, client)
}

// joined is the record of a member who came by an invitation.
func (m Member) joined(i Invitation, client Client) *event.Record {
	r := &event.Record{
		Action: MemberJoined, Actor: m.party(), Address: client.address(), Target: m.target(),
	}
	return r.Say(map[string]string{"method": signedByAccepting, "invitation": string(i.ID), "role": string(m.Role), "email": m.Email})
}

// newcomer makes the account of somebody who is invited and has none.
func (s *Invitations) newcomer(ctx context.Context, i Invitation, by Acceptor) (Account, error) {
	c := &check{}
	name := c.name("/name", by.Name)
	c.password("/password", by.Password, i.Email)
	if err := c.err(); err != nil {
		return Account{}, err
	}
	w, err := s.Stores.Workspaces.Workspace(ctx, i.Workspace)
	if err != nil {
		return Account{}, err
	}
	hash, err := s.Hasher.Hash(ctx, by.Password)
	if err != nil {
		return Account{}, err
	}
	return s.newAccount(i.Email, name, w.Locale, hash), nil
}

// pending returns the pending invitation of a token.
func (s *Invitations) pending(ctx context.Context, token string, client Client) (Invitation, error) {
	var i Invitation
	err := s.guess(client, errs.NotFound, func() (err error) {
		if !plausibleToken(token) {
			return InvitationNotValid()
		}
		i, err = s.Stores.Invitations.InvitationByToken(ctx, hashToken(token))
		if errs.Is(err, errs.NotFound) || err == nil && i.State(s.now()) != InvitationPending {
			return InvitationNotValid()
		}
		return err
	})
	return i, err
}
