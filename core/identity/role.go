package identity

import "slices"

// Role names what a member may do: one of the built-in roles, or one that the
// workspace made (rol_).
type Role string

// The built-in roles. The first four do the work, from the most to the least
// powerful. The last three divide what an administrator may do between people
// who watch each other, and see no customer's data by their role.
const (
	RoleOwner                 Role = "owner"
	RoleAdministrator         Role = "administrator"
	RoleSupervisor            Role = "supervisor"
	RoleAgent                 Role = "agent"
	RoleSystemAdministrator   Role = "system_administrator"
	RoleSecurityAdministrator Role = "security_administrator"
	RoleAuditor               Role = "auditor"
)

// BuiltIns lists the roles that every workspace has, in the order to show them.
func BuiltIns() []Role {
	return []Role{
		RoleOwner, RoleAdministrator, RoleSupervisor, RoleAgent,
		RoleSystemAdministrator, RoleSecurityAdministrator, RoleAuditor,
	}
}

// agentPermissions are those of who talks to customers.
func agentPermissions() []Permission {
	return []Permission{
		WorkspaceRead, MemberRead, RoleRead, InboxRead, ContactRead, ContactWrite,
		ConversationRead, ConversationReply, ConversationAssign, ConversationMerge,
		ContactMerge, TeamRead, CatalogRead, RatingRead, APIKeyOwn,
		TicketRead, TicketWrite, TicketAssign, TicketMerge,
	}
}

func supervisorPermissions() []Permission {
	return append(agentPermissions(), PluginRead, TeamManage, CatalogManage, ContactImport, RatingReadAll, TicketExport, TicketManage, ConversationSupervise)
}

func administratorPermissions() []Permission {
	return append(supervisorPermissions(), PluginManage, InboxManage, MemberManage, WorkspaceManage,
		RoleManage, APIKeyManage, SignInManage, WebhookRead, WebhookManage,
		RetentionManage, WorkspaceExport, ContactErase, SandboxManage, SystemRead)
}

// Permissions lists what a built-in role may do; nothing for another role,
// whose permissions its Scope knows.
func (r Role) Permissions() []Permission {
	switch r {
	case RoleAgent:
		return agentPermissions()
	case RoleSupervisor:
		return supervisorPermissions()
	case RoleAdministrator:
		return administratorPermissions()
	case RoleOwner:
		return Permissions()
	case RoleSystemAdministrator:
		return []Permission{
			WorkspaceRead, WorkspaceManage, MemberRead, RoleRead, TeamRead, InboxRead, InboxManage, PluginRead, PluginManage,
			CatalogRead, CatalogManage, WebhookRead, RetentionManage, SystemRead,
		}
	case RoleSecurityAdministrator:
		return []Permission{
			WorkspaceRead, MemberRead, MemberManage, RoleRead, RoleManage, TeamRead, APIKeyOwn, APIKeyManage, SignInManage,
		}
	case RoleAuditor:
		return []Permission{MemberRead, RoleRead, AuditRead, AuditExport}
	default:
		return nil
	}
}

// May reports whether the built-in role holds p.
func (r Role) May(p Permission) bool { return slices.Contains(r.Permissions(), p) }

// BuiltIn reports whether r is one of the roles that every workspace has.
func (r Role) BuiltIn() bool { return slices.Contains(BuiltIns(), r) }

// grants lists what the built-in role may give to others: what it holds. Who
// administers security gives out the work that they do not do themselves, but
// neither what the other two of the three hold nor what carries customers' data
// out of the workspace (ADR 0024).
func (r Role) grants() []Permission {
	if r == RoleSecurityAdministrator {
		return append(r.Permissions(), supervisorPermissions()...)
	}
	return r.Permissions()
}

// Definition returns the built-in role as people see it.
func (r Role) Definition() RoleDefinition {
	return RoleDefinition{ID: r, Permissions: r.Permissions(), Reach: ReachAll}
}
