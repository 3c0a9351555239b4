package conformance

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/internal/bridge"
	"github.com/patchbay-im/patchbay/sdk/manifest"
	"github.com/patchbay-im/patchbay/sdk/manifest/stamp"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// budget bounds a call that the scenario does not time by itself.
const budget = 10 * time.Second

// drainBudget is what a drain may take.
const drainBudget = 10 * time.Second

// plug is a plugin that runs under the kit.
type plug struct {
	*run
	core    *core
	conn    *grpc.ClientConn
	service pluginv1.PluginServiceClient
	hello   *pluginv1.InitResponse
	dir     string        // its data folder
	process *Process      // nil = in this process
	gone    chan struct{} // in this process: closed when it noticed that the host is gone
	heard   *heard
	ready   time.Duration // from the launch to the end of Configure

	leave  func() // takes the host away
	finish func() // ends it at once and cleans up; more than once is fine
}

// start is how a plugin is started, beyond what the target says.
type start struct {
	core     *core     // nil = a new one
	dir      string    // nil = a new one
	bend     func(any) // changes what the host asks; nil = nothing
	old      bool      // the host says as little as the first one did
	without  bool      // optional permissions are refused
	instance func(*pluginv1.Instance)
	quiet    bool // no Init yet
}

// open runs the plugin, initialised and with one instance.
func (r *run) open(s start) (*plug, error) {
	if s.core == nil {
		s.core = newCore(r.manifest)
	}
	if s.dir == "" {
		dir, err := r.folder()
		if err != nil {
			return nil, err
		}
		s.dir = dir
	}
	if err := r.farSide(s.core); err != nil {
		return nil, err
	}
	p := &plug{run: r, core: s.core, dir: s.dir, heard: newHeard(s.bend)}
	began := now()
	broker, err := p.launch()
	if err != nil {
		return nil, err
	}
	r.later(func() error {
		p.finish()
		return nil
	})
	p.service = pluginv1.NewPluginServiceClient(p.conn)
	if s.quiet {
		return p, nil
	}
	if err := p.init(broker, s); err != nil {
		return nil, err
	}
	if err := p.configureWith(1, s); err != nil {
		return nil, err
	}
	p.ready = now().Sub(began)
	return p, nil
}

// folder makes a folder that goes with the run.
func (r *run) folder() (string, error) {
	dir, err := os.MkdirTemp("", "patchbay-kit-")
	if err != nil {
		return "", fmt.Errorf("make a folder: %w", err)
	}
	r.later(func() error { return os.RemoveAll(dir) })
	return dir, nil
}

// farSide starts the far side, once for a run.
func (r *run) farSide(c *core) error {
	switch {
	case r.spec.Provider.Kind == ProviderCore:
		r.far = c
	case r.spec.Provider.Kind == ProviderHTTP && r.far == nil:
		p, err := newProvider(r.ctx, r.spec.Provider)
		if err != nil {
			return err
		}
		r.later(p.close)
		r.far = p
	case r.spec.Provider.Kind == ProviderProgram && r.far == nil:
		p, err := newProgram(r.ctx, r.spec)
		if err != nil {
			return err
		}
		r.later(p.close)
		r.far = p
	}
	return nil
}

// words are what is filled in the configuration: each with its value behind it.
func (r *run) words() []string {
	switch far := r.far.(type) {
	case *provider:
		return []string{"{{provider}}", far.url}
	case *program:
		var out []string
		for word, value := range far.hello.Words {
			out = append(out, "{{"+word+"}}", value)
		}
		return out
	default:
		return []string{"{{provider}}", ""}
	}
}

// hosts are the addresses of the provider, as "ip:port".
func (r *run) hosts() []string {
	words := r.words()
	var out []string
	for i := 1; i < len(words); i += 2 {
		out = append(out, hostIn(words[i])...)
	}
	return out
}

// hostIn is the host of an address, with or without a scheme; none if there is
// none.
func hostIn(text string) []string {
	if _, _, err := net.SplitHostPort(text); err == nil {
		return []string{text}
	}
	if where, err := url.Parse(text); err == nil && where.Host != "" {
		return []string{where.Host}
	}
	return nil
}

