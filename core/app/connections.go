package app

import (
	"context"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/instance"
	"github.com/patchbay-im/patchbay/core/oidc"
	"github.com/patchbay-im/patchbay/core/outbound"
)

// localeOf returns the language of a workspace, for the plugins that serve it.
func (s *server) localeOf(ctx context.Context, w identity.WorkspaceID) (string, error) {
	found, err := s.identity.Workspaces.Get(ctx, identity.SystemScope(w))
	return found.Locale, err //nolint:wrapcheck // the use case's own error
}

// newConnections makes the use cases of connections, and of signing in at far
// sides for them.
func (s *server) newConnections() (*extension.ConnectionService, *extension.SignIns) {
	kept := s.store.Extensions()
	connections := extension.NewConnectionService(extension.Deps{
		Store: kept, Grants: kept, Tokens: kept, Inboxes: inboxInstances{s.store.Channels()}, Runner: s.plugins, Sealer: s.box, Now: s.now, Again: s.conditions.Again,
	})
	endpoint := oidc.NewTokens(s.out.HTTP(outbound.OAuth), s.now, outbound.Explain)
	return connections, extension.NewSignIns(connections, kept, endpoint, s.config.BaseURL())
}

// inboxInstances implements extension.Inboxes.
type inboxInstances struct{ channel.Workspaces }

// InboxInstance implements extension.Inboxes.
func (i inboxInstances) InboxInstance(ctx context.Context, w identity.WorkspaceID, id string) (extension.Stored, error) {
	in, err := i.Inbox(ctx, channel.InboxID(id))
	if err == nil && in.Workspace != w {
		err = errs.Absent()
	}
	if err != nil {
		return extension.Stored{}, err
	}
	return extension.Stored{Workspace: w, ID: id, Plugin: extension.PluginID(in.Plugin), Config: in.Config, Secrets: in.Secrets}, nil
}

// instanceHost is what the plugin host hears of.
type instanceHost interface {
	InstanceChanged(id string)
	GrantsChanged(w identity.WorkspaceID, plugin extension.PluginID)
}

// tellHost tells the plugin host of committed changes of instances and grants,
// on every node: each has processes of its own.
func tellHost(host instanceHost, events []event.Event) {
	for _, e := range events {
		switch e.Type {
		case channel.Changed, extension.ConnectionChanged, instance.InboxHealthChanged, instance.ConnectionHealthChanged:
			host.InstanceChanged(e.Subject)
		case extension.GrantsChanged:
			host.GrantsChanged(identity.WorkspaceID(e.Workspace), extension.PluginID(e.Subject))
		}
	}
}
