package policytest_test

import (
	"fmt"
	"testing"

	"github.com/patchbay-im/patchbay/core/event/eventtest"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/policy/policytest"
)

func TestFake(t *testing.T) {
	policytest.Run(t, func(*testing.T) policytest.Fixture {
		feed, n := eventtest.NewFeed(), 0
		return policytest.Fixture{Store: policytest.NewFake(feed), Log: feed, Workspace: func(testing.TB) identity.WorkspaceID {
			n++
			return identity.WorkspaceID(fmt.Sprintf("wsp_%03d", n))
		}}
	})
}
