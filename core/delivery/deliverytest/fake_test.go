package deliverytest_test

import (
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/delivery/deliverytest"
)

func TestFake(t *testing.T) {
	deliverytest.Run(t, func(*testing.T) deliverytest.Fixture {
		conversations := conversationtest.NewFake()
		return deliverytest.Fixture{
			Store: deliverytest.NewFake(conversations, time.Now), Conversations: conversations.Fixture(),
		}
	})
}
