// Package identitytest is the conformance suite of the identity ports and an
// in-memory fake that passes it.
//
// A store's own test is one line:
//
//	identitytest.Run(t, func(t *testing.T) identitytest.Fixture { ... })
package identitytest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Fixture is an implementation under test.
type Fixture struct {
	Stores identity.Stores
	Log    event.Log // of the same storage
}

// Run runs the suite. open returns an empty, independent storage each time; it
// is closed by t.Cleanup.
func Run(t *testing.T, open func(t *testing.T) Fixture) {
	t.Helper()
	cases := []struct {
		name string
		run  func(*world)
	}{
		{"setup token", (*world).setupToken},
		{"founding", (*world).founding},
		{"founding is first", (*world).foundingFirst},
		{"founding once at once", (*world).foundingOnce},
		{"account", (*world).account},
		{"account change", (*world).accountChange},
		{"password", (*world).password},
		{"workspace", (*world).workspace},
		{"member", (*world).member},
		{"member list", (*world).memberList},
		{"member change", (*world).memberChange},
		{"member joins once", (*world).memberOnce},
		{"last owner", (*world).lastOwner},
		{"last owner at once", (*world).lastOwnerAtOnce},
		{"changes at once", (*world).changesAtOnce},
		{"invitation", (*world).invitation},
		{"invitation replaced", (*world).invitationReplaced},
		{"invitation at once", (*world).invitationAtOnce},
		{"invitation revoked", (*world).invitationRevoked},
		{"invitation accepted", (*world).invitationAccepted},
		{"invitation not accepted", (*world).invitationNotAccepted},
		{"invitation accepted once at once", (*world).invitationOnce},
		{"session", (*world).session},
		{"key", (*world).key},
		{"session expiry", (*world).sessionExpiry},
		{"link", (*world).link},
		{"link once at once", (*world).linkOnce},
		{"role", (*world).role},
		{"role in use", (*world).roleInUse},
		{"role goes or is given", (*world).roleAtOnce},
		{"too many roles", (*world).tooManyRoles},
		{"sessions of an account", (*world).sessionsOf},
		{"sign-in policy", (*world).policyKept},
		{"second factor", (*world).factorKept},
		{"proof once at once", (*world).proofOnce},
		{"challenge", (*world).challengeKept},
		{"challenge passed once at once", (*world).challengeOnce},
		{"reset", (*world).resetKept},
		{"reset once at once", (*world).resetOnce},
		{"provider", (*world).providerKept},
		{"last provider", (*world).lastProvider},
		{"flow", (*world).flowKept},
		{"flow once at once", (*world).flowOnce},
		{"admission", (*world).admission},
		{"terms", (*world).termsKept},
		{"what has expired", (*world).signInExpiry},
		{"tenants are apart", (*world).tenants},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f := open(t)
			w := &world{
				T: t, Stores: f.Stores, log: f.Log,
				now: time.Date(2026, 3, 1, 12, 0, 0, 7_000_000, time.UTC),
			}
			w.ids = id.NewSource(func() time.Time { return w.now })
			c.run(w)
		})
	}
}

// world is one test case: an implementation, a clock and makers of things.
type world struct {
	*testing.T
	identity.Stores

	log event.Log
	ids id.Source
	now time.Time
}

// crowd is how many try the same thing at once.
const crowd = 8

// tick moves the clock, so that identifiers made later sort later.
func (w *world) tick() time.Time {
	w.now = w.now.Add(1001 * time.Millisecond)
	return w.now
}

// newAccount makes an account that is not stored yet.
func (w *world) newAccount(email string) identity.Account {
	at := w.tick()
	return identity.Account{
		ID: identity.AccountID(w.ids.New("acc")), Email: email, Name: "名 " + email, Locale: "zh-CN",
		PasswordHash: "$hash$" + email, CreatedAt: at, UpdatedAt: at,
	}
}

// newMember makes a member that is not stored yet.
func (w *world) newMember(workspace identity.WorkspaceID, a identity.Account, role identity.Role) identity.Member {
	return identity.Member{
		Workspace: workspace, ID: identity.MemberID(w.ids.New("mem")), Account: a.ID, Email: a.Email, Name: a.Name,
		Role: role, Capacity: 5, CreatedAt: w.now, UpdatedAt: w.now,
	}
}

