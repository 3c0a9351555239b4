package licensetest_test

import (
	"testing"

	"github.com/patchbay-im/patchbay/core/license"
	"github.com/patchbay-im/patchbay/core/license/licensetest"
)

func TestFake(t *testing.T) {
	licensetest.Run(t, func(*testing.T) license.Store { return licensetest.NewStore() })
}
