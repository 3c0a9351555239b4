package identitytest_test

import (
	"testing"

	"github.com/patchbay-im/patchbay/core/identity/identitytest"
)

func TestFake(t *testing.T) {
	identitytest.Run(t, func(*testing.T) identitytest.Fixture {
		fake := identitytest.NewFake()
		return identitytest.Fixture{Stores: fake.Stores(), Log: fake}
	})
}
