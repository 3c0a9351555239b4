package testhost

import (
	"context"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/patchbay-im/patchbay/sdk/manifest"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// SetEntitlement says what the plugin's license is. At first there is none.
func (h *Host) SetEntitlement(e *pluginv1.GetEntitlementResponse) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.entitlement = proto.CloneOf(e)
}

// licensed refuses a paid plugin's own writes while it has no license. What comes
// in, what it keeps and what it reads goes on.
func (h *desk) licensed(scope string) error {
	sold := h.options.Manifest.Commerce
	if sold == nil && (h.rights == nil || !h.rights.Paid) ||
		!slices.Contains([]string{"messages:send", "conversations:write", "contacts:write", "tickets:write", "tools:invoke"}, scope) {
		return nil
	}
	code, what := "license.missing", "is missing"
	switch h.entitlement.GetState() {
	case pluginv1.GetEntitlementResponse_STATE_TRIAL, pluginv1.GetEntitlementResponse_STATE_VALID, pluginv1.GetEntitlementResponse_STATE_GRACE:
		return nil
	case pluginv1.GetEntitlementResponse_STATE_EXPIRED:
		code, what = "license.expired", "has expired"
	case pluginv1.GetEntitlementResponse_STATE_NONE, pluginv1.GetEntitlementResponse_STATE_UNSPECIFIED:
	}
	left := "It looks things up and writes nothing"
	if sold != nil && sold.OnExpiry == manifest.ReceiveOnly {
		left = "Messages still come in, and nothing new is sent,"
	}
	return conflict(code, "The license of the plugin "+h.options.Manifest.ID+" "+what+". "+left+" until an administrator adds one.")
}

type licenses struct {
	pluginv1.UnimplementedHostLicenseServiceServer
	*desk
}

// GetEntitlement returns what the license says.
func (h *licenses) GetEntitlement(context.Context, *pluginv1.GetEntitlementRequest) (*pluginv1.GetEntitlementResponse, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.entitlement == nil {
		return &pluginv1.GetEntitlementResponse{State: pluginv1.GetEntitlementResponse_STATE_NONE}, nil
	}
	return proto.CloneOf(h.entitlement), nil
}
