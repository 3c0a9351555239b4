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
	"context"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/internal/bridge"
	"github.com/patchbay-im/patchbay/sdk/internal/testhost"
	"github.com/patchbay-im/patchbay/sdk/manifest"
	"github.com/patchbay-im/patchbay/sdk/manifest/schema"
	"github.com/patchbay-im/patchbay/sdk/manifest/stamp"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// patience bounds every wait.
const patience = 30 * time.Second

// instanceID is the inbox the suite sets up.
const instanceID = "inb_conformance"

// Subject is the channel under test.
type Subject struct {
	Manifest []byte // plugin.yaml
	Open     Opener // InProcess or Process
	Config   string // a configuration that works, as JSON
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

// Opener runs a plugin for one test.
type Opener func(t *testing.T, who stamp.Stamp) *testhost.Plugin

// InProcess runs the channel in the test's own process: quick, and a debugger
// sees it.
func InProcess(newChannel func(sdk.Env) (channel.Channel, error)) Opener {
	return inProcess(func(env sdk.Env) (a bridge.Abilities, err error) {
		a.Channel, err = newChannel(env)
		return a, err
	})
}

func inProcess(open func(sdk.Env) (bridge.Abilities, error)) Opener {
	return func(t *testing.T, who stamp.Stamp) *testhost.Plugin {
		t.Helper()
		return testhost.InProcess(t, who, func(_ context.Context, s bridge.Start) (bridge.Abilities, error) {
			return open(sdk.Env{Log: discard(), DataDir: s.DataDir, CoreVersion: s.CoreVersion, Host: s.Host})
		})
	}
}

// Process builds the Go program in dir and runs it as the core would.
func Process(t *testing.T, dir string) Opener {
	t.Helper()
	program := testhost.Build(t, dir)
	return func(t *testing.T, _ stamp.Stamp) *testhost.Plugin {
		t.Helper()
		return testhost.Process(t, program)
	}
}

// Run runs the suite.
func Run(t *testing.T, s Subject) {
	t.Helper()
	m := checkManifest(t, s.Manifest, s.Config)
	if m.Channel == nil || m.Channel.Live {
		t.Fatal("the manifest is not that of a messaging channel")
	}
	cases := []struct {
		name string
		run  func(*rig)
	}{
		{"introduces itself", introduction},
		{"takes configurations", configurations},
		{"answers every delivery once and in order", deliveries},
		{"takes a delivery again", redelivery},
		{"settles every text", texts},
		{"waits for instances it does not know", unknownInstance},
		{"understands requests", requests},
		{"refuses requests", refusals},
		{"survives any bytes", anyBytes},
		{"finishes what is in flight", draining},
		{"ends when told", termination},
		{"ends with the host", orphanage},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { c.run(open(t, s.Open, m, s)) })
	}
}

// checkManifest checks the manifest and that it accepts the configuration.
func checkManifest(t *testing.T, source []byte, config string) manifest.Manifest {
	t.Helper()
	m, err := manifest.Parse(manifest.SourceFile, source)
	if err != nil {
		t.Fatal(err)
	}
	if problems := schemaProblems(t, m, config); len(problems) > 0 {
		t.Fatalf("config_schema does not accept the configuration: %+v", problems)
	}
	return m
}

func schemaProblems(t *testing.T, m manifest.Manifest, config string) []schema.Problem {
	t.Helper()
	if len(m.ConfigSchema) == 0 {
		return nil
	}
	compiled, err := schema.Compile(m.ConfigSchema)
	if err != nil {
		t.Fatal(err)
	}
	return compiled.Validate([]byte(config))
}

// rig is one plugin under test.
type rig struct {
	*testing.T
	subject  Subject
	manifest manifest.Manifest
	plugin   *testhost.Plugin
}

// open runs a plugin, initialised and with one instance.
func open(t *testing.T, opener Opener, m manifest.Manifest, s Subject) *rig {
	t.Helper()
	r := &rig{T: t, subject: s, manifest: m, plugin: opener(t, stamp.Stamp{ID: m.ID, Version: m.Version})}
	answer, err := r.plugin.Service.Init(r.ctx(), &pluginv1.InitRequest{
		HostBrokerId: r.plugin.Broker, CoreVersion: "0.1.0", DataDir: r.plugin.DataDir,
	})
	if err != nil {
		t.Fatalf("Init: %v", err)
	}
	if answer.GetPluginId() != m.ID || answer.GetVersion() != m.Version {
		t.Fatalf("it says that it is %s %s, the manifest %s %s", answer.GetPluginId(), answer.GetVersion(), m.ID, m.Version)
	}
	r.configure(s.Config, 1)
	return r
}

