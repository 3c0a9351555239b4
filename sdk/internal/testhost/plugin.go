package testhost

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"sync"
	"syscall"
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
	ending []func() error // for Close, the last first
	ended  sync.Once
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

// knowing is the connection to a plugin: the host knows the instances that the
// plugin is told of.
type knowing struct {
	grpc.ClientConnInterface
	host *Host
}

// Invoke implements grpc.ClientConnInterface.
func (k knowing) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	switch req := args.(type) {
	case *pluginv1.ConfigureRequest:
		for _, i := range req.GetInstances() {
			k.host.AddInstance(i)
		}
	case *pluginv1.RemoveInstanceRequest:
		k.host.DropInstance(req.GetInstanceId())
	}
	return k.ClientConnInterface.Invoke(ctx, method, args, reply, opts...)
}

// run makes a plugin the one that the host's schedules call.
func (h *Host) run(p *Plugin) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.running = p
}

// gone has schedules call the plugin no more.
func (h *Host) gone(p *Plugin) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.running == p {
		h.running = nil
	}
}

// Leave takes the host away from the plugin.
func (p *Plugin) Leave() { p.once.Do(p.leave) }

// Exited reports whether the process has ended.
func (p *Plugin) Exited() bool { return p.exited() }

// Signal sends a signal to the process.
func (p *Plugin) Signal(s syscall.Signal) error { return syscall.Kill(p.PID, s) }

// Close ends the plugin and all that was started for it.
func (p *Plugin) Close() error {
	var all []error
	p.ended.Do(func() {
		for _, end := range slices.Backward(p.ending) {
			all = append(all, end())
		}
	})
	return errors.Join(all...)
}

// Local is a plugin in this process.
type Local struct {
	Stamp stamp.Stamp
	Dir   string // its folder
	Log   *slog.Logger
	Level *slog.LevelVar // of Log, for the host to set; nil = it stays as it is
	Guest bool           // schedules never call it
	New   func(context.Context, bridge.Start) (bridge.Abilities, error)
}

// Dial connects to the host as a process of the plugin that has a folder, until
// end is called.
func Dial(h *Host, dir string, rights *Rights) (conn *grpc.ClientConn, end func() error, err error) {
	p := &Plugin{}
	conn, err = p.connect(h.serve(dir, rights))
	return conn, p.Close, err
}

// Join serves a plugin in this process, over connections in memory.
func Join(h *Host, l Local) (*Plugin, error) {
	if l.Log == nil {
		l.Log = slog.New(slog.DiscardHandler)
	}
	p := &Plugin{Host: h, DataDir: l.Dir, Gone: make(chan struct{}), exited: func() bool { return false }}
	hostServer := h.serve(l.Dir, nil)
	toHost, err := p.connect(hostServer)
	if err != nil {
		return nil, err
	}
	pluginServer := grpc.NewServer(bridge.ServerOptions(l.Log)...)
	bridge.NewServer(bridge.Config{
		Stamp: l.Stamp, Log: l.Log, Level: l.Level, New: l.New,
		Dial:     func(uint32) (*grpc.ClientConn, error) { return toHost, nil },
		HostGone: sync.OnceFunc(func() { close(p.Gone) }),
	}).Register(pluginServer)
	conn, err := p.connect(pluginServer)
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	p.Clients = clientsOf(knowing{conn, h})
	p.leave = hostServer.Stop
	p.ending = append(p.ending, func() error { h.gone(p); return nil })
	if !l.Guest {
		h.run(p)
	}
	return p, nil
}

// connect serves s in memory and returns a connection to it.
func (p *Plugin) connect(s *grpc.Server) (*grpc.ClientConn, error) {
	listener := bufconn.Listen(1 << 20)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = s.Serve(listener) // until Stop
	}()
	conn, err := grpc.NewClient("passthrough:///test", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(pluginv1.MaxMessage), grpc.MaxCallSendMsgSize(pluginv1.MaxMessage)),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	end := func() error {
		s.Stop()
		<-served
		return nil
	}
	if err != nil {
		return nil, errors.Join(err, end())
	}
	p.ending = append(p.ending, end, conn.Close)
	return conn, nil
}

// Program is a built plugin.
type Program struct {
	Path   string
	Dir    string    // its folder
	Stderr io.Writer // what it writes there; nil = nobody reads it
}

// Start runs a program as a plugin, as the core does, until Close or until ctx
// ends.
func Start(ctx context.Context, h *Host, from Program) (*Plugin, error) {
	sockets, err := os.MkdirTemp("", "pb") // a test's own folder may be too long for sockets
	if err != nil {
		return nil, err
	}
	if from.Stderr == nil {
		from.Stderr = io.Discard
	}
	p := &Plugin{Host: h, DataDir: from.Dir, ending: []func() error{func() error { return os.RemoveAll(sockets) }}}
	cmd := exec.CommandContext(ctx, from.Path) //nolint:gosec // the plugin that is tested
	cmd.Dir = from.Dir
	cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + from.Dir, goplugin.EnvUnixSocketDir + "=" + sockets, pluginv1.HostIs()}
	client := goplugin.NewClient(&goplugin.ClientConfig{
		HandshakeConfig: goplugin.HandshakeConfig{
			ProtocolVersion: pluginv1.Version, MagicCookieKey: pluginv1.CookieKey, MagicCookieValue: pluginv1.CookieValue,
		},
		VersionedPlugins: map[int]goplugin.PluginSet{pluginv1.Version: {"plugin": &dispensed{}}},
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		Cmd:              cmd, AutoMTLS: true, SkipHostEnv: true, StartTimeout: 30 * time.Second,
		Logger: hclog.NewNullLogger(), Stderr: from.Stderr,
		GRPCDialOptions: []grpc.DialOption{grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(pluginv1.MaxMessage), grpc.MaxCallSendMsgSize(pluginv1.MaxMessage))},
	})
	p.ending = append(p.ending, func() error {
		if cmd.Process != nil {
			_ = cmd.Process.Kill() // go-plugin would ask first, and wait
		}
		client.Kill()
		return nil
	})
	if err := p.dispense(client); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// dispense connects to the process.
func (p *Plugin) dispense(client *goplugin.Client) error {
	protocol, err := client.Client()
	if err != nil {
		return err
	}
	raw, err := protocol.Dispense("plugin")
	if err != nil {
		return err
	}
	d, ok := raw.(*dispensed)
	if !ok {
		return errors.New("go-plugin returned something else")
	}
	if p.PID, err = strconv.Atoi(client.ID()); err != nil {
		return err
	}
	p.Clients = clientsOf(knowing{d.conn, p.Host})
	p.Broker, p.exited = d.broker.NextId(), client.Exited
	server := make(chan *grpc.Server, 1)
	go d.broker.AcceptAndServe(p.Broker, func(options []grpc.ServerOption) *grpc.Server {
		s := p.Host.serve(p.DataDir, nil, options...)
		server <- s
		return s
	})
	p.leave = func() { (<-server).Stop() }
	p.Host.run(p)
	p.ending = append(p.ending, func() error { p.Host.gone(p); return nil })
	return nil
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

// Build compiles the Go program in dir into a file.
func Build(ctx context.Context, dir, to string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", to, ".") //nolint:gosec // the plugin that is tested
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := cmd.CombinedOutput(); err != nil {
		return errors.New("build the plugin in " + dir + ": " + err.Error() + "\n" + string(bytes.TrimSpace(output)))
	}
	return nil
}
