package bridge

import (
	"context"

	"github.com/patchbay-im/patchbay/sdk/host"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

type licenses struct {
	client pluginv1.HostLicenseServiceClient
	id     string
}

// Entitlement implements host.Licenses.
func (l *licenses) Entitlement(ctx context.Context) (host.Entitlement, error) {
	answer, err := ask(ctx, pluginv1.HostLicenseService_GetEntitlement_FullMethodName, unary(l.client.GetEntitlement),
		&pluginv1.GetEntitlementRequest{InstanceId: l.id})
	if err != nil {
		return host.Entitlement{}, err
	}
	out := host.Entitlement{
		State: host.EntitlementNone, Edition: answer.GetEdition(), Features: answer.GetFeatures(), Limits: answer.GetLimits(),
		Customer: answer.GetCustomer(), ExpiresAt: timeOf(answer.GetExpiresAt()), MaintainedUntil: timeOf(answer.GetMaintainedUntil()),
		GraceUntil: timeOf(answer.GetGraceUntil()), Token: answer.GetToken(),
	}
	switch answer.GetState() {
	case pluginv1.GetEntitlementResponse_STATE_TRIAL:
		out.State = host.EntitlementTrial
	case pluginv1.GetEntitlementResponse_STATE_VALID:
		out.State = host.EntitlementValid
	case pluginv1.GetEntitlementResponse_STATE_GRACE:
		out.State = host.EntitlementGrace
	case pluginv1.GetEntitlementResponse_STATE_EXPIRED:
		out.State = host.EntitlementExpired
	case pluginv1.GetEntitlementResponse_STATE_NONE, pluginv1.GetEntitlementResponse_STATE_UNSPECIFIED:
	}
	return out, nil
}
