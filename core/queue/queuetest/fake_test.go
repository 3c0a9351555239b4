package queuetest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/calendar"
	"github.com/patchbay-im/patchbay/core/event/eventtest"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/queue/queuetest"
	"github.com/patchbay-im/patchbay/core/team"
)

// names is a Known in which ids tell of their workspace.
type names struct{}

func (names) HasMember(w identity.WorkspaceID, m identity.MemberID) bool {
	return strings.HasPrefix(string(m), "mem_"+string(w)+"_")
}

func (names) HasInbox(w identity.WorkspaceID, inbox string) bool {
	return strings.HasPrefix(inbox, "inb_"+string(w)+"_")
}

func (names) HasTeam(w identity.WorkspaceID, t team.ID) bool {
	return strings.HasPrefix(string(t), "tea_"+string(w)+"_")
}

func (names) HasCalendar(w identity.WorkspaceID, c calendar.ID) bool {
	return strings.HasPrefix(string(c), "cal_"+string(w)+"_")
}

func TestFake(t *testing.T) {
	queuetest.Run(t, func(*testing.T) queuetest.Fixture {
		feed := eventtest.NewFeed()
		f, n := queuetest.NewFake(names{}, feed), 0
		next := func(prefix string) string {
			n++
			return fmt.Sprintf("%s_%03d", prefix, n)
		}
		return queuetest.Fixture{
			Store: f, Skills: f, Directory: f, Log: feed,
			Workspace: func(testing.TB) identity.WorkspaceID { return identity.WorkspaceID(next("wsp")) },
			Member: func(_ testing.TB, w identity.WorkspaceID) identity.MemberID {
				return identity.MemberID(next("mem_" + string(w)))
			},
			Inbox: func(_ testing.TB, w identity.WorkspaceID) string { return next("inb_" + string(w)) },
			Calendar: func(_ testing.TB, w identity.WorkspaceID) calendar.ID {
				return calendar.ID(next("cal_" + string(w)))
			},
			Team: func(_ testing.TB, w identity.WorkspaceID) team.ID { return team.ID(next("tea_" + string(w))) },
		}
	})
}
