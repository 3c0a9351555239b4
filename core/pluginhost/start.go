package pluginhost

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/pluginhost/internal/grant"
	"github.com/patchbay-im/patchbay/core/pluginhost/internal/process"
	"github.com/patchbay-im/patchbay/sdk/manifest"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// life is a supervisor with what it needs while the host runs.
type life struct {
	*supervisor
	ports   Ports
	sockets string
	groups  groups

	excuse   excuse         // of crashes
	retiring sync.WaitGroup // processes that were taken over from
}

// live runs the plugin from the launch of a process to the end of the last one
// that took over from it.
func (l *life) live(ctx context.Context) ended {
	p, why := l.adopt(ctx)
	if why != nil {
		return *why
	}
	began := l.begin()
	l.move(l.ports, extension.Starting, "")
	session, err := l.start(ctx, p)
	if err != nil {
		out := failure(err)
		out.detail = l.withLastWords(out.detail, began)
		return out
	}
	return l.attend(ctx, session)
}

// start launches a process and brings it to ready, within the budget. When it
// fails nothing is left of the process.
func (l *life) start(ctx context.Context, p installed) (*session, error) {
	ctx, cancel := context.WithTimeout(ctx, l.host.options.Timing.Start)
	defer cancel()
	calls := newCalls(l.host.options.Now)
	data, err := l.dataDir(p)
	if err != nil {
		return nil, err
	}
	r := p.manifest.Resources
	proc, err := process.Start(ctx, process.Spec{
		Program: p.program(), DataDir: data, SocketDir: l.sockets,
		Output: func(level string) io.WriteCloser { return l.journal.Writer(level) },
		Dial:   []grpc.DialOption{grpc.WithChainUnaryInterceptor(withBudget, calls.unary), grpc.WithStreamInterceptor(calls.stream)},
		Attach: l.host.options.Attach[l.id],
		Bundle: p.folder, Confine: !l.host.trusts(l.id), Groups: l.groups.tree, Ungrouped: l.groups.why,
		Limits: process.Limits{Memory: memoryOf(r), CPU: cpuOf(r), PIDs: pidsOf(r)},
	})
	if err != nil {
		return nil, err
	}
	if err := l.host.allows(proc.Reached()); err != nil {
		proc.Close()
		return nil, err
	}
	s := &session{
		installed: p, calls: calls, process: proc, plugin: pluginv1.NewPluginServiceClient(proc.Conn()),
		channel: pluginv1.NewChannelServiceClient(proc.Conn()), server: make(chan *grpc.Server, 1),
		holder: rand.Text(),
	}
	if err := l.greet(ctx, s, p, data); err != nil {
		l.end(ctx, s)
		return nil, err
	}
	l.log.InfoContext(ctx, "plugin ready", "version", p.manifest.Version, "pid", proc.PID(), "sha256", proc.Sum())
	return s, nil
}

func (l *life) dataDir(p installed) (string, error) {
	dir, err := filepath.Abs(filepath.Join(l.host.options.DataDir, p.manifest.Folder()))
	if err == nil {
		err = os.MkdirAll(dir, 0o700)
	}
	if err != nil {
		return "", &process.StartError{Detail: "Its data folder cannot be made; check the rights and the space below " + l.host.options.DataDir, Cause: err}
	}
	return dir, nil
}

