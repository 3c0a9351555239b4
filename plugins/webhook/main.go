// Package main makes any system that speaks HTTP a channel: it posts what
// customers say to the inbox's address, or is asked for it, and is posted what
// agents answer. Who posts is proven by package signature, what is posted is read
// by package shape or mapping, what is new is asked for by package polling, what
// goes out is made by package outgoing; this one says what becomes of it in the
// core.
//
// Concurrency: one goroutine for each inbox whose messages are fetched, in the
// process that has its lease. Lifecycle: Configure starts it, RemoveInstance and
// Drain end it.
package main

import (
	"context"
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

// webhook is the plugin.
func webhook() sdk.Plugin {
	return opened(func(env sdk.Env) *plugin { return newPlugin(env, time.Now) })
}

// opened makes a plugin of which the channel and the page are one value.
func opened(fresh func(sdk.Env) *plugin) sdk.Plugin {
	var p *plugin
	one := func(env sdk.Env) *plugin {
		if p == nil || p.env.Log != env.Log { // a test opens it several times
			p = fresh(env)
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
	fast time.Duration // how often tests fetch; 0 = as the form says
	http func(in instance.Instance, most int64) (outgoing.Doer, error)

	group *sdk.Group // those who fetch

	mu      sync.Mutex
	plans   map[string]*plan // by instance
	pollers map[string]*poller
}

// perRequest bounds a request to the far side, below what the core waits for.
const perRequest = 20 * time.Second

func newPlugin(env sdk.Env, now func() time.Time) *plugin {
	return &plugin{
		env: env, now: now, group: env.Group(context.Background()), plans: make(map[string]*plan), pollers: make(map[string]*poller),
		http: func(in instance.Instance, most int64) (outgoing.Doer, error) {
			return env.HTTP(in, outbound.Options{Timeout: perRequest, MaxBytes: most, Tries: 1})
		},
	}
}
