package testhost

import (
	"context"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/patchbay-im/patchbay/sdk/internal/bridge"
	"github.com/patchbay-im/patchbay/sdk/manifest/stamp"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// Plugin is a plugin that runs under a Host; Init was not called yet.
type Plugin struct {
	Host *Host
	Clients
	Broker  uint32        // for Init
	DataDir string        // for Init
	PID     int           // 0 = in this process
	Gone    chan struct{} // in this process: closed when the plugin noticed that the host is gone

	once   sync.Once
	leave  func()
	exited func() bool
}

// Clients are what a host calls.
type Clients struct {
	Service   pluginv1.PluginServiceClient
	Channel   pluginv1.ChannelServiceClient
	Bot       pluginv1.BotServiceClient
	Connector pluginv1.ConnectorServiceClient
	Tool      pluginv1.ToolServiceClient
	Hook      pluginv1.HookServiceClient
	Analyzer  pluginv1.AnalyzerServiceClient
	Panel     pluginv1.PanelServiceClient
	Template  pluginv1.TemplateServiceClient
	Route     pluginv1.RouteServiceClient
}

func clientsOf(conn grpc.ClientConnInterface) Clients {
	return Clients{
		Service: pluginv1.NewPluginServiceClient(conn), Channel: pluginv1.NewChannelServiceClient(conn),
		Bot: pluginv1.NewBotServiceClient(conn), Connector: pluginv1.NewConnectorServiceClient(conn),
		Tool: pluginv1.NewToolServiceClient(conn), Hook: pluginv1.NewHookServiceClient(conn),
		Analyzer: pluginv1.NewAnalyzerServiceClient(conn), Panel: pluginv1.NewPanelServiceClient(conn),
		Template: pluginv1.NewTemplateServiceClient(conn), Route: pluginv1.NewRouteServiceClient(conn),
	}
}

// Leave takes the host away from the plugin.
func (p *Plugin) Leave() { p.once.Do(p.leave) }

// Exited reports whether the process has ended.
func (p *Plugin) Exited() bool { return p.exited() }

// Signal sends a signal to the process.
func (p *Plugin) Signal(s syscall.Signal) error { return syscall.Kill(p.PID, s) }

// InProcess serves a plugin in this process, over connections in memory.
func InProcess(tb testing.TB, who stamp.Stamp, newValues func(context.Context, bridge.Start) (bridge.Abilities, error)) *Plugin {
	tb.Helper()
	log := slog.New(slog.DiscardHandler)
	p := &Plugin{Host: &Host{}, DataDir: tb.TempDir(), Gone: make(chan struct{}), exited: func() bool { return false }}
	hostServer := grpc.NewServer()
	p.Host.Register(hostServer)
	toHost := connect(tb, hostServer)
	pluginServer := grpc.NewServer(bridge.ServerOptions(log)...)
	bridge.NewServer(bridge.Config{
		Stamp: who, Log: log, New: newValues,
		Dial:     func(uint32) (*grpc.ClientConn, error) { return toHost, nil },
		HostGone: sync.OnceFunc(func() { close(p.Gone) }),
	}).Register(pluginServer)
	conn := connect(tb, pluginServer)
	p.Clients = clientsOf(conn)
	p.leave = hostServer.Stop
	return p
}

// connect serves s in memory and returns a connection to it.
func connect(tb testing.TB, s *grpc.Server) *grpc.ClientConn {
	tb.Helper()
	listener := bufconn.Listen(1 << 20)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = s.Serve(listener) // until Stop
	}()
	conn, err := grpc.NewClient("passthrough:///test", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := conn.Close(); err != nil {
			tb.Error(err)
		}
		s.Stop()
		<-served
	})
	return conn
}

// Process runs a program as a plugin.
func Process(tb testing.TB, program string) *Plugin {
	tb.Helper()
	sockets, err := os.MkdirTemp("", "pb") //nolint:usetesting // a test's own folder may be too long for sockets
	if err != nil {
		tb.Fatal(err)
	}
	p := &Plugin{Host: &Host{}, DataDir: tb.TempDir()}
	cmd := exec.CommandContext(tb.Context(), program)
	cmd.Dir = p.DataDir
	cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + p.DataDir, goplugin.EnvUnixSocketDir + "=" + sockets}
	client := goplugin.NewClient(&goplugin.ClientConfig{
		HandshakeConfig: goplugin.HandshakeConfig{
			ProtocolVersion: pluginv1.Version, MagicCookieKey: pluginv1.CookieKey, MagicCookieValue: pluginv1.CookieValue,
		},
		VersionedPlugins: map[int]goplugin.PluginSet{pluginv1.Version: {"plugin": &dispensed{}}},
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		Cmd:              cmd, AutoMTLS: true, SkipHostEnv: true, StartTimeout: 30 * time.Second,
		Logger: hclog.NewNullLogger(), Stderr: io.Discard,
	})
	tb.Cleanup(func() {
		if cmd.Process != nil {
			_ = cmd.Process.Kill() // go-plugin would ask first, and wait
		}
		client.Kill()
		if err := os.RemoveAll(sockets); err != nil {
			tb.Error(err)
		}
	})
	protocol, err := client.Client()
	if err != nil {
		tb.Fatal(err)
	}
	raw, err := protocol.Dispense("plugin")
	if err != nil {
		tb.Fatal(err)
	}
	d, ok := raw.(*dispensed)
	if !ok {
		tb.Fatalf("go-plugin returned a %T", raw)
	}
	p.Clients = clientsOf(d.conn)
	if p.PID, err = strconv.Atoi(client.ID()); err != nil {
		tb.Fatal(err)
	}
	p.Broker, p.exited = d.broker.NextId(), client.Exited
	server := make(chan *grpc.Server, 1)
	go d.broker.AcceptAndServe(p.Broker, func(options []grpc.ServerOption) *grpc.Server {
		s := grpc.NewServer(options...)
		p.Host.Register(s)
		server <- s
		return s
	})
	p.leave = func() { (<-server).Stop() }
	return p
}

// dispensed is how go-plugin hands out the connection.
type dispensed struct {
	goplugin.NetRPCUnsupportedPlugin
	conn   *grpc.ClientConn
	broker *goplugin.GRPCBroker
}

// GRPCServer is the plugin's side.
func (*dispensed) GRPCServer(*goplugin.GRPCBroker, *grpc.Server) error { return os.ErrInvalid }

// GRPCClient returns the connection.
func (*dispensed) GRPCClient(_ context.Context, broker *goplugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return &dispensed{conn: conn, broker: broker}, nil
}

// Build compiles the Go program in dir and returns its path.
func Build(tb testing.TB, dir string) string {
	tb.Helper()
	out := filepath.Join(tb.TempDir(), "plugin")
	cmd := exec.CommandContext(tb.Context(), "go", "build", "-trimpath", "-o", out, ".") //nolint:gosec // a test's own
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := cmd.CombinedOutput(); err != nil {
		tb.Fatalf("build the plugin in %s: %v\n%s", dir, err, output)
	}
	return out
}
