package app

import (
	"context"
	"slices"
	"strings"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/identity"
)

// placed is where panels may stand: connections, and inboxes too, since a
// channel's plugin may have something to show of them.
type placed struct {
	connected
	inboxes channel.Store
}

// AllInUse implements extension.Connected.
func (p placed) AllInUse(ctx context.Context, w identity.WorkspaceID) ([]extension.Connection, error) {
	all, err := p.connected.AllInUse(ctx, w)
	if err != nil {
		return nil, err
	}
	inboxes, err := p.inboxes.Inboxes(ctx, w)
	if err != nil {
		return nil, err //nolint:wrapcheck // a port's own error
	}
	for _, inbox := range inboxes {
		if x := ofInbox(inbox); p.usable(x) {
			all = append(all, x)
		}
	}
	slices.SortFunc(all, func(a, b extension.Connection) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return all, nil
}

// InUse implements extension.Connected.
func (p placed) InUse(ctx context.Context, w identity.WorkspaceID, id extension.ConnectionID) (extension.Connection, error) {
	x, err := p.connected.InUse(ctx, w, id)
	if !errs.Is(err, errs.NotFound) {
		return x, err
	}
	inbox, missing := p.inboxes.Inbox(ctx, channel.InboxID(id))
	switch x = ofInbox(inbox); {
	case errs.Is(missing, errs.NotFound):
		return extension.Connection{}, err
	case missing != nil:
		return extension.Connection{}, missing //nolint:wrapcheck // a port's own error
	case inbox.Workspace != w || !p.usable(x):
		return extension.Connection{}, errs.Absent()
	}
	return x, nil
}

// ofInbox is an inbox as the place of a panel.
func ofInbox(i channel.Inbox) extension.Connection {
	return extension.Connection{
		Workspace: i.Workspace, ID: extension.ConnectionID(i.ID), Plugin: extension.PluginID(i.Plugin), Name: i.Name, Revision: i.ConfigRevision, Enabled: i.Enabled,
	}
}
