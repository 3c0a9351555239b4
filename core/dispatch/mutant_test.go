//go:build mutant

package dispatch_test

import (
	"testing"

	"github.com/patchbay-im/patchbay/core/internal/mutant"
)

// The comparison with the model notices each of these.
func TestMutants(t *testing.T) {
	t.Parallel()
	for bug, says := range map[string]string{
		mutant.LostItem:        "items wait, want", // I10
		mutant.CapacityOverrun: "decided",          // I9
		mutant.NewestFirst:     "is at",
	} {
		t.Run(bug, func(t *testing.T) {
			t.Parallel()
			mutant.Caught(t, bug, "^TestEngineAgainstModel$", says, "-rapid.checks=2000", "-rapid.nofailfile", "-rapid.shrinktime=1s")
		})
	}
}
