package pluginhost

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/idempotency"
	"github.com/patchbay-im/patchbay/core/media"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// Desks are the parts of the core behind the host's services for plugins. All
// are needed to run plugins.
type Desks struct {
	Memory    *extension.Memory
	Leases    *extension.Leases
	Scheduler *extension.Scheduler
	Databases extension.Databases
	Tokens    Tokens
	Tools     Toolbox
	Licenses  Licenses
	Figures   Figures
	Once      *idempotency.Service
	Records   Records
	Files     *media.Service
}

// register registers every service of the host for one process. holder names
// the process.
func (d *desk) register(server *grpc.Server) {
	pluginv1.RegisterHostInboundServiceServer(server, &inboundDesk{desk: d})
	pluginv1.RegisterHostRuntimeServiceServer(server, &runtimeDesk{desk: d})
	pluginv1.RegisterHostStateServiceServer(server, &stateDesk{desk: d})
	pluginv1.RegisterHostScheduleServiceServer(server, &scheduleDesk{desk: d})
	pluginv1.RegisterHostLeaseServiceServer(server, &leaseDesk{desk: d})
	pluginv1.RegisterHostDatabaseServiceServer(server, &databaseDesk{desk: d})
	pluginv1.RegisterHostBlobServiceServer(server, &blobDesk{desk: d})
	pluginv1.RegisterHostSecretServiceServer(server, &secretDesk{desk: d})
	pluginv1.RegisterHostLicenseServiceServer(server, &licenseDesk{desk: d})
	pluginv1.RegisterHostToolServiceServer(server, &toolDesk{desk: d})
	pluginv1.RegisterHostConversationServiceServer(server, &conversationDesk{desk: d})
	pluginv1.RegisterHostContactServiceServer(server, &contactDesk{desk: d})
	pluginv1.RegisterHostTicketServiceServer(server, &ticketDesk{desk: d})
}

// owner is the instance as what is kept for it knows it.
func (d *desk) owner(ctx context.Context, id string) (extension.Owner, error) {
	i, err := d.instance(ctx, id)
	return extension.Owner{Workspace: i.Workspace, Instance: i.ID}, err
}

// stamp is a time on the wire; none for zero.
func stamp(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}
