package dispatchtest_test

import (
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch/dispatchtest"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	dispatchtest.Run(t, func(*testing.T) dispatchtest.Fixture { return dispatchtest.NewMemory(time.Now).Fixture() })
}

func TestMemoryOnTheFloor(t *testing.T) {
	t.Parallel()
	dispatchtest.RunPeers(t, func(*testing.T) dispatchtest.Fixture { return dispatchtest.NewMemory(time.Now).Fixture() })
}
