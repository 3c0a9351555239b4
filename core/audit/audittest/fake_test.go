package audittest_test

import (
	"testing"

	"github.com/patchbay-im/patchbay/core/audit"
	"github.com/patchbay-im/patchbay/core/audit/audittest"
	"github.com/patchbay-im/patchbay/core/identity"
)

func TestFake(t *testing.T) {
	audittest.Run(t, func(*testing.T) (audit.Store, identity.WorkspaceID, identity.WorkspaceID) {
		return audittest.NewFake(), "wsp_1", "wsp_2"
	})
}
