// Package main is Telegram as a channel: a bot is asked for its messages, or has
// them posted to the inbox, and answers go out through the Bot API. Package api
// speaks to the server, package update says what its updates are.
package main

import (
	"context"
	_ "embed"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/channel"
)

//go:embed plugin.yaml
var manifest []byte

func main() { sdk.Serve(sdk.Plugin{Manifest: manifest, Channel: open}) }

func open(env sdk.Env) (channel.Channel, error) {
	return &telegram{env: env, group: env.Group(context.Background()), accounts: make(map[string]*account)}, nil
}
