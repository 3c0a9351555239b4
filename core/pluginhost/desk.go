package pluginhost

import (
	"context"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/sdk/manifest"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// desk is where one plugin process asks the host. Which plugin asks is known
// from the connection; the grant package has let the call through.
type desk struct {
	*life
	plugin manifest.Manifest
	dir    string // the plugin's own folder
	holder string // of leases: this process
}

// instance returns an instance of the plugin that is in use, an inbox or a
// connection, with what its workspace lets the plugin do. Another plugin's looks
// like none at all. It is read once, and again when it or the grants change.
func (d *desk) instance(ctx context.Context, id string) (instance, error) {
	i, err := d.look(ctx, d.ports, id)
	switch {
	case errs.Is(err, errs.NotFound):
		return instance{}, status.Error(codes.NotFound, "this plugin has no such instance")
	case err != nil:
		d.log.ErrorContext(ctx, "an instance could not be read", "instance", id, "error", err)
		return instance{}, status.Error(codes.Unavailable, "the host could not look the instance up")
	}
	return i, nil
}

// owns is grant.Guard's question.
func (d *desk) owns(ctx context.Context, id, scope string) error {
	i, err := d.instance(ctx, id)
	if err != nil {
		return err
	}
	if !i.May(scope) {
		return status.Errorf(codes.PermissionDenied, "the workspace of this instance does not allow %q", scope)
	}
	return d.licensed(scope)
}

// runtimeDesk serves HostRuntimeService.
type runtimeDesk struct {
	pluginv1.UnimplementedHostRuntimeServiceServer
	*desk
}

// ReportHealth keeps what the plugin noticed of an instance.
func (d *runtimeDesk) ReportHealth(_ context.Context, req *pluginv1.ReportHealthRequest) (*pluginv1.ReportHealthResponse, error) {
	if d.noteHealth(req.GetInstanceId(), healthOf(req.GetHealth())) {
		d.ports.OnChange(d.id)
	}
	return &pluginv1.ReportHealthResponse{}, nil
}
