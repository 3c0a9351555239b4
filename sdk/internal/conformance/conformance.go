// Package conformance is what the suites of all abilities share: it plays the
// core towards a plugin, over the real wire, and has the cases that every
// plugin must pass. Authors see it through channeltest, bottest and the others.
package conformance

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/internal/bridge"
	"github.com/patchbay-im/patchbay/sdk/internal/testhost"
	"github.com/patchbay-im/patchbay/sdk/manifest"
	"github.com/patchbay-im/patchbay/sdk/manifest/schema"
	"github.com/patchbay-im/patchbay/sdk/manifest/stamp"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// Patience bounds every wait.
const Patience = 30 * time.Second

// The instances of the suites: the one that is set up, and one the plugin was
// never told of.
const (
	InstanceID = "inb_conformance"
	StrangerID = "inb_stranger"
)

// CodeFault is what an author's panic or unclassified error becomes.
const CodeFault = "plugin_fault"

// Opener runs a plugin for one case; source is its plugin.yaml.
type Opener func(t *testing.T, source []byte) *testhost.Plugin

// InProcess runs a plugin in the test's own process.
func InProcess(open func(sdk.Env) (bridge.Abilities, error)) Opener {
	return func(t *testing.T, source []byte) *testhost.Plugin {
		t.Helper()
		who, err := stamp.Read(source)
		if err != nil {
			t.Fatal(err)
		}
		return testhost.InProcess(t, who, func(_ context.Context, s bridge.Start) (bridge.Abilities, error) {
			return open(sdk.Env{Log: slog.New(slog.DiscardHandler), Manifest: source, DataDir: s.DataDir, CoreVersion: s.CoreVersion, Host: s.Host})
		})
	}
}

// Process builds the Go program in dir and runs it as the core would.
func Process(t *testing.T, dir string) Opener {
	t.Helper()
	program := testhost.BuildIn(t, dir)
	return func(t *testing.T, _ []byte) *testhost.Plugin {
		t.Helper()
		return testhost.Process(t, program)
	}
}

// Plugin is what the suites of all abilities must know.
type Plugin struct {
	Source     []byte // plugin.yaml
	Open       Opener
	Ability    string // as InitResponse.abilities has it
	Config     string // a configuration that works, as JSON; "" = {}
	Secrets    map[string]string
	BadConfigs []string // are refused, by the schema or by the plugin
}

// Case is one rule.
type Case struct {
	Name string
	Run  func(*Rig)
}

// Run runs the cases that every plugin must pass, and those of the ability
// between them, each on a plugin of its own.
func Run(t *testing.T, p Plugin, cases ...Case) {
	t.Helper()
	m := CheckManifest(t, p)
	all := slices.Concat(
		[]Case{{"introduces itself", introduction}, {"takes configurations", configurations}},
		cases,
		[]Case{{"ends when told", termination}, {"ends with the host", orphanage}},
	)
	for _, c := range all {
		t.Run(c.Name, func(t *testing.T) { c.Run(open(t, p, m)) })
	}
}

// CheckManifest checks the manifest, and that it accepts the configuration.
func CheckManifest(t *testing.T, p Plugin) manifest.Manifest {
	t.Helper()
	m, err := manifest.Parse(manifest.SourceFile, p.Source)
	if err != nil {
		t.Fatal(err)
	}
	if problems := schemaProblems(t, m, configOf(p), p.Secrets); len(problems) > 0 {
		t.Fatalf("config_schema does not accept the configuration: %+v", problems)
	}
	return m
}

func configOf(p Plugin) string {
	if strings.TrimSpace(p.Config) == "" {
		return "{}"
	}
	return p.Config
}

func schemaProblems(t *testing.T, m manifest.Manifest, config string, secrets map[string]string) []schema.Problem {
	t.Helper()
	if len(m.ConfigSchema) == 0 {
		return nil
	}
	compiled, err := schema.Compile(m.ConfigSchema)
	if err != nil {
		t.Fatal(err)
	}
	whole := json.RawMessage(config)
	if len(secrets) > 0 {
		if err := (instance.ValidateConfigRequest{Config: whole, Secrets: secrets}).Decode(&whole); err != nil {
			t.Fatal(err)
		}
	}
	return compiled.Validate(whole)
}

// Rig is one plugin under test.
type Rig struct {
	*testing.T
	Manifest manifest.Manifest
	*testhost.Plugin
	plugin Plugin
}

