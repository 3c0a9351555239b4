package panel_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// Pages of plugins are whole by themselves, so they have copies of what sdk/ui
// offers: the ones of the SDK as it is now.
func TestCopiesInPlugins(t *testing.T) {
	for name, least := range map[string]int{"patchbay-frame.js": 2, "patchbay-page.css": 2} {
		ours, err := os.ReadFile(filepath.Join("../ui", name))
		if err != nil {
			t.Fatal(err)
		}
		copies, err := filepath.Glob(filepath.Join("../../plugins/*/ui/*", name))
		if err != nil || len(copies) < least {
			t.Fatalf("%s: %d copies: %v", name, len(copies), err)
		}
		for _, path := range copies {
			theirs, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(ours, theirs) {
				t.Errorf("%s is not sdk/ui/%s: copy it", path, name)
			}
		}
	}
}
