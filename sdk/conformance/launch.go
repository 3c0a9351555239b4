package conformance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"google.golang.org/grpc"

	"github.com/patchbay-im/patchbay/sdk/manifest"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// Launch is a program to start.
type Launch struct {
	Program  string // path of the executable
	Bundle   string // the plugin's folder, which it may read
	DataDir  string // its working directory and HOME
	Manifest manifest.Manifest
	Output   io.Writer // what it prints, but for the handshake; safe for concurrent use
	Dial     []grpc.DialOption
}

// Process is a program that answered the handshake.
type Process struct {
	Conn      *grpc.ClientConn
	Broker    *goplugin.GRPCBroker
	PID       int
	Exited    <-chan struct{} // closed when it has ended
	Ending    func() string   // how it ended, for example "exit status 2"; after Exited
	Noise     func() string   // what it printed before the handshake
	Close     func()          // kills what is left and cleans up
	Isolation string          // what keeps it in its place, in words; "" = nothing does
}

// Launcher starts a program and returns it when it serves.
type Launcher func(ctx context.Context, l Launch) (*Process, error)

// startBudget bounds a start (3.5 of the plugin design: 10 seconds for programs
// that are compiled, 30 for others; the kit cannot tell which they are).
const startBudget = 30 * time.Second

// plainly starts a program as a plain child.
func plainly(ctx context.Context, l Launch) (*Process, error) {
	sockets, err := os.MkdirTemp("", "pb") // short: the name of a socket has some 100 bytes
	if err != nil {
		return nil, fmt.Errorf("make a folder for sockets: %w", err)
	}
	c := &child{launch: l, exited: make(chan struct{})}
	client := goplugin.NewClient(&goplugin.ClientConfig{
		HandshakeConfig: goplugin.HandshakeConfig{
			ProtocolVersion: pluginv1.Version, MagicCookieKey: pluginv1.CookieKey, MagicCookieValue: pluginv1.CookieValue,
		},
		VersionedPlugins: map[int]goplugin.PluginSet{pluginv1.Version: {dispensedName: &dispensed{}}},
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		AutoMTLS:         true, SkipHostEnv: true, StartTimeout: startBudget, Logger: hclog.NewNullLogger(),
		UnixSocketConfig: &goplugin.UnixSocketConfig{TempDir: sockets},
		GRPCDialOptions: append([]grpc.DialOption{
			grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(pluginv1.MaxMessage), grpc.MaxCallSendMsgSize(pluginv1.MaxMessage)),
		}, l.Dial...),
		RunnerFunc: func(_ hclog.Logger, spec *exec.Cmd, _ string) (runner.Runner, error) {
			c.prepare(ctx, spec.Env)
			return c, nil
		},
	})
	closeAll := func() {
		c.end()
		client.Kill() // its process is gone: this cleans up alone
		c.closePipes()
		_ = os.RemoveAll(sockets) // the system's own sweep comes after us
	}
	d, err := dispense(client)
	if err != nil {
		closeAll()
		return nil, fmt.Errorf("it did not start: %w%s", err, c.lastWords())
	}
	return &Process{
		Conn: d.conn, Broker: d.broker, PID: c.cmd.Process.Pid, Exited: c.exited,
		Ending: c.ending, Noise: c.noise.String, Close: closeAll,
	}, nil
}

const dispensedName = "plugin"

