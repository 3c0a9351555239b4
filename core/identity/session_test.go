package identity_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
)

func TestSignIn(t *testing.T) {
	o := newOffice(t)
	m := o.founded(ownerEmail)
	in := o.signIn("  OWNER@example.com ")
	equal(t, in.Account.ID, m.Member.Account)
	equal(t, in.Session.Address, "192.0.2.10")
	equal(t, in.Session.UserAgent, "Browser/1")
	if len(in.Token) != 43 || strings.Contains(in.Session.TokenHash, in.Token) {
		t.Fatalf("token %q is stored as %q", in.Token, in.Session.TokenHash)
	}
	session, account, err := o.Sessions.Authenticate(t.Context(), in.Token)
	o.ok(err)
	equal(t, session, in.Session)
	equal(t, account, in.Account)
	if second := o.signIn(ownerEmail); second.Token == in.Token || second.Session.ID == in.Session.ID {
		t.Fatal("two sign-ins share a session")
	}
}

func TestSignInTellsNothing(t *testing.T) {
	o := newOffice(t)
	o.founded(ownerEmail)
	_, wrong := o.Sessions.SignIn(t.Context(), ownerEmail, "not the password", o.client)
	o.fails(wrong, identity.WrongCredentials())
	for _, email := range []string{
		"nobody@example.com", "", "nobody", "x\x00@example.com", "\xff@example.com", strings.Repeat("x", 2000) + "@example.com",
	} {
		_, err := o.Sessions.SignIn(t.Context(), email, password, o.client)
		o.fails(err, identity.WrongCredentials())
		equal(t, err.Error(), wrong.Error())
	}
	_, err := o.Sessions.SignIn(t.Context(), ownerEmail, strings.Repeat("x", identity.MaxPassword+1), o.client)
	o.fails(err, identity.WrongCredentials())
}

// An unknown account must cost a hash as a known one does: with the hasher
// full, both are told so.
func TestSignInDoesTheSameWork(t *testing.T) {
	o := newOffice(t)
	o.hasher = identity.NewHasher(identity.HashOptions{MemoryKiB: 8, Iterations: 1, Concurrent: 1, Waiting: 1})
	o.Services = o.node()
	o.founded(ownerEmail)
	ctx, cancel := context.WithCancel(t.Context())
	release := o.hasher.Occupy()
	cancel()
	for _, email := range []string{ownerEmail, "nobody@example.com", "rubbish"} {
		_, err := o.Sessions.SignIn(ctx, email, password, o.client)
		o.fails(err, busy())
	}
	release()
	o.signIn(ownerEmail)
}

func TestSessionEnds(t *testing.T) {
	o := newOffice(t)
	w := o.founded(ownerEmail).Workspace.ID
	in, other := o.signIn(ownerEmail), o.signIn(ownerEmail)
	_, _, err := o.Sessions.Authenticate(t.Context(), in.Token)
	o.ok(err)
	o.told()
	o.ok(o.Sessions.SignOut(t.Context(), in.Session))
	equal(t, o.told(), []string{event.SubjectRights + string(w) + " " + string(in.Account.ID)})
	_, _, err = o.Sessions.Authenticate(t.Context(), in.Token)
	o.fails(err, identity.SessionEnded())
	_, err = o.Sessions.Recheck(t.Context(), in.Session.ID, w)
	o.fails(err, identity.SessionEnded())
	_, _, err = o.Sessions.Authenticate(t.Context(), other.Token)
	o.ok(err)
	for _, token := range []string{"", "x", other.Token + "x", strings.Repeat("A", 43), strings.Repeat("=", 43)} {
		_, _, err = o.Sessions.Authenticate(t.Context(), token)
		o.fails(err, identity.SessionEnded())
	}
}

func TestSessionEndsOnOtherNodes(t *testing.T) {
	o := newOffice(t)
	w := o.founded(ownerEmail).Workspace.ID
	in, far := o.signIn(ownerEmail), o.node()
	_, _, err := far.Sessions.Authenticate(t.Context(), in.Token)
	o.ok(err)
	o.ok(o.Sessions.SignOut(t.Context(), in.Session))
	_, err = far.Sessions.Recheck(t.Context(), in.Session.ID, w) // asks the store
	o.fails(err, identity.SessionEnded())
	o.pass(identity.CacheLife)
	_, _, err = far.Sessions.Authenticate(t.Context(), in.Token)
	o.fails(err, identity.SessionEnded())
	if identity.CacheLife > 2*time.Second {
		t.Fatal("a change must be seen within two seconds")
	}
}

