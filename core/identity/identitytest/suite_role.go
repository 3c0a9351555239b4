package identitytest

import (
	"fmt"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// newRole makes a role that is not stored yet.
func (w *world) newRole(workspace identity.WorkspaceID, name string) identity.RoleDefinition {
	at := w.tick()
	return identity.RoleDefinition{
		Workspace: workspace, ID: identity.Role(w.ids.New("rol")), Name: name, Description: "只看 售前\nand more",
		Permissions: []identity.Permission{identity.ConversationRead, identity.MemberRead}, Reach: identity.ReachTeam,
		CreatedAt: at, UpdatedAt: at,
	}
}

func (w *world) role() {
	f := w.found("owner@example.com")
	r, none := w.newRole(f.Workspace.ID, "售前"), w.newRole(f.Workspace.ID, "None")
	none.Permissions, none.Reach = nil, identity.ReachOwn
	made := w.event(f.Workspace.ID, identity.RoleChanged)
	w.ok(w.Roles.CreateRole(w.Context(), r, made))
	w.ok(w.Roles.CreateRole(w.Context(), none))
	for _, want := range []identity.RoleDefinition{r, none} {
		got, err := w.Roles.Role(w.Context(), f.Workspace.ID, want.ID)
		w.ok(err)
		same(w, got, want)
	}
	all, err := w.Roles.Roles(w.Context(), f.Workspace.ID)
	w.ok(err)
	same(w, len(all), 2)
	twin := w.newRole(f.Workspace.ID, "售前")
	w.fails(w.Roles.CreateRole(w.Context(), twin, made), identity.RoleNameTaken())
	_, err = w.Roles.ChangeRole(w.Context(), f.Workspace.ID, none.ID, func(o *identity.RoleDefinition) error { o.Name = r.Name; return nil }, made)
	w.fails(err, identity.RoleNameTaken())
	refused := errs.New(errs.Conflict, "x", "")
	_, err = w.Roles.ChangeRole(w.Context(), f.Workspace.ID, r.ID, func(*identity.RoleDefinition) error { return refused }, made)
	w.fails(err, refused)

	changed := w.event(f.Workspace.ID, identity.RoleChanged)
	got, err := w.Roles.ChangeRole(w.Context(), f.Workspace.ID, r.ID, func(o *identity.RoleDefinition) error {
		o.Name, o.Description, o.Permissions, o.Reach = "新", "", []identity.Permission{identity.TicketRead}, identity.ReachAll
		o.UpdatedAt, o.ID, o.CreatedAt = w.now.Add(time.Second), "rol_x", time.Time{}
		return nil
	}, changed)
	w.ok(err)
	r.Name, r.Description, r.Permissions, r.Reach = "新", "", []identity.Permission{identity.TicketRead}, identity.ReachAll
	r.UpdatedAt = w.now.Add(time.Second)
	same(w, got, r)
	got, err = w.Roles.Role(w.Context(), f.Workspace.ID, r.ID)
	w.ok(err)
	same(w, got, r)
	gone := w.event(f.Workspace.ID, identity.RoleChanged)
	w.ok(w.Roles.DeleteRole(w.Context(), f.Workspace.ID, r.ID, w.now, gone))
	w.fails(w.Roles.DeleteRole(w.Context(), f.Workspace.ID, r.ID, w.now, gone), errs.Absent())
	w.events(f.Workspace.ID, made, changed, gone)
}

func (w *world) roleInUse() {
	f := w.found("owner@example.com")
	id := f.Workspace.ID
	r := w.newRole(id, "Held")
	w.ok(w.Roles.CreateRole(w.Context(), r))
	m := w.join(id, "agent@example.com", r.ID)
	held, err := w.Roles.Holders(w.Context(), id)
	w.ok(err)
	same(w, held, map[identity.Role]int{r.ID: 1, identity.RoleOwner: 1})
	w.fails(w.Roles.DeleteRole(w.Context(), id, r.ID, w.now), identity.RoleInUse())
	_, err = w.Members.ChangeMember(w.Context(), id, m.ID, func(m *identity.Member) error { m.Role = identity.RoleAgent; return nil })
	w.ok(err)
	i := w.newInvitation(f.Owner, "new@example.com")
	i.Role = r.ID
	w.ok(w.Invitations.Invite(w.Context(), i))
	w.fails(w.Roles.DeleteRole(w.Context(), id, r.ID, w.now), identity.RoleInUse())
	w.ok(w.Roles.DeleteRole(w.Context(), id, r.ID, i.ExpiresAt))

	// What is gone, or another workspace's, is nobody's.
	theirs := w.newRole(w.found("two@example.com").Workspace.ID, "Held")
	w.ok(w.Roles.CreateRole(w.Context(), theirs))
	for _, role := range []identity.Role{r.ID, theirs.ID, "rol_none"} {
		_, err = w.Members.ChangeMember(w.Context(), id, m.ID, func(m *identity.Member) error { m.Role = role; return nil })
		w.fails(err, errs.Absent())
		i := w.newInvitation(f.Owner, "other@example.com")
		i.Role = role
		w.fails(w.Invitations.Invite(w.Context(), i), errs.Absent())
		a := w.newAccount(string(role) + "@example.com")
		w.fails(w.Members.AddMember(w.Context(), identity.Joining{Account: a, NewAccount: true, Member: w.newMember(id, a, role)}), errs.Absent())
	}
	_, err = w.Roles.Role(w.Context(), id, theirs.ID)
	w.fails(err, errs.Absent())
	_, err = w.Roles.ChangeRole(w.Context(), id, theirs.ID, func(*identity.RoleDefinition) error { return nil })
	w.fails(err, errs.Absent())
	w.fails(w.Roles.DeleteRole(w.Context(), id, theirs.ID, w.now), errs.Absent())
	all, err := w.Roles.Roles(w.Context(), id)
	w.ok(err)
	same(w, len(all), 0)
}

// roleAtOnce checks that a role goes or is given, and never both.
func (w *world) roleAtOnce() {
	f := w.found("owner@example.com")
	id := f.Workspace.ID
	for n := range 5 {
		r := w.newRole(id, fmt.Sprint("role ", n))
		w.ok(w.Roles.CreateRole(w.Context(), r))
		m := w.join(id, fmt.Sprintf("agent%d@example.com", n), identity.RoleAgent)
		results := w.atOnce(func(n int) error {
			if n%2 == 0 {
				return w.Roles.DeleteRole(w.Context(), id, r.ID, w.now)
			}
			_, err := w.Members.ChangeMember(w.Context(), id, m.ID, func(m *identity.Member) error { m.Role = r.ID; return nil })
			return err
		})
		m, err := w.Members.Member(w.Context(), id, m.ID)
		w.ok(err)
		_, err = w.Roles.Role(w.Context(), id, r.ID)
		if gone := errs.Is(err, errs.NotFound); gone == (m.Role == r.ID) {
			w.Fatalf("the role went: %v; was given: %v; %v", gone, m.Role == r.ID, results)
		}
	}
}

func (w *world) tooManyRoles() {
	f := w.found("owner@example.com")
	for n := range identity.MaxRoles {
		w.ok(w.Roles.CreateRole(w.Context(), w.newRole(f.Workspace.ID, fmt.Sprint("role ", n))))
	}
	w.fails(w.Roles.CreateRole(w.Context(), w.newRole(f.Workspace.ID, "one more")), identity.TooManyRoles())
}
