package extension

import (
	"context"

	"github.com/patchbay-im/patchbay/core/identity"
)

// Subject is what a plugin's help is asked about. The zero value: nothing.
type Subject struct {
	Conversation string // id; "" = none
	Ticket       string
	Contact      string // of the conversation or the ticket, as it stands for itself now
}

// Sought is what a connector may find a contact by.
type Sought struct {
	ID       string
	Emails   []string
	Phones   []string
	External []string // ids in systems of the company
}

// Circle says what a member reaches. What they do not reach is errs.Absent, as
// what never was.
type Circle interface {
	// Subject returns the conversation and the ticket with their contact, each
	// "" when it is not asked for. Who acts needs the permission to read them.
	Subject(ctx context.Context, scope identity.Scope, conversation, ticket string) (Subject, error)
	// Customer returns a contact that the member reaches, or its survivor.
	Customer(ctx context.Context, scope identity.Scope, contact string) (Sought, error)
}

// Connected finds the connections that are in use: enabled, of a plugin that is
// installed.
type Connected interface {
	// InUse returns one of the workspace, or errs.Absent.
	InUse(ctx context.Context, w identity.WorkspaceID, id ConnectionID) (Connection, error)
	// AllInUse lists the workspace's by id.
	AllInUse(ctx context.Context, w identity.WorkspaceID) ([]Connection, error)
	// Anywhere returns one of whichever workspace, or errs.Absent.
	Anywhere(ctx context.Context, id ConnectionID) (Connection, error)
	// OfPlugin lists a plugin's, of every workspace.
	OfPlugin(ctx context.Context, plugin PluginID) ([]Connection, error)
}

// Allowances says what workspaces allow plugins.
type Allowances interface {
	// Allowed lists the scopes that the workspace grants to the plugin.
	Allowed(ctx context.Context, w identity.WorkspaceID, plugin PluginID) ([]string, error)
}

// Scopes that decide what is told to a plugin.
const (
	scopeConversations = "conversations:read"
	scopeContacts      = "contacts:read"
	scopePII           = "contacts:read.pii"
	scopeTickets       = "tickets:read"
	scopeMembers       = "members:read"
)

// cutTo leaves of a subject what the scopes let a plugin know.
func (s Subject) cutTo(may func(scope string) bool) Subject {
	if !may(scopeConversations) {
		s.Conversation = ""
	}
	if !may(scopeTickets) {
		s.Ticket = ""
	}
	if !may(scopeContacts) {
		s.Contact = ""
	}
	return s
}