func dispense(client *goplugin.Client) (*dispensed, error) {
	protocol, err := client.Client()
	if err != nil {
		return nil, err
	}
	raw, err := protocol.Dispense(dispensedName)
	if err != nil {
		return nil, err
	}
	d, ok := raw.(*dispensed)
	if !ok {
		return nil, fmt.Errorf("go-plugin returned a %T", raw)
	}
	return d, nil
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

// child is go-plugin's runner: a program in a process group of its own, with
// nothing of our environment. It is patient with noise before the handshake,
// so that one scenario can tell of it and the others run all the same.
type child struct {
	launch Launch
	cmd    *exec.Cmd
	stdout *io.PipeReader
	stderr *io.PipeReader
	noise  output
	told   output // the last words of stderr
	exited chan struct{}
	closes []io.Closer
}

func (c *child) prepare(ctx context.Context, env []string) {
	c.cmd = exec.CommandContext(context.WithoutCancel(ctx), c.launch.Program)
	c.cmd.Dir = c.launch.DataDir
	c.cmd.Env = append(append(surroundings(c.launch.DataDir), pluginv1.HostIs()), env...)
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.cmd.WaitDelay = time.Second // what it started may hold its pipes
	line, lineIn := io.Pipe()
	quiet, quietIn := io.Pipe()
	c.stdout, c.stderr = line, quiet
	c.cmd.Stdout = &greeting{to: lineIn, noise: &c.noise, rest: c.launch.Output}
	c.cmd.Stderr = io.MultiWriter(&c.told, c.launch.Output)
	c.closes = []io.Closer{lineIn, quietIn}
}

// surroundings are the variables of a plugin's process, go-plugin's aside.
func surroundings(dir string) []string {
	return []string{"PATH=/usr/bin:/bin", "HOME=" + dir, "TMPDIR=" + dir, "LANG=C.UTF-8", "TZ=UTC"}
}

// greeting passes the handshake on, keeps what comes before it, and lets the
// rest go where output goes.
type greeting struct {
	to    io.Writer
	noise *output
	rest  io.Writer
	line  []byte
	done  bool
}

// Write takes what the program prints.
func (g *greeting) Write(p []byte) (int, error) {
	if g.done {
		return g.rest.Write(p)
	}
	for _, b := range p {
		g.line = append(g.line, b)
		if b != '\n' || g.done {
			continue
		}
		if isHandshake(string(g.line)) {
			g.done = true
			if _, err := g.to.Write(g.line); err != nil {
				return 0, err
			}
		} else {
			_, _ = g.noise.Write(g.line)
		}
		g.line = g.line[:0]
	}
	if g.done && len(g.line) > 0 {
		_, _ = g.rest.Write(g.line)
		g.line = nil
	}
	return len(p), nil
}

// isHandshake reports whether a line is "1|<protocol>|<network>|<address>|grpc...".
func isHandshake(line string) bool {
	return strings.HasPrefix(line, "1|") && strings.Count(line, "|") >= 4
}

// Start starts the program.
func (c *child) Start(context.Context) error {
	if err := c.cmd.Start(); err != nil {
		close(c.exited)
		return err
	}
	go func() {
		_ = c.cmd.Wait() // its state says how it ended
		c.closePipes()
		close(c.exited)
	}()
	return nil
}

func (c *child) closePipes() {
	for _, w := range c.closes {
		_ = w.Close() // a pipe in memory
	}
}

// ending says how the program ended.
func (c *child) ending() string {
	<-c.exited
	if c.cmd.ProcessState == nil {
		return "never started"
	}
	return c.cmd.ProcessState.String()
}

// end kills the program's group and waits for the program.
func (c *child) end() {
	if c.cmd == nil || c.cmd.Process == nil {
		return
	}
	_ = syscall.Kill(-c.cmd.Process.Pid, syscall.SIGKILL) // nobody is left
	<-c.exited
}

func (c *child) lastWords() string {
	if said := strings.TrimSpace(c.told.String()); said != "" {
		return " (it said: " + said + ")"
	}
	return ""
}

// Wait waits for the program.
func (c *child) Wait(context.Context) error {
	<-c.exited
	if c.cmd.ProcessState != nil && !c.cmd.ProcessState.Success() {
		return errors.New(c.cmd.ProcessState.String())
	}
	return nil
}

// Kill ends it.
func (c *child) Kill(context.Context) error {
	c.end()
	return nil
}

// Stdout is the handshake alone.
func (c *child) Stdout() io.ReadCloser { return c.stdout }

// Stderr is silent: the output has it.
func (c *child) Stderr() io.ReadCloser { return c.stderr }

// Name names the program.
func (c *child) Name() string { return c.launch.Program }

// ID is the process id.
func (c *child) ID() string {
	if c.cmd.Process == nil {
		return ""
	}
	return strconv.Itoa(c.cmd.Process.Pid)
}

// Diagnose has nothing to add.
func (*child) Diagnose(context.Context) string { return "" }

// PluginToHost changes nothing: both see the same files.
func (*child) PluginToHost(network, address string) (string, string, error) {
	return network, address, nil
}

// HostToPlugin changes nothing.
func (*child) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}
