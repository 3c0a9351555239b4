package bridge

import (
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/patchbay-im/patchbay/sdk/errs"
)

// What the host refused the plugin is not told to the core as if the plugin had
// not the method, or might not be asked.
func TestRefusalsOfTheHostAreThePluginsOwnWords(t *testing.T) {
	refused := status.Error(codes.Unimplemented, "no such service")
	for name, test := range map[string]struct {
		err  error
		want codes.Code
	}{
		"the host's, worded":  {hostError(refused), codes.FailedPrecondition},
		"the host's, wrapped": {errs.Unavailable(refused, "Later."), codes.Unavailable},
		"gRPC's own":          {errNotHere, codes.Unimplemented},
	} {
		if got := status.Code(statusOf(test.err)); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}
