package instancetest_test

import (
	"fmt"
	"testing"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/instance/instancetest"
)

func TestFake(t *testing.T) {
	instancetest.Run(t, func(*testing.T) instancetest.Fixture {
		fake, n := instancetest.NewFake(), 0
		return instancetest.Fixture{
			Store: fake,
			Workspace: func(testing.TB) identity.WorkspaceID {
				n++
				return identity.WorkspaceID(fmt.Sprint("wsp_", n))
			},
			Account: func(_ testing.TB, w identity.WorkspaceID, id string, enabled bool) { fake.Add(w, id, enabled) },
		}
	})
}
