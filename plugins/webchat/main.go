// Package main is the web chat: the policy of a live channel. Visitors' sockets
// end in the core and their messages never come here; the widget's files are in
// the ui folder, and the core serves them.
package main

import (
	_ "embed"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/channel"
)

//go:embed plugin.yaml
var manifest []byte

func main() { sdk.Serve(sdk.Plugin{Manifest: manifest, Live: newPolicy}) }

func newPolicy(sdk.Env) (channel.Live, error) { return policy{}, nil }
