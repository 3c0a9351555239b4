package conversationtest_test

import (
	"testing"

	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
)

func TestFake(t *testing.T) {
	conversationtest.Run(t, func(*testing.T) conversationtest.Fixture {
		return conversationtest.NewFake().Fixture()
	})
}
