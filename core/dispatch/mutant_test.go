//go:build mutant

package dispatch_test

import (
	"testing"

	"github.com/patchbay-im/patchbay/core/internal/mutant"
)

// The comparison with the model notices each of these. It plays the same each
// time: by chance it would now and then come upon another of their consequences
// first, and end there.
func TestMutants(t *testing.T) {
	t.Parallel()
	for bug, says := range map[string]string{
		mutant.LostItem:        "items wait, want", // I10
		mutant.CapacityOverrun: "decided",          // I9
		mutant.NewestFirst:     "is at",
	} {
		t.Run(bug, func(t *testing.T) {
			t.Parallel()
			mutant.Caught(t, bug, "^TestEngineAgainstModel$", says, "-rapid.checks=2000", "-rapid.seed=1", "-rapid.nofailfile", "-rapid.shrinktime=1s")
		})
	}
}
