package identitytest

import (
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// newProvider makes a provider that is not stored yet.
func (w *world) newProvider(ws identity.WorkspaceID) identity.Provider {
	at := w.tick()
	return identity.Provider{
		Workspace: ws, ID: identity.ProviderID(w.ids.New("idp")), Name: "公司登录", Issuer: "https://login.example.com", ClientID: "us",
		Sealed: "sealed", Domains: []string{"example.com", "example.org"}, DefaultRole: identity.RoleAgent, SecondFactor: true,
		Listed: true, Enabled: true, CreatedAt: at, UpdatedAt: at,
	}
}

func (w *world) newFlow(p identity.Provider, state string) identity.Flow {
	return identity.Flow{
		StateHash: state, Workspace: p.Workspace, Provider: p.ID, BrowserHash: "browser", Nonce: "nonce", Sealed: "sealed",
		Account: "acc_x", Invitation: "inv", Return: "/conversations?x=收件", CreatedAt: w.now, ExpiresAt: w.now.Add(time.Minute),
	}
}

func (w *world) newLink(p identity.Provider, subject string, a identity.AccountID) identity.Link {
	return identity.Link{
		Workspace: p.Workspace, Provider: p.ID, Issuer: p.Issuer, Subject: subject, Account: a, Email: "x@example.com", CreatedAt: w.now,
	}
}

func (w *world) providerKept() {
	f, other := w.found("owner@example.com"), w.found("other@example.com")
	one, two, theirs := w.newProvider(f.Workspace.ID), w.newProvider(f.Workspace.ID), w.newProvider(other.Workspace.ID)
	two.Listed, two.Domains = false, nil
	e := w.event(f.Workspace.ID, "x")
	w.ok(w.Providers.CreateProvider(w.Context(), one, 2, e))
	w.ok(w.Providers.CreateProvider(w.Context(), two, 2))
	w.ok(w.Providers.CreateProvider(w.Context(), theirs, 2))
	w.fails(w.Providers.CreateProvider(w.Context(), w.newProvider(f.Workspace.ID), 2, e), identity.TooManyProviders())
	w.fails(w.Providers.CreateProvider(w.Context(), w.newProvider("wsp_none"), 2), errs.Absent())

	got, err := w.Providers.Provider(w.Context(), f.Workspace.ID, one.ID)
	w.ok(err)
	same(w, got, one)
	_, err = w.Providers.Provider(w.Context(), f.Workspace.ID, theirs.ID)
	w.fails(err, errs.Absent())
	got, err = w.Providers.ProviderByID(w.Context(), theirs.ID)
	w.ok(err)
	same(w, got, theirs)
	all, err := w.Providers.ProvidersOf(w.Context(), f.Workspace.ID)
	w.ok(err)
	same(w, all, []identity.Provider{one, two})
	all, err = w.Providers.ListedProviders(w.Context())
	w.ok(err)
	same(w, all, []identity.Provider{one, theirs})

	changed := one
	changed.Name, changed.ClientID, changed.Sealed, changed.Domains = "New", "you", "resealed", []string{"a.example"}
	changed.DefaultRole, changed.SecondFactor, changed.Listed, changed.UpdatedAt = "", false, false, w.tick()
	stored := changed
	changed.Issuer = "https://evil.example"
	w.ok(w.Providers.ChangeProvider(w.Context(), changed, e))
	got, err = w.Providers.Provider(w.Context(), f.Workspace.ID, one.ID)
	w.ok(err)
	same(w, got, stored)
	foreign := changed
	foreign.Workspace = other.Workspace.ID
	w.fails(w.Providers.ChangeProvider(w.Context(), foreign), errs.Absent())
	w.events(f.Workspace.ID, e, e)
	w.providerGone(f, other, one, theirs)
}

// providerGone checks what goes with a provider, and what stays.
func (w *world) providerGone(f, other identity.Founding, one, theirs identity.Provider) {
	w.Helper()
	s, stays := w.newSession(f.Account.ID), w.newSession(f.Account.ID)
	s.Provider, stays.Provider = one.ID, theirs.ID
	for _, x := range []identity.Session{s, stays} {
		w.ok(w.Sessions.CreateSession(w.Context(), x))
	}
	off := one
	off.Enabled = false
	w.ok(w.Providers.ChangeProvider(w.Context(), off))
	_, err := w.Sessions.Session(w.Context(), s.ID)
	w.fails(err, errs.Absent())
	w.ok(w.Sessions.CreateSession(w.Context(), s))

	c := w.newChallenge(f.Account.ID)
	c.Provider = one.ID
	w.ok(w.Challenges.CreateChallenge(w.Context(), c))
	w.ok(w.Flows.CreateFlow(w.Context(), w.newFlow(one, "state")))
	w.ok(w.Flows.Admit(w.Context(), identity.Admission{Link: w.newLink(one, "sub", f.Account.ID), At: w.now}))
	w.fails(w.Providers.DeleteProvider(w.Context(), other.Workspace.ID, one.ID), errs.Absent())
	w.ok(w.Providers.DeleteProvider(w.Context(), f.Workspace.ID, one.ID))
	_, err = w.Providers.ProviderByID(w.Context(), one.ID)
	w.fails(err, errs.Absent())
	_, err = w.Sessions.Session(w.Context(), s.ID)
	w.fails(err, errs.Absent())
	_, err = w.Sessions.Session(w.Context(), stays.ID)
	w.ok(err)
	_, err = w.Flows.TakeFlow(w.Context(), one.ID, "state", "browser", w.now)
	w.fails(err, identity.FlowOver())
	_, err = w.Flows.Link(w.Context(), f.Workspace.ID, one.Issuer, "sub")
	w.fails(err, errs.Absent())
	_, err = w.Challenges.Challenge(w.Context(), c.TokenHash)
	w.fails(err, errs.Absent())
}

func (w *world) lastProvider() {
	f, other := w.found("owner@example.com"), w.found("other@example.com")
	one, two := w.newProvider(f.Workspace.ID), w.newProvider(f.Workspace.ID)
	two.Enabled = false
	for _, p := range []identity.Provider{one, two, w.newProvider(other.Workspace.ID)} {
		w.ok(w.Providers.CreateProvider(w.Context(), p, 10))
	}
	only := identity.NewSignInPolicy()
	only.ProviderOnly, only.UpdatedAt = true, w.tick()
	w.ok(w.Policies.PutSignInPolicy(w.Context(), f.Workspace.ID, only))
	off := one
	off.Enabled = false
	w.fails(w.Providers.ChangeProvider(w.Context(), off), identity.LastProvider())
	w.fails(w.Providers.DeleteProvider(w.Context(), f.Workspace.ID, one.ID), identity.LastProvider())
	w.ok(w.Providers.DeleteProvider(w.Context(), f.Workspace.ID, two.ID))
	w.ok(w.Providers.CreateProvider(w.Context(), w.newProvider(f.Workspace.ID), 10))
	w.ok(w.Providers.ChangeProvider(w.Context(), off))
}

func (w *world) flowKept() {
	f := w.found("owner@example.com")
	p, q := w.newProvider(f.Workspace.ID), w.newProvider(f.Workspace.ID)
	w.ok(w.Providers.CreateProvider(w.Context(), p, 10))
	w.ok(w.Providers.CreateProvider(w.Context(), q, 10))
	x := w.newFlow(p, "state")
	w.ok(w.Flows.CreateFlow(w.Context(), x))
	take := func(id identity.ProviderID, state, browser string, at time.Time) error {
		_, err := w.Flows.TakeFlow(w.Context(), id, state, browser, at)
		return err
	}
	w.fails(take(q.ID, "state", "browser", w.now), identity.FlowOver())
	w.fails(take(p.ID, "none", "browser", w.now), identity.FlowOver())
	w.fails(take(p.ID, "state", "other", w.now), identity.FlowOver())
	w.fails(take(p.ID, "state", "browser", x.ExpiresAt), identity.FlowOver())
	got, err := w.Flows.TakeFlow(w.Context(), p.ID, "state", "browser", w.now)
	w.ok(err)
	same(w, got, x)
	w.fails(take(p.ID, "state", "browser", w.now), identity.FlowOver())
}

func (w *world) flowOnce() {
	f := w.found("owner@example.com")
	p := w.newProvider(f.Workspace.ID)
	w.ok(w.Providers.CreateProvider(w.Context(), p, 10))
	w.ok(w.Flows.CreateFlow(w.Context(), w.newFlow(p, "state")))
	w.onlyOne(w.atOnce(func(int) error {
		_, err := w.Flows.TakeFlow(w.Context(), p.ID, "state", "browser", w.now)
		return err
	}), identity.FlowOver())
}

func (w *world) admission() {
	f, other := w.found("owner@example.com"), w.found("other@example.com")
	p := w.newProvider(f.Workspace.ID)
	w.ok(w.Providers.CreateProvider(w.Context(), p, 10))
	e := w.event(f.Workspace.ID, "x")
	mine := w.newLink(p, "mine", f.Account.ID)
	for range 2 { // linking again is no error
		w.ok(w.Flows.Admit(w.Context(), identity.Admission{Link: mine, At: w.now}, e))
	}
	w.fails(w.Flows.Admit(w.Context(), identity.Admission{Link: w.newLink(p, "mine", other.Account.ID), At: w.now}, e), identity.LinkedElsewhere())
	got, err := w.Flows.Link(w.Context(), f.Workspace.ID, p.Issuer, "mine")
	w.ok(err)
	same(w, got, mine)
	_, err = w.Flows.Link(w.Context(), other.Workspace.ID, p.Issuer, "mine")
	w.fails(err, errs.Absent())
	_, err = w.Flows.Link(w.Context(), f.Workspace.ID, "https://other.example", "mine")
	w.fails(err, errs.Absent())

	// A newcomer by an invitation, once.
	i := w.newInvitation(f.Owner, "new@example.com")
	w.ok(w.Invitations.Invite(w.Context(), i))
	a := w.newAccount("new@example.com")
	in := identity.Admission{
		Link: w.newLink(p, "new", a.ID), Joining: &identity.Joining{Account: a, NewAccount: true, Member: w.newMember(f.Workspace.ID, a, i.Role)},
		Invitation: i.TokenHash, At: i.ExpiresAt,
	}
	w.fails(w.Flows.Admit(w.Context(), in, e), identity.InvitationNotValid())
	in.At = w.now
	w.ok(w.Flows.Admit(w.Context(), in, e))
	stored, err := w.Invitations.Invitation(w.Context(), f.Workspace.ID, i.ID)
	w.ok(err)
	same(w, stored.AcceptedAt, in.At)
	_, err = w.Members.MemberOf(w.Context(), f.Workspace.ID, a.ID)
	w.ok(err)
	again := in
	again.Link.Subject = "again"
	w.fails(w.Flows.Admit(w.Context(), again, e), identity.InvitationNotValid())
	taken := identity.Admission{Link: w.newLink(p, "taken", "acc_x"), At: w.now}
	b := w.newAccount(f.Account.Email)
	taken.Link.Account, taken.Joining = b.ID, &identity.Joining{Account: b, NewAccount: true, Member: w.newMember(f.Workspace.ID, b, i.Role)}
	w.fails(w.Flows.Admit(w.Context(), taken, e), identity.EmailTaken())
	_, err = w.Flows.Link(w.Context(), f.Workspace.ID, p.Issuer, "taken")
	w.fails(err, errs.Absent())

	// Who is a member already is linked and joins nobody.
	second := identity.Admission{Link: w.newLink(p, "second", f.Account.ID), At: w.now}
	second.Joining = &identity.Joining{Account: f.Account, Member: w.newMember(f.Workspace.ID, f.Account, identity.RoleAgent)}
	w.ok(w.Flows.Admit(w.Context(), second, e))
	owner, err := w.Members.MemberOf(w.Context(), f.Workspace.ID, f.Account.ID)
	w.ok(err)
	same(w, owner, f.Owner)
	w.events(f.Workspace.ID, e, e, e, e)
	w.unlinked(f, p, mine, second.Link)
}

func (w *world) unlinked(f identity.Founding, p identity.Provider, links ...identity.Link) {
	w.Helper()
	got, err := w.Flows.LinksOf(w.Context(), f.Account.ID)
	w.ok(err)
	same(w, got, links)
	s, stays := w.newSession(f.Account.ID), w.newSession(f.Account.ID)
	s.Provider, stays.Provider = p.ID, ""
	for _, x := range []identity.Session{s, stays} {
		w.ok(w.Sessions.CreateSession(w.Context(), x))
	}
	w.ok(w.Flows.Unlink(w.Context(), links[0]))
	got, err = w.Flows.LinksOf(w.Context(), f.Account.ID)
	w.ok(err)
	same(w, len(got), 0)
	_, err = w.Sessions.Session(w.Context(), s.ID)
	w.fails(err, errs.Absent())
	_, err = w.Sessions.Session(w.Context(), stays.ID)
	w.ok(err)
}

func (w *world) termsKept() {
	f := w.found("owner@example.com")
	want := identity.Terms{Policy: identity.NewSignInPolicy(), Trusted: map[identity.ProviderID]bool{}}
	check := func() {
		w.Helper()
		got, err := w.Policies.Terms(w.Context(), f.Workspace.ID, f.Account.ID)
		w.ok(err)
		same(w, got, want)
	}
	check()
	w.ok(w.Factors.PutFactor(w.Context(), identity.Factor{Account: f.Account.ID, Sealed: "x", CreatedAt: w.now}))
	check()
	w.enrol(f.Account.ID, "")
	want.Enrolled = true
	check()
	p, q := w.newProvider(f.Workspace.ID), w.newProvider(f.Workspace.ID)
	q.SecondFactor = false
	w.ok(w.Providers.CreateProvider(w.Context(), p, 10))
	w.ok(w.Providers.CreateProvider(w.Context(), q, 10))
	want.Trusted[p.ID] = true
	check()
	want.Policy = identity.SignInPolicy{TwoFactorRequired: true, ProviderOnly: true, Idle: time.Hour, Life: 2 * time.Hour, UpdatedAt: w.now}
	w.ok(w.Policies.PutSignInPolicy(w.Context(), f.Workspace.ID, want.Policy))
	check()
}