func (p *plug) launch() (broker uint32, err error) {
	if p.inProcess() {
		return 0, p.join()
	}
	launcher := p.target.Launch
	if launcher == nil {
		launcher = plainly
	}
	ctx, cancel := p.within(startBudget)
	defer cancel()
	bundle := p.target.Folder
	p.process, err = launcher(ctx, Launch{
		Program: p.target.Program, Bundle: bundle, DataDir: p.dir, Manifest: p.manifest, Output: &p.logs, Dial: p.heard.options(),
	})
	if err != nil {
		return 0, err
	}
	p.conn = p.process.Conn
	broker = p.process.Broker.NextId()
	server := make(chan *grpc.Server, 1)
	go p.process.Broker.AcceptAndServe(broker, func(options []grpc.ServerOption) *grpc.Server {
		s := p.core.host.Serve(p.dir, append(options, p.core.options()...)...)
		server <- s
		return s
	})
	stop := sync.OnceFunc(func() {
		select {
		case s := <-server:
			s.Stop()
		default: // it never called
		}
	})
	p.leave = stop
	p.finish = sync.OnceFunc(func() {
		stop()
		p.process.Close()
	})
	return broker, nil
}

// join serves the plugin in this process, over connections in memory.
func (p *plug) join() error {
	log := slog.New(slog.NewJSONHandler(&p.logs, nil))
	p.gone = make(chan struct{})
	host := p.core.host.Serve(p.dir, p.core.options()...)
	toHost, stopHost, err := inMemory(host)
	if err != nil {
		return err
	}
	plugin := grpc.NewServer(bridge.ServerOptions(log)...)
	bridge.NewServer(bridge.Config{
		Stamp: stamp.Stamp{ID: p.manifest.ID, Version: p.manifest.Version}, Log: log,
		New: func(_ context.Context, s bridge.Start) (bridge.Abilities, error) {
			return p.target.Plugin.Open(sdk.Env{Log: log, DataDir: s.DataDir, CoreVersion: s.CoreVersion, Host: s.Host})
		},
		Dial:     func(uint32) (*grpc.ClientConn, error) { return toHost, nil },
		HostGone: sync.OnceFunc(func() { close(p.gone) }),
	}).Register(plugin)
	conn, stopPlugin, err := inMemory(plugin, p.heard.options()...)
	if err != nil {
		stopHost()
		return err
	}
	p.conn, p.leave = conn, sync.OnceFunc(host.Stop)
	p.finish = sync.OnceFunc(func() {
		stopPlugin()
		stopHost()
	})
	return nil
}

// inMemory serves s in memory and returns a connection to it, and what ends both.
func inMemory(s *grpc.Server, options ...grpc.DialOption) (*grpc.ClientConn, func(), error) {
	listener := bufconn.Listen(1 << 20)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = s.Serve(listener) // until Stop
	}()
	conn, err := grpc.NewClient("passthrough:///kit", append(options, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))...)
	stop := func() {
		if conn != nil {
			_ = conn.Close() // closed at most once
		}
		s.Stop()
		<-served
	}
	if err != nil {
		stop()
		return nil, nil, err
	}
	return conn, stop, nil
}

func (p *plug) init(broker uint32, s start) error {
	ctx, cancel := p.within(budget)
	defer cancel()
	req := &pluginv1.InitRequest{
		HostBrokerId: broker, CoreVersion: coreVersion(p.manifest), DataDir: p.dir, NodeId: "nod_kit", DeploymentId: "dpl_kit", LogLevel: "info",
	}
	if s.old {
		req.NodeId, req.DeploymentId, req.LogLevel = "", "", ""
	}
	answer, err := p.service.Init(ctx, req)
	if err != nil {
		return fmt.Errorf("call Init: %w", err)
	}
	p.hello = answer
	return nil
}

// coreVersion is a version of the core that the manifest accepts.
func coreVersion(m manifest.Manifest) string {
	for _, v := range []string{"0.1.0", "1.0.0", "0.2.0", "2.0.0"} {
		if m.RunsOn(v) {
			return v
		}
	}
	return "0.1.0"
}

// instanceID is the instance that is set up, in all scenarios.
const instanceID = "con_kit"

