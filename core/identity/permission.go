package identity

import "slices"

// Permission is one thing a role may do: "<noun>.<verb>".
type Permission string

// The permissions. Every route, socket topic and use case declares one. A new
// one is listed in Catalogue too, which is what an owner holds.
const (
	WorkspaceRead      Permission = "workspace.read"
	WorkspaceManage    Permission = "workspace.manage"
	WorkspaceExport    Permission = "workspace.export" // everything of the workspace in one file
	MemberRead         Permission = "member.read"
	MemberManage       Permission = "member.manage"
	RoleRead           Permission = "role.read"
	RoleManage         Permission = "role.manage"
	SignInManage       Permission = "signin.manage" // sign-in providers and policy
	APIKeyOwn          Permission = "apikey.own"    // one's own keys
	APIKeyManage       Permission = "apikey.manage" // see and revoke everybody's
	AuditRead          Permission = "audit.read"
	AuditExport        Permission = "audit.export"
	InboxRead          Permission = "inbox.read"
	InboxManage        Permission = "inbox.manage"
	PluginRead         Permission = "plugin.read"
	PluginManage       Permission = "plugin.manage"
	WebhookRead        Permission = "webhook.read"
	WebhookManage      Permission = "webhook.manage"
	ContactRead        Permission = "contact.read"
	ContactWrite       Permission = "contact.write"
	ContactMerge       Permission = "contact.merge"
	ContactImport      Permission = "contact.import"
	ContactErase       Permission = "contact.erase"
	ConversationRead   Permission = "conversation.read"
	ConversationReply  Permission = "conversation.reply"
	ConversationAssign Permission = "conversation.assign"
	ConversationMerge  Permission = "conversation.merge"
	// ConversationSupervise is to watch over the work of colleagues: the wall, whispers, taking over.
	ConversationSupervise Permission = "conversation.supervise"
	TicketRead            Permission = "ticket.read"
	TicketWrite           Permission = "ticket.write"
	TicketAssign          Permission = "ticket.assign"
	TicketMerge           Permission = "ticket.merge"
	TicketExport          Permission = "ticket.export"
	TicketManage          Permission = "ticket.manage" // types of tickets
	TeamRead              Permission = "team.read"
	TeamManage            Permission = "team.manage"
	CatalogRead           Permission = "catalog.read"   // labels, custom attributes, canned replies, shared views
	CatalogManage         Permission = "catalog.manage" // ... and to change those that all use
	RatingRead            Permission = "rating.read"    // those of one's own conversations
	RatingReadAll         Permission = "rating.read_all"
	RetentionManage       Permission = "retention.manage"
	SandboxManage         Permission = "sandbox.manage" // make sandboxes of the workspace, reset and delete them
	SystemRead            Permission = "system.read"    // how the installation is doing
)

// Group is what permissions are shown together with.
type Group string

// The groups.
const (
	GroupConversations  Group = "conversations"
	GroupTickets        Group = "tickets"
	GroupContacts       Group = "contacts"
	GroupPeople         Group = "people"
	GroupSettings       Group = "settings"
	GroupSecurity       Group = "security"
	GroupData           Group = "data"
	GroupAdministration Group = "administration"
)

// Catalogued is a permission with its group.
type Catalogued struct {
	Permission Permission
	Group      Group
}

// Catalogue lists every permission, in the order to show them, groups together.
func Catalogue() []Catalogued {
	var out []Catalogued
	add := func(g Group, permissions ...Permission) {
		for _, p := range permissions {
			out = append(out, Catalogued{p, g})
		}
	}
	add(GroupConversations, ConversationRead, ConversationReply, ConversationAssign, ConversationMerge, ConversationSupervise, RatingRead, RatingReadAll)
	add(GroupTickets, TicketRead, TicketWrite, TicketAssign, TicketMerge, TicketExport, TicketManage)
	add(GroupContacts, ContactRead, ContactWrite, ContactMerge, ContactImport)
	add(GroupPeople, MemberRead, MemberManage, TeamRead, TeamManage)
	add(GroupSettings, WorkspaceRead, WorkspaceManage, InboxRead, InboxManage, CatalogRead, CatalogManage)
	add(GroupSecurity, RoleRead, RoleManage, SignInManage, APIKeyOwn, APIKeyManage, AuditRead, AuditExport)
	add(GroupData, RetentionManage, WorkspaceExport, ContactErase)
	add(GroupAdministration, PluginRead, PluginManage, WebhookRead, WebhookManage, SandboxManage, SystemRead)
	return out
}

// Permissions lists every permission.
func Permissions() []Permission {
	catalogue := Catalogue()
	out := make([]Permission, len(catalogue))
	for i, c := range catalogue {
		out[i] = c.Permission
	}
	return out
}

// Needs lists what a permission is of no use without.
func (p Permission) Needs() []Permission {
	working := []Permission{WorkspaceRead, InboxRead, TeamRead, CatalogRead, ContactRead}
	switch p {
	case ConversationRead, TicketRead:
		return working
	case ConversationReply, ConversationAssign, ConversationMerge, RatingRead:
		return append(working, ConversationRead)
	case ConversationSupervise:
		return append(working, ConversationRead, ConversationReply, ConversationAssign)
	case RatingReadAll:
		return append(working, ConversationRead, RatingRead)
	case TicketWrite, TicketAssign, TicketMerge, TicketExport, TicketManage:
		return append(working, TicketRead)
	case ContactRead:
		return []Permission{WorkspaceRead, CatalogRead}
	case ContactWrite, ContactMerge, ContactImport, ContactErase:
		return []Permission{WorkspaceRead, CatalogRead, ContactRead}
	case WorkspaceManage, TeamRead, InboxRead, CatalogRead, PluginRead, WebhookRead, RetentionManage, SandboxManage:
		return []Permission{WorkspaceRead}
	case WorkspaceExport: // carries everything out of the workspace: for who may read it
		return append(working, ConversationRead, TicketRead)
	case TeamManage, InboxManage:
		return []Permission{WorkspaceRead, TeamRead, InboxRead, PluginRead}
	case CatalogManage:
		return []Permission{WorkspaceRead, CatalogRead}
	case PluginManage:
		return []Permission{WorkspaceRead, PluginRead}
	case WebhookManage: // as an export does, every day
		return append(working, ConversationRead, TicketRead, WebhookRead)
	case APIKeyManage:
		return []Permission{APIKeyOwn}
	case AuditExport:
		return []Permission{AuditRead}
	default:
		return nil
	}
}

// completed returns permissions with those that they are of no use without and
// those that every member holds, in the order of the catalogue, each once.
func completed(permissions []Permission) []Permission {
	held := map[Permission]bool{MemberRead: true, RoleRead: true}
	for _, p := range permissions {
		held[p] = true
		for _, needed := range p.Needs() {
			held[needed] = true
		}
	}
	return slices.DeleteFunc(Permissions(), func(p Permission) bool { return !held[p] })
}
