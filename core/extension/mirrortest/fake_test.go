package mirrortest_test

import (
	"testing"

	"github.com/patchbay-im/patchbay/core/extension/mirrortest"
)

func TestFake(t *testing.T) {
	mirrortest.Run(t, func(*testing.T) mirrortest.Fixture { return mirrortest.NewFake().Fixture() })
}
