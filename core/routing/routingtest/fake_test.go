package routingtest_test

import (
	"fmt"
	"testing"

	"github.com/patchbay-im/patchbay/core/event/eventtest"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/routing/routingtest"
)

func TestFake(t *testing.T) {
	routingtest.Run(t, func(*testing.T) routingtest.Fixture {
		feed, n := eventtest.NewFeed(), 0
		return routingtest.Fixture{Store: routingtest.NewFake(feed), Log: feed, Workspace: func(testing.TB) identity.WorkspaceID {
			n++
			return identity.WorkspaceID(fmt.Sprintf("wsp_%03d", n))
		}}
	})
}
