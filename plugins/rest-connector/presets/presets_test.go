package presets_test

import (
	"testing"

	"github.com/patchbay-im/patchbay/plugins/rest-connector/mapping"
	"github.com/patchbay-im/patchbay/plugins/rest-connector/presets"
)

// TestEveryPresetReads compiles every mapping that ships.
func TestEveryPresetReads(t *testing.T) {
	reader, err := mapping.NewReader()
	if err != nil {
		t.Fatal(err)
	}
	all, err := presets.All()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatal("no presets were found")
	}
	for name, text := range all {
		t.Run(name, func(t *testing.T) {
			m, faults := reader.Read(text)
			for _, f := range faults {
				t.Error(f)
			}
			if len(faults) == 0 && len(m.Objects) == 0 {
				t.Error("the mapping has no objects")
			}
			for _, f := range faults {
				if f.Line == 0 {
					t.Errorf("the fault at %q has no line", f.Pointer)
				}
			}
		})
	}
}
