package identitytest

import (
	"context"
	"slices"
	"strings"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// withEmail fills in what is read from the account.
func (f *Fake) withEmail(m identity.Member) identity.Member {
	m.Email = f.accounts[m.Account].Email
	return m
}

func (f *Fake) member(w identity.WorkspaceID, id identity.MemberID) (identity.Member, error) {
	m, err := get(f.members, id)
	if err != nil || m.Workspace != w {
		return identity.Member{}, errs.Absent()
	}
	return f.withEmail(m), nil
}

func (f *Fake) memberOf(w identity.WorkspaceID, account identity.AccountID) (identity.Member, bool) {
	for _, m := range f.members {
		if m.Workspace == w && m.Account == account {
			return f.withEmail(m), true
		}
	}
	return identity.Member{}, false
}

// Member returns a member by its id.
func (f *Fake) Member(_ context.Context, w identity.WorkspaceID, id identity.MemberID) (identity.Member, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.member(w, id)
}

// MemberOf returns the member that an account is in a workspace.
func (f *Fake) MemberOf(_ context.Context, w identity.WorkspaceID, account identity.AccountID) (identity.Member, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	m, ok := f.memberOf(w, account)
	if !ok {
		return m, errs.Absent()
	}
	return m, nil
}

// Members lists the members of a workspace.
func (f *Fake) Members(_ context.Context, w identity.WorkspaceID, request page.Request) (page.Page[identity.Member], error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p, err := list(f.members, request, false, func(m identity.Member) bool { return m.Workspace == w })
	for i, m := range p.Items {
		p.Items[i] = f.withEmail(m)
	}
	return p, err
}

// Memberships lists the workspaces of an account.
func (f *Fake) Memberships(_ context.Context, account identity.AccountID) ([]identity.Membership, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var found []identity.Membership
	for _, m := range f.members {
		if m.Account == account {
			found = append(found, identity.Membership{Workspace: f.workspaces[m.Workspace], Member: f.withEmail(m)})
		}
	}
	slices.SortFunc(found, func(a, b identity.Membership) int {
		return strings.Compare(string(a.Workspace.ID), string(b.Workspace.ID))
	})
	return found, nil
}

// canJoin reports why a joining is impossible.
func (f *Fake) canJoin(j identity.Joining) error {
	if _, ok := f.workspaces[j.Member.Workspace]; !ok || !f.knows(j.Member.Workspace, j.Member.Role) {
		return errs.Absent()
	}
	if j.NewAccount {
		if f.emailExists(j.Account.Email) {
			return identity.EmailTaken()
		}
		return nil
	}
	if _, ok := f.accounts[j.Account.ID]; !ok {
		return errs.Absent()
	}
	if _, ok := f.memberOf(j.Member.Workspace, j.Account.ID); ok {
		return identity.AlreadyMember()
	}
	return nil
}

func (f *Fake) join(j identity.Joining) {
	if j.NewAccount {
		f.accounts[j.Account.ID] = j.Account
	}
	f.members[j.Member.ID] = j.Member
}

// AddMember stores a joining.
func (f *Fake) AddMember(_ context.Context, j identity.Joining, events ...event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.canJoin(j); err != nil {
		return err
	}
	f.join(j)
	f.append(events)
	return nil
}

// ChangeMember changes a member unless that leaves the workspace without an owner.
func (f *Fake) ChangeMember(_ context.Context, w identity.WorkspaceID, id identity.MemberID, change func(*identity.Member) error, events ...event.Event) (identity.Member, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	m, err := f.member(w, id)
	if err != nil {
		return m, err
	}
	wanted := m
	if err := change(&wanted); err != nil {
		return identity.Member{}, err
	}
	if owns(m) && !owns(wanted) && f.owners(w) == 1 {
		return identity.Member{}, identity.LastOwner()
	}
	if wanted.Role != m.Role && !f.knows(w, wanted.Role) {
		return identity.Member{}, errs.Absent()
	}
	m.Name, m.Role, m.Capacity, m.Limits = wanted.Name, wanted.Role, wanted.Capacity, wanted.Limits
	m.Suspended, m.UpdatedAt = wanted.Suspended, wanted.UpdatedAt
	f.members[id] = m
	f.append(events)
	return m, nil
}

func owns(m identity.Member) bool { return m.Role == identity.RoleOwner && !m.Suspended }

func (f *Fake) owners(w identity.WorkspaceID) int {
	n := 0
	for _, m := range f.members {
		if m.Workspace == w && owns(m) {
			n++
		}
	}
	return n
}
