package backfilltest_test

import (
	"fmt"
	"testing"

	"github.com/patchbay-im/patchbay/core/channel/backfill/backfilltest"
	"github.com/patchbay-im/patchbay/core/identity"
)

func TestFake(t *testing.T) {
	backfilltest.Run(t, func(*testing.T) backfilltest.Fixture {
		n := 0
		return backfilltest.Fixture{Store: backfilltest.NewFake(), Workspace: func(testing.TB) identity.WorkspaceID {
			n++
			return identity.WorkspaceID(fmt.Sprint("wsp_", n))
		}}
	})
}
