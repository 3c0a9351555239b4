package notificationtest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/notification/notificationtest"
)

func TestFake(t *testing.T) {
	notificationtest.Run(t, func(*testing.T) notificationtest.Fixture {
		f := notificationtest.NewFake(func(w identity.WorkspaceID, m identity.MemberID) bool {
			return strings.HasPrefix(string(m), "mem_"+string(w)+"_")
		})
		n := 0
		return notificationtest.Fixture{
			Store: f, Inbox: f, Log: f,
			Workspace: func(testing.TB) identity.WorkspaceID { n++; return identity.WorkspaceID(fmt.Sprintf("wsp_%d", n)) },
			Member: func(_ testing.TB, w identity.WorkspaceID) identity.MemberID {
				n++
				return identity.MemberID(fmt.Sprintf("mem_%s_%d", w, n))
			},
		}
	})
}
