package pluginhost

import (
	"context"

	"github.com/patchbay-im/patchbay/core/license"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// Licenses knows what the vendors of paid plugins have sold to this
// installation.
type Licenses interface {
	// Entitlement says what the license of a plugin says now. A plugin that needs
	// none has the state license.None.
	Entitlement(ctx context.Context, plugin license.PluginID) (license.Entitlement, error)
	// Barred says why a plugin does less than it could; nil when it does
	// everything. It costs nothing.
	Barred(plugin license.PluginID) error
}

// licenseDesk serves HostLicenseService.
type licenseDesk struct {
	pluginv1.UnimplementedHostLicenseServiceServer
	*desk
}

// GetEntitlement tells a plugin what its license says. Which plugin asks is
// known from the connection; the guard has looked at the instance.
func (d *licenseDesk) GetEntitlement(ctx context.Context, _ *pluginv1.GetEntitlementRequest) (*pluginv1.GetEntitlementResponse, error) {
	if d.ports.Desks.Licenses == nil {
		return nil, errNotHere()
	}
	e, err := d.ports.Desks.Licenses.Entitlement(ctx, license.PluginID(d.id))
	if err != nil {
		return nil, d.refusal(ctx, err)
	}
	return &pluginv1.GetEntitlementResponse{
		State: entitledTo(e.State), Edition: e.Edition, Features: e.Features, Limits: e.Limits, Customer: e.Customer,
		ExpiresAt: stamp(e.ExpiresAt), MaintainedUntil: stamp(e.MaintainedUntil), GraceUntil: stamp(e.GraceUntil), Token: e.Token,
	}, nil
}

func entitledTo(s license.State) pluginv1.GetEntitlementResponse_State {
	switch s {
	case license.None, license.NotYet:
		return pluginv1.GetEntitlementResponse_STATE_NONE
	case license.Trial:
		return pluginv1.GetEntitlementResponse_STATE_TRIAL
	case license.Valid:
		return pluginv1.GetEntitlementResponse_STATE_VALID
	case license.Grace:
		return pluginv1.GetEntitlementResponse_STATE_GRACE
	case license.Expired:
		return pluginv1.GetEntitlementResponse_STATE_EXPIRED
	}
	return pluginv1.GetEntitlementResponse_STATE_UNSPECIFIED
}
