package identitytest

import (
	"context"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
)

// knows reports whether a member or an invitation may have the role.
func (f *Fake) knows(w identity.WorkspaceID, id identity.Role) bool {
	r, ok := f.roles[id]
	return id.BuiltIn() || ok && r.Workspace == w
}

func (f *Fake) role(w identity.WorkspaceID, id identity.Role) (identity.RoleDefinition, error) {
	r, ok := f.roles[id]
	if !ok || r.Workspace != w {
		return identity.RoleDefinition{}, errs.Absent()
	}
	r.Permissions = slices.Clone(r.Permissions)
	return r, nil
}

// Role returns a role that a workspace made.
func (f *Fake) Role(_ context.Context, w identity.WorkspaceID, id identity.Role) (identity.RoleDefinition, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.role(w, id)
}

// Roles lists the roles that a workspace made.
func (f *Fake) Roles(_ context.Context, w identity.WorkspaceID) ([]identity.RoleDefinition, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []identity.RoleDefinition
	for id := range f.roles {
		if r, err := f.role(w, id); err == nil {
			out = append(out, r)
		}
	}
	return out, nil
}

// Holders counts members by role.
func (f *Fake) Holders(_ context.Context, w identity.WorkspaceID) (map[identity.Role]int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := make(map[identity.Role]int)
	for _, m := range f.members {
		if m.Workspace == w {
			out[m.Role]++
		}
	}
	return out, nil
}

func (f *Fake) roleNamed(r identity.RoleDefinition) bool {
	for _, o := range f.roles {
		if o.Workspace == r.Workspace && o.ID != r.ID && o.Name == r.Name {
			return true
		}
	}
	return false
}

// CreateRole stores a role.
func (f *Fake) CreateRole(_ context.Context, r identity.RoleDefinition, events ...event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.workspaces[r.Workspace]; !ok {
		return errs.Absent()
	}
	n := 0
	for _, o := range f.roles {
		if o.Workspace == r.Workspace {
			n++
		}
	}
	switch {
	case n >= identity.MaxRoles:
		return identity.TooManyRoles()
	case f.roleNamed(r):
		return identity.RoleNameTaken()
	}
	r.Members, r.Permissions = 0, slices.Clone(r.Permissions)
	f.roles[r.ID] = r
	f.append(events)
	return nil
}

// ChangeRole changes a role.
func (f *Fake) ChangeRole(_ context.Context, w identity.WorkspaceID, id identity.Role, change func(*identity.RoleDefinition) error, events ...event.Event) (identity.RoleDefinition, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, err := f.role(w, id)
	if err != nil {
		return r, err
	}
	wanted := r
	if err := change(&wanted); err != nil {
		return identity.RoleDefinition{}, err
	}
	r.Name, r.Description, r.UpdatedAt = wanted.Name, wanted.Description, wanted.UpdatedAt
	r.Permissions, r.Reach = slices.Clone(wanted.Permissions), wanted.Reach
	if f.roleNamed(r) {
		return identity.RoleDefinition{}, identity.RoleNameTaken()
	}
	f.roles[id] = r
	f.append(events)
	return r, nil
}

// DeleteRole forgets a role that nobody has.
func (f *Fake) DeleteRole(_ context.Context, w identity.WorkspaceID, id identity.Role, at time.Time, events ...event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.role(w, id); err != nil {
		return err
	}
	for _, m := range f.members {
		if m.Workspace == w && m.Role == id {
			return identity.RoleInUse()
		}
	}
	for _, i := range f.invitations {
		if i.Workspace == w && i.Role == id && i.State(at) == identity.InvitationPending {
			return identity.RoleInUse()
		}
	}
	delete(f.roles, id)
	f.append(events)
	return nil
}
