package plugintest

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/internal/bridge"
	"github.com/patchbay-im/patchbay/sdk/internal/testhost"
	"github.com/patchbay-im/patchbay/sdk/manifest/stamp"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// Patience bounds every call that a test makes of a plugin.
const Patience = 30 * time.Second

// Wire is how the core calls a plugin: one client for each service. Authors
// rarely need it, since each ability has a suite of its own; see package
// bot/bottest and the others.
type Wire = testhost.Clients

// Plugin is a plugin that runs under a Host, started and configured.
type Plugin struct {
	Wire

	tb    testing.TB
	host  *Host
	inner *testhost.Plugin
}

// InProcess runs a plugin in the process of the test, until it ends. The
// instances that are connected are told to it, and those that come.
func InProcess(tb testing.TB, h *Host, p sdk.Plugin) *Plugin {
	tb.Helper()
	who, err := stamp.Read(p.Manifest)
	if err != nil {
		tb.Fatal(err)
	}
	if h.manifest == nil {
		h.setManifest(p.Manifest)
	}
	level := &slog.LevelVar{}
	inner, err := testhost.Join(h.engine, testhost.Local{
		Stamp: who, Dir: h.dir(), Log: h.log.logger(level), Level: level,
		New: func(_ context.Context, s bridge.Start) (bridge.Abilities, error) {
			return p.Open(sdk.Env{Log: h.log.logger(level), DataDir: s.DataDir, CoreVersion: s.CoreVersion, Host: s.Host})
		},
	})
	return h.begin(tb, testhost.Until(tb, inner, err))
}

// Process runs a built plugin as the core would, until the test ends. What it
// writes to standard error is in Host.Logs.
func Process(tb testing.TB, h *Host, program string) *Plugin {
	tb.Helper()
	inner, err := testhost.Start(tb.Context(), h.engine, testhost.Program{Path: program, Dir: h.dir(), Stderr: h.log})
	return h.begin(tb, testhost.Until(tb, inner, err))
}

// dir is the plugin's folder: the same for each process of it, as in the core.
func (h *Host) dir() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.folder == "" {
		h.folder = h.tb.TempDir()
	}
	return h.folder
}

// Build compiles the Go program in dir and returns its path.
func Build(tb testing.TB, dir string) string {
	tb.Helper()
	full, err := filepath.Abs(dir)
	if err != nil {
		tb.Fatal(err)
	}
	return testhost.BuildIn(tb, full)
}

// begin starts the plugin and tells it of the instances.
func (h *Host) begin(tb testing.TB, inner *testhost.Plugin) *Plugin {
	tb.Helper()
	p := &Plugin{Wire: inner.Clients, tb: tb, host: h, inner: inner}
	ctx, cancel := p.ctx()
	defer cancel()
	answer, err := p.Service.Init(ctx, &pluginv1.InitRequest{
		HostBrokerId: inner.Broker, CoreVersion: "0.1.0", DataDir: inner.DataDir, NodeId: "test", DeploymentId: "test", LogLevel: "debug",
	})
	if err != nil {
		tb.Fatalf("the plugin does not start: %v", err)
	}
	if m := h.manifest; m != nil && (answer.GetPluginId() != m.ID || answer.GetVersion() != m.Version) {
		tb.Fatalf("the plugin says that it is %s %s, its manifest %s %s", answer.GetPluginId(), answer.GetVersion(), m.ID, m.Version)
	}
	h.mu.Lock()
	h.plugins = append(h.plugins, p)
	h.mu.Unlock()
	for _, in := range h.instances() {
		if err := p.configure(in); err != nil {
			tb.Errorf("the plugin refuses the configuration of %s: %v", in.ID, err)
		}
	}
	return p
}

func (p *Plugin) ctx() (context.Context, context.CancelFunc) {
	return context.WithTimeout(p.tb.Context(), Patience)
}

