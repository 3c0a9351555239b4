// Package main makes any system that speaks HTTP a channel: it posts what
// customers say to the inbox's address, and is posted what agents answer. Who
// posts is proven by package signature, what is posted is read by package shape
// or mapping, what goes out is made by package outgoing; this one says what
// becomes of it in the core.
package main

import (
	_ "embed"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/plugins/webhook/outgoing"
	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/outbound"
	"github.com/patchbay-im/patchbay/sdk/panel"
)

//go:embed plugin.yaml
var manifest []byte

func main() { sdk.Serve(webhook()) }

// webhook is the plugin; its channel and its page are one value.
func webhook() sdk.Plugin {
	var p *plugin
	one := func(env sdk.Env) *plugin {
		if p == nil || p.env.Log != env.Log { // a test opens it several times
			p = newPlugin(env, time.Now)
		}
		return p
	}
	return sdk.Plugin{
		Manifest: manifest,
		Channel:  func(env sdk.Env) (channel.Channel, error) { return one(env), nil },
		Panel:    func(env sdk.Env) (panel.Panel, error) { return sandbox{p: one(env)}, nil },
	}
}

// plugin is the channel.
type plugin struct {
	env  sdk.Env
	now  func() time.Time
	http func(in instance.Instance, most int64) (outgoing.Doer, error)

	mu    sync.Mutex
	plans map[string]*plan // by instance
}

// perRequest bounds a request to the far side, below what the core waits for.
const perRequest = 20 * time.Second

func newPlugin(env sdk.Env, now func() time.Time) *plugin {
	return &plugin{
		env: env, now: now, plans: make(map[string]*plan),
		http: func(in instance.Instance, most int64) (outgoing.Doer, error) {
			return env.HTTP(in, outbound.Options{Timeout: perRequest, MaxBytes: most, Tries: 1})
		},
	}
}
