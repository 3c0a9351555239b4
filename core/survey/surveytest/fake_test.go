package surveytest_test

import (
	"testing"

	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/survey/surveytest"
)

func TestFake(t *testing.T) {
	surveytest.Run(t, func(*testing.T) surveytest.Fixture {
		fake := conversationtest.NewFake()
		return surveytest.Fixture{Store: surveytest.Fake{Conversations: fake}, Conversations: fake.Fixture()}
	})
}
