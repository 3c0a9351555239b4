package identity_test

import (
	"slices"
	"testing"

	"github.com/patchbay-im/patchbay/core/identity"
)

func TestTheCatalogueHoldsWhatRolesHold(t *testing.T) {
	all := identity.Permissions()
	sorted := slices.Clone(all)
	slices.Sort(sorted)
	if len(slices.Compact(sorted)) != len(all) {
		t.Error("a permission is listed twice")
	}
	for _, r := range identity.BuiltIns() {
		for _, p := range r.Permissions() {
			if !slices.Contains(all, p) {
				t.Errorf("%s holds %s, which is not in the catalogue", r, p)
			}
		}
		if !r.May(identity.MemberRead) || !r.May(identity.RoleRead) {
			t.Errorf("%s does not see who works here", r)
		}
	}
	if len(identity.RoleOwner.Permissions()) != len(all) {
		t.Error("an owner does not hold everything")
	}
}

func TestTheThreeAdministratorsSeeNoCustomer(t *testing.T) {
	customers := []identity.Permission{
		identity.ConversationRead, identity.ConversationReply, identity.ConversationAssign, identity.ConversationMerge, identity.RatingRead, identity.RatingReadAll,
		identity.TicketRead, identity.TicketWrite, identity.TicketExport, identity.ContactRead, identity.ContactWrite, identity.ContactMerge, identity.ContactImport,
		identity.WebhookManage, identity.WorkspaceExport, // which carry what customers wrote out of the workspace
	}
	three := []identity.Role{identity.RoleSystemAdministrator, identity.RoleSecurityAdministrator, identity.RoleAuditor}
	for _, r := range three {
		for _, p := range customers {
			if r.May(p) {
				t.Errorf("%s may %s", r, p)
			}
		}
	}
	for _, one := range []struct {
		p    identity.Permission
		only identity.Role
	}{
		{identity.AuditRead, identity.RoleAuditor},
		{identity.AuditExport, identity.RoleAuditor},
		{identity.MemberManage, identity.RoleSecurityAdministrator},
		{identity.RoleManage, identity.RoleSecurityAdministrator},
		{identity.SignInManage, identity.RoleSecurityAdministrator},
		{identity.WorkspaceManage, identity.RoleSystemAdministrator},
		{identity.PluginManage, identity.RoleSystemAdministrator},
		{identity.RetentionManage, identity.RoleSystemAdministrator},
	} {
		for _, r := range three {
			if r.May(one.p) != (r == one.only) {
				t.Errorf("%s and %s", r, one.p)
			}
		}
	}
	if identity.RoleAdministrator.May(identity.AuditRead) {
		t.Error("an administrator reads what watches them")
	}
}

// Whoever carries everything out of a workspace may read it: a role gets the
// reading along.
func TestWhoSendsMayRead(t *testing.T) {
	for _, p := range []identity.Permission{identity.WebhookManage, identity.WorkspaceExport} {
		for _, read := range []identity.Permission{identity.ConversationRead, identity.TicketRead, identity.ContactRead} {
			if !slices.Contains(p.Needs(), read) {
				t.Errorf("%s comes without %s", p, read)
			}
		}
	}
}

// Who administers security gives out work, but neither what the other two of
// the three hold, nor what watches them, nor what carries everything away.
func TestWhatSecurityGivesOut(t *testing.T) {
	scope := identity.Scope{Workspace: "wsp_1", Actor: identity.Actor{Kind: identity.ActorMember, ID: "mem_1", Role: identity.RoleSecurityAdministrator}}
	for _, p := range []identity.Permission{
		identity.AuditRead, identity.AuditExport, identity.WebhookManage, identity.WorkspaceExport, identity.ContactErase,
		identity.WorkspaceManage, identity.InboxManage, identity.PluginManage, identity.RetentionManage, identity.SystemRead,
	} {
		if scope.MayGivePermission(p) {
			t.Errorf("it gives out %s", p)
		}
	}
	for _, p := range identity.RoleSupervisor.Permissions() {
		if !scope.MayGivePermission(p) {
			t.Errorf("it does not give out %s", p)
		}
	}
	for _, r := range identity.BuiltIns() {
		want := r == identity.RoleSupervisor || r == identity.RoleAgent || r == identity.RoleSecurityAdministrator
		if scope.MayGive(r.Definition()) != want {
			t.Errorf("it gives %s: %v", r, !want)
		}
	}
}
