package identity_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
)

// makes a role as somebody.
func (o *office) role(by identity.Scope, name string, reach identity.ReachKind, permissions ...identity.Permission) (identity.RoleDefinition, error) {
	o.Helper()
	return o.Roles.Create(o.Context(), by, identity.RolePatch{Name: &name, Reach: &reach, Permissions: &permissions})
}

func TestARolesLife(t *testing.T) {
	o := newOffice(t)
	owner := o.founded(ownerEmail).Member
	w, boss := owner.Workspace, o.scope(owner)
	before := o.head(w)
	r, err := o.role(boss, "  售前 ", identity.ReachTeam, identity.ConversationReply)
	o.ok(err)
	equal(t, r.Name, "售前")
	equal(t, r.Permissions, []identity.Permission{
		identity.ConversationRead, identity.ConversationReply, identity.ContactRead, identity.MemberRead, identity.TeamRead,
		identity.WorkspaceRead, identity.InboxRead, identity.CatalogRead, identity.RoleRead,
	})
	m := o.hire(w, "agent@example.com", identity.RoleAgent)
	in := o.signIn("agent@example.com")
	_, err = o.Members.Update(t.Context(), boss, m.ID, identity.MemberPatch{Role: &r.ID})
	o.ok(err)
	scope := o.scope(m)
	if !scope.May(identity.ConversationReply) || scope.May(identity.ConversationAssign) || scope.Require(identity.MemberManage) == nil {
		t.Error("the role is not what was said")
	}
	equal(t, scope.Reach(), identity.Reach{Kind: identity.ReachTeam, Member: m.ID})

	o.told()
	_, err = o.Roles.Update(t.Context(), boss, r.ID, identity.RolePatch{Permissions: &[]identity.Permission{identity.TicketRead}, Reach: new(identity.ReachOwn)})
	o.ok(err)
	equal(t, o.told(), []string{event.SubjectRights + string(w) + " "})
	rechecked, err := o.Sessions.Recheck(t.Context(), in.Session.ID, w)
	o.ok(err)
	for _, s := range []identity.Scope{o.scope(m), rechecked} {
		if s.May(identity.ConversationReply) || !s.May(identity.TicketRead) || s.Reach().Kind != identity.ReachOwn {
			t.Errorf("a change is not seen: %+v", s.Rights())
		}
	}
	me, err := o.Accounts.Me(t.Context(), m.Account)
	o.ok(err)
	equal(t, me.Memberships[0].RoleName, "售前")
	equal(t, me.Memberships[0].Rights, scope.With(rechecked.Rights()).Rights())

	o.fails(o.Roles.Delete(t.Context(), boss, r.ID), identity.RoleInUse())
	all, err := o.Roles.List(t.Context(), o.scope(m))
	o.ok(err)
	equal(t, len(all), len(identity.BuiltIns())+1)
	equal(t, []any{all[0].ID, all[0].Members, all[7].ID, all[7].Members}, []any{identity.RoleOwner, 1, r.ID, 1})
	got, err := o.Roles.Get(t.Context(), o.scope(m), r.ID)
	o.ok(err)
	equal(t, got.Members, 1)
	_, err = o.Members.Update(t.Context(), boss, m.ID, identity.MemberPatch{Role: new(identity.RoleAgent)})
	o.ok(err)
	o.ok(o.Roles.Delete(t.Context(), boss, r.ID))
	_, err = o.Roles.Get(t.Context(), boss, r.ID)
	o.fails(err, absent())
	changed := "role.changed " + string(r.ID)
	var seen []string
	for _, e := range o.events(w, before) {
		if strings.HasPrefix(e, "role.") {
			seen = append(seen, e)
		}
	}
	equal(t, seen, []string{changed, changed, changed})
}

