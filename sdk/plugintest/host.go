// Package plugintest runs a plugin in go test against a core in memory.
//
// For a unit test of an author's own type an Env is enough:
//
//	h := plugintest.NewHost(t, plugintest.Manifest(manifest))
//	in := h.Connect(instance.Instance{Config: json.RawMessage(`{"shop":"a"}`)})
//	s := &syncer{env: h.Env()}
//	... // call it, then look at what it wrote: h.State(in.ID), h.Tickets(), h.Calls()
//
// The plugin as a whole runs over the real wire, in this process or as the
// program that the core would start:
//
//	p := plugintest.InProcess(t, h, plugin)        // an sdk.Plugin
//	p := plugintest.Process(t, h, plugintest.Build(t, "."))
//
// The host is strict: it refuses what the core refuses, with the same codes: the
// permissions that the manifest does not ask for and the workspace does not
// grant, keys, sizes, counts, versions, and the instances of others. The same
// tests run on it and on the core, so the two do not drift apart. What it leaves
// out: limits of rate, and what people do in the console; a test does that with
// the methods named Add, Set, Grant, Revoke and Decide.
//
// Its clock is the real one until Advance moves it on, and nothing scheduled runs
// before.
package plugintest

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/host"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/internal/bridge"
	"github.com/patchbay-im/patchbay/sdk/internal/testhost"
	"github.com/patchbay-im/patchbay/sdk/manifest"
	"github.com/patchbay-im/patchbay/sdk/manifest/schema"
)

// Option is something to say about a Host.
type Option func(*Host)

// Manifest gives the host the plugin.yaml: it then refuses what the manifest does
// not ask for, and configurations that its schema does not accept. A manifest
// with a fault ends the test. Without this option the first plugin that runs
// brings its own, and until then everything is allowed.
func Manifest(source []byte) Option {
	return func(h *Host) { h.setManifest(source) }
}

// Clock starts the host's clock at a time, from where it goes on.
func Clock(at time.Time) Option {
	return func(h *Host) {
		start := time.Now()
		h.engine.SetNow(func() time.Time { return at.Add(time.Since(start)) })
	}
}

// Host is a core in memory, with one workspace.
//
// Concurrency: safe for concurrent use, but for what ends the test: Connect,
// Advance and the constructors are for the goroutine of the test.
type Host struct {
	tb       testing.TB
	engine   *testhost.Host
	manifest *manifest.Manifest
	source   []byte // of the manifest
	log      *logs

	mu        sync.Mutex
	connected map[string]instance.Instance
	plugins   []*Plugin
	folder    string // of the plugin; "" = none yet
}

// NewHost returns a host that lasts as long as the test.
func NewHost(tb testing.TB, options ...Option) *Host {
	tb.Helper()
	h := &Host{tb: tb, engine: testhost.New(testhost.Options{}), log: &logs{}, connected: make(map[string]instance.Instance)}
	for _, o := range options {
		o(h)
	}
	return h
}

func (h *Host) setManifest(source []byte) {
	h.tb.Helper()
	m, err := manifest.Parse(manifest.SourceFile, source)
	if err != nil {
		h.tb.Fatal(err)
	}
	h.manifest, h.source = &m, source
	h.engine.SetManifest(m)
}

// Connect adds an instance, or changes the one that has its ID, and tells the
// plugins that run. What is empty it fills in: ID, Kind (an inbox for a channel,
// else a connection), Config ({}), Name, Scopes (what is granted), Locale and
// TimeZone; Revision grows. A configuration that is refused ends the test.
func (h *Host) Connect(in instance.Instance) instance.Instance {
	h.tb.Helper()
	in, err := h.TryConnect(in)
	if err != nil {
		h.tb.Fatal(err)
	}
	return in
}

// TryConnect is Connect, with the error of the schema or of the plugin. The
// instance is there all the same when it was the plugin that refused it: the core
// shows it as down.
func (h *Host) TryConnect(in instance.Instance) (instance.Instance, error) {
	h.tb.Helper()
	in = h.filled(in)
	if err := h.accepts(in); err != nil {
		return in, err
	}
	h.engine.AddInstance(bridge.InstanceTo(in))
	h.mu.Lock()
	h.connected[in.ID] = in
	running := slices.Clone(h.plugins)
	h.mu.Unlock()
	for _, p := range running {
		if err := p.configure(in); err != nil {
			return in, err
		}
	}
	return in, nil
}