// newSession makes a session that is not stored yet.
func (w *world) newSession(a identity.AccountID) identity.Session {
	return identity.Session{
		ID: identity.SessionID(w.ids.New("ses")), Account: a, TokenHash: w.ids.New("hash"), UserAgent: "agent/1 浏览器",
		Address: "192.0.2.7", Provider: "idp_x", Workspace: "wsp_x", SecondFactor: true,
		CreatedAt: w.now, SeenAt: w.now, ExpiresAt: w.now.Add(time.Hour),
	}
}

// newFounding makes a founding that is not stored yet.
func (w *world) newFounding(email string) identity.Founding {
	a := w.newAccount(email)
	ws := identity.Workspace{
		ID: identity.WorkspaceID(w.ids.New("wsp")), Name: "接线台 " + email, Locale: "en", CreatedAt: w.now, UpdatedAt: w.now,
	}
	return identity.Founding{Account: a, Workspace: ws, Owner: w.newMember(ws.ID, a, identity.RoleOwner)}
}

// newInvitation makes an invitation that is not stored yet.
func (w *world) newInvitation(by identity.Member, email string) identity.Invitation {
	at := w.tick()
	return identity.Invitation{
		Workspace: by.Workspace, ID: identity.InvitationID(w.ids.New("inv")), Email: email, Role: identity.RoleAgent,
		InvitedBy: by.ID, TokenHash: w.ids.New("hash"), CreatedAt: at, ExpiresAt: at.Add(time.Hour),
	}
}

// found stores a founding.
func (w *world) found(email string) identity.Founding {
	w.Helper()
	f := w.newFounding(email)
	w.ok(w.Setup.Found(w.Context(), f))
	return f
}

// join stores a new account as a member.
func (w *world) join(workspace identity.WorkspaceID, email string, role identity.Role) identity.Member {
	w.Helper()
	a := w.newAccount(email)
	m := w.newMember(workspace, a, role)
	w.ok(w.Members.AddMember(w.Context(), identity.Joining{Account: a, NewAccount: true, Member: m}))
	return m
}

// event makes an event of a workspace.
func (w *world) event(workspace identity.WorkspaceID, kind string) event.Event {
	return event.Event{
		ID: w.ids.New("chg"), Workspace: string(workspace), Type: kind, Subject: "x", At: w.now, Data: []byte(`{"id":"x"}`),
	}
}

// events checks that the feed of a workspace holds exactly these events,
// numbered from 1 without a gap.
func (w *world) events(workspace identity.WorkspaceID, want ...event.Event) {
	w.Helper()
	got, err := w.log.Since(w.Context(), string(workspace), 0, 1000)
	w.ok(err)
	if len(got) != len(want) {
		w.Fatalf("feed of %s holds %d events, want %d", workspace, len(got), len(want))
	}
	for i, e := range got {
		x := want[i]
		if e.Feed != uint64(i+1) || e.ID != x.ID || e.Type != x.Type || e.Subject != x.Subject ||
			e.Workspace != x.Workspace || !e.At.Equal(x.At) || string(e.Data) != string(x.Data) {
			w.Fatalf("event %d is %+v, want %+v", i+1, e, x)
		}
	}
}

func (w *world) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// fails checks that err has the kind and code of want.
func (w *world) fails(err error, want *errs.Error) {
	w.Helper()
	if err == nil {
		w.Fatalf("succeeded, want %s", want.Code)
	}
	if got := errs.As(err); got.Kind != want.Kind || got.Code != want.Code {
		w.Fatalf("failed with %v, want %s %s", err, want.Kind, want.Code)
	}
}

// same checks that two things are equal, times by the instant.
func same[T any](w *world, got, want T) {
	w.Helper()
	if g, x := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want); g != x {
		w.Fatalf("got  %s\nwant %s", g, x)
	}
}

// atOnce runs fn crowd times concurrently and returns the errors by number.
func (w *world) atOnce(fn func(n int) error) []error {
	w.Helper()
	results := make([]error, crowd)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for n := range crowd {
		wg.Go(func() {
			<-start
			results[n] = fn(n)
		})
	}
	close(start)
	wg.Wait()
	return results
}

// onlyOne checks that exactly one succeeded and the others failed as want, and
// returns the number of the one.
func (w *world) onlyOne(results []error, want *errs.Error) int {
	w.Helper()
	winner := -1
	for n, err := range results {
		switch {
		case err != nil:
			w.fails(err, want)
		case winner >= 0:
			w.Fatalf("both %d and %d succeeded", winner, n)
		default:
			winner = n
		}
	}
	if winner < 0 {
		w.Fatal("none succeeded")
	}
	return winner
}