// An invitation to a role makes a member of it.
func TestInvitedToARole(t *testing.T) {
	o := newOffice(t)
	owner := o.founded(ownerEmail).Member
	r, err := o.role(o.scope(owner), "Night", identity.ReachOwn, identity.ConversationRead)
	o.ok(err)
	i, err := o.Invitations.Create(t.Context(), o.scope(owner), "new@example.com", r.ID)
	o.ok(err)
	o.fails(o.Roles.Delete(t.Context(), o.scope(owner), r.ID), identity.RoleInUse())
	in, err := o.Invitations.Accept(t.Context(), identity.Acceptor{Token: i.Token, Name: "New", Password: password}, o.client)
	o.ok(err)
	scope, err := o.Sessions.ScopeFor(t.Context(), in.Account.ID, owner.Workspace)
	o.ok(err)
	equal(t, scope.Reach().Kind, identity.ReachOwn)
	_, err = o.Invitations.Create(t.Context(), o.scope(owner), "b@example.com", "rol_none")
	o.refuses(err, "/role invalid_role")
	_, err = o.Invitations.Create(t.Context(), o.scope(owner), "b@example.com", "rol_01J8ZQ4W9V3X5Y7Z1A2B3C4D5E")
	o.refuses(err, "/role invalid_role")
}

func TestNobodyGivesWhatTheyDoNotHold(t *testing.T) {
	o := newOffice(t)
	owner := o.founded(ownerEmail).Member
	w, boss := owner.Workspace, o.scope(owner)
	_, err := o.role(o.scope(o.hire(w, "admin@example.com", identity.RoleAdministrator)), "Spy", identity.ReachAll, identity.AuditRead)
	o.fails(err, identity.RoleBeyond())

	keeper, err := o.role(boss, "Keeper", identity.ReachTeam, identity.RoleManage, identity.MemberManage, identity.ConversationRead)
	o.ok(err)
	wide, err := o.role(boss, "Wide", identity.ReachAll, identity.ConversationRead)
	o.ok(err)
	strong, err := o.role(boss, "Strong", identity.ReachOwn, identity.ConversationReply)
	o.ok(err)
	k := o.scope(o.hire(w, "keeper@example.com", keeper.ID))
	small, err := o.role(k, "Small", identity.ReachTeam, identity.ConversationRead)
	o.ok(err)
	for name, tt := range map[string]identity.RolePatch{
		"a permission": {Permissions: &[]identity.Permission{identity.ConversationRead, identity.TicketRead}},
		"a reach":      {Reach: new(identity.ReachAll)},
	} {
		_, err := o.Roles.Update(t.Context(), k, small.ID, tt)
		o.fails(err, identity.RoleBeyond())
		tt.Name = new(name)
		if tt.Permissions == nil {
			tt.Permissions = &[]identity.Permission{}
		}
		_, err = o.Roles.Create(t.Context(), k, tt)
		o.fails(err, identity.RoleBeyond())
	}
	agent := o.hire(w, "agent@example.com", small.ID)
	for _, beyond := range []identity.Role{wide.ID, strong.ID, identity.RoleAgent, identity.RoleOwner} {
		_, err = o.Members.Update(t.Context(), k, agent.ID, identity.MemberPatch{Role: &beyond})
		o.fails(err, identity.RoleBeyond())
		_, err = o.Invitations.Create(t.Context(), k, "x@example.com", beyond)
		o.fails(err, identity.RoleBeyond())
		other := o.hire(w, fmt.Sprintf("has.%s@example.com", beyond), beyond)
		_, err = o.Members.Update(t.Context(), k, other.ID, identity.MemberPatch{Suspended: new(true)})
		o.fails(err, identity.Outranked())
		if !beyond.BuiltIn() {
			_, err = o.Roles.Update(t.Context(), k, beyond, identity.RolePatch{Name: new("Mine")})
			o.fails(err, identity.RoleBeyond())
			o.fails(o.Roles.Delete(t.Context(), k, beyond), identity.RoleBeyond())
		}
	}
	for _, name := range []string{"Theirs", "Small"} {
		_, err = o.Roles.Update(t.Context(), k, keeper.ID, identity.RolePatch{Name: &name})
		o.fails(err, identity.OwnRole())
	}
	o.fails(o.Roles.Delete(t.Context(), k, keeper.ID), identity.OwnRole())
	_, err = o.Members.Update(t.Context(), k, k.Member(), identity.MemberPatch{Role: &small.ID})
	o.fails(err, identity.OwnMembership())
	for _, r := range identity.BuiltIns() {
		_, err = o.Roles.Update(t.Context(), boss, r, identity.RolePatch{Name: new("x")})
		o.fails(err, identity.BuiltInRole())
		o.fails(o.Roles.Delete(t.Context(), boss, r), identity.BuiltInRole())
	}
}