func TestSessionLife(t *testing.T) {
	o := newOffice(t)
	o.founded(ownerEmail)
	idle, used := o.signIn(ownerEmail), o.signIn(ownerEmail)

	// Prolonged by use, at most once a minute.
	o.pass(59 * time.Second)
	session, _, err := o.Sessions.Authenticate(t.Context(), used.Token)
	o.ok(err)
	equal(t, session.ExpiresAt, used.Session.ExpiresAt)
	o.pass(time.Hour)
	session, _, err = o.Sessions.Authenticate(t.Context(), used.Token)
	o.ok(err)
	equal(t, session.ExpiresAt, o.now().Add(identity.SessionLife))
	equal(t, session.SeenAt, o.now())
	stored, err := o.fake.Session(t.Context(), used.Session.ID)
	o.ok(err)
	equal(t, stored.ExpiresAt, session.ExpiresAt)

	// The idle one ends, to the instant, even when it is cached.
	o.pass(idle.Session.ExpiresAt.Add(-time.Millisecond).Sub(o.now()))
	o.ok(o.Sessions.Sweep(t.Context()))
	_, err = o.fake.Session(t.Context(), idle.Session.ID)
	o.ok(err)
	o.pass(time.Millisecond)
	_, _, err = o.Sessions.Authenticate(t.Context(), idle.Token)
	o.fails(err, identity.SessionEnded())
	o.ok(o.Sessions.Sweep(t.Context()))
	_, err = o.fake.Session(t.Context(), idle.Session.ID)
	o.fails(err, absent())

	// The other ends however much it is used.
	for o.now().Before(used.Session.CreatedAt.Add(identity.SessionMaxLife)) {
		_, _, err = o.Sessions.Authenticate(t.Context(), used.Token)
		o.ok(err)
		o.pass(24 * time.Hour)
	}
	_, _, err = o.Sessions.Authenticate(t.Context(), used.Token)
	o.fails(err, identity.SessionEnded())
}

func TestExpiredSessionIsNotRevivedByUse(t *testing.T) {
	o := newOffice(t)
	w := o.founded(ownerEmail).Workspace.ID
	in := o.signIn(ownerEmail)
	o.pass(identity.SessionLife)
	for range 2 {
		_, _, err := o.Sessions.Authenticate(t.Context(), in.Token)
		o.fails(err, identity.SessionEnded())
		_, err = o.Sessions.Recheck(t.Context(), in.Session.ID, w)
		o.fails(err, identity.SessionEnded())
	}
}

func TestLink(t *testing.T) {
	o := newOffice(t)
	account := o.founded(ownerEmail).Member.Account
	_, err := o.Sessions.CreateLink(t.Context(), "acc_none", 0)
	o.fails(err, absent())
	token, err := o.Sessions.CreateLink(t.Context(), account, time.Minute)
	o.ok(err)
	in, err := o.Sessions.SignInByLink(t.Context(), token, o.client)
	o.ok(err)
	equal(t, in.Account.ID, account)
	session, _, err := o.Sessions.Authenticate(t.Context(), in.Token)
	o.ok(err)
	equal(t, session, in.Session)
	for _, bad := range []string{token, "", "x", strings.Repeat("A", 43)} {
		_, err = o.Sessions.SignInByLink(t.Context(), bad, o.client)
		o.fails(err, identity.LinkNotValid())
	}

	late, err := o.Sessions.CreateLink(t.Context(), account, 0)
	o.ok(err)
	o.pass(identity.LinkLife)
	_, err = o.Sessions.SignInByLink(t.Context(), late, o.client)
	o.fails(err, identity.LinkNotValid())
}

func TestLinkOnceAtOnce(t *testing.T) {
	o := newOffice(t)
	account := o.founded(ownerEmail).Member.Account
	token, err := o.Sessions.CreateLink(t.Context(), account, 0)
	o.ok(err)
	results := atOnce(t.Context(), 8, func(ctx context.Context, _ int) error {
		_, err := o.Sessions.SignInByLink(ctx, token, o.client)
		return err
	})
	equal(t, o.successes(results, errs.Unauthenticated), 1)
}

