package tickettest_test

import (
	"testing"

	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/ticket/tickettest"
)

func TestFake(t *testing.T) {
	tickettest.Run(t, func(*testing.T) tickettest.Fixture {
		neighbours := conversationtest.NewFake()
		f := tickettest.NewFake(neighbours)
		return tickettest.Fixture{Store: f, Reader: f, Conversations: neighbours.Fixture(), Workspaces: neighbours.Identities.Stores().Workspaces}
	})
}