// Who may change whom among the built-in roles that manage members.
func TestWhoMayChangeWhom(t *testing.T) {
	o := newOffice(t)
	w := o.founded(ownerEmail).Workspace.ID
	a, s, g := identity.RoleAdministrator, identity.RoleSupervisor, identity.RoleAgent
	sys, sec := identity.RoleSystemAdministrator, identity.RoleSecurityAdministrator
	for actor, allowed := range map[identity.Role][]identity.Role{identity.RoleOwner: identity.BuiltIns(), a: {a, s, g, sys, sec}, sec: {sec, s, g}} {
		scope := o.scope(o.hire(w, "the."+string(actor)+"@example.com", actor))
		for _, other := range identity.BuiltIns() {
			m := o.hire(w, string(actor)+".and."+string(other)+"@example.com", other)
			_, err := o.Members.Update(t.Context(), scope, m.ID, identity.MemberPatch{Name: new("x")})
			if (err == nil) != slices.Contains(allowed, other) {
				t.Errorf("%s changes %s: %v", actor, other, err)
			}
			m = o.hire(w, "for."+string(other)+".and."+string(actor)+"@example.com", g)
			_, err = o.Members.Update(t.Context(), scope, m.ID, identity.MemberPatch{Role: &other})
			if (err == nil) != slices.Contains(allowed, other) {
				t.Errorf("%s makes %s: %v", actor, other, err)
			}
		}
	}
}

func TestBadRolesAreRefused(t *testing.T) {
	o := newOffice(t)
	boss := o.scope(o.founded(ownerEmail).Member)
	_, err := o.Roles.Create(t.Context(), boss, identity.RolePatch{
		Description: new("a\x00b"), Permissions: &[]identity.Permission{identity.MemberRead, "all.things"}, Reach: new(identity.ReachKind("far")),
	})
	o.refuses(err, "/name required", "/description invalid_character", "/permissions/1 unknown", "/reach enum")
	_, err = o.Roles.Create(t.Context(), boss, identity.RolePatch{Name: new(strings.Repeat("字", identity.MaxRoleName+1)), Description: new(strings.Repeat("x", identity.MaxRoleDescription+1))})
	o.refuses(err, "/name too_long", "/description too_long")
	_, err = o.Roles.Create(t.Context(), boss, identity.RolePatch{Name: new("a\u202eb"), Description: new("\xff")})
	o.refuses(err, "/name invalid_character", "/description invalid_text")
	r, err := o.Roles.Create(t.Context(), boss, identity.RolePatch{Name: new("Plain")})
	o.ok(err)
	equal(t, []any{r.Reach, r.Permissions}, []any{identity.ReachOwn, []identity.Permission{identity.MemberRead, identity.RoleRead}})
	agent := o.scope(o.hire(boss.Workspace, "agent@example.com", identity.RoleAgent))
	_, err = o.Roles.Create(t.Context(), agent, identity.RolePatch{Name: new("x")})
	o.fails(err, forbidden())
	_, err = o.Roles.Update(t.Context(), agent, r.ID, identity.RolePatch{})
	o.fails(err, forbidden())
	o.fails(o.Roles.Delete(t.Context(), agent, r.ID), forbidden())
	foreign := o.scope(o.founded("two@example.com").Member)
	_, err = o.Roles.Get(t.Context(), foreign, r.ID)
	o.fails(err, absent())
	_, err = o.Roles.Update(t.Context(), foreign, r.ID, identity.RolePatch{Name: new("Mine")})
	o.fails(err, absent())
	o.fails(o.Roles.Delete(t.Context(), foreign, r.ID), absent())
}

