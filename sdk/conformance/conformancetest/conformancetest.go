// Package conformancetest runs the conformance kit from a Go test.
package conformancetest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/patchbay-im/patchbay/sdk/conformance"
	"github.com/patchbay-im/patchbay/sdk/internal/testhost"
	"github.com/patchbay-im/patchbay/sdk/manifest"
)

// LongVariable is the environment variable that makes Run run the long form.
const LongVariable = "PATCHBAY_TEST_LONG"

// Run runs the kit as subtests, one for each scenario: one that does not apply
// is skipped, with the reason. Without a Plugin and a Program it builds the Go
// program in the target's folder and runs that.
func Run(t *testing.T, target conformance.Target) {
	t.Helper()
	way := "in process"
	if target.Plugin == nil {
		way = "process"
	}
	t.Run(way, func(t *testing.T) {
		if target.Plugin == nil && target.Program == "" {
			target.Program = built(t, target.Folder)
		}
		for _, s := range conformance.Scenarios() {
			t.Run(fmt.Sprintf("%02d %s", s.Number, s.Scenario), func(t *testing.T) {
				results, err := conformance.Run(t.Context(), target, conformance.Options{Long: os.Getenv(LongVariable) != "", Only: []int{s.Number}}, nil)
				if err != nil {
					t.Fatal(err)
				}
				switch r := results[0]; r.Verdict {
				case conformance.Failed:
					t.Errorf("%s (docs/build-plugins/conformance.md#%s)", r.Why, r.Clause)
				case conformance.NotApplicable:
					t.Skip(r.Why)
				default:
					t.Log(r.Why)
				}
			})
		}
	})
}

// built compiles the Go program in a folder; "" for plugins without one.
func built(t *testing.T, folder string) string {
	t.Helper()
	if m, err := manifest.Read(filepath.Join(folder, manifest.SourceFile)); err == nil && m.Runtime.Type == manifest.RuntimeNone {
		return ""
	}
	out := filepath.Join(t.TempDir(), "plugin")
	if err := testhost.Build(t.Context(), folder, out); err != nil {
		t.Fatal(err)
	}
	return out
}
