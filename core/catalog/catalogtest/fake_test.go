package catalogtest_test

import (
	"fmt"
	"testing"

	"github.com/patchbay-im/patchbay/core/catalog/catalogtest"
	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/team"
)

func TestFake(t *testing.T) {
	catalogtest.Run(t, func(t *testing.T) catalogtest.Fixture {
		f := conversationtest.NewFake()
		w, n := conversationtest.NewWorld(t, f.Fixture()), 0
		return catalogtest.Fixture{Store: f.Catalog, Log: f.Feed, Workspace: func(testing.TB) (identity.WorkspaceID, identity.MemberID, [2]team.ID) {
			n++
			ws, m := w.Workspace(fmt.Sprint(n, "@catalog.example"))
			return ws, m.ID, [2]team.ID{w.Team(ws, "one"), w.Team(ws, "two")}
		}}
	})
}
