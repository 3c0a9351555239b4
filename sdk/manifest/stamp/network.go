package stamp

import (
	"fmt"

	"go.yaml.in/yaml/v3"
)

// Place is an entry of a manifest's network: see manifest.Network.
type Place struct {
	Host       string `yaml:"host"`
	FromConfig string `yaml:"from_config"`
	Ports      []int  `yaml:"ports"`
}

// Network returns the places outside that a manifest names.
func Network(manifest []byte) ([]Place, error) {
	var m struct {
		Network []Place `yaml:"network"`
	}
	if err := yaml.Unmarshal(manifest, &m); err != nil {
		return nil, fmt.Errorf("read the network of plugin.yaml: %w", err)
	}
	return m.Network, nil
}
