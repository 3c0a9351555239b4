package license_test

import (
	"context"
	"errors"
	"testing"

	"github.com/patchbay-im/patchbay/sdk/host"
	"github.com/patchbay-im/patchbay/sdk/license"
)

// says is a host with one answer.
type says struct {
	e   host.Entitlement
	err error
}

// Entitlement implements host.Licenses.
func (s says) Entitlement(context.Context) (host.Entitlement, error) { return s.e, s.err }

func TestAsk(t *testing.T) {
	key := keyOf(1)
	v := vendor(t, key)
	v.Released = day(200)
	token := issue(t, key, sold())
	for name, tt := range map[string]struct {
		e    host.Entitlement
		day  int
		want license.State
		err  error
	}{
		"nothing":                         {host.Entitlement{State: host.EntitlementNone}, 1, license.None, nil},
		"the host's trial":                {host.Entitlement{State: host.EntitlementTrial, ExpiresAt: day(14)}, 1, license.Trial, nil},
		"the host's word without a token": {host.Entitlement{State: host.EntitlementValid}, 1, license.None, nil},
		"the vendor's token":              {host.Entitlement{State: host.EntitlementValid, Token: token}, 1, license.Valid, nil},
		"the host lies":                   {host.Entitlement{State: host.EntitlementValid, Token: token}, 500, license.Expired, nil},
		"a token of somebody else's":      {host.Entitlement{State: host.EntitlementValid, Token: issue(t, keyOf(2), sold())}, 1, license.None, license.ErrKey},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := v.Ask(t.Context(), says{e: tt.e}, day(tt.day))
			if got.State != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("%+v %v", got, err)
			}
		})
	}
	gone := errors.New("gone")
	if got, err := v.Ask(t.Context(), says{err: gone}, day(1)); got.State.Works() || !errors.Is(err, gone) {
		t.Errorf("%+v %v", got, err)
	}
}
