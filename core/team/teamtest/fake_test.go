package teamtest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/event/eventtest"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/team/teamtest"
)

// names is a Known in which ids tell of their workspace.
type names struct{}

func (names) HasMember(w identity.WorkspaceID, m identity.MemberID) bool {
	return strings.HasPrefix(string(m), "mem_"+string(w)+"_")
}

func (names) HasInbox(w identity.WorkspaceID, inbox string) bool {
	return strings.HasPrefix(inbox, "inb_"+string(w)+"_")
}

func TestFake(t *testing.T) {
	teamtest.Run(t, func(*testing.T) teamtest.Fixture {
		feed := eventtest.NewFeed()
		f, n := teamtest.NewFake(names{}, feed), 0
		next := func(prefix string) string {
			n++
			return fmt.Sprintf("%s_%03d", prefix, n)
		}
		return teamtest.Fixture{
			Store: f, Directory: f, Graveyard: f, Log: feed,
			Workspace: func(testing.TB) identity.WorkspaceID { return identity.WorkspaceID(next("wsp")) },
			Member: func(_ testing.TB, w identity.WorkspaceID) identity.MemberID {
				return identity.MemberID(next("mem_" + string(w)))
			},
			Inbox: func(_ testing.TB, w identity.WorkspaceID) string { return next("inb_" + string(w)) },
		}
	})
}
