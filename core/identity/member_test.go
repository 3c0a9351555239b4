package identity_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

func roles() []identity.Role {
	return []identity.Role{identity.RoleOwner, identity.RoleAdministrator, identity.RoleSupervisor, identity.RoleAgent}
}

// Who may change whom, and into what.
func TestMemberRanks(t *testing.T) {
	for _, actor := range roles() {
		for _, target := range roles() {
			for _, wanted := range roles() {
				t.Run(fmt.Sprintf("%s makes %s %s", actor, target, wanted), func(t *testing.T) {
					o := newOffice(t)
					w := o.founded(ownerEmail).Workspace.ID
					scope := o.scope(o.hire(w, "actor@example.com", actor))
					other := o.hire(w, "target@example.com", target)
					m, err := o.Members.Update(t.Context(), scope, other.ID, identity.MemberPatch{Role: &wanted})
					invited, errI := o.Invitations.Create(t.Context(), scope, "new@example.com", wanted)
					switch {
					case actor == identity.RoleSupervisor || actor == identity.RoleAgent:
						o.fails(err, forbidden())
						o.fails(errI, forbidden())
						return
					case actor == identity.RoleAdministrator && target == identity.RoleOwner:
						o.fails(err, identity.Outranked())
					case actor == identity.RoleAdministrator && wanted == identity.RoleOwner:
						o.fails(err, identity.RoleBeyond())
					default:
						o.ok(err)
						equal(t, m.Role, wanted)
					}
					if actor == identity.RoleAdministrator && wanted == identity.RoleOwner {
						o.fails(errI, identity.RoleBeyond())
						return
					}
					o.ok(errI)
					equal(t, invited.Invitation.Role, wanted)
				})
			}
		}
	}
}

func TestMemberUpdate(t *testing.T) {
	o := newOffice(t)
	owner := o.founded(ownerEmail).Member
	agent := o.hire(owner.Workspace, "agent@example.com", identity.RoleAgent)
	scope, before := o.scope(owner), o.head(owner.Workspace)
	_, err := o.Members.Update(t.Context(), scope, agent.ID, identity.MemberPatch{
		Name: new("a\nb"), Role: new(identity.Role("king")), Capacity: new(0),
	})
	o.refuses(err, "/name invalid_character", "/role invalid_role", "/capacity out_of_range")
	_, err = o.Members.Update(t.Context(), scope, agent.ID, identity.MemberPatch{Capacity: new(identity.MaxCapacity + 1)})
	o.refuses(err, "/capacity out_of_range")
	_, err = o.Members.Update(t.Context(), scope, agent.ID, identity.MemberPatch{Limits: &identity.LimitsPatch{Chat: new(-2), Mail: new(-1), Ticket: new(identity.MaxCapacity + 1)}})
	o.refuses(err, "/limits/chat out_of_range", "/limits/ticket out_of_range")
	equal(t, len(o.events(owner.Workspace, before)), 0)

	m, err := o.Members.Update(t.Context(), scope, agent.ID, identity.MemberPatch{Name: new(" 王 "), Capacity: new(9)})
	o.ok(err)
	want := agent
	want.Name, want.Capacity = "王", 9
	equal(t, m, want)
	for _, l := range []identity.LimitsPatch{{Mail: new(-1), Chat: new(4)}, {Ticket: new(3), Chat: new(0)}} { // what is not named stays
		_, err = o.Members.Update(t.Context(), scope, agent.ID, identity.MemberPatch{Limits: &l})
		o.ok(err)
	}
	want.Limits = identity.Limits{Mail: -1, Ticket: 3}
	m, err = o.Members.Get(t.Context(), scope, agent.ID)
	o.ok(err)
	equal(t, m, want)
	equal(t, o.events(owner.Workspace, before), slices.Repeat([]string{"member.changed " + string(agent.ID)}, 3))
	p, err := o.Members.List(t.Context(), o.scope(agent), page.Request{})
	o.ok(err)
	equal(t, p.Items, []identity.Member{owner, want})
}

