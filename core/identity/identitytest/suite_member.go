package identitytest

import (
	"errors"
	"fmt"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

func (w *world) member() {
	f := w.found("owner@example.com")
	a := w.newAccount("agent@example.com")
	m := w.newMember(f.Workspace.ID, a, identity.RoleAgent)
	e := w.event(f.Workspace.ID, identity.MemberChanged)
	w.fails(w.Members.AddMember(w.Context(), identity.Joining{Account: a, Member: m}), errs.Absent())
	taken := a
	taken.Email = f.Account.Email
	w.fails(w.Members.AddMember(w.Context(), identity.Joining{Account: taken, NewAccount: true, Member: m}, e), identity.EmailTaken())
	w.ok(w.Members.AddMember(w.Context(), identity.Joining{Account: a, NewAccount: true, Member: m}, e))

	got, err := w.Members.Member(w.Context(), f.Workspace.ID, m.ID)
	w.ok(err)
	same(w, got, m)
	got, err = w.Members.MemberOf(w.Context(), f.Workspace.ID, a.ID)
	w.ok(err)
	same(w, got, m)
	list, err := w.Members.Memberships(w.Context(), a.ID)
	w.ok(err)
	same(w, list, []identity.Membership{{Workspace: f.Workspace, Member: m}})
	list, err = w.Members.Memberships(w.Context(), "acc_none")
	w.ok(err)
	same(w, len(list), 0)
	w.events(f.Workspace.ID, e)

	again := w.newMember(f.Workspace.ID, a, identity.RoleOwner)
	w.fails(w.Members.AddMember(w.Context(), identity.Joining{Account: a, Member: again}, e), identity.AlreadyMember())
	nowhere := w.newMember("wsp_none", a, identity.RoleOwner)
	w.fails(w.Members.AddMember(w.Context(), identity.Joining{Account: a, Member: nowhere}), errs.Absent())
	w.events(f.Workspace.ID, e)
}

func (w *world) memberList() {
	f := w.found("owner@example.com")
	want := []identity.Member{f.Owner}
	for n := range 4 {
		want = append(want, w.join(f.Workspace.ID, fmt.Sprintf("agent%d@example.com", n), identity.RoleAgent))
	}
	var got []identity.Member
	request, pages := page.Request{Limit: 2}, 0
	for {
		p, err := w.Members.Members(w.Context(), f.Workspace.ID, request)
		w.ok(err)
		got = append(got, p.Items...)
		pages++
		if request.Cursor = p.Next; p.Next == "" {
			break
		}
	}
	same(w, got, want)
	same(w, pages, 3)
	_, err := w.Members.Members(w.Context(), f.Workspace.ID, page.Request{Cursor: "not ours"})
	if !errs.Is(err, errs.Invalid) {
		w.Fatalf("a foreign cursor gives %v", err)
	}
}

func (w *world) memberChange() {
	f := w.found("owner@example.com")
	m := w.join(f.Workspace.ID, "agent@example.com", identity.RoleAgent)
	at := w.tick()
	e := w.event(f.Workspace.ID, identity.MemberChanged)
	got, err := w.Members.ChangeMember(w.Context(), f.Workspace.ID, m.ID, func(x *identity.Member) error {
		same(w, *x, m)
		x.Name, x.Role, x.Capacity, x.Suspended, x.UpdatedAt = "小王", identity.RoleSupervisor, 9, true, at
		x.Limits = identity.Limits{Chat: 3, Mail: -1, Ticket: 2}
		x.Account, x.Email = f.Account.ID, "changed@example.com" // no business of this method
		return nil
	}, e)
	w.ok(err)
	want := m
	want.Name, want.Role, want.Capacity, want.Suspended, want.UpdatedAt = "小王", identity.RoleSupervisor, 9, true, at
	want.Limits = identity.Limits{Chat: 3, Mail: -1, Ticket: 2}
	same(w, got, want)
	got, err = w.Members.Member(w.Context(), f.Workspace.ID, m.ID)
	w.ok(err)
	same(w, got, want)
	w.events(f.Workspace.ID, e)

	refusal := errors.New("no")
	_, err = w.Members.ChangeMember(w.Context(), f.Workspace.ID, m.ID, func(x *identity.Member) error {
		x.Name = "never"
		return refusal
	}, w.event(f.Workspace.ID, identity.MemberChanged))
	if !errors.Is(err, refusal) {
		w.Fatalf("failed with %v, want the change's own error", err)
	}
	got, err = w.Members.Member(w.Context(), f.Workspace.ID, m.ID)
	w.ok(err)
	same(w, got, want)
	w.events(f.Workspace.ID, e)
}

func (w *world) memberOnce() {
	one, two := w.found("one@example.com"), w.found("two@example.com")
	results := w.atOnce(func(int) error {
		return w.Members.AddMember(w.Context(), identity.Joining{
			Account: two.Account, Member: w.newMember(one.Workspace.ID, two.Account, identity.RoleAgent),
		})
	})
	w.onlyOne(results, identity.AlreadyMember())
	accounts := make([]identity.Account, crowd)
	for n := range accounts {
		accounts[n] = w.newAccount("same@example.com")
	}
	results = w.atOnce(func(n int) error {
		return w.Members.AddMember(w.Context(), identity.Joining{
			Account: accounts[n], NewAccount: true, Member: w.newMember(one.Workspace.ID, accounts[n], identity.RoleAgent),
		})
	})
	w.onlyOne(results, identity.EmailTaken())
}

func demote(m *identity.Member) error {
	m.Role = identity.RoleAgent
	return nil
}

func suspend(m *identity.Member) error {
	m.Suspended = true
	return nil
}

func (w *world) lastOwner() {
	f := w.found("owner@example.com")
	w.found("other@example.com") // owners of other workspaces do not count
	for _, change := range []func(*identity.Member) error{demote, suspend} {
		_, err := w.Members.ChangeMember(w.Context(), f.Workspace.ID, f.Owner.ID, change, w.event(f.Workspace.ID, identity.MemberChanged))
		w.fails(err, identity.LastOwner())
		m, err := w.Members.Member(w.Context(), f.Workspace.ID, f.Owner.ID)
		w.ok(err)
		same(w, m, f.Owner)
	}
	w.events(f.Workspace.ID)

	second := w.join(f.Workspace.ID, "second@example.com", identity.RoleOwner)
	_, err := w.Members.ChangeMember(w.Context(), f.Workspace.ID, second.ID, suspend)
	w.ok(err)
	// A suspended owner does not count, and may be demoted.
	_, err = w.Members.ChangeMember(w.Context(), f.Workspace.ID, f.Owner.ID, demote)
	w.fails(err, identity.LastOwner())
	_, err = w.Members.ChangeMember(w.Context(), f.Workspace.ID, second.ID, demote)
	w.ok(err)
	// A change that keeps the last owner one is allowed.
	_, err = w.Members.ChangeMember(w.Context(), f.Workspace.ID, f.Owner.ID, func(m *identity.Member) error {
		m.Name = "Renamed"
		return nil
	})
	w.ok(err)
}

func (w *world) lastOwnerAtOnce() {
	f := w.found("owner@example.com")
	owners := []identity.MemberID{f.Owner.ID}
	for n := range crowd - 1 {
		owners = append(owners, w.join(f.Workspace.ID, fmt.Sprintf("owner%d@example.com", n), identity.RoleOwner).ID)
	}
	results := w.atOnce(func(n int) error {
		change := demote
		if n%2 == 0 {
			change = suspend
		}
		_, err := w.Members.ChangeMember(w.Context(), f.Workspace.ID, owners[n], change)
		return err
	})
	failed := 0
	for _, err := range results {
		if err != nil {
			w.fails(err, identity.LastOwner())
			failed++
		}
	}
	same(w, failed, 1)
}

// changesAtOnce checks that no change is lost and that feeds stay gapless.
func (w *world) changesAtOnce() {
	f := w.found("owner@example.com")
	w.atOnce(func(int) error {
		_, err := w.Members.ChangeMember(w.Context(), f.Workspace.ID, f.Owner.ID, func(m *identity.Member) error {
			m.Capacity++
			return nil
		}, w.event(f.Workspace.ID, identity.MemberChanged))
		if err != nil {
			w.Error(err)
		}
		return err
	})
	m, err := w.Members.Member(w.Context(), f.Workspace.ID, f.Owner.ID)
	w.ok(err)
	same(w, m.Capacity, f.Owner.Capacity+crowd)
	events, err := w.log.Since(w.Context(), string(f.Workspace.ID), 0, 1000)
	w.ok(err)
	same(w, len(events), crowd)
	for i, e := range events {
		same(w, e.Feed, uint64(i+1))
	}
	head, err := w.log.Head(w.Context(), string(f.Workspace.ID))
	w.ok(err)
	same(w, head, uint64(crowd))
}

func (w *world) tenants() {
	one, two := w.found("one@example.com"), w.found("two@example.com")
	i := w.newInvitation(one.Owner, "new@example.com")
	w.ok(w.Invitations.Invite(w.Context(), i))
	foreign := two.Workspace.ID
	_, err := w.Members.Member(w.Context(), foreign, one.Owner.ID)
	w.fails(err, errs.Absent())
	_, err = w.Members.MemberOf(w.Context(), foreign, one.Account.ID)
	w.fails(err, errs.Absent())
	_, err = w.Members.ChangeMember(w.Context(), foreign, one.Owner.ID, demote, w.event(foreign, identity.MemberChanged))
	w.fails(err, errs.Absent())
	_, err = w.Invitations.Invitation(w.Context(), foreign, i.ID)
	w.fails(err, errs.Absent())
	w.fails(w.Invitations.Revoke(w.Context(), foreign, i.ID, w.now), errs.Absent())
	members, err := w.Members.Members(w.Context(), foreign, page.Request{})
	w.ok(err)
	same(w, members.Items, []identity.Member{two.Owner})
	invitations, err := w.Invitations.Invitations(w.Context(), foreign, page.Request{})
	w.ok(err)
	same(w, len(invitations.Items), 0)
	w.events(foreign)
}
