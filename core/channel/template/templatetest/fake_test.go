package templatetest_test

import (
	"fmt"
	"testing"

	"github.com/patchbay-im/patchbay/core/channel/template/templatetest"
	"github.com/patchbay-im/patchbay/core/identity"
)

func TestFake(t *testing.T) {
	templatetest.Run(t, func(*testing.T) templatetest.Fixture {
		n := 0
		return templatetest.Fixture{Store: templatetest.NewFake(), Workspace: func(testing.TB) identity.WorkspaceID {
			n++
			return identity.WorkspaceID(fmt.Sprint("wsp_", n))
		}}
	})
}
