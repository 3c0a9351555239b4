package identity_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// invite invites somebody as an agent.
func (o *office) invite(scope identity.Scope, email string) identity.Issued {
	o.Helper()
	issued, err := o.Invitations.Create(o.Context(), scope, email, identity.RoleAgent)
	o.ok(err)
	return issued
}

func (o *office) accept(ctx context.Context, token string) (identity.SignedIn, error) {
	return o.Invitations.Accept(ctx, identity.Acceptor{Token: token, Name: " 新人 ", Password: password}, o.client)
}

func TestInvitation(t *testing.T) {
	o := newOffice(t)
	owner := o.founded(ownerEmail).Member
	scope, before := o.scope(owner), o.head(owner.Workspace)
	issued := o.invite(scope, " New@Example.com ")
	i := issued.Invitation
	equal(t, i.Email, "new@example.com")
	equal(t, i.InvitedBy, owner.ID)
	equal(t, i.State(o.now()), identity.InvitationPending)
	if i.TokenHash == issued.Token || len(issued.Token) != 43 {
		t.Fatalf("token %q is stored as %q", issued.Token, i.TokenHash)
	}
	preview, err := o.Invitations.Lookup(t.Context(), issued.Token, o.client)
	o.ok(err)
	equal(t, preview, identity.Preview{WorkspaceName: "Acme", Email: "new@example.com", Role: identity.RoleAgent})

	_, err = o.Invitations.Accept(t.Context(), identity.Acceptor{Token: issued.Token, Password: "new@example.com"}, o.client)
	o.refuses(err, "/name required", "/password too_common")
	in, err := o.accept(t.Context(), issued.Token)
	o.ok(err)
	_, account, err := o.Sessions.Authenticate(t.Context(), in.Token)
	o.ok(err)
	equal(t, account.Name+" "+account.Locale, "新人 en")
	joined, err := o.Sessions.ScopeFor(t.Context(), account.ID, owner.Workspace)
	o.ok(err)
	equal(t, joined.Actor.Role, identity.RoleAgent)
	equal(t, o.events(owner.Workspace, before), []string{
		"invitation.changed " + string(i.ID), "invitation.changed " + string(i.ID), "member.changed " + joined.Actor.ID,
	})
	o.signIn("new@example.com")

	_, err = o.accept(t.Context(), issued.Token)
	o.fails(err, identity.InvitationNotValid())
	_, err = o.Invitations.Lookup(t.Context(), issued.Token, o.client)
	o.fails(err, identity.InvitationNotValid())
	o.fails(o.Invitations.Revoke(t.Context(), scope, i.ID), identity.InvitationSettled())
	_, err = o.Invitations.Create(t.Context(), scope, "new@example.com", identity.RoleAgent)
	o.fails(err, identity.AlreadyMember())
	p, err := o.Invitations.List(t.Context(), scope, page.Request{})
	o.ok(err)
	equal(t, len(p.Items), 1)
	equal(t, p.Items[0].State(o.now()), identity.InvitationAccepted)
}

func TestInvitationOfAnExistingAccount(t *testing.T) {
	o := newOffice(t)
	one, two := o.founded(ownerEmail).Member, o.founded("two@example.com").Member
	issued := o.invite(o.scope(one), "two@example.com")
	preview, err := o.Invitations.Lookup(t.Context(), issued.Token, o.client)
	o.ok(err)
	equal(t, preview.AccountExists, true)
	for range 5 {
		_, err = o.Invitations.Accept(t.Context(), identity.Acceptor{Token: issued.Token, Name: "Thief", Password: "a guess at it"}, o.client)
		o.fails(err, identity.WrongCredentials())
	}
	in, err := o.accept(t.Context(), issued.Token)
	o.ok(err)
	equal(t, in.Account.ID, two.Account)
	equal(t, in.Account.Name, "Olga Owner") // it keeps its own
	me, err := o.Accounts.Me(t.Context(), two.Account)
	o.ok(err)
	equal(t, len(me.Memberships), 2)
}

// Accepting asks for a password, so it is throttled as signing in is.
func TestInvitationPasswordGuessing(t *testing.T) {
	o := newOffice(t)
	one := o.founded(ownerEmail).Member
	o.founded("two@example.com")
	issued := o.invite(o.scope(one), "two@example.com")
	guess := identity.Acceptor{Token: issued.Token, Password: "a guess at it"}
	for range 6 {
		_, err := o.Invitations.Accept(t.Context(), guess, o.client)
		o.fails(err, identity.WrongCredentials())
	}
	_, err := o.Invitations.Accept(t.Context(), guess, o.client)
	o.fails(err, throttled())
	_, err = o.Sessions.SignIn(t.Context(), "two@example.com", password, o.client)
	o.fails(err, throttled())
}

