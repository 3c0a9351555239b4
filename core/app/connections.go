package app

import (
	"context"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/identity"
)

// localeOf returns the language of a workspace, for the plugins that serve it.
func (s *server) localeOf(ctx context.Context, w identity.WorkspaceID) (string, error) {
	found, err := s.identity.Workspaces.Get(ctx, identity.SystemScope(w))
	return found.Locale, err //nolint:wrapcheck // the use case's own error
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
		case channel.Changed, extension.ConnectionChanged:
			host.InstanceChanged(e.Subject)
		case extension.GrantsChanged:
			host.GrantsChanged(identity.WorkspaceID(e.Workspace), extension.PluginID(e.Subject))
		}
	}
}
