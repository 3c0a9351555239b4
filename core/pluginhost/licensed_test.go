package pluginhost_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/license"
	"github.com/patchbay-im/patchbay/core/pluginhost/internal/calltest"
	"github.com/patchbay-im/patchbay/sdk/manifest"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// till says what was sold.
type till struct {
	e      license.Entitlement
	barred error
}

// Entitlement implements pluginhost.Licenses.
func (s till) Entitlement(context.Context, license.PluginID) (license.Entitlement, error) {
	return s.e, nil
}

// Barred implements pluginhost.Licenses.
func (s till) Barred(license.PluginID) error { return s.barred }

// Whatever the license says, a plugin brings messages in, keeps and reads what
// it may, and says how it fares; without one it writes nothing.
func TestWhatALicenseIsNeededFor(t *testing.T) {
	full := manifest.Scopes()
	needs := map[string]bool{"messages:send": true, "conversations:write": true, "contacts:write": true, "tickets:write": true, "tools:invoke": true}
	over := errs.New(errs.Conflict, license.CodeExpired, "The license of the plugin acme/asker has expired.")
	for name, tt := range map[string]struct {
		paid   bool
		barred error
	}{"free": {false, over}, "with a license": {true, nil}, "without one": {true, over}} {
		t.Run(name, func(t *testing.T) {
			m := asking(full...)
			if tt.paid {
				m.Commerce = &manifest.Commerce{Model: manifest.ModelSubscription, OnExpiry: manifest.ReceiveOnly}
			}
			ports := (&office{workspace: "wsp_1", granted: full}).ports()
			ports.Desks.Licenses = till{barred: tt.barred}
			conn := dial(t, m, ports)
			calltest.Methods(func(desc protoreflect.MethodDescriptor, scope string) {
				if desc.Input().Fields().ByName("instance_id") == nil || desc.IsStreamingClient() {
					return
				}
				err := calltest.Invoke(t, conn, desc, "inb_mine")
				refused := status.Code(err) == codes.FailedPrecondition && strings.HasPrefix(status.Convert(err).Message(), "license.expired: ")
				if want := tt.paid && tt.barred != nil && needs[scope]; refused != want {
					t.Errorf("%s (%s): %v, want refused: %v", calltest.Name(desc), scope, err, want)
				}
			})
		})
	}
}

func TestAPluginIsToldItsEntitlement(t *testing.T) {
	ends := time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)
	ports := (&office{workspace: "wsp_1", granted: []string{"license"}}).ports()
	ask := func() (*pluginv1.GetEntitlementResponse, error) {
		conn := dial(t, asking("license"), ports)
		return pluginv1.NewHostLicenseServiceClient(conn).GetEntitlement(t.Context(), &pluginv1.GetEntitlementRequest{InstanceId: "pin_mine"})
	}
	if _, err := ask(); status.Code(err) != codes.Unavailable {
		t.Errorf("a server without licenses: %v", err)
	}
	for state, want := range map[license.State]pluginv1.GetEntitlementResponse_State{
		license.None: pluginv1.GetEntitlementResponse_STATE_NONE, license.Trial: pluginv1.GetEntitlementResponse_STATE_TRIAL,
		license.Valid: pluginv1.GetEntitlementResponse_STATE_VALID, license.Grace: pluginv1.GetEntitlementResponse_STATE_GRACE,
		license.Expired: pluginv1.GetEntitlementResponse_STATE_EXPIRED,
	} {
		ports.Desks.Licenses = till{e: license.Entitlement{
			State: state, Edition: "pro", Features: []string{"sync"}, Limits: map[string]int64{"agents": 25}, Customer: "Kiosk", ExpiresAt: ends, Token: "a.b.c",
		}}
		got, err := ask()
		if err != nil || got.GetState() != want || got.GetEdition() != "pro" || got.GetLimits()["agents"] != 25 || got.GetCustomer() != "Kiosk" ||
			!got.GetExpiresAt().AsTime().Equal(ends) || got.GetMaintainedUntil() != nil || got.GetGraceUntil() != nil || got.GetToken() != "a.b.c" {
			t.Errorf("%s: %v %v", state, got, err)
		}
	}
}
