package connectiontest_test

import (
	"fmt"
	"testing"

	"github.com/patchbay-im/patchbay/core/event/eventtest"
	"github.com/patchbay-im/patchbay/core/extension/connectiontest"
	"github.com/patchbay-im/patchbay/core/identity"
)

func TestFake(t *testing.T) {
	connectiontest.Run(t, func(*testing.T) connectiontest.Fixture {
		n := 0
		return connectiontest.Fixture{
			Store: connectiontest.NewFake(eventtest.NewFeed(), nil),
			Workspace: func(testing.TB) identity.WorkspaceID {
				n++
				return identity.WorkspaceID(fmt.Sprint("wsp_", n))
			},
		}
	})
}
