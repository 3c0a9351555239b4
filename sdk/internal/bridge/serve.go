package bridge

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/manifest/stamp"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// How long a process that must end waits for what is in flight.
const (
	drainWithin  = 10 * time.Second // after SIGTERM
	orphanWithin = 2 * time.Second  // after the host is gone: nobody takes answers
)

// Exit codes of a plugin process.
const (
	exitDrained = 0
	exitOrphan  = 3
)

// CalledByHost reports whether the core started this process, as opposed to
// somebody at a terminal.
func CalledByHost() bool { return os.Getenv(pluginv1.CookieKey) == pluginv1.CookieValue }

// Serve serves a plugin to the core that started this process, and ends the
// process: when the core says so, on SIGTERM, or when the core is gone.
// level is that of log: the core sets it.
func Serve(s stamp.Stamp, log *slog.Logger, level *slog.LevelVar, newValues func(context.Context, Start) (Abilities, error)) {
	serve(s, log, level, newValues, nil)
}

// serve serves to the core that started this process or, when somebody else
// did, to one that attaches to it.
func serve(s stamp.Stamp, log *slog.Logger, level *slog.LevelVar, newValues func(context.Context, Start) (Abilities, error), attached *goplugin.ServeTestConfig) {
	var server *Server
	var once sync.Once
	stdout, stderr := os.Stdout, os.Stderr
	begin := func(ctx context.Context, start Start) (Abilities, error) {
		// go-plugin has put pipes here that lose what a dying process prints;
		// the originals lead to the host too.
		os.Stdout, os.Stderr = stdout, stderr
		return newValues(ctx, start)
	}
	quit := func(within time.Duration, code int) {
		once.Do(func() {
			server.Drain(context.Background(), within, instance.DrainShutdown) //nolint:forbidigo // the process itself
			os.Exit(code)
		})
	}
	orphaned := func() { quit(orphanWithin, exitOrphan) }
	broker := make(chan *goplugin.GRPCBroker, 1)
	server = NewServer(Config{
		Stamp: s, Log: log, Level: level, New: begin, HostGone: orphaned,
		Dial: func(id uint32) (*grpc.ClientConn, error) {
			b := <-broker // there from the moment the server runs
			defer func() { broker <- b }()
			return b.DialWithOptions(id,
				grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(pluginv1.MaxMessage), grpc.MaxCallSendMsgSize(pluginv1.MaxMessage)))
		},
	})
	go onTerminate(func() { quit(drainWithin, exitDrained) })
	go watchParent(orphaned)
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig: goplugin.HandshakeConfig{
			ProtocolVersion: pluginv1.Version, MagicCookieKey: pluginv1.CookieKey, MagicCookieValue: pluginv1.CookieValue,
		},
		VersionedPlugins: map[int]goplugin.PluginSet{pluginv1.Version: {"plugin": &served{server: server, broker: broker}}},
		Logger:           hclog.NewNullLogger(),
		Test:             attached,
		GRPCServer: func(options []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(options, ServerOptions(log)...)...)
		},
	})
}

// served is the plugin as go-plugin sees it.
type served struct {
	goplugin.NetRPCUnsupportedPlugin
	server *Server
	broker chan *goplugin.GRPCBroker
}

// GRPCServer registers our services.
func (s *served) GRPCServer(b *goplugin.GRPCBroker, g *grpc.Server) error {
	s.broker <- b
	s.server.Register(g)
	return nil
}

// GRPCClient is the host's side, which this process is not.
func (s *served) GRPCClient(context.Context, *goplugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, os.ErrInvalid
}

func onTerminate(quit func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	<-signals
	quit()
}

// watchParent calls gone when the process that started us is not our parent, or
// no longer. The stream to the host says so sooner; this is for a host that died
// before there was a stream, be it before this program ran.
func watchParent(gone func()) {
	parent := os.Getppid()
	if host, err := strconv.Atoi(os.Getenv(pluginv1.HostKey)); err == nil && parent != 0 { // 0 = it is outside our namespace
		parent = host
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for os.Getppid() == parent {
		<-tick.C
	}
	gone()
}