// greet runs the first calls: Init, Configure, Health.
func (l *life) greet(ctx context.Context, s *session, p installed, data string) error {
	broker := s.process.Broker()
	id := broker.NextId()
	serve := func(options []grpc.ServerOption) *grpc.Server { //nolint:contextcheck // a call brings its own
		server := l.serve(p, s, data, options)
		s.server <- server
		return server
	}
	go broker.AcceptAndServe(id, serve)
	answer, err := s.plugin.Init(ctx, &pluginv1.InitRequest{
		HostBrokerId: id, CoreVersion: l.host.options.CoreVersion, DataDir: data, LogLevel: leastLevel(ctx, l.log),
	})
	if err != nil {
		return &process.StartError{Detail: "It refused to start: " + s.why(ctx, err)}
	}
	if err := introduced(s, p.manifest, answer); err != nil {
		return err
	}
	l.configuring.Lock()
	defer l.configuring.Unlock()
	l.book.forgetTold()
	served, err := l.served(ctx, l.ports)
	if err != nil {
		return &ourFault{cause: err}
	}
	if err := l.configure(ctx, s, l.ports, served); err != nil {
		return &process.StartError{Detail: "It did not take its instances: " + s.why(ctx, err)}
	}
	if _, err := l.check(ctx, s); err != nil {
		return &process.StartError{Detail: "It does not say how it fares: " + s.why(ctx, err)}
	}
	if old := l.session.Load(); old != nil { // it takes over from a version that runs
		if err := l.takeOver(ctx, old, s); err != nil {
			return err
		}
	}
	s.ready.Store(true)
	l.session.Store(s) // from here on it is called, and told of changes
	l.become(p)
	return nil
}

// why words a first call that failed.
func (s *session) why(ctx context.Context, err error) string {
	if s.died(ctx, err) {
		return "it ended by itself (" + s.process.Ending() + ")."
	}
	return words(err)
}

// serve makes the server of the host's services for one process.
func (l *life) serve(p installed, s *session, data string, options []grpc.ServerOption) *grpc.Server {
	d := &desk{life: l, plugin: p.manifest, dir: data, holder: s.holder}
	guard := grant.Guard{Table: l.host.table, Log: l.log, Asks: p.manifest.Asks, Owns: d.owns}
	server := grpc.NewServer(append(options, guard.Options()...)...)
	d.register(server)
	healthv1.RegisterHealthServer(server, health.NewServer())
	return server
}

// introduced checks what the plugin says of itself.
func introduced(s *session, m manifest.Manifest, answer *pluginv1.InitResponse) error {
	if answer.GetPluginId() != m.ID || answer.GetVersion() != m.Version {
		return &process.StartError{Permanent: true, Detail: fmt.Sprintf(
			"Its program says that it is %q %q, its manifest says %s %s: one of them is old. Build it again (patchbay plugin build), then restart the plugin.",
			answer.GetPluginId(), answer.GetVersion(), m.ID, m.Version)}
	}
	s.abilities = make(map[string]bool)
	for _, name := range answer.GetAbilities() {
		s.abilities[name] = true
	}
	want := pluginv1.AbilityChannel
	if m.Live() {
		want = pluginv1.AbilityLive
	}
	if m.Channel != nil && !s.abilities[want] {
		return &process.StartError{Permanent: true, Detail: fmt.Sprintf(
			"Its manifest promises the ability %q, its program does not serve it. Set channel.live in plugin.yaml as sdk.Plugin has it, build it again, then restart the plugin.", want)}
	}
	return nil
}

// end ends a process that is of no more use.
func (l *life) end(ctx context.Context, s *session) {
	l.session.CompareAndSwap(s, nil)
	s.ready.Store(false)
	s.process.Kill()
	select {
	case server := <-s.server:
		server.Stop()
	default: // it never got so far
	}
	s.process.Close()
	l.release(ctx, s.holder)
	l.journal.Flush()
}

// ourFault is a start that failed for a reason the plugin has no part in.
type ourFault struct{ cause error }

// Error returns the cause.
func (f *ourFault) Error() string {
	return "the server could not read its instances: " + f.cause.Error()
}

// Unwrap returns the cause.
func (f *ourFault) Unwrap() error { return f.cause }

// leastLevel is the least level that a log takes, as the protocol names it: a plugin
// need not send what nobody keeps.
func leastLevel(ctx context.Context, log *slog.Logger) string {
	for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn} {
		if log.Enabled(ctx, level) {
			return strings.ToLower(level.String())
		}
	}
	return "error"
}