func (p *Plugin) configure(in instance.Instance) error {
	ctx, cancel := p.ctx()
	defer cancel()
	answer, err := p.Service.Configure(ctx, &pluginv1.ConfigureRequest{Instances: []*pluginv1.Instance{bridge.InstanceTo(in)}})
	if err != nil {
		return err
	}
	if r := answer.GetResults()[in.ID]; r != nil {
		return bridge.ErrorOf(r)
	}
	return nil
}

func (p *Plugin) remove(id string) {
	p.tb.Helper()
	ctx, cancel := p.ctx()
	defer cancel()
	if _, err := p.Service.RemoveInstance(ctx, &pluginv1.RemoveInstanceRequest{InstanceId: id}); err != nil {
		p.tb.Errorf("the plugin does not forget %s: %v", id, err)
	}
}

// Health asks the plugin how an instance fares.
func (p *Plugin) Health(id string) instance.Health {
	p.tb.Helper()
	ctx, cancel := p.ctx()
	defer cancel()
	answer, err := p.Service.Health(ctx, &pluginv1.HealthRequest{})
	if err != nil {
		return instance.Health{State: instance.Down, Code: errs.CodePluginFault, Detail: err.Error()}
	}
	return bridge.Health(answer.GetInstances()[id])
}

// Validate asks the plugin to judge a configuration, as the form does. probe lets
// it ask the far side.
func (p *Plugin) Validate(req instance.ValidateConfigRequest) []instance.Problem {
	p.tb.Helper()
	ctx, cancel := p.ctx()
	defer cancel()
	answer, err := p.Service.ValidateConfig(ctx, &pluginv1.ValidateConfigRequest{Config: req.Config, Secrets: req.Secrets, Probe: req.Probe, Locale: req.Locale})
	if err != nil {
		p.tb.Fatal(err)
	}
	var out []instance.Problem
	for _, one := range answer.GetProblems() {
		out = append(out, instance.Problem{Pointer: one.GetPointer(), Message: one.GetMessage()})
	}
	return out
}

// Stop ends the plugin as the core does: it lets it finish what is in flight, and
// returns how much was given up.
func (p *Plugin) Stop(within time.Duration) int {
	p.tb.Helper()
	ctx, cancel := p.ctx()
	defer cancel()
	answer, err := p.Service.Drain(ctx, &pluginv1.DrainRequest{Within: durationpb.New(within), Reason: instance.DrainShutdown})
	if err != nil {
		p.tb.Errorf("the plugin does not stop: %v", err)
	}
	p.Kill()
	return int(answer.GetUnfinished())
}

// Kill ends the plugin at once, as a crash does. Another may take its place.
func (p *Plugin) Kill() {
	p.tb.Helper()
	p.host.mu.Lock()
	for i, other := range p.host.plugins {
		if other == p {
			p.host.plugins = append(p.host.plugins[:i:i], p.host.plugins[i+1:]...)
			break
		}
	}
	p.host.mu.Unlock()
	if err := p.inner.Close(); err != nil {
		p.tb.Error(err)
	}
}

// guest is an Env without a plugin.
func (h *Host) guest() sdk.Env {
	h.tb.Helper()
	level := &slog.LevelVar{}
	level.Set(slog.LevelDebug)
	env := sdk.Env{Log: h.log.logger(level), Manifest: h.source}
	who := stamp.Stamp{ID: "test/guest", Version: "0.0.0"}
	inner, err := testhost.Join(h.engine, testhost.Local{
		Stamp: who, Dir: h.tb.TempDir(), Log: env.Log, Guest: true,
		New: func(_ context.Context, s bridge.Start) (bridge.Abilities, error) {
			env.DataDir, env.CoreVersion, env.Host = s.DataDir, s.CoreVersion, s.Host
			return bridge.Abilities{}, nil
		},
	})
	inner = testhost.Until(h.tb, inner, err)
	ctx, cancel := context.WithTimeout(h.tb.Context(), Patience)
	defer cancel()
	if _, err := inner.Service.Init(ctx, &pluginv1.InitRequest{CoreVersion: "0.1.0", DataDir: inner.DataDir}); err != nil {
		h.tb.Fatal(err)
	}
	return env
}
