// Package stamp reads the two words of a manifest that a running plugin must
// know: which plugin it is, and which version. The checks are in package
// manifest, which needs a schema compiler and therefore stays out of plugins.
package stamp

import (
	"errors"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// Stamp says which plugin this is.
type Stamp struct {
	ID      string `yaml:"id"`
	Version string `yaml:"version"`
}

// Read returns the stamp of a manifest.
func Read(manifest []byte) (Stamp, error) {
	var s Stamp
	if err := yaml.Unmarshal(manifest, &s); err != nil {
		return Stamp{}, fmt.Errorf("read plugin.yaml: %w", err)
	}
	if s.ID == "" || s.Version == "" {
		return Stamp{}, errors.New("plugin.yaml has no id or no version: embed it with //go:embed plugin.yaml and pass it as sdk.Plugin.Manifest")
	}
	return s, nil
}
