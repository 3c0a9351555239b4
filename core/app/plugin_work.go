package app

import (
	"context"
	"slices"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/httpapi"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/notification"
	"github.com/patchbay-im/patchbay/core/pluginhost"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// newPluginWork makes the use cases of what plugins do for members.
func (s *server) newPluginWork() httpapi.PluginWork {
	there, allowed := connected{s.store.Extensions(), s.plugins}, allowances{s.store.Extensions()}
	around := circle{s.conversations, s.tickets, s.people.Contacts}
	return httpapi.PluginWork{
		Panels: extension.NewPanelService(extension.PanelDeps{
			Panels: s.plugins, Connected: placed{there, s.store.Channels()}, Allowances: allowed, Circle: around, Name: s.nameOf, Audit: s.audit,
			Key: s.box.Derive("frame tokens"), Now: s.now,
		}),
		Routing: extension.NewRouteService(s.plugins, there),
		Connectors: extension.NewConnectorService(extension.ConnectorDeps{
			Connectors: s.plugins, Connected: there, Allowances: allowed, Circle: around, Mirror: s.store.Mirrors(), Audit: s.audit,
			Email: contact.Email, Phone: contact.Phone, Now: s.now, Log: s.log,
			Place: func(_ identity.WorkspaceID, c string) string { return s.config.BaseURL() + "/conversations/all/" + c },
		}),
		Tools: extension.NewToolBroker(extension.ToolDeps{
			Tools: s.plugins, Connected: there, Allowances: allowed, Circle: around, Calls: s.store.ToolCalls(), Asked: s.asked, Settled: s.toolSettled, Now: s.now, Log: s.log,
		}),
	}
}

// asked tells whoever has the conversation that a tool waits for a yes; where
// nobody has it, those who may assign it. Who asked is not told.
func (s *server) asked(ctx context.Context, call extension.Call, t extension.Tool) {
	if call.Subject.Conversation == "" {
		return
	}
	ctx = context.WithoutCancel(ctx)
	c, err := s.store.Conversations().Get(ctx, call.Workspace, conversation.ID(call.Subject.Conversation))
	tell := []identity.MemberID{c.Assignee}
	if err == nil && c.Assignee == "" {
		tell, err = alarm{s.identity, s.notifications, s.log}.holding(ctx, identity.SystemScope(call.Workspace), identity.ConversationAssign)
	}
	locale := ""
	if err == nil {
		locale, err = s.localeOf(ctx, call.Workspace)
	}
	by := identity.Actor{Kind: identity.ActorPlugin, ID: call.Caller.ID, Name: call.Caller.Name}
	if call.Caller.Kind == extension.CallerAgent {
		by.Kind = identity.ActorMember
		tell = slices.DeleteFunc(tell, func(m identity.MemberID) bool { return string(m) == call.Caller.ID })
	}
	if err == nil {
		err = s.notifications.Asked(ctx, call.Workspace, notification.Question{
			ID: call.ID, Conversation: c.ID, Text: extension.InLocale(t.Title, locale), By: by, Tell: tell,
		})
	}
	if err != nil {
		s.log.WarnContext(ctx, "members could not be told of a tool that waits for a yes", "call", call.ID, "error", err)
	}
}

// nameOf returns what colleagues call a member.
func (s *server) nameOf(ctx context.Context, w identity.WorkspaceID, id identity.MemberID) (string, error) {
	m, err := s.store.Identities().Members.Member(ctx, w, id)
	return m.Name, err //nolint:wrapcheck // a port's own error
}

// runPluginWork pulls records and goes on with uses of tools until ctx ends.
func (s *server) runPluginWork(ctx context.Context) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.pluginWork.Tools.Run(ctx)
	}()
	s.pluginWork.Connectors.Run(ctx, func() []extension.PluginID {
		var out []extension.PluginID
		for _, p := range s.plugins.Plugins() {
			if p.State == extension.Ready {
				out = append(out, p.ID)
			}
		}
		return out
	})
	<-done
}

