package alerttest_test

import (
	"fmt"
	"testing"

	"github.com/patchbay-im/patchbay/core/alert/alerttest"
	"github.com/patchbay-im/patchbay/core/event/eventtest"
	"github.com/patchbay-im/patchbay/core/identity"
)

func TestFake(t *testing.T) {
	alerttest.Run(t, func(*testing.T) alerttest.Fixture {
		feed, n := eventtest.NewFeed(), 0
		return alerttest.Fixture{Store: alerttest.NewFake(feed), Log: feed, Workspace: func(testing.TB) identity.WorkspaceID {
			n++
			return identity.WorkspaceID(fmt.Sprintf("wsp_%03d", n))
		}}
	})
}
