package identitytest

import (
	"errors"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

func (w *world) account() {
	f := w.found("owner@example.com")
	a, err := w.Accounts.AccountByEmail(w.Context(), "owner@example.com")
	w.ok(err)
	same(w, a, f.Account)
	_, err = w.Accounts.AccountByEmail(w.Context(), "nobody@example.com")
	w.fails(err, errs.Absent())
	for _, strange := range []identity.AccountID{"", "acc_", "acc_'; drop table account", identity.AccountID(w.ids.New("acc"))} {
		_, err = w.Accounts.Account(w.Context(), strange)
		w.fails(err, errs.Absent())
	}
}

func (w *world) accountChange() {
	one, two := w.found("one@example.com"), w.found("two@example.com")
	// The account of one is in the workspace of two under a name of its own.
	other := w.newMember(two.Workspace.ID, one.Account, identity.RoleAgent)
	other.Name = "Another name"
	w.ok(w.Members.AddMember(w.Context(), identity.Joining{Account: one.Account, Member: other}))

	at := w.tick()
	e, e2 := w.event(one.Workspace.ID, identity.MemberChanged), w.event(two.Workspace.ID, identity.MemberChanged)
	a, err := w.Accounts.ChangeAccount(w.Context(), one.Account.ID, func(a *identity.Account) error {
		same(w, *a, one.Account)
		a.Name, a.Locale, a.UpdatedAt = "新名字", "en", at
		a.Email, a.PasswordHash = "changed@example.com", "changed" // no business of this method
		return nil
	}, e, e2)
	w.ok(err)
	want := one.Account
	want.Name, want.Locale, want.UpdatedAt = "新名字", "en", at
	same(w, a, want)
	a, err = w.Accounts.Account(w.Context(), one.Account.ID)
	w.ok(err)
	same(w, a, want)

	m, err := w.Members.Member(w.Context(), one.Workspace.ID, one.Owner.ID)
	w.ok(err)
	renamed := one.Owner
	renamed.Name, renamed.UpdatedAt = "新名字", at
	same(w, m, renamed)
	m, err = w.Members.Member(w.Context(), two.Workspace.ID, other.ID)
	w.ok(err)
	same(w, m, other)
	w.events(one.Workspace.ID, e)
	w.events(two.Workspace.ID, e2)

	refusal := errors.New("no")
	_, err = w.Accounts.ChangeAccount(w.Context(), one.Account.ID, func(a *identity.Account) error {
		a.Name = "never"
		return refusal
	}, w.event(one.Workspace.ID, identity.MemberChanged))
	if !errors.Is(err, refusal) {
		w.Fatalf("failed with %v, want the change's own error", err)
	}
	a, err = w.Accounts.Account(w.Context(), one.Account.ID)
	w.ok(err)
	same(w, a, want)
	w.events(one.Workspace.ID, e)
	_, err = w.Accounts.ChangeAccount(w.Context(), "acc_none", func(*identity.Account) error { return nil })
	w.fails(err, errs.Absent())
}

func (w *world) password() {
	f, bystander := w.found("owner@example.com"), w.found("bystander@example.com")
	keep, end, foreign := w.newSession(f.Account.ID), w.newSession(f.Account.ID), w.newSession(bystander.Account.ID)
	for _, s := range []identity.Session{keep, end, foreign} {
		w.ok(w.Sessions.CreateSession(w.Context(), s))
	}
	for hash, a := range map[string]identity.AccountID{"mine": f.Account.ID, "theirs": bystander.Account.ID} {
		w.ok(w.Links.CreateLink(w.Context(), identity.SignInLink{
			TokenHash: hash, Account: a, CreatedAt: w.now, ExpiresAt: keep.ExpiresAt,
		}))
	}
	at := w.tick()
	w.fails(w.Accounts.SetPassword(w.Context(), identity.PasswordChange{Account: f.Account.ID, Old: "wrong", Fresh: "fresh", Keep: keep.ID, At: at}), identity.PasswordChanged())
	w.fails(w.Accounts.SetPassword(w.Context(), identity.PasswordChange{Account: "acc_none", Old: "", Fresh: "fresh", Keep: keep.ID, At: at}), errs.Absent())
	_, err := w.Sessions.Session(w.Context(), end.ID)
	w.ok(err)

	w.ok(w.Accounts.SetPassword(w.Context(), identity.PasswordChange{Account: f.Account.ID, Old: f.Account.PasswordHash, Fresh: "fresh", Keep: keep.ID, At: at}))
	a, err := w.Accounts.Account(w.Context(), f.Account.ID)
	w.ok(err)
	want := f.Account
	want.PasswordHash, want.UpdatedAt = "fresh", at
	same(w, a, want)
	for _, s := range []identity.Session{keep, foreign} {
		_, err = w.Sessions.Session(w.Context(), s.ID)
		w.ok(err)
	}
	_, err = w.Sessions.Session(w.Context(), end.ID)
	w.fails(err, errs.Absent())
	_, err = w.Links.UseLink(w.Context(), "mine", at)
	w.fails(err, identity.LinkNotValid())
	_, err = w.Links.UseLink(w.Context(), "theirs", at)
	w.ok(err)
}

func (w *world) workspace() {
	one, two := w.found("one@example.com"), w.found("two@example.com")
	p, err := w.Workspaces.Workspaces(w.Context(), page.Request{Limit: 1})
	w.ok(err)
	same(w, p.Items, []identity.Workspace{one.Workspace})
	p, err = w.Workspaces.Workspaces(w.Context(), page.Request{Limit: 1, Cursor: p.Next})
	w.ok(err)
	same(w, p, page.Page[identity.Workspace]{Items: []identity.Workspace{two.Workspace}})

	at := w.tick()
	e := w.event(one.Workspace.ID, identity.WorkspaceChanged)
	ws, err := w.Workspaces.ChangeWorkspace(w.Context(), one.Workspace.ID, func(x *identity.Workspace) error {
		x.Name, x.Locale, x.UpdatedAt = "Renamed", "zh-CN", at
		x.Settings = identity.Settings{WrapUp: 90 * time.Second, RatingAsk: identity.RatingByLink, Unattended: 5 * time.Minute, CloseTickets: 30, Offers: identity.OfferSettings{Mode: identity.OfferWork, Ring: 45 * time.Second, Misses: 3}}
		return nil
	}, e)
	w.ok(err)
	want := one.Workspace
	want.Name, want.Locale, want.UpdatedAt = "Renamed", "zh-CN", at
	want.Settings = identity.Settings{WrapUp: 90 * time.Second, RatingAsk: identity.RatingByLink, Unattended: 5 * time.Minute, CloseTickets: 30, Offers: identity.OfferSettings{Mode: identity.OfferWork, Ring: 45 * time.Second, Misses: 3}}
	same(w, ws, want)
	ws, err = w.Workspaces.Workspace(w.Context(), one.Workspace.ID)
	w.ok(err)
	same(w, ws, want)
	_, err = w.Workspaces.ChangeWorkspace(w.Context(), "wsp_none", func(*identity.Workspace) error { return nil })
	w.fails(err, errs.Absent())
	w.events(one.Workspace.ID, e)
	w.events(two.Workspace.ID)
}
