package templatetest_test

import (
	"fmt"
	"testing"

	"github.com/patchbay-im/patchbay/core/event/eventtest"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/template/templatetest"
)

func TestFake(t *testing.T) {
	templatetest.Run(t, func(*testing.T) templatetest.Fixture {
		feed, n := eventtest.NewFeed(), 0
		return templatetest.Fixture{
			Store: templatetest.NewFake(feed), Log: feed,
			Workspace: func(testing.TB) identity.WorkspaceID {
				n++
				return identity.WorkspaceID(fmt.Sprint("wsp_", n))
			},
		}
	})
}