func (p *plug) instance(revision uint64, s start) *pluginv1.Instance {
	kind := instance.KindConnection
	if p.manifest.Channel != nil {
		kind = instance.KindInbox
	}
	var scopes []string
	for _, permission := range p.manifest.Permissions {
		if !s.without || !permission.Optional {
			scopes = append(scopes, permission.Scope)
		}
	}
	in := &pluginv1.Instance{
		Id: instanceID, Config: p.spec.config(p.words()), Secrets: p.spec.Secrets, ConfigRevision: revision,
		Kind: kind, Name: "Conformance", Scopes: scopes, Locale: "en", TimeZone: "UTC",
	}
	if s.old {
		in.Kind, in.Name, in.Scopes, in.Locale, in.TimeZone = "", "", scopes, "", ""
	}
	if s.instance != nil {
		s.instance(in)
	}
	return in
}

func (p *plug) configureWith(revision uint64, s start) error {
	ctx, cancel := p.within(budget)
	defer cancel()
	in := p.instance(revision, s)
	p.core.enrol(in)
	answer, err := p.service.Configure(ctx, &pluginv1.ConfigureRequest{Instances: []*pluginv1.Instance{in}})
	if err != nil {
		return fmt.Errorf("call Configure: %w", err)
	}
	if result := answer.GetResults()[in.GetId()]; result != nil && result.GetOutcome() != pluginv1.Outcome_OUTCOME_ACCEPTED {
		return fmt.Errorf("it does not take the configuration that works: %s", told(result))
	}
	return nil
}

// remove takes the instance away, from the plugin and then from the host.
func (p *plug) remove() error {
	ctx, cancel := p.within(budget)
	defer cancel()
	if _, err := p.service.RemoveInstance(ctx, &pluginv1.RemoveInstanceRequest{InstanceId: instanceID}); err != nil {
		return fmt.Errorf("call RemoveInstance: %w", err)
	}
	p.core.host.DropInstance(instanceID)
	return nil
}

// health returns what the plugin says of the instance.
func (p *plug) health() (*pluginv1.InstanceHealth, error) {
	ctx, cancel := p.within(budget)
	defer cancel()
	answer, err := p.service.Health(ctx, &pluginv1.HealthRequest{})
	if err != nil {
		return nil, fmt.Errorf("call Health: %w", err)
	}
	return answer.GetInstances()[instanceID], nil
}

// drained drains the plugin and returns how long that took.
func (p *plug) drained() (time.Duration, error) {
	ctx, cancel := p.within(drainBudget + budget)
	defer cancel()
	began := now()
	answer, err := p.service.Drain(ctx, &pluginv1.DrainRequest{Within: durationpb.New(drainBudget), Reason: instance.DrainRestart})
	took := now().Sub(began)
	if err != nil {
		return took, fmt.Errorf("call Drain: %w", err)
	}
	if n := answer.GetUnfinished(); n > 0 {
		return took, fmt.Errorf("the drain gave up %d items", n)
	}
	return took, nil
}

// needsProcess is the error of scenarios that make sense with a process only.
func (r *run) needsProcess(why string) error {
	if r.inProcess() {
		return notApplicable("Needs a process: %s.", why)
	}
	return nil
}

// signal sends a signal to the process alone.
func (p *plug) signal(s syscall.Signal) error { return syscall.Kill(p.process.PID, s) }

// exits waits for the process to end by itself.
func (p *plug) exits(within time.Duration) bool {
	timer := time.NewTimer(within)
	defer timer.Stop()
	select {
	case <-p.process.Exited:
		return true
	case <-timer.C:
		return false
	}
}

// alive says that the plugin still serves.
func (p *plug) alive() error {
	if _, err := p.health(); err != nil {
		if p.process != nil && p.exits(time.Second) {
			return fmt.Errorf("its process ended (%s)%s", p.process.Ending(), p.lastWords())
		}
		return err
	}
	return nil
}

// lastWords is the end of what it printed, in brackets.
func (r *run) lastWords() string {
	text := strings.TrimSpace(r.logs.String())
	if text == "" {
		return ""
	}
	lines := strings.Split(text, "\n")
	return " (it said: " + strings.Join(lines[max(0, len(lines)-3):], " | ") + ")"
}

// has reports whether the plugin serves an ability.
func (p *plug) has(ability string) bool { return slices.Contains(p.hello.GetAbilities(), ability) }

// told is a result in words.
func told(r *pluginv1.Result) string {
	s := strings.TrimPrefix(r.GetOutcome().String(), "OUTCOME_")
	if r.GetCode() != "" {
		s += " " + r.GetCode()
	}
	if r.GetDetail() != "" {
		s += ": " + r.GetDetail()
	}
	return s
}
