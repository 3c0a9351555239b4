package channeltest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/channel/channeltest"
	"github.com/patchbay-im/patchbay/core/event/eventtest"
	"github.com/patchbay-im/patchbay/core/identity"
)

func TestFake(t *testing.T) {
	channeltest.Run(t, func(*testing.T) channeltest.Fixture {
		feed := eventtest.NewFeed()
		fake := channeltest.NewFake(feed, func(id identity.WorkspaceID) bool { return !strings.HasSuffix(string(id), "none") })
		n := 0
		return channeltest.Fixture{
			Store: fake, Requests: fake, Secrets: fake, Log: feed,
			Workspace: func(testing.TB) identity.WorkspaceID {
				n++
				return identity.WorkspaceID(fmt.Sprint("wsp_", n))
			},
		}
	})
}