// connected implements extension.Connected.
type connected struct {
	store interface {
		extension.Connections
		WorkspaceConnections(ctx context.Context, workspace identity.WorkspaceID) ([]extension.Connection, error)
	}
	host *pluginhost.Host
}

func (c connected) usable(x extension.Connection) bool {
	_, installed := c.host.Facts(x.Plugin)
	return x.Enabled && installed
}

// AllInUse implements extension.Connected.
func (c connected) AllInUse(ctx context.Context, w identity.WorkspaceID) ([]extension.Connection, error) {
	all, err := c.store.WorkspaceConnections(ctx, w)
	return slices.DeleteFunc(all, func(x extension.Connection) bool { return !c.usable(x) }), err //nolint:wrapcheck // a port's own error
}

// InUse implements extension.Connected.
func (c connected) InUse(ctx context.Context, w identity.WorkspaceID, id extension.ConnectionID) (extension.Connection, error) {
	x, err := c.Anywhere(ctx, id)
	if err == nil && x.Workspace != w {
		err = errs.Absent()
	}
	return x, err
}

// Anywhere implements extension.Connected.
func (c connected) Anywhere(ctx context.Context, id extension.ConnectionID) (extension.Connection, error) {
	x, err := c.store.Connection(ctx, id)
	if err == nil && !c.usable(x) {
		err = errs.Absent()
	}
	if err != nil {
		return extension.Connection{}, err //nolint:wrapcheck // a port's own error
	}
	return x, nil
}

// OfPlugin implements extension.Connected.
func (c connected) OfPlugin(ctx context.Context, plugin extension.PluginID) ([]extension.Connection, error) {
	return c.store.ConnectionsOf(ctx, plugin) //nolint:wrapcheck // a port's own error
}

// allowances implements extension.Allowances.
type allowances struct{ grants extension.Grants }

// Allowed implements extension.Allowances.
func (a allowances) Allowed(ctx context.Context, w identity.WorkspaceID, plugin extension.PluginID) ([]string, error) {
	g, err := a.grants.Granted(ctx, w, plugin)
	if err != nil {
		return nil, err //nolint:wrapcheck // a port's own error
	}
	return g.Scopes(), nil
}

// circle implements extension.Circle with the use cases that members reach
// things by.
type circle struct {
	conversations *conversation.Service
	tickets       *ticket.Service
	contacts      *contact.Service
}

// Subject implements extension.Circle.
func (c circle) Subject(ctx context.Context, scope identity.Scope, talk, work string) (extension.Subject, error) {
	out := extension.Subject{Conversation: talk, Ticket: work}
	var who contact.ID
	if talk != "" {
		found, err := c.conversations.Get(ctx, scope, conversation.ID(talk))
		if err != nil {
			return extension.Subject{}, err //nolint:wrapcheck // the use case's own error
		}
		who = found.Contact
	}
	if work != "" {
		found, err := c.tickets.Get(ctx, scope, ticket.ID(work))
		if err != nil {
			return extension.Subject{}, err //nolint:wrapcheck // the use case's own error
		}
		who = found.Contact
	}
	if who == "" {
		return out, nil
	}
	person, _, err := c.contacts.Store.Get(ctx, scope.Workspace, who)
	if err != nil && !errs.Is(err, errs.NotFound) {
		return extension.Subject{}, err //nolint:wrapcheck // a port's own error
	}
	out.Contact = string(person.Person())
	return out, nil
}

// Customer implements extension.Circle.
func (c circle) Customer(ctx context.Context, scope identity.Scope, id string) (extension.Sought, error) {
	who, _, err := c.contacts.Get(ctx, scope, contact.ID(id))
	if err == nil && who.Survivor != "" {
		who, _, err = c.contacts.Get(ctx, scope, who.Survivor)
	}
	if err != nil {
		return extension.Sought{}, err //nolint:wrapcheck // the use case's own error
	}
	out := extension.Sought{ID: string(who.ID)}
	add := func(to *[]string, value string) {
		if value != "" {
			*to = append(*to, value)
		}
	}
	add(&out.Emails, who.Email)
	add(&out.Phones, who.Phone)
	add(&out.External, who.External)
	return out, nil
}