func (h *Host) filled(in instance.Instance) instance.Instance {
	h.mu.Lock()
	before := h.connected[in.ID]
	h.mu.Unlock()
	if in.Kind == "" {
		if in.Kind = instance.KindConnection; h.manifest != nil && h.manifest.Has(manifest.KindChannel) || strings.HasPrefix(in.ID, "inb_") {
			in.Kind = instance.KindInbox
		}
	}
	if in.ID == "" {
		in.ID = testhost.NewID(map[string]string{instance.KindInbox: "inb", instance.KindConnection: "pin"}[in.Kind])
	}
	if len(in.Config) == 0 {
		in.Config = json.RawMessage("{}")
	}
	in.Name, in.Locale, in.TimeZone = or(in.Name, "Test"), or(in.Locale, "en"), or(in.TimeZone, "UTC")
	if in.Scopes == nil {
		in.Scopes = h.engine.Granted()
	}
	in.Revision = max(in.Revision, before.Revision+1)
	return in
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// accepts asks the manifest's schema.
func (h *Host) accepts(in instance.Instance) error {
	if h.manifest == nil || len(h.manifest.ConfigSchema) == 0 {
		return nil
	}
	compiled, err := schema.Compile(h.manifest.ConfigSchema)
	if err != nil {
		return err
	}
	var whole map[string]any
	if err := in.Decode(&whole); err != nil {
		return err
	}
	raw, err := json.Marshal(whole)
	if err != nil {
		return err
	}
	var all []string
	for _, p := range compiled.Validate(raw) {
		all = append(all, p.Pointer+" "+p.Message)
	}
	if len(all) > 0 {
		return fmt.Errorf("config_schema does not accept the configuration: %s", strings.Join(all, "; "))
	}
	return nil
}

// Disconnect removes an instance, as an administrator does.
func (h *Host) Disconnect(id string) {
	h.tb.Helper()
	h.mu.Lock()
	delete(h.connected, id)
	running := slices.Clone(h.plugins)
	h.mu.Unlock()
	h.engine.DropInstance(id)
	for _, p := range running {
		p.remove(id)
	}
}

// instances lists what is connected, by id.
func (h *Host) instances() []instance.Instance {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []instance.Instance
	for _, id := range slices.Sorted(maps.Keys(h.connected)) {
		out = append(out, h.connected[id])
	}
	return out
}

// Grant lets the workspace allow scopes. At first it allows all that the manifest
// asks for, what is optional too. Plugins that run are told.
func (h *Host) Grant(scopes ...string) {
	h.tb.Helper()
	h.engine.Grant(scopes...)
	h.retell()
}

// Revoke takes scopes back, and tells the plugins that run.
func (h *Host) Revoke(scopes ...string) {
	h.tb.Helper()
	h.engine.Revoke(scopes...)
	h.retell()
}

// retell gives every instance the scopes that are granted now.
func (h *Host) retell() {
	h.tb.Helper()
	for _, in := range h.instances() {
		in.Scopes = h.engine.Granted()
		if _, err := h.TryConnect(in); err != nil {
			h.tb.Logf("%s: %v", in.ID, err) // down, as in the core
		}
	}
}

// Env returns an Env on this host, for tests of an author's own types. Each is a
// process of its own to the host: what one has a lease on, another has not.
func (h *Host) Env() sdk.Env {
	h.tb.Helper()
	return h.guest()
}

// For returns the services of the host for an instance, as Env.For does.
func (h *Host) For(id string) host.Instance {
	h.tb.Helper()
	return h.guest().For(id)
}

// Logs returns what was logged, line by line: by Env.Log, and by a process on
// standard error.
func (h *Host) Logs() []string { return h.log.lines() }

// logs keeps lines.
type logs struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write implements io.Writer.
func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logs) lines() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []string
	for line := range strings.Lines(l.text.String()) {
		out = append(out, strings.TrimRight(line, "\r\n"))
	}
	return out
}

func (l *logs) logger(level slog.Leveler) *slog.Logger {
	return slog.New(slog.NewJSONHandler(io.Writer(l), &slog.HandlerOptions{Level: level}))
}