func TestMemberSuspended(t *testing.T) {
	o := newOffice(t)
	owner := o.founded(ownerEmail).Member
	agent := o.hire(owner.Workspace, "agent@example.com", identity.RoleAgent)
	in := o.signIn("agent@example.com")
	scope := o.scope(owner)
	o.scope(agent) // now it is cached
	o.told()
	_, err := o.Members.Update(t.Context(), scope, agent.ID, identity.MemberPatch{Suspended: new(true)})
	o.ok(err)
	equal(t, o.told(), []string{event.SubjectRights + string(owner.Workspace) + " " + string(agent.Account)})
	_, err = o.Sessions.ScopeFor(t.Context(), agent.Account, agent.Workspace)
	o.fails(err, absent())
	_, err = o.Sessions.Recheck(t.Context(), in.Session.ID, agent.Workspace)
	o.fails(err, absent())
	me, err := o.Accounts.Me(t.Context(), agent.Account)
	o.ok(err)
	equal(t, len(me.Memberships), 0)

	_, err = o.Members.Update(t.Context(), scope, agent.ID, identity.MemberPatch{Suspended: new(false)})
	o.ok(err)
	o.scope(agent)
	rechecked, err := o.Sessions.Recheck(t.Context(), in.Session.ID, agent.Workspace)
	o.ok(err)
	equal(t, rechecked, o.scope(agent))
}

func TestMemberRoleChangeIsSeenAtOnce(t *testing.T) {
	o := newOffice(t)
	owner := o.founded(ownerEmail).Member
	agent := o.hire(owner.Workspace, "agent@example.com", identity.RoleAgent)
	equal(t, o.scope(agent).Actor.Role, identity.RoleAgent)
	_, err := o.Members.Update(t.Context(), o.scope(owner), agent.ID, identity.MemberPatch{Role: new(identity.RoleSupervisor)})
	o.ok(err)
	equal(t, o.scope(agent).Actor.Role, identity.RoleSupervisor)
}

func TestMemberSelf(t *testing.T) {
	o := newOffice(t)
	owner := o.founded(ownerEmail).Member
	scope := o.scope(owner)
	_, err := o.Members.Update(t.Context(), scope, owner.ID, identity.MemberPatch{Role: new(identity.RoleAgent)})
	o.fails(err, identity.OwnMembership())
	_, err = o.Members.Update(t.Context(), scope, owner.ID, identity.MemberPatch{Role: new(identity.RoleOwner), Name: new("Still me")})
	o.ok(err)
	_, err = o.Members.Update(t.Context(), scope, owner.ID, identity.MemberPatch{Suspended: new(true)})
	o.fails(err, errs.New(errs.Conflict, "member.self_suspension", ""))
	_, err = o.Members.Update(t.Context(), identity.SystemScope(owner.Workspace), owner.ID, identity.MemberPatch{Suspended: new(true)})
	o.fails(err, identity.LastOwner())
	second := o.scope(o.hire(owner.Workspace, "second@example.com", identity.RoleOwner))
	_, err = o.Members.Update(t.Context(), second, owner.ID, identity.MemberPatch{Role: new(identity.RoleAgent)})
	o.ok(err)
	_, err = o.Members.Update(t.Context(), second, second.Member(), identity.MemberPatch{Role: new(identity.RoleAgent)})
	o.fails(err, identity.OwnMembership())
}

// Two owners who demote each other at once: one stays.
func TestMemberLastOwnerAtOnce(t *testing.T) {
	for range 20 {
		o := newOffice(t)
		one := o.founded(ownerEmail).Member
		two := o.hire(one.Workspace, "second@example.com", identity.RoleOwner)
		scopes, targets := []identity.Scope{o.scope(one), o.scope(two)}, []identity.MemberID{two.ID, one.ID}
		results := atOnce(t.Context(), 2, func(ctx context.Context, i int) error {
			_, err := o.Members.Update(ctx, scopes[i], targets[i], identity.MemberPatch{Role: new(identity.RoleAgent)})
			return err
		})
		equal(t, o.successes(results, errs.Conflict), 1)
	}
}