// in is the same plugin in a subtest.
func (r *rig) in(t *testing.T) *rig {
	t.Helper()
	return &rig{T: t, subject: r.subject, manifest: r.manifest, plugin: r.plugin}
}

// ctx is the test's context with a deadline.
func (r *rig) ctx() context.Context {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	r.Cleanup(cancel)
	return ctx
}

func (r *rig) configure(config string, revision uint64) *pluginv1.Result {
	r.Helper()
	answer, err := r.plugin.Service.Configure(r.ctx(), &pluginv1.ConfigureRequest{
		Instances: []*pluginv1.Instance{{Id: instanceID, Config: []byte(config), ConfigRevision: revision}},
	})
	if err != nil {
		r.Fatalf("Configure: %v", err)
	}
	return answer.GetResults()[instanceID]
}

func introduction(r *rig) {
	// Once only.
	if _, err := r.plugin.Service.Init(r.ctx(), &pluginv1.InitRequest{}); err == nil {
		r.Error("Init can be called twice")
	}
}

func configurations(r *rig) {
	health, err := r.plugin.Service.Health(r.ctx(), &pluginv1.HealthRequest{})
	if err != nil {
		r.Fatal(err)
	}
	if h := health.GetInstances()[instanceID]; h.GetState() != pluginv1.HealthState_HEALTH_STATE_OK {
		r.Errorf("the health of a configured instance is %v", h)
	}
	if result := r.configure(r.subject.Config, 7); result.GetOutcome() != pluginv1.Outcome_OUTCOME_ACCEPTED {
		r.Errorf("a new revision: %v", result)
	}
	for _, config := range r.subject.BadConfigs {
		if len(schemaProblems(r.T, r.manifest, config)) > 0 {
			continue
		}
		answer, err := r.plugin.Service.ValidateConfig(r.ctx(), &pluginv1.ValidateConfigRequest{Config: []byte(config)})
		if err != nil || len(answer.GetProblems()) == 0 {
			r.Errorf("neither the schema nor the plugin (%v) refuses %s", err, config)
		}
	}
	for range 2 { // an instance that is gone is no error
		if _, err := r.plugin.Service.RemoveInstance(r.ctx(), &pluginv1.RemoveInstanceRequest{InstanceId: instanceID}); err != nil {
			r.Errorf("RemoveInstance: %v", err)
		}
	}
}

func termination(r *rig) {
	if r.plugin.PID == 0 {
		r.Skip("needs a process")
	}
	if err := r.plugin.Signal(syscall.SIGTERM); err != nil {
		r.Fatal(err)
	}
	r.until("the process ends after SIGTERM", r.plugin.Exited)
}

func orphanage(r *rig) {
	r.plugin.Leave()
	if r.plugin.PID == 0 {
		select {
		case <-r.plugin.Gone:
		case <-r.ctx().Done():
			r.Error("the plugin does not notice that the host is gone")
		}
		return
	}
	r.until("the process ends when the host is gone", r.plugin.Exited)
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
	answer, err := r.plugin.Service.Drain(r.ctx(), &pluginv1.DrainRequest{Within: durationpb.New(10 * time.Second)})
	if err != nil || answer.GetUnfinished() != 0 {
		r.Errorf("Drain: %v %v", answer, err)
	}
	l.toEnd()
	if len(l.answered) != len(items) {
		r.Errorf("%d of %d items were answered", len(l.answered), len(items))
	}
	if again := r.deliver(); again.recv() == nil {
		r.Error("it takes deliveries after it was drained")
	}
}

// until waits for ok.
func (r *rig) until(what string, ok func() bool) {
	r.Helper()
	ctx := r.ctx()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			r.Fatal("it never came true: " + what)
		}
	}
}

func header(values map[string]string) []*pluginv1.Header {
	var out []*pluginv1.Header
	for name, value := range values {
		out = append(out, &pluginv1.Header{Name: name, Value: value})
	}
	return out
}

func or(s, otherwise string) string {
	if strings.TrimSpace(s) == "" {
		return otherwise
	}
	return s
}
