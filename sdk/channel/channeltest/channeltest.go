// Package channeltest is the conformance suite of channels. It plays the core
// towards a plugin, over the real wire, and checks what the core relies on.
// Authors run it on their channel; ours run the same.
//
//	func TestChannel(t *testing.T) {
//		subject := channeltest.Subject{Manifest: manifest, Config: `{"token":"t"}`, ...}
//		t.Run("in process", func(t *testing.T) { subject.Open = channeltest.InProcess(newMine); channeltest.Run(t, subject) })
//		t.Run("process", func(t *testing.T) { subject.Open = channeltest.Process(t, "."); channeltest.Run(t, subject) })
//	}
//
// A far side that the channel talks to is the test's own: start a server, and
// point Config to it.
package channeltest

import (
	"fmt"
	"testing"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/internal/bridge"
	"github.com/patchbay-im/patchbay/sdk/internal/conformance"
	"github.com/patchbay-im/patchbay/sdk/internal/testhost"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// Subject is the channel under test.
type Subject struct {
	Manifest []byte            // plugin.yaml
	Open     Opener            // InProcess or Process
	Config   string            // a configuration that works, as JSON
	Secrets  map[string]string // the fields with x-secret, by JSON pointer
	// BadConfigs are refused, by the schema or by the plugin.
	BadConfigs []string

	// Requests are what the far side posts; each brings at least one message.
	Requests []Request
	// Refused are requests that must not be taken: unsigned, forged, stale,
	// malformed.
	Refused []Request

	// Arrived returns the texts that the far side has got by now, in order.
	// host is what the plugin brought to the core by itself. nil: not checked.
	Arrived func(host Host) []string
}

// Request is a request of the far side.
type Request struct {
	Name   string // in the test's output
	Method string // "" = POST
	Path   string // "" = /
	Query  string
	Header map[string]string
	Body   string
}

// Host is what the plugin did to the core.
type Host interface {
	// Ingested returns the texts the plugin brought in by Ingest, in order.
	Ingested() []string
}

type hostView struct{ *testhost.Host }

// Ingested returns the texts.
func (h hostView) Ingested() []string {
	var out []string
	for _, m := range h.Host.Ingested() {
		out = append(out, m.GetContent().GetText())
	}
	return out
}

// Opener runs a plugin for one case.
type Opener = conformance.Opener

// InProcess runs the channel in the test's own process: quick, and a debugger
// sees it.
func InProcess(newChannel func(sdk.Env) (channel.Channel, error)) Opener {
	return conformance.InProcess(func(env sdk.Env) (a bridge.Abilities, err error) {
		a.Channel, err = newChannel(env)
		return a, err
	})
}

// Process builds the Go program in dir and runs it as the core would.
func Process(t *testing.T, dir string) Opener {
	t.Helper()
	return conformance.Process(t, dir)
}

// Run runs the suite.
func Run(t *testing.T, s Subject) {
	t.Helper()
	plugin := conformance.Plugin{
		Source: s.Manifest, Open: s.Open, Ability: pluginv1.AbilityChannel, Config: s.Config, Secrets: s.Secrets, BadConfigs: s.BadConfigs,
	}
	if m := conformance.CheckManifest(t, plugin); m.Channel == nil || m.Channel.Live {
		t.Fatal("the manifest is not that of a messaging channel")
	}
	on := func(name string, run func(*rig)) conformance.Case {
		return conformance.Case{Name: name, Run: func(r *conformance.Rig) { run(&rig{Rig: r, subject: s}) }}
	}
	conformance.Run(t, plugin,
		on("answers every delivery once and in order", deliveries),
		on("takes a delivery again", redelivery),
		on("settles every text", texts),
		on("waits for instances it does not know", unknownInstance),
		on("understands requests", requests),
		on("refuses requests", refusals),
		on("survives any bytes", anyBytes),
		on("finishes what is in flight", draining),
	)
}

// rig is one channel under test.
type rig struct {
	*conformance.Rig
	subject Subject
}

// in is the same channel in a subtest.
func (r *rig) in(t *testing.T) *rig {
	t.Helper()
	return &rig{Rig: r.In(t), subject: r.subject}
}

func draining(r *rig) {
	l := r.deliver()
	l.open()
	var items []*pluginv1.Outbound
	for i := range min(l.credits, pluginv1.MaxBatch) {
		items = append(items, outbound(fmt.Sprintf("drain-%d", i), fmt.Sprintf("cnv_%d", i%4), i/4+1, "in flight"))
	}
	l.send(items)
	if err := l.stream.CloseSend(); err != nil {
		r.Fatal(err)
	}
	r.Drain()
	l.toEnd()
	if len(l.answered) != len(items) {
		r.Errorf("%d of %d items were answered", len(l.answered), len(items))
	}
	if again := r.deliver(); again.recv() == nil {
		r.Error("it takes deliveries after it was drained")
	}
}

func header(values map[string]string) []*pluginv1.Header {
	var out []*pluginv1.Header
	for name, value := range values {
		out = append(out, &pluginv1.Header{Name: name, Value: value})
	}
	return out
}