// open runs a plugin, initialised and with one instance.
func open(t *testing.T, p Plugin, m manifest.Manifest) *Rig {
	t.Helper()
	r := &Rig{T: t, Manifest: m, plugin: p, Plugin: p.Open(t, p.Source)}
	answer, err := r.Service.Init(r.Ctx(), &pluginv1.InitRequest{
		HostBrokerId: r.Broker, CoreVersion: "0.1.0", DataDir: r.DataDir,
	})
	if err != nil {
		t.Fatalf("Init: %v", err)
	}
	if answer.GetPluginId() != m.ID || answer.GetVersion() != m.Version {
		t.Fatalf("it says that it is %s %s, the manifest %s %s", answer.GetPluginId(), answer.GetVersion(), m.ID, m.Version)
	}
	if !slices.Contains(answer.GetAbilities(), p.Ability) {
		t.Fatalf("its abilities are %q, without %q", answer.GetAbilities(), p.Ability)
	}
	r.configure(1)
	return r
}

// In is the same plugin in a subtest.
func (r *Rig) In(t *testing.T) *Rig {
	t.Helper()
	return &Rig{T: t, Manifest: r.Manifest, plugin: r.plugin, Plugin: r.Plugin}
}

// Ctx is the test's context with a deadline.
func (r *Rig) Ctx() context.Context {
	ctx, cancel := context.WithTimeout(r.Context(), Patience)
	r.Cleanup(cancel)
	return ctx
}

func (r *Rig) configure(revision uint64) *pluginv1.Result {
	r.Helper()
	kind := instance.KindConnection
	if r.plugin.Ability == pluginv1.AbilityChannel || r.plugin.Ability == pluginv1.AbilityLive {
		kind = instance.KindInbox
	}
	var scopes []string
	for _, p := range r.Manifest.Permissions {
		scopes = append(scopes, p.Scope)
	}
	answer, err := r.Service.Configure(r.Ctx(), &pluginv1.ConfigureRequest{Instances: []*pluginv1.Instance{{
		Id: InstanceID, Config: []byte(configOf(r.plugin)), Secrets: r.plugin.Secrets, ConfigRevision: revision,
		Kind: kind, Name: "Conformance", Scopes: scopes, Locale: "en", TimeZone: "UTC",
	}}})
	if err != nil {
		r.Fatalf("Configure: %v", err)
	}
	return answer.GetResults()[InstanceID]
}

