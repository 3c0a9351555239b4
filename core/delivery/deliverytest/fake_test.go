package deliverytest_test

import (
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/delivery/deliverytest"
)

func TestFake(t *testing.T) {
	deliverytest.Run(t, func(*testing.T) deliverytest.Fixture {
		conversations := conversationtest.NewFake()
		ledger := deliverytest.NewFake(conversations, time.Now)
		return deliverytest.Fixture{
			Store: ledger, History: ledger, Conversations: conversations.Fixture(), Media: conversations.Media.Store(),
			Pause:  func(_ testing.TB, in channel.Inbox) { ledger.Pause(in.ID) },
			Resume: func(_ testing.TB, in channel.Inbox, at time.Time) { ledger.Resume(in.ID, at) },
		}
	})
}