func TestMemberOfAnotherWorkspace(t *testing.T) {
	o := newOffice(t)
	one, two := o.founded(ownerEmail).Member, o.founded("two@example.com").Member
	for _, id := range []identity.MemberID{two.ID, "", "mem_none"} {
		_, err := o.Members.Get(t.Context(), o.scope(one), id)
		o.fails(err, absent())
		_, err = o.Members.Update(t.Context(), o.scope(one), id, identity.MemberPatch{Name: new("Mine")})
		o.fails(err, absent())
	}
	p, err := o.Members.List(t.Context(), o.scope(one), page.Request{})
	o.ok(err)
	equal(t, p.Items, []identity.Member{one})
}

func TestMemberAdd(t *testing.T) {
	o := newOffice(t)
	one, two := o.founded(ownerEmail).Member, o.founded("two@example.com").Member
	n := identity.NewMember{Email: "two@example.com", Name: "Second name", Role: identity.RoleAgent, LinkOnly: true}
	_, err := o.Members.Add(t.Context(), o.scope(one), n)
	o.fails(err, forbidden())
	m, err := o.Members.Add(t.Context(), identity.SystemScope(one.Workspace), n)
	o.ok(err)
	equal(t, m.Account, two.Account)
	equal(t, m.Name, "Second name")
	_, err = o.Members.Add(t.Context(), identity.SystemScope(one.Workspace), n)
	o.fails(err, identity.AlreadyMember())
	_, err = o.Members.Add(t.Context(), identity.SystemScope(one.Workspace), identity.NewMember{})
	o.refuses(err, "/email required", "/name required", "/role invalid_role", "/password too_short")

	n.Email = "link@example.com"
	_, err = o.Members.Add(t.Context(), identity.SystemScope(one.Workspace), n)
	o.ok(err)
	_, err = o.Sessions.SignIn(t.Context(), n.Email, "", o.client)
	o.fails(err, identity.WrongCredentials())
	me, err := o.Accounts.Me(t.Context(), two.Account)
	o.ok(err)
	equal(t, len(me.Memberships), 2)
}

// Every use case asks for its permission.
func TestPermissions(t *testing.T) {
	o := newOffice(t)
	owner := o.founded(ownerEmail).Member
	id := owner.ID
	calls := map[identity.Permission][]func(identity.Scope) error{
		identity.WorkspaceRead: {func(s identity.Scope) error {
			_, err := o.Workspaces.Get(t.Context(), s)
			return err
		}},
		identity.WorkspaceManage: {func(s identity.Scope) error {
			_, err := o.Workspaces.Update(t.Context(), s, identity.WorkspacePatch{})
			return err
		}},
		identity.MemberRead: {
			func(s identity.Scope) error {
				_, err := o.Members.List(t.Context(), s, page.Request{})
				return err
			},
			func(s identity.Scope) error {
				_, err := o.Members.Get(t.Context(), s, id)
				return err
			},
		},
		identity.MemberManage: {
			func(s identity.Scope) error {
				_, err := o.Members.Update(t.Context(), s, id, identity.MemberPatch{})
				return err
			},
			func(s identity.Scope) error {
				_, err := o.Invitations.Create(t.Context(), s, "new@example.com", identity.RoleAgent)
				return err
			},
			func(s identity.Scope) error {
				_, err := o.Invitations.List(t.Context(), s, page.Request{})
				return err
			},
			func(s identity.Scope) error {
				return o.Invitations.Revoke(t.Context(), s, "inv_none")
			},
		},
	}
	actors := []identity.Actor{{Kind: identity.ActorContact, ID: "vis_x"}, {Kind: identity.ActorPlugin, ID: "patchbay/webchat"}, {}}
	for _, role := range append(roles(), "unknown", "") {
		actors = append(actors, identity.Actor{Kind: identity.ActorMember, ID: "mem_x", Role: role})
	}
	for permission, uses := range calls {
		for _, actor := range actors {
			may := actor.Kind == identity.ActorMember && actor.Role.May(permission)
			for n, use := range uses {
				err := use(identity.Scope{Workspace: owner.Workspace, Actor: actor})
				refused := err != nil && errs.As(err).Code == "forbidden"
				if refused == may {
					t.Errorf("%s use %d by %+v: may=%v, got %v", permission, n, actor, may, err)
				}
			}
		}
	}
}
