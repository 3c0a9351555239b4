package surveytest_test

import (
	"testing"

	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/survey/surveytest"
	"github.com/patchbay-im/patchbay/core/ticket/tickettest"
)

func TestFake(t *testing.T) {
	surveytest.Run(t, func(*testing.T) surveytest.Fixture {
		fake := conversationtest.NewFake()
		tickets := tickettest.NewFake(fake)
		return surveytest.Fixture{Store: surveytest.Fake{Conversations: fake, Tickets: tickets}, Conversations: fake.Fixture(), Tickets: tickets}
	})
}
