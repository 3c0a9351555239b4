package extensiontest_test

import (
	"testing"

	"github.com/patchbay-im/patchbay/core/extension/extensiontest"
)

func TestFake(t *testing.T) {
	extensiontest.Run(t, func(*testing.T) extensiontest.Fixture {
		f := extensiontest.NewFake()
		return extensiontest.Fixture{State: f, Claims: f, Leases: f, Schedules: extensiontest.Schedules{Fake: f}, Workspace: "wsp_1", Other: "wsp_2"}
	})
}
