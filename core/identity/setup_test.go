package identity_test

import (
	"context"
	"testing"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

func founder() identity.Founder {
	return identity.Founder{
		WorkspaceName: " 接线台 ", Name: "Olga", Email: " Owner@Example.COM ", Password: password, Locale: "zh-CN",
	}
}

func TestSetup(t *testing.T) {
	o := newOffice(t)
	needed, err := o.Setup.Needed(t.Context())
	o.ok(err)
	equal(t, needed, true)
	_, err = o.Setup.Complete(t.Context(), "", founder(), o.client)
	o.fails(err, identity.SetupTokenInvalid())

	old, err := o.Setup.IssueToken(t.Context())
	o.ok(err)
	token, err := o.Setup.IssueToken(t.Context())
	o.ok(err)
	stored, err := o.fake.SetupToken(t.Context())
	o.ok(err)
	if stored == token || stored == "" {
		t.Fatalf("the token is stored as %q", stored)
	}
	_, err = o.Setup.Complete(t.Context(), old, founder(), o.client)
	o.fails(err, identity.SetupTokenInvalid())

	in, err := o.Setup.Complete(t.Context(), token, founder(), o.client)
	o.ok(err)
	session, account, err := o.Sessions.Authenticate(t.Context(), in.Token)
	o.ok(err)
	equal(t, session, in.Session)
	equal(t, account.Email, ownerEmail)
	me, err := o.Accounts.Me(t.Context(), account.ID)
	o.ok(err)
	equal(t, len(me.Memberships), 1)
	equal(t, me.Memberships[0].Workspace.Name, "接线台")
	equal(t, me.Memberships[0].Workspace.Locale, "zh-CN")
	equal(t, me.Memberships[0].Member.Role, identity.RoleOwner)
	w, m := me.Memberships[0].Workspace.ID, me.Memberships[0].Member.ID
	equal(t, o.events(w, 0), []string{"workspace.changed " + string(w), "member.changed " + string(m)})

	// Gone afterwards, on this node and on others.
	for _, node := range []*identity.Services{o.Services, o.node()} {
		_, err = node.Setup.Complete(t.Context(), token, founder(), o.client)
		o.fails(err, absent())
		_, err = node.Setup.IssueToken(t.Context())
		o.fails(err, absent())
		needed, err = node.Setup.Needed(t.Context())
		o.ok(err)
		equal(t, needed, false)
	}
}

func TestSetupNamesEveryWrongField(t *testing.T) {
	o := newOffice(t)
	token, err := o.Setup.IssueToken(t.Context())
	o.ok(err)
	_, err = o.Setup.Complete(t.Context(), token, identity.Founder{Locale: "fr", LinkOnly: true}, o.client)
	o.refuses(err, "/workspace_name required", "/name required", "/email required", "/locale invalid_locale", "/password too_short")
	// The token still works.
	_, err = o.Setup.Complete(t.Context(), token, founder(), o.client)
	o.ok(err)
}

func TestSetupOnceAtOnce(t *testing.T) {
	o := newOffice(t)
	token, err := o.Setup.IssueToken(t.Context())
	o.ok(err)
	results := atOnce(t.Context(), 8, func(ctx context.Context, i int) error {
		f := founder()
		f.Email = string(rune('a'+i)) + "@example.com"
		_, err := o.Setup.Complete(ctx, token, f, o.client)
		// Whoever is late either finds set-up done or the token used.
		if errs.Is(err, errs.Unauthenticated) {
			return absent()
		}
		return err
	})
	equal(t, o.successes(results, errs.NotFound), 1)
}

func TestSetupTokenGuessing(t *testing.T) {
	o := newOffice(t)
	_, err := o.Setup.IssueToken(t.Context())
	o.ok(err)
	for range 21 {
		_, err := o.Setup.Complete(t.Context(), "guess", founder(), o.client)
		o.fails(err, identity.SetupTokenInvalid())
	}
	_, err = o.Setup.Complete(t.Context(), "guess", founder(), o.client)
	o.fails(err, throttled())
}

func TestEnsureAdmin(t *testing.T) {
	o := newOffice(t)
	_, err := o.Setup.EnsureAdmin(t.Context(), identity.Founder{Email: ownerEmail, Password: "short", LinkOnly: true})
	o.refuses(err, "/password too_short")
	made, err := o.Setup.EnsureAdmin(t.Context(), identity.Founder{Email: ownerEmail, Password: password})
	o.ok(err)
	equal(t, made, true)
	in := o.signIn(ownerEmail)
	equal(t, in.Account.Name, "owner")

	for _, email := range []string{ownerEmail, "second@example.com"} {
		made, err = o.node().Setup.EnsureAdmin(t.Context(), identity.Founder{Email: email, Password: "another password"})
		o.ok(err)
		equal(t, made, false)
	}
	o.signIn(ownerEmail) // the password is the first one
}

func TestProvisionByLinkOnly(t *testing.T) {
	o := newOffice(t)
	m, err := o.Setup.Provision(t.Context(), identity.Founder{WorkspaceName: "Demo", Name: "Demo", Email: ownerEmail, LinkOnly: true})
	o.ok(err)
	for _, attempt := range []string{"", password} {
		_, err = o.Sessions.SignIn(t.Context(), ownerEmail, attempt, o.client)
		o.fails(err, identity.WrongCredentials())
	}
	token, err := o.Sessions.CreateLink(t.Context(), m.Member.Account, 0)
	o.ok(err)
	_, err = o.Sessions.SignInByLink(t.Context(), token, o.client)
	o.ok(err)
	_, err = o.Setup.Provision(t.Context(), identity.Founder{WorkspaceName: "X", Name: "X", Email: ownerEmail, Password: password})
	o.fails(err, identity.EmailTaken())
}
