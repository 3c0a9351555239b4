package idempotencytest_test

import (
	"testing"

	"github.com/patchbay-im/patchbay/core/idempotency/idempotencytest"
)

func TestFake(t *testing.T) {
	idempotencytest.Run(t, func(*testing.T) idempotencytest.Fixture {
		f := idempotencytest.NewFake()
		return idempotencytest.Fixture{Store: f, Workspace: "wsp_1", Other: "wsp_2", Write: f.Write}
	})
}
