// Package process starts one plugin process and ends it: the launch, the
// handshake and the connection, without a word about what is said over it.
//
// go-plugin does the handshake, the certificates and the broker. It is not
// trusted to supervise: two of its calls hang for ever on a stopped process
// (https://github.com/hashicorp/terraform/issues/38939), so nothing here waits
// on it without a deadline, and processes are killed by their group before it
// is asked to clean up.
//
// Lifecycle: Start returns a process that serves, or nothing at all is left of
// it. Close ends whatever is left; it must be called once.
package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"google.golang.org/grpc"

	"github.com/patchbay-im/patchbay/core/pluginhost/internal/cgroup"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// Levels of output that does not say its own.
const (
	levelStdout = "info"
	levelStderr = "warn"
)

// cleanup bounds the wait for go-plugin's own goroutines.
const cleanup = 5 * time.Second

// Spec is what to start.
type Spec struct {
	Program   string // path of the executable
	DataDir   string // its working directory and HOME
	SocketDir string // a private folder is made in it
	Dial      []grpc.DialOption

	// Attach is a file in which a program that somebody runs says where it serves:
	// instead of a start, that is waited for. "" = Program is started.
	Attach string

	// Bundle is a folder that a confined process may read; "" = none.
	Bundle string
	// Confine keeps the process from every file but its own. Where the system
	// cannot do that the process starts all the same, and Reached says so.
	Confine bool
	Limits  Limits
	Groups  *cgroup.Tree // nil: Ungrouped says why
	// Ungrouped is why there are no control groups: a sentence without its end.
	Ungrouped string

	// Output makes a writer for one stream of output; level is that of lines
	// which do not say their own. Each writer is used by one goroutine.
	Output func(level string) io.WriteCloser
}

// Process is a running plugin that answered the handshake.
type Process struct {
	runner *process
	client *goplugin.Client
	conn   *grpc.ClientConn
	broker *goplugin.GRPCBroker
	dir    string
}

// StartError is a start that failed.
type StartError struct {
	Detail    string // what happened and what to do: a sentence for administrators
	Permanent bool   // it fails again until somebody mends something
	Cause     error
}

// Error returns detail and cause.
func (e *StartError) Error() string {
	if e.Cause == nil {
		return e.Detail
	}
	return e.Detail + ": " + e.Cause.Error()
}

// Unwrap returns the cause.
func (e *StartError) Unwrap() error { return e.Cause }

// Start starts a process and returns it when it serves. ctx bounds all of it.
// The error is a *StartError, except when ctx was cancelled.
func Start(ctx context.Context, s Spec) (*Process, error) {
	if s.Attach != "" {
		return attach(ctx, s)
	}
	file, sum, err := open(s.Program)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(s.SocketDir, "")
	if err != nil {
		file.Close() //nolint:errcheck,gosec // only read
		return nil, &StartError{Detail: "Cannot make a private folder for its sockets; check the rights on " + s.SocketDir, Cause: err}
	}
	p := &Process{dir: dir, runner: newProcess(s, file, sum, dir)}
	if err := p.connect(ctx, s); err != nil {
		p.Close()
		if errors.Is(ctx.Err(), context.Canceled) {
			return nil, ctx.Err()
		}
		return nil, p.runner.explain(err)
	}
	p.runner.limit() // again: a Go program raises its own limit while it starts
	return p, nil
}

// connect runs go-plugin's part in its own goroutine: its calls take locks and
// no context.
func (p *Process) connect(ctx context.Context, s Spec) error {
	config := &goplugin.ClientConfig{
		HandshakeConfig: goplugin.HandshakeConfig{
			ProtocolVersion: pluginv1.Version, MagicCookieKey: pluginv1.CookieKey, MagicCookieValue: pluginv1.CookieValue,
		},
		VersionedPlugins: map[int]goplugin.PluginSet{pluginv1.Version: {pluginName: &dispensed{}}},
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		AutoMTLS:         true,
		SkipHostEnv:      true,
		Logger:           hclog.NewNullLogger(),
		SyncStdout:       s.Output(levelStdout), // what the program prints through the SDK's pipes
		SyncStderr:       s.Output(levelStderr),
		UnixSocketConfig: &goplugin.UnixSocketConfig{TempDir: p.dir},
		GRPCDialOptions: append([]grpc.DialOption{
			grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(pluginv1.MaxMessage), grpc.MaxCallSendMsgSize(pluginv1.MaxMessage)),
		}, s.Dial...),
		RunnerFunc: func(_ hclog.Logger, spec *exec.Cmd, _ string) (runner.Runner, error) {
			p.runner.prepare(spec.Env)
			return p.runner, nil
		},
	}
	if deadline, ok := ctx.Deadline(); ok {
		config.StartTimeout = max(time.Until(deadline), time.Millisecond)
	}
	p.client = goplugin.NewClient(config)
	result := make(chan error, 1)
	go func() { result <- p.handshake(ctx, config) }()
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
	case <-p.runner.exited:
	}
	p.runner.kill()
	select {
	case err := <-result:
		if err == nil {
			err = errors.New("it ended right after the handshake")
		}
		return err
	case <-time.After(cleanup):
		return errors.New("the handshake did not return")
	}
}