func TestChangePassword(t *testing.T) {
	o := newOffice(t)
	w := o.founded(ownerEmail).Workspace.ID
	mine, other := o.signIn(ownerEmail), o.signIn(ownerEmail)
	link, err := o.Sessions.CreateLink(t.Context(), mine.Account.ID, 0)
	o.ok(err)
	for _, in := range []identity.SignedIn{mine, other} {
		_, _, err = o.Sessions.Authenticate(t.Context(), in.Token)
		o.ok(err)
	}
	const fresh = "a fresh password"
	change := func(current, fresh string) error {
		return o.Sessions.ChangePassword(t.Context(), mine.Session, current, fresh, o.client)
	}
	o.refuses(change("wrong", fresh), "/current wrong")
	o.refuses(change(strings.Repeat("x", 2000), fresh), "/current wrong")
	o.refuses(change(password, "short"), "/new too_short")
	_, _, err = o.Sessions.Authenticate(t.Context(), other.Token)
	o.ok(err)

	o.told()
	o.ok(change(password, fresh))
	equal(t, o.told(), []string{event.SubjectRights + string(w) + " " + string(mine.Account.ID)})
	_, _, err = o.Sessions.Authenticate(t.Context(), mine.Token)
	o.ok(err)
	_, err = o.Sessions.Recheck(t.Context(), mine.Session.ID, w)
	o.ok(err)
	_, _, err = o.Sessions.Authenticate(t.Context(), other.Token)
	o.fails(err, identity.SessionEnded())
	_, err = o.Sessions.SignInByLink(t.Context(), link, o.client)
	o.fails(err, identity.LinkNotValid())
	_, err = o.Sessions.SignIn(t.Context(), ownerEmail, password, o.client)
	o.fails(err, identity.WrongCredentials())
	_, err = o.Sessions.SignIn(t.Context(), ownerEmail, fresh, o.client)
	o.ok(err)
}

func TestScopeFor(t *testing.T) {
	o := newOffice(t)
	one, two := o.founded(ownerEmail), o.founded("two@example.com")
	equal(t, o.scope(one.Member), identity.Scope{Workspace: one.Workspace.ID, Actor: identity.Actor{
		Kind: identity.ActorMember, ID: string(one.Member.ID), Name: "Olga Owner", Role: identity.RoleOwner,
	}})
	for _, w := range []identity.WorkspaceID{two.Workspace.ID, "", "wsp_none", "wsp_01JD3X4Z5Y6W7V8T9S0R1Q2P3N", "x' or 1=1"} {
		_, err := o.Sessions.ScopeFor(t.Context(), one.Member.Account, w)
		o.fails(err, absent())
		equal(t, err.Error(), errs.Absent().Error())
	}
}

func TestAccount(t *testing.T) {
	o := newOffice(t)
	m := o.founded(ownerEmail)
	in := o.signIn(ownerEmail)
	_, err := o.Accounts.Update(t.Context(), in.Account.ID, identity.AccountPatch{Name: new(" "), Locale: new("de")})
	o.refuses(err, "/name required", "/locale invalid_locale")

	before := o.head(m.Workspace.ID)
	_, _, err = o.Sessions.Authenticate(t.Context(), in.Token)
	o.ok(err)
	o.scope(m.Member)
	a, err := o.Accounts.Update(t.Context(), in.Account.ID, identity.AccountPatch{Name: new(" 奥尔加 "), Locale: new("zh-CN")})
	o.ok(err)
	equal(t, a.Name+" "+a.Locale, "奥尔加 zh-CN")
	_, seen, err := o.Sessions.Authenticate(t.Context(), in.Token)
	o.ok(err)
	equal(t, seen, a)
	equal(t, o.scope(m.Member).Actor.Name, "奥尔加")
	equal(t, o.events(m.Workspace.ID, before), []string{"member.changed " + string(m.Member.ID)})

	found, err := o.Accounts.ByEmail(t.Context(), "OWNER@example.com")
	o.ok(err)
	equal(t, found, a)
	_, err = o.Accounts.ByEmail(t.Context(), "nobody@example.com")
	o.fails(err, absent())
}