// Until waits for ok.
func (r *Rig) Until(what string, ok func() bool) {
	r.Helper()
	ctx := r.Ctx()
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

func introduction(r *Rig) {
	// Once only.
	if _, err := r.Service.Init(r.Ctx(), &pluginv1.InitRequest{}); err == nil {
		r.Error("Init can be called twice")
	}
}

func configurations(r *Rig) {
	health, err := r.Service.Health(r.Ctx(), &pluginv1.HealthRequest{})
	if err != nil {
		r.Fatal(err)
	}
	if h := health.GetInstances()[InstanceID]; h.GetState() != pluginv1.HealthState_HEALTH_STATE_OK {
		r.Errorf("the health of a configured instance is %v", h)
	}
	if result := r.configure(7); result.GetOutcome() != pluginv1.Outcome_OUTCOME_ACCEPTED {
		r.Errorf("a new revision: %v", result)
	}
	answer, err := r.Service.ValidateConfig(r.Ctx(), &pluginv1.ValidateConfigRequest{Config: []byte(configOf(r.plugin)), Secrets: r.plugin.Secrets, Probe: true})
	if err != nil || len(answer.GetProblems()) > 0 {
		r.Errorf("the plugin refuses the configuration that works: %v %v", answer.GetProblems(), err)
	}
	for _, config := range r.plugin.BadConfigs {
		if len(schemaProblems(r.T, r.Manifest, config, r.plugin.Secrets)) > 0 {
			continue
		}
		answer, err := r.Service.ValidateConfig(r.Ctx(), &pluginv1.ValidateConfigRequest{Config: []byte(config), Secrets: r.plugin.Secrets, Probe: true})
		if err != nil || len(answer.GetProblems()) == 0 {
			r.Errorf("neither the schema nor the plugin (%v) refuses %s", err, config)
		}
	}
	for range 2 { // an instance that is gone is no error
		if _, err := r.Service.RemoveInstance(r.Ctx(), &pluginv1.RemoveInstanceRequest{InstanceId: InstanceID}); err != nil {
			r.Errorf("RemoveInstance: %v", err)
		}
	}
}

func termination(r *Rig) {
	if r.PID == 0 {
		r.Skip("needs a process")
	}
	if err := r.Signal(syscall.SIGTERM); err != nil {
		r.Fatal(err)
	}
	r.Until("the process ends after SIGTERM", r.Exited)
}

func orphanage(r *Rig) {
	r.Leave()
	if r.PID == 0 {
		select {
		case <-r.Gone:
		case <-r.Ctx().Done():
			r.Error("the plugin does not notice that the host is gone")
		}
		return
	}
	r.Until("the process ends when the host is gone", r.Exited)
}

// Drain drains the plugin; nothing may be left unfinished.
func (r *Rig) Drain() {
	r.Helper()
	answer, err := r.Service.Drain(r.Ctx(), &pluginv1.DrainRequest{Within: durationpb.New(10 * time.Second), Reason: instance.DrainRestart})
	if err != nil || answer.GetUnfinished() != 0 {
		r.Errorf("Drain: %v %v", answer, err)
	}
}

// Draining is the case of calls: those in flight finish or are put off, and
// none is taken after the drain. call returns what became of one.
func Draining(call func(*Rig) error) Case {
	return Case{"finishes what is in flight", func(r *Rig) {
		const calls = 8
		done := make(chan error, calls)
		for range calls {
			go func() { done <- call(r) }()
		}
		r.Drain()
		for range calls {
			if err := <-done; err != nil && status.Code(err) != codes.Unavailable {
				r.Errorf("a call that was in flight: %v", err)
			}
		}
		if err := call(r); status.Code(err) != codes.Unavailable {
			r.Errorf("it takes calls after it was drained: %v", err)
		}
	}}
}

// Unknown is the case of an instance that the plugin was not told of.
func Unknown(call func(r *Rig, id string) error) Case {
	return Case{"waits for instances it does not know", func(r *Rig) {
		if err := call(r, StrangerID); status.Code(err) != codes.Unavailable {
			r.Errorf("a call for an instance it was not told of: %v", err)
		}
		if err := call(r, InstanceID); err != nil {
			r.Errorf("a call for its own instance: %v", err)
		}
	}}
}

// ErrorOf returns the error that a result stands for: nil when the effect
// happened, a status of the code Unavailable for one to try again, Internal for
// a fault of the plugin, FailedPrecondition for one that was refused.
func ErrorOf(r *pluginv1.Result) error {
	switch {
	case r.GetOutcome() == pluginv1.Outcome_OUTCOME_ACCEPTED || r.GetOutcome() == pluginv1.Outcome_OUTCOME_DUPLICATE:
		return nil
	case r.GetCode() == CodeFault:
		return status.Error(codes.Internal, r.GetCode()+": "+r.GetDetail())
	case r.GetOutcome() == pluginv1.Outcome_OUTCOME_REJECTED:
		return status.Error(codes.FailedPrecondition, r.GetCode()+": "+r.GetDetail())
	default:
		return status.Error(codes.Unavailable, r.GetCode()+": "+r.GetDetail())
	}
}

// NoFault checks that an error is none of the plugin's own: a panic, or an
// error without a source.
func (r *Rig) NoFault(what string, err error) {
	r.Helper()
	if c := status.Code(err); c != codes.OK && c != codes.Unavailable && c != codes.FailedPrecondition {
		r.Errorf("%s: %v", what, err)
	}
}

// Texts returns what people may write: each is a message. limit bounds the
// longest one, in characters.
func Texts(limit int) []string {
	return []string{
		"plain", "emoji 👩‍👩‍👧 🙂", "中文，全角标点。", "עברית וערבית العربية", "line\nbreaks\r\n\ttabs", "<b>&amp;</b> *not* _markup_",
		strings.Repeat("长", limit), "zero\u200bwidth \u202eoverride",
	}
}

// LongText is how long a text may be that no far side bounds, in characters;
// with three bytes each it is the 64 KiB a message may have.
const LongText = 64 << 10 / 3

// HardTexts are texts that break careless programs.
func HardTexts() []string {
	return append(Texts(LongText), "", " ", "\u3000", "0", "null", "{}", "%s%n%d", "../../etc/passwd", "' OR 1=1 --",
		strings.Repeat("(", 5000), strings.Repeat("a ", 20_000), "ａｂｃ１２３", "e\u0301\u0301\u0301", "\ufeffbom", "\U0010ffff")
}

// JSONs are values where a JSON object is expected: the core lets some through.
func JSONs() []string {
	return []string{
		``, `{}`, `null`, `[]`, `0`, `""`, `{"a":null}`, `{"a":{"a":[1,"x",{}]}}`, `{"id":-1,"amount":1e308}`, `{`, "\x00\xff",
		`{"` + strings.Repeat("k", 1000) + `":"` + strings.Repeat("长", 10_000) + `"}`, strings.Repeat(`[`, 5000),
	}
}

// Or returns s, or otherwise when s is blank.
func Or(s, otherwise string) string {
	if strings.TrimSpace(s) == "" {
		return otherwise
	}
	return s
}
