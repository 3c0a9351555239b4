package pluginhost

import (
	"context"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/sdk/manifest"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// desk is where one plugin process asks the host. Which plugin asks is known
// from the connection; the grant package has let the call through.
type desk struct {
	*life
	plugin manifest.Manifest
}

// inbox returns an inbox of the plugin that is in use. Another plugin's looks
// like none at all.
func (d *desk) inbox(ctx context.Context, id string) (channel.Inbox, error) {
	inbox, err := d.ports.Workspaces.Inbox(ctx, channel.InboxID(id))
	switch {
	case errs.Is(err, errs.NotFound), err == nil && (inbox.Plugin != d.id || !inbox.Enabled):
		return channel.Inbox{}, status.Error(codes.NotFound, "this plugin has no such instance")
	case err != nil:
		d.log.ErrorContext(ctx, "an inbox could not be read", "inbox", id, "error", err)
		return channel.Inbox{}, status.Error(codes.Unavailable, "the host could not look the instance up")
	}
	return inbox, nil
}

// owns is grant.Guard's question.
func (d *desk) owns(ctx context.Context, id, _ string) error {
	_, err := d.inbox(ctx, id)
	return err
}

// runtimeDesk serves HostRuntimeService.
type runtimeDesk struct {
	pluginv1.UnimplementedHostRuntimeServiceServer
	*desk
}

// ReportHealth keeps what the plugin noticed of an inbox.
func (d *runtimeDesk) ReportHealth(_ context.Context, req *pluginv1.ReportHealthRequest) (*pluginv1.ReportHealthResponse, error) {
	if d.noteHealth(channel.InboxID(req.GetInstanceId()), healthOf(req.GetHealth())) {
		d.ports.OnChange(d.id)
	}
	return &pluginv1.ReportHealthResponse{}, nil
}