// handshake reads the address, proves that somebody serves there, and only
// then lets go-plugin connect: a client of it that fails half-way is not
// cleaned up.
func (p *Process) handshake(ctx context.Context, config *goplugin.ClientConfig) error {
	address, err := p.client.Start()
	if err != nil {
		return err
	}
	if err := probe(ctx, address, config.TLSConfig); err != nil {
		return &unanswered{cause: err}
	}
	protocol, err := p.client.Client()
	if err != nil {
		return err
	}
	raw, err := protocol.Dispense(pluginName)
	if err != nil {
		return err
	}
	d, ok := raw.(*dispensed)
	if !ok {
		return fmt.Errorf("go-plugin returned a %T", raw)
	}
	p.conn, p.broker = d.conn, d.broker
	return nil
}

// Conn is the connection to the plugin.
func (p *Process) Conn() *grpc.ClientConn { return p.conn }

// Broker makes the connection the other way.
func (p *Process) Broker() *goplugin.GRPCBroker { return p.broker }

// PID returns the process's id.
func (p *Process) PID() int { return p.runner.pid() }

// Sum returns the SHA-256 (hex) of the program that runs: of the very file that
// was executed.
func (p *Process) Sum() string { return p.runner.sum }

// Exited is closed when the process has ended.
func (p *Process) Exited() <-chan struct{} { return p.runner.exited }

// Ending says how the process ended, for example "exit status 2"; only after Exited.
func (p *Process) Ending() string { return p.runner.ending() }

// Reached says what keeps the process in its place.
func (p *Process) Reached() Reached { return p.runner.reached() }

// OutOfMemory reports whether the process ended because it used more memory
// than its limit; only after Exited, and before Close.
func (p *Process) OutOfMemory() bool { return p.runner.outOfMemory() }

// Overrun ends a process that uses more memory than its limit, where the kernel
// does not do it.
func (p *Process) Overrun() { p.runner.overrun() }

// Memory returns how many bytes of memory the process occupies; 0 = unknown.
func (p *Process) Memory() int64 { return resident(p.PID()) }

// Terminate asks the process to end (SIGTERM).
func (p *Process) Terminate() { p.runner.signal(terminate) }

// Dump asks a Go program to print its goroutines and to end (SIGQUIT).
func (p *Process) Dump() { p.runner.signal(dump) }

// Kill ends the process and everything it started, at once.
func (p *Process) Kill() { p.runner.kill() }

// Close kills what is left and cleans up: go-plugin's goroutines, the socket
// folder, the pipes.
func (p *Process) Close() {
	p.runner.kill()
	if p.runner.begun() {
		select {
		case <-p.runner.exited:
		case <-time.After(cleanup): // stuck in the kernel
		}
	}
	if p.conn != nil && p.runner.attached != 0 { // go-plugin closes nothing then
		_ = p.conn.Close()
	} else if p.conn != nil { // otherwise its Kill would connect first, to nobody
		done := make(chan struct{})
		go func() {
			defer close(done)
			p.client.Kill()
		}()
		select {
		case <-done:
		case <-time.After(cleanup):
		}
	}
	p.runner.closePipes()
	p.runner.leaveGroup()
	_ = os.RemoveAll(p.dir) // swept at the next start of the server otherwise
}

// Sweep empties the base folder of sockets and makes it private. It refuses a
// path that is not ours: the folder is usually below a world-writable one.
func Sweep(base string) error {
	if err := os.Mkdir(base, 0o700); err == nil {
		return nil
	} else if !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("make the folder for plugin sockets: %w", err)
	}
	info, err := os.Lstat(base)
	if err != nil {
		return fmt.Errorf("look at the folder for plugin sockets: %w", err)
	}
	if !info.IsDir() || info.Mode().Perm() != 0o700 || !owned(info) {
		return fmt.Errorf("%s is not a private folder of this user: remove it", base)
	}
	left, err := os.ReadDir(base)
	if err != nil {
		return fmt.Errorf("read the folder for plugin sockets: %w", err)
	}
	for _, entry := range left {
		if err := os.RemoveAll(filepath.Join(base, entry.Name())); err != nil {
			return fmt.Errorf("sweep the folder for plugin sockets: %w", err)
		}
	}
	return nil
}
