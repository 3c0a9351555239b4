package pushtest_test

import (
	"fmt"
	"testing"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/notification"
	"github.com/patchbay-im/patchbay/core/push/pushtest"
)

func TestFake(t *testing.T) {
	pushtest.Run(t, func(*testing.T) pushtest.Fixture {
		f, n := pushtest.NewFake(), 0
		return pushtest.Fixture{
			Store: f, Ledger: f,
			Person: func(testing.TB) (identity.AccountID, identity.WorkspaceID, identity.MemberID) {
				n++
				a, m := identity.AccountID(fmt.Sprintf("acc_%d", n)), identity.MemberID(fmt.Sprintf("mem_%d", n))
				f.Join(m, a)
				return a, identity.WorkspaceID(fmt.Sprintf("wsp_%d", n)), m
			},
			Begin: func(_ testing.TB, a identity.AccountID) identity.SessionID {
				n++
				s := identity.SessionID(fmt.Sprintf("ses_%d", n))
				f.Begin(s, a)
				return s
			},
			Finish: func(_ testing.TB, s identity.SessionID) { f.Finish(s) },
			Notify: func(_ testing.TB, n notification.Notification) { f.Notify(n) },
		}
	})
}