func TestOnlyNarrows(t *testing.T) {
	member := identity.Scope{Workspace: "wsp_1", Actor: identity.Actor{Kind: identity.ActorMember, ID: "mem_1", Role: identity.RoleAgent}}
	key := member.Only(identity.ConversationRead, identity.WorkspaceManage)
	if !key.May(identity.ConversationRead) || key.May(identity.ConversationReply) || key.May(identity.WorkspaceManage) || !key.Reach().All() {
		t.Errorf("%+v", key.Rights())
	}
	narrow := key.With(identity.Rights{Permissions: []identity.Permission{identity.TicketRead}, Reach: identity.Reach{Kind: identity.ReachOwn, Member: "mem_1"}})
	if narrow.Only(identity.TicketRead).Reach().All() || !narrow.Only(identity.TicketRead).May(identity.TicketRead) {
		t.Error("a key reaches farther than its member")
	}
	nobody := identity.Scope{Workspace: "wsp_1", Actor: identity.Actor{Kind: identity.ActorMember, ID: "mem_1", Role: "rol_gone"}}
	if nobody.Reach().Covers(identity.Holding{Assignee: "mem_1"}) || nobody.May(identity.MemberRead) {
		t.Error("a role that is not known gives something")
	}
	for _, kind := range []identity.ActorKind{identity.ActorContact, identity.ActorPlugin} {
		s := identity.Scope{Workspace: "wsp_1", Actor: identity.Actor{Kind: kind, ID: "x"}}
		if s.Reach().Covers(identity.Holding{Inbox: "inb_1"}) || len(s.Rights().Permissions) > 0 {
			t.Errorf("%s reaches something", kind)
		}
	}
}

func TestCovers(t *testing.T) {
	own := identity.Reach{Kind: identity.ReachOwn, Member: "mem_1"}
	team := identity.Reach{Kind: identity.ReachTeam, Member: "mem_1", Teams: []string{"tea_1", "tea_3"}, Inboxes: []string{"inb_1", "inb_3"}}
	for _, tt := range []struct {
		name      string
		held      identity.Holding
		own, team bool
	}{
		{"nobody's", identity.Holding{Inbox: "inb_9"}, false, false},
		{"nothing's", identity.Holding{}, false, false},
		{"mine", identity.Holding{Assignee: "mem_1", Team: "tea_9", Inbox: "inb_9"}, true, true},
		{"followed", identity.Holding{Assignee: "mem_2", Followers: []identity.MemberID{"mem_2", "mem_1"}, Team: "tea_9"}, true, true},
		{"made by me", identity.Holding{Creator: "mem_1", Team: "tea_9"}, true, true},
		{"my team's", identity.Holding{Assignee: "mem_2", Team: "tea_3", Inbox: "inb_9"}, false, true},
		{"another team's in my inbox", identity.Holding{Team: "tea_2", Inbox: "inb_1"}, false, false},
		{"no team's in my inbox", identity.Holding{Assignee: "mem_2", Inbox: "inb_3"}, false, true},
		{"no team's in another inbox", identity.Holding{Inbox: "inb_2"}, false, false},
	} {
		if own.Covers(tt.held) != tt.own || team.Covers(tt.held) != tt.team || !identity.Everywhere().Covers(tt.held) || (identity.Reach{}).Covers(tt.held) {
			t.Errorf("%s: own %v, team %v", tt.name, own.Covers(tt.held), team.Covers(tt.held))
		}
	}
	if (identity.Reach{Kind: identity.ReachOwn}).Covers(identity.Holding{}) {
		t.Error("nobody reaches what nobody has")
	}
}
