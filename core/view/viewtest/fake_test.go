package viewtest_test

import (
	"testing"

	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/view/viewtest"
)

func TestFake(t *testing.T) {
	viewtest.Run(t, func(*testing.T) viewtest.Fixture {
		f := viewtest.NewFake(conversationtest.NewFake())
		return viewtest.Fixture{Store: f, Lister: f, Conversations: f.Fixture()}
	})
}
