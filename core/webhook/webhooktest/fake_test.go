package webhooktest_test

import (
	"fmt"
	"testing"

	"github.com/patchbay-im/patchbay/core/event/eventtest"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/webhook/webhooktest"
)

func TestFake(t *testing.T) {
	webhooktest.Run(t, func(*testing.T) webhooktest.Fixture {
		feed, n := eventtest.NewFeed(), 0
		f := webhooktest.NewFake(feed)
		return webhooktest.Fixture{Store: f, Ledger: f, Log: f, Feed: feed, Workspace: func(testing.TB) identity.WorkspaceID {
			n++
			return identity.WorkspaceID(fmt.Sprint("wsp_", n))
		}}
	})
}
