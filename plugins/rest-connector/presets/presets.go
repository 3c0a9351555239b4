// Package presets holds the mappings that ship with the plugin, one file each.
package presets

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

//go:embed *.yaml
var files embed.FS

// All returns the mappings by name: the file's without its ending.
func All() (map[string][]byte, error) {
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("the presets: %w", err)
	}
	out := make(map[string][]byte, len(names))
	for _, name := range names {
		text, err := files.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("the preset %s: %w", name, err)
		}
		out[strings.TrimSuffix(path.Base(name), ".yaml")] = text
	}
	return out, nil
}
