package toolcalltest_test

import (
	"fmt"
	"testing"

	"github.com/patchbay-im/patchbay/core/event/eventtest"
	"github.com/patchbay-im/patchbay/core/extension/toolcalltest"
	"github.com/patchbay-im/patchbay/core/identity"
)

func TestFake(t *testing.T) {
	toolcalltest.Run(t, func(*testing.T) toolcalltest.Fixture {
		feed, n := eventtest.NewFeed(), 0
		return toolcalltest.Fixture{Calls: toolcalltest.NewFake(feed), Feed: feed, Workspace: func(testing.TB) identity.WorkspaceID {
			n++
			return identity.WorkspaceID(fmt.Sprint("wsp_", n))
		}}
	})
}
