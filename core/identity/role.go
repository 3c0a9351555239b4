package identity

import "slices"

// Role is a member's preset of permissions.
type Role string

// The roles, from the most to the least powerful.
const (
	RoleOwner         Role = "owner"
	RoleAdministrator Role = "administrator"
	RoleSupervisor    Role = "supervisor"
	RoleAgent         Role = "agent"
)

// Permission is one thing a role may do: "<noun>.<verb>".
type Permission string

// The permissions. Every route, socket topic and use case declares one.
const (
	WorkspaceRead      Permission = "workspace.read"
	WorkspaceManage    Permission = "workspace.manage"
	MemberRead         Permission = "member.read"
	MemberManage       Permission = "member.manage"
	InboxRead          Permission = "inbox.read"
	InboxManage        Permission = "inbox.manage"
	PluginRead         Permission = "plugin.read"
	PluginManage       Permission = "plugin.manage"
	ContactRead        Permission = "contact.read"
	ContactWrite       Permission = "contact.write"
	ConversationRead   Permission = "conversation.read"
	ConversationReply  Permission = "conversation.reply"
	ConversationAssign Permission = "conversation.assign"
	ConversationMerge  Permission = "conversation.merge"
	ContactMerge       Permission = "contact.merge"
	ContactImport      Permission = "contact.import"
	TeamRead           Permission = "team.read"
	TeamManage         Permission = "team.manage"
	CatalogRead        Permission = "catalog.read"   // labels, custom attributes, canned replies, shared views
	CatalogManage      Permission = "catalog.manage" // ... and to change those that all use
	RatingRead         Permission = "rating.read"    // an agent sees those of their own conversations
)

func agentPermissions() []Permission {
	return []Permission{
		WorkspaceRead, MemberRead, InboxRead, ContactRead, ContactWrite,
		ConversationRead, ConversationReply, ConversationAssign, ConversationMerge,
		ContactMerge, TeamRead, CatalogRead, RatingRead,
	}
}

func supervisorPermissions() []Permission {
	return append(agentPermissions(), PluginRead, TeamManage, CatalogManage, ContactImport)
}

// Permissions lists what the role may do; nothing for an unknown role.
func (r Role) Permissions() []Permission {
	switch r {
	case RoleAgent:
		return agentPermissions()
	case RoleSupervisor:
		return supervisorPermissions()
	case RoleAdministrator, RoleOwner:
		return append(supervisorPermissions(), PluginManage, InboxManage, MemberManage, WorkspaceManage)
	default:
		return nil
	}
}

// May reports whether the role holds p.
func (r Role) May(p Permission) bool { return slices.Contains(r.Permissions(), p) }

// Valid reports whether r is one of the roles.
func (r Role) Valid() bool { return r.rank() > 0 }

// Outranks reports whether a member of role r may change a member of role o:
// owners change everybody, administrators everybody but owners.
func (r Role) Outranks(o Role) bool {
	return r == RoleOwner || r.rank() > o.rank() || r == RoleAdministrator && o == RoleAdministrator
}

func (r Role) rank() int {
	switch r {
	case RoleOwner:
		return 4
	case RoleAdministrator:
		return 3
	case RoleSupervisor:
		return 2
	case RoleAgent:
		return 1
	default:
		return 0
	}
}
