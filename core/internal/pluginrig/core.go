// Package pluginrig is a core around real plugins, for programs that measure the
// plugin host or do it harm: its ports in memory, and a workspace on a real
// database whose messages leave through a plugin. Host, processes, protocol and
// deliverer are always the product's own.
package pluginrig

import (
	"context"
	"slices"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/instance"
)

// Core is what a plugin host needs of a core, in memory. It does not change
// while the host runs.
type Core struct {
	Inboxes     []channel.Inbox
	Connections []extension.Connection
	Scopes      []string // that every workspace grants
}

// InboxesOf implements channel.Workspaces.
func (c Core) InboxesOf(_ context.Context, plugin channel.PluginID) ([]channel.Inbox, error) {
	return slices.DeleteFunc(slices.Clone(c.Inboxes), func(i channel.Inbox) bool { return i.Plugin != plugin }), nil
}

// Inbox implements channel.Workspaces.
func (c Core) Inbox(_ context.Context, id channel.InboxID) (channel.Inbox, error) {
	for _, i := range c.Inboxes {
		if i.ID == id {
			return i, nil
		}
	}
	return channel.Inbox{}, errs.Absent()
}

// Receive implements channel.Receiver: it takes everything.
func (Core) Receive(_ context.Context, _ identity.Scope, items []channel.Inbound) ([]channel.Result, error) {
	out := make([]channel.Result, len(items))
	for i := range out {
		out[i].Outcome = channel.OutcomeAccepted
	}
	return out, nil
}

// ConnectionsOf implements extension.Connections.
func (c Core) ConnectionsOf(_ context.Context, plugin extension.PluginID) ([]extension.Connection, error) {
	return slices.DeleteFunc(slices.Clone(c.Connections), func(x extension.Connection) bool { return x.Plugin != plugin }), nil
}

// Connection implements extension.Connections.
func (c Core) Connection(_ context.Context, id extension.ConnectionID) (extension.Connection, error) {
	for _, x := range c.Connections {
		if x.ID == id {
			return x, nil
		}
	}
	return extension.Connection{}, errs.Absent()
}

// Granted implements extension.Grants.
func (c Core) Granted(_ context.Context, w identity.WorkspaceID, p extension.PluginID) (instance.Granted, error) {
	out := instance.Granted{Workspace: w, Plugin: string(p)}
	for _, scope := range c.Scopes {
		out.Revision = 1
		out.Grants = append(out.Grants, instance.Grant{Scope: scope})
	}
	return out, nil
}

// Allowed implements extension.Allowances.
func (c Core) Allowed(context.Context, identity.WorkspaceID, extension.PluginID) ([]string, error) {
	return c.Scopes, nil
}
