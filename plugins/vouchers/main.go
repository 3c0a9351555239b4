// Package main hands out a shop's voucher codes: by agents beside a
// conversation, by bots that ask for one. What was given to whom is kept in the
// connection's own database (package ledger).
package main

import (
	_ "embed"
	"time"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/hook"
	"github.com/patchbay-im/patchbay/sdk/panel"
	"github.com/patchbay-im/patchbay/sdk/tool"
)

//go:embed plugin.yaml
var manifest []byte

func main() { sdk.Serve(vouchers()) }

// vouchers is the plugin; its panels, tools and hook are one value.
func vouchers() sdk.Plugin {
	var p *plugin
	once := func(env sdk.Env) *plugin {
		if p == nil || p.log != env.Log { // a test opens it several times
			p = newPlugin(env, time.Now)
		}
		return p
	}
	return sdk.Plugin{
		Manifest: manifest,
		Panel:    func(env sdk.Env) (panel.Panel, error) { return once(env), nil },
		Tools:    func(env sdk.Env) (tool.Tools, error) { return once(env), nil },
		Hook:     func(env sdk.Env) (hook.Hook, error) { return once(env), nil },
	}
}
