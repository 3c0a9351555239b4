package identitytest

import (
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

func (w *world) invitation() {
	f := w.found("owner@example.com")
	first, second := w.newInvitation(f.Owner, "first@example.com"), w.newInvitation(f.Owner, "second@example.com")
	second.InvitedBy = "" // by the system
	e := w.event(f.Workspace.ID, identity.InvitationChanged)
	w.ok(w.Invitations.Invite(w.Context(), first, e))
	w.ok(w.Invitations.Invite(w.Context(), second))

	got, err := w.Invitations.Invitation(w.Context(), f.Workspace.ID, first.ID)
	w.ok(err)
	same(w, got, first)
	got, err = w.Invitations.InvitationByToken(w.Context(), second.TokenHash)
	w.ok(err)
	same(w, got, second)
	_, err = w.Invitations.InvitationByToken(w.Context(), "none")
	w.fails(err, errs.Absent())
	p, err := w.Invitations.Invitations(w.Context(), f.Workspace.ID, page.Request{Limit: 1})
	w.ok(err)
	same(w, p.Items, []identity.Invitation{second})
	p, err = w.Invitations.Invitations(w.Context(), f.Workspace.ID, page.Request{Limit: 1, Cursor: p.Next})
	w.ok(err)
	same(w, p, page.Page[identity.Invitation]{Items: []identity.Invitation{first}})

	w.fails(w.Invitations.Invite(w.Context(), w.newInvitation(f.Owner, f.Account.Email), e), identity.AlreadyMember())
	w.events(f.Workspace.ID, e)
}

func (w *world) invitationReplaced() {
	f, other := w.found("owner@example.com"), w.found("other@example.com")
	old, elsewhere := w.newInvitation(f.Owner, "new@example.com"), w.newInvitation(other.Owner, "new@example.com")
	unrelated := w.newInvitation(f.Owner, "unrelated@example.com")
	for _, i := range []identity.Invitation{old, elsewhere, unrelated} {
		w.ok(w.Invitations.Invite(w.Context(), i))
	}
	fresh := w.newInvitation(f.Owner, "new@example.com")
	w.ok(w.Invitations.Invite(w.Context(), fresh))
	old.RevokedAt = fresh.CreatedAt
	for _, want := range []identity.Invitation{old, elsewhere, unrelated, fresh} {
		got, err := w.Invitations.InvitationByToken(w.Context(), want.TokenHash)
		w.ok(err)
		same(w, got, want)
	}
}

func (w *world) invitationAtOnce() {
	f := w.found("owner@example.com")
	invitations := make([]identity.Invitation, crowd)
	for n := range invitations {
		invitations[n] = w.newInvitation(f.Owner, "new@example.com")
	}
	for _, err := range w.atOnce(func(n int) error { return w.Invitations.Invite(w.Context(), invitations[n]) }) {
		if err != nil && !errs.Is(err, errs.Conflict) {
			w.Fatal(err)
		}
	}
	p, err := w.Invitations.Invitations(w.Context(), f.Workspace.ID, page.Request{})
	w.ok(err)
	pending := 0
	for _, i := range p.Items {
		if i.RevokedAt.IsZero() {
			pending++
		}
	}
	same(w, pending, 1)
}

func (w *world) invitationRevoked() {
	f := w.found("owner@example.com")
	i := w.newInvitation(f.Owner, "new@example.com")
	w.ok(w.Invitations.Invite(w.Context(), i))
	e := w.event(f.Workspace.ID, identity.InvitationChanged)
	w.ok(w.Invitations.Revoke(w.Context(), f.Workspace.ID, i.ID, w.tick(), e))
	i.RevokedAt = w.now
	got, err := w.Invitations.Invitation(w.Context(), f.Workspace.ID, i.ID)
	w.ok(err)
	same(w, got, i)
	w.fails(w.Invitations.Revoke(w.Context(), f.Workspace.ID, i.ID, w.tick(), e), identity.InvitationSettled())
	w.fails(w.Invitations.Revoke(w.Context(), f.Workspace.ID, "inv_none", w.tick(), e), errs.Absent())
	w.events(f.Workspace.ID, e)
}

// newAcceptance makes the acceptance of an invitation by a new account.
func (w *world) newAcceptance(i identity.Invitation) identity.Acceptance {
	a := w.newAccount(i.Email)
	return identity.Acceptance{
		TokenHash: i.TokenHash, At: w.now,
		Joining: identity.Joining{Account: a, NewAccount: true, Member: w.newMember(i.Workspace, a, i.Role)},
	}
}

func (w *world) invitationAccepted() {
	f, other := w.found("owner@example.com"), w.found("other@example.com")
	i := w.newInvitation(f.Owner, "new@example.com")
	w.ok(w.Invitations.Invite(w.Context(), i))
	a := w.newAcceptance(i)
	e1, e2 := w.event(f.Workspace.ID, identity.InvitationChanged), w.event(f.Workspace.ID, identity.MemberChanged)
	w.ok(w.Invitations.Accept(w.Context(), a, e1, e2))

	i.AcceptedAt = a.At
	got, err := w.Invitations.Invitation(w.Context(), f.Workspace.ID, i.ID)
	w.ok(err)
	same(w, got, i)
	m, err := w.Members.Member(w.Context(), f.Workspace.ID, a.Joining.Member.ID)
	w.ok(err)
	same(w, m, a.Joining.Member)
	account, err := w.Accounts.Account(w.Context(), a.Joining.Account.ID)
	w.ok(err)
	same(w, account, a.Joining.Account)
	w.events(f.Workspace.ID, e1, e2)
	w.fails(w.Invitations.Revoke(w.Context(), f.Workspace.ID, i.ID, w.tick()), identity.InvitationSettled())

	// An account that exists joins a second workspace.
	i = w.newInvitation(f.Owner, other.Account.Email)
	w.ok(w.Invitations.Invite(w.Context(), i))
	b := identity.Acceptance{
		TokenHash: i.TokenHash, At: w.now,
		Joining: identity.Joining{Account: other.Account, Member: w.newMember(f.Workspace.ID, other.Account, identity.RoleAgent)},
	}
	w.ok(w.Invitations.Accept(w.Context(), b))
	list, err := w.Members.Memberships(w.Context(), other.Account.ID)
	w.ok(err)
	same(w, list, []identity.Membership{
		{Workspace: f.Workspace, Member: b.Joining.Member}, {Workspace: other.Workspace, Member: other.Owner},
	})
}

func (w *world) invitationNotAccepted() {
	f := w.found("owner@example.com")
	i := w.newInvitation(f.Owner, "new@example.com")
	w.ok(w.Invitations.Invite(w.Context(), i))
	a := w.newAcceptance(i)
	e := w.event(f.Workspace.ID, identity.MemberChanged)

	unknown, late, taken := a, a, a
	unknown.TokenHash = "none"
	w.fails(w.Invitations.Accept(w.Context(), unknown, e), identity.InvitationNotValid())
	late.At = i.ExpiresAt
	w.fails(w.Invitations.Accept(w.Context(), late, e), identity.InvitationNotValid())
	taken.Joining.Account.Email = f.Account.Email
	w.fails(w.Invitations.Accept(w.Context(), taken, e), identity.EmailTaken())
	w.events(f.Workspace.ID)
	_, err := w.Accounts.Account(w.Context(), a.Joining.Account.ID)
	w.fails(err, errs.Absent())

	// A failed attempt does not use the invitation up; the last moment counts.
	a.At = i.ExpiresAt.Add(-time.Millisecond)
	w.ok(w.Invitations.Accept(w.Context(), a, e))
	again := w.newAcceptance(i)
	w.fails(w.Invitations.Accept(w.Context(), again, e), identity.InvitationNotValid())

	revoked := w.newInvitation(f.Owner, "revoked@example.com")
	w.ok(w.Invitations.Invite(w.Context(), revoked))
	w.ok(w.Invitations.Revoke(w.Context(), f.Workspace.ID, revoked.ID, w.now))
	w.fails(w.Invitations.Accept(w.Context(), w.newAcceptance(revoked), e), identity.InvitationNotValid())
	w.events(f.Workspace.ID, e)
}

func (w *world) invitationOnce() {
	f := w.found("owner@example.com")
	i := w.newInvitation(f.Owner, "new@example.com")
	w.ok(w.Invitations.Invite(w.Context(), i))
	all := make([]identity.Acceptance, crowd)
	for n := range all {
		all[n] = w.newAcceptance(i)
		all[n].At = i.CreatedAt
		// Other addresses, so that the token alone decides.
		all[n].Joining.Account.Email = w.ids.New("new") + "@example.com"
	}
	results := w.atOnce(func(n int) error { return w.Invitations.Accept(w.Context(), all[n]) })
	w.onlyOne(results, identity.InvitationNotValid())
	p, err := w.Members.Members(w.Context(), f.Workspace.ID, page.Request{})
	w.ok(err)
	same(w, len(p.Items), 2)
}
