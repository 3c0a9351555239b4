// Package main tells members what waits for them where they already are: in
// groups of WeCom, DingTalk and Feishu, in channels of Slack, by mail. A connection
// is one target with its own rules. What concerns whom is the core's decision:
// the plugin follows the notifications that the core makes (package news),
// judges them (rule), keeps what waits (queue), words it (phrase) and sends it
// (target).
package main

import (
	"crypto/tls"
	_ "embed"
	"log/slog"
	"sync"
	"time"
	_ "time/tzdata" // a confined process finds none on disk

	"github.com/patchbay-im/patchbay/plugins/notify/target"
	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/hook"
	"github.com/patchbay-im/patchbay/sdk/host"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/outbound"
	"github.com/patchbay-im/patchbay/sdk/panel"
)

//go:embed plugin.yaml
var manifest []byte

func main() { sdk.Serve(notify()) }

// notify is the plugin; its hook and its panel are one value.
func notify() sdk.Plugin {
	var p *plugin
	one := func(env sdk.Env) *plugin {
		if p == nil || p.log != env.Log { // a test opens it several times
			p = newPlugin(env, time.Now)
		}
		return p
	}
	return sdk.Plugin{
		Manifest: manifest,
		Hook:     func(env sdk.Env) (hook.Hook, error) { return one(env), nil },
		Panel:    func(env sdk.Env) (panel.Panel, error) { return one(env), nil },
	}
}

// plugin is what the program offers.
type plugin struct {
	log  *slog.Logger
	host func(instance string) host.Instance
	http func(in instance.Instance) (target.Doer, error)
	dial func(in instance.Instance) (outbound.Dial, error)
	tls  *tls.Config // nil = the system's authorities
	now  func() time.Time

	mu      sync.Mutex
	plans   map[string]plan          // by instance
	sending map[string]chan struct{} // by instance: who has a place in it sends
}

// perRequest bounds a request: two fit into the time for a batch of events.
const perRequest = 4 * time.Second

func newPlugin(env sdk.Env, now func() time.Time) *plugin {
	return &plugin{
		log: env.Log, host: env.For, now: now, plans: make(map[string]plan), sending: make(map[string]chan struct{}),
		http: func(in instance.Instance) (target.Doer, error) {
			return env.HTTP(in, outbound.Options{Timeout: perRequest, MaxBytes: 1 << 20, Tries: 1})
		},
		dial: func(in instance.Instance) (outbound.Dial, error) { return outbound.Dialer(env.Manifest, in) },
	}
}
