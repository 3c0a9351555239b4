package calendartest_test

import (
	"fmt"
	"testing"

	"github.com/patchbay-im/patchbay/core/calendar"
	"github.com/patchbay-im/patchbay/core/calendar/calendartest"
	"github.com/patchbay-im/patchbay/core/event/eventtest"
	"github.com/patchbay-im/patchbay/core/identity"
)

func TestFake(t *testing.T) {
	calendartest.Run(t, func(*testing.T) calendartest.Fixture {
		feed, n := eventtest.NewFeed(), 0
		fake := calendartest.NewFake(feed)
		return calendartest.Fixture{
			Store: fake, Log: feed,
			Workspace: func(testing.TB) identity.WorkspaceID {
				n++
				return identity.WorkspaceID(fmt.Sprintf("wsp_%03d", n))
			},
			Follow: func(_ testing.TB, w identity.WorkspaceID, id calendar.ID, name string) { fake.Follow(w, id, name) },
		}
	})
}
