package journeytest_test

import (
	"testing"

	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/journey/journeytest"
)

func TestFake(t *testing.T) {
	journeytest.Run(t, func(*testing.T) journeytest.Fixture {
		fake := conversationtest.NewFake()
		return journeytest.Fixture{Reader: journeytest.Fake{Conversations: fake}, Conversations: fake.Fixture(), People: fake.Contacts}
	})
}