func TestInvitationTokenGuessing(t *testing.T) {
	o := newOffice(t)
	one := o.founded(ownerEmail).Member
	issued := o.invite(o.scope(one), "new@example.com")
	for range 50 { // looking at a good one is free
		_, err := o.Invitations.Lookup(t.Context(), issued.Token, o.client)
		o.ok(err)
	}
	for n := range 21 {
		_, err := o.Invitations.Lookup(t.Context(), strings.Repeat("A", 20+n), o.client)
		o.fails(err, identity.InvitationNotValid())
	}
	_, err := o.Invitations.Lookup(t.Context(), issued.Token, o.client)
	o.fails(err, throttled())
}

func TestInvitationReplacedRevokedExpired(t *testing.T) {
	o := newOffice(t)
	owner := o.founded(ownerEmail).Member
	scope := o.scope(owner)
	replaced := o.invite(scope, "new@example.com")
	revoked := o.invite(scope, "new@example.com")
	expired := o.invite(scope, "late@example.com")
	o.ok(o.Invitations.Revoke(t.Context(), scope, revoked.Invitation.ID))
	o.fails(o.Invitations.Revoke(t.Context(), scope, revoked.Invitation.ID), identity.InvitationSettled())
	o.pass(identity.InvitationLife - time.Millisecond)
	_, err := o.Invitations.Lookup(t.Context(), expired.Token, o.client)
	o.ok(err)
	o.pass(time.Millisecond)
	for name, issued := range map[identity.InvitationState]identity.Issued{
		identity.InvitationRevoked: revoked, "replaced": replaced, identity.InvitationExpired: expired,
	} {
		_, err := o.Invitations.Lookup(t.Context(), issued.Token, o.client)
		o.fails(err, identity.InvitationNotValid())
		_, err = o.accept(t.Context(), issued.Token)
		o.fails(err, identity.InvitationNotValid())
		i, err := o.fake.Invitation(t.Context(), owner.Workspace, issued.Invitation.ID)
		o.ok(err)
		if state := i.State(o.now()); state != name && name != "replaced" || name == "replaced" && state != identity.InvitationRevoked {
			t.Fatalf("%s is %s", name, state)
		}
	}
}

func TestInvitationOnceAtOnce(t *testing.T) {
	o := newOffice(t)
	owner := o.founded(ownerEmail).Member
	issued := o.invite(o.scope(owner), "new@example.com")
	results := atOnce(t.Context(), 8, func(ctx context.Context, _ int) error {
		_, err := o.accept(ctx, issued.Token)
		if errs.Is(err, errs.Conflict) { // the account was made between looking and storing
			return identity.InvitationNotValid()
		}
		return err
	})
	equal(t, o.successes(results, errs.NotFound), 1)
	p, err := o.Members.List(t.Context(), o.scope(owner), page.Request{})
	o.ok(err)
	equal(t, len(p.Items), 2)
}

func TestInvitationOfAnotherWorkspace(t *testing.T) {
	o := newOffice(t)
	one, two := o.founded(ownerEmail).Member, o.founded("two@example.com").Member
	issued := o.invite(o.scope(one), "new@example.com")
	o.fails(o.Invitations.Revoke(t.Context(), o.scope(two), issued.Invitation.ID), absent())
	p, err := o.Invitations.List(t.Context(), o.scope(two), page.Request{})
	o.ok(err)
	equal(t, len(p.Items), 0)
	_, err = o.accept(t.Context(), issued.Token)
	o.ok(err)
}

// An administrator has no say over the invitation of an owner.
func TestInvitationOfAnOwner(t *testing.T) {
	o := newOffice(t)
	owner := o.founded(ownerEmail).Member
	administrator := o.hire(owner.Workspace, "admin@example.com", identity.RoleAdministrator)
	issued, err := o.Invitations.Create(t.Context(), o.scope(owner), "new@example.com", identity.RoleOwner)
	o.ok(err)
	o.fails(o.Invitations.Revoke(t.Context(), o.scope(administrator), issued.Invitation.ID), identity.Outranked())
	o.ok(o.Invitations.Revoke(t.Context(), o.scope(owner), issued.Invitation.ID))
}
