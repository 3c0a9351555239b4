// Package main is a connector for systems of record with a REST interface. What
// it asks them and where it reads the answers, a mapping says: one that ships,
// or one that an administrator writes. docs/build-plugins/crm-mapping.md tells
// the language.
package main

import (
	_ "embed"
	"time"

	"github.com/patchbay-im/patchbay/plugins/rest-connector/crm"
	"github.com/patchbay-im/patchbay/plugins/rest-connector/far"
	"github.com/patchbay-im/patchbay/plugins/rest-connector/presets"
	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/connector"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/outbound"
)

//go:embed plugin.yaml
var manifest []byte

func main() { sdk.Serve(sdk.Plugin{Manifest: manifest, Connector: open}) }

func open(env sdk.Env) (connector.Connector, error) {
	shipped, err := presets.All()
	if err != nil {
		return nil, err
	}
	memory := crm.NewMemory(time.Now)
	return crm.New(crm.Surroundings{
		Log: env.Log, Now: time.Now, Presets: shipped,
		Doer: func(in instance.Instance, o outbound.Options) (far.Doer, error) { return env.HTTP(in, o) },
		Store: func(in instance.Instance) crm.Store {
			if in.ID != "" && in.Allows("state") {
				return kept{env.State(in.ID), memory}
			}
			return memory
		},
	})
}
