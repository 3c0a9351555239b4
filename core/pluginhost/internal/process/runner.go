package process

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/patchbay-im/patchbay/core/pluginhost/internal/cgroup"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// lastWords bounds the wait for what a dead process wrote.
const lastWords = time.Second

// maxHandshake bounds the line that a plugin prints when it serves, in bytes.
const maxHandshake = 16 << 10

// process is our runner.Runner: one child in its own process group, executed
// from the very file that was hashed.
//
// Concurrency: one OS thread starts the child and waits for it. The child asks
// the kernel to be killed when that thread ends (Pdeathsig), so the thread must
// outlive it, which it does by being the one that waits.
type process struct {
	spec Spec
	file *os.File
	sum  string
	dir  string
	cmd  *exec.Cmd

	stdout, stderr *os.File // our ends of the child's pipes
	line           *io.PipeReader
	lineWriter     *io.PipeWriter
	quiet          *io.PipeReader // stderr as go-plugin sees it: we read it ourselves
	quietWriter    *io.PipeWriter
	readers        sync.WaitGroup

	exited chan struct{}

	attached int // the process that somebody else runs; 0 = it is our child

	mu      sync.Mutex
	started bool
	doomed  bool // killed, perhaps before there was a child
	child   *os.Process
	group   *cgroup.Group // nil = none
	reach   Reached
	overran bool // we ended it for want of memory
	reaped  bool
	launch  error  // why there is no child
	state   string // how it ended
	said    string // the first line
	saidAny bool
}

// open opens and hashes a program.
func open(path string) (*os.File, string, error) {
	file, err := os.Open(path) //nolint:gosec // the catalogue's path
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, "", &StartError{Permanent: true, Detail: fmt.Sprintf("Its program %s is missing. Build it again (patchbay plugin build), then restart the plugin.", path)}
	case err != nil:
		return nil, "", &StartError{Permanent: true, Detail: "Its program cannot be opened; check the rights of the file, then restart the plugin", Cause: err}
	}
	info, err := file.Stat()
	if err == nil && (!info.Mode().IsRegular() || info.Mode().Perm()&0o111 == 0) {
		err = &StartError{Permanent: true, Detail: fmt.Sprintf("Its program %s is not an executable file. Build it again, or chmod +x, then restart the plugin.", path)}
	}
	hash := sha256.New()
	if err == nil {
		_, err = io.Copy(hash, file)
	}
	if err != nil {
		file.Close() //nolint:errcheck,gosec // only read
		if _, ok := errors.AsType[*StartError](err); ok {
			return nil, "", err
		}
		return nil, "", &StartError{Detail: "Its program cannot be read", Cause: err}
	}
	return file, hex.EncodeToString(hash.Sum(nil)), nil
}

func newProcess(s Spec, file *os.File, sum, dir string) *process {
	r := &process{spec: s, file: file, sum: sum, dir: dir, exited: make(chan struct{})}
	r.line, r.lineWriter = io.Pipe()
	r.quiet, r.quietWriter = io.Pipe()
	return r
}

// prepare takes go-plugin's variables: nothing of our own environment reaches
// the child.
func (r *process) prepare(env []string) {
	r.cmd = command(r.file, r.spec.Program)
	r.cmd.Dir = r.spec.DataDir
	r.cmd.Env = append(append([]string{
		"PATH=/usr/bin:/bin", "HOME=" + r.spec.DataDir, "TMPDIR=" + r.spec.DataDir, "LANG=C.UTF-8", "TZ=UTC", pluginv1.HostIs(),
	}, r.spec.Limits.environment()...), env...)
}

// Start starts the child.
func (r *process) Start(context.Context) error {
	r.mu.Lock()
	r.started = true
	r.mu.Unlock()
	started := make(chan error, 1)
	go r.live(started)
	err := <-started
	if err == nil {
		r.limit() // not by the thread of the child: it may touch no more than the child
	}
	return err
}

// limit lowers what the child may use.
func (r *process) limit() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.child != nil && !r.reaped {
		limit(r.child.Pid)
	}
}

// live is the thread of the child: it starts it and waits for it.
func (r *process) live(started chan<- error) {
	runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
	defer close(r.exited)
	defer r.lineWriter.Close()  //nolint:errcheck // a pipe in memory
	defer r.quietWriter.Close() //nolint:errcheck // a pipe in memory
	err := r.begin()
	if err != nil {
		r.mu.Lock()
		r.launch, r.reaped = err, true
		r.mu.Unlock()
		started <- err
		return
	}
	started <- nil
	if awaitExit(r.cmd.Process.Pid) {
		r.kill() // what it started goes with it
		r.mu.Lock()
		r.reaped = true
		r.mu.Unlock()
	}
	err = r.cmd.Wait()
	state := "exit status 0"
	if err != nil {
		state = err.Error()
	}
	r.mu.Lock()
	r.reaped, r.state = true, state
	r.mu.Unlock()
}

func (r *process) begin() error {
	defer r.file.Close() //nolint:errcheck // the child has its own
	if err := r.restrict(); err != nil {
		return err
	}
	stdout, childOut, err := os.Pipe()
	if err != nil {
		return err
	}
	defer childOut.Close() //nolint:errcheck // the child has its own
	stderr, childErr, err := os.Pipe()
	if err != nil {
		stdout.Close() //nolint:errcheck,gosec // unused
		return err
	}
	defer childErr.Close() //nolint:errcheck // the child has its own
	r.cmd.Stdout, r.cmd.Stderr = childOut, childErr
	if err := r.cmd.Start(); err != nil {
		stdout.Close() //nolint:errcheck,gosec // unused
		stderr.Close() //nolint:errcheck,gosec // unused
		return err
	}
	r.mu.Lock()
	r.child, r.stdout, r.stderr = r.cmd.Process, stdout, stderr
	doomed := r.doomed
	r.mu.Unlock()
	if doomed {
		r.kill()
	}
	r.readers.Go(func() { r.readStdout(stdout) })
	r.readers.Go(func() { drainInto(r.spec.Output(levelStderr), stderr) })
	return nil
}

// readStdout passes the first line to go-plugin, and the rest to the journal.
func (r *process) readStdout(stdout io.Reader) {
	out := bufio.NewReaderSize(stdout, maxHandshake)
	first, err := out.ReadSlice('\n') // a line without end is cut at the buffer
	if len(first) > 0 {
		r.mu.Lock()
		r.said, r.saidAny = strings.TrimSpace(string(first)), true
		r.mu.Unlock()
		_, _ = io.WriteString(r.lineWriter, strings.TrimRight(string(first), "\r\n")+"\n")
	}
	if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
		return
	}
	drainInto(r.spec.Output(levelStdout), out)
}

// drainInto copies until the child is gone.
func drainInto(w io.WriteCloser, from io.Reader) {
	_, _ = io.Copy(w, from) // a journal does not fail
	_ = w.Close()
}

// begun reports whether the child was started, or tried to.
func (r *process) begun() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.started
}

// Wait waits for the child.
func (r *process) Wait(context.Context) error {
	<-r.exited
	return nil
}

// Kill ends the child and everything in its group.
func (r *process) Kill(context.Context) error {
	r.kill()
	return nil
}

func (r *process) kill() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.doomed = true
	if r.child != nil && !r.reaped {
		killGroup(r.child)
	}
}

func (r *process) signal(s os.Signal) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.child != nil && !r.reaped {
		_ = r.child.Signal(s) // it is ending already
	}
}

// closePipes ends the readers. They read to the end first, which comes at once,
// unless something the child started left its group and holds the pipes open.
func (r *process) closePipes() {
	done := make(chan struct{})
	go func() {
		r.readers.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(lastWords):
	}
	r.mu.Lock()
	stdout, stderr := r.stdout, r.stderr
	r.mu.Unlock()
	for _, f := range []*os.File{stdout, stderr} {
		if f != nil {
			_ = f.Close()
		}
	}
	_ = r.line.Close()
	_ = r.quiet.Close()
	_ = r.file.Close() // closed already, when there was a start
	<-done
}

func (r *process) pid() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.child == nil {
		return r.attached
	}
	return r.child.Pid
}

func (r *process) ending() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state
}

// Stdout is the handshake line and nothing else.
func (r *process) Stdout() io.ReadCloser { return r.line }

// Stderr is silent: the journal has it.
func (r *process) Stderr() io.ReadCloser { return r.quiet }

// Name names the program.
func (r *process) Name() string { return r.spec.Program }

// ID is the process id; "" before the start.
func (r *process) ID() string {
	if pid := r.pid(); pid > 0 {
		return strconv.Itoa(pid)
	}
	return ""
}

// Diagnose has nothing to add: see explain.
func (r *process) Diagnose(context.Context) string { return "" }

// PluginToHost refuses every address but a socket in the plugin's own folder:
// the host must not be led to dial something else.
func (r *process) PluginToHost(network, address string) (string, string, error) {
	inside := strings.HasPrefix(filepath.Clean(address), r.dir+string(filepath.Separator))
	if network != "unix" || !inside {
		return "", "", fmt.Errorf("%s %q is no socket in its private folder", network, address)
	}
	return network, address, nil
}

// HostToPlugin changes nothing: both see the same files.
func (r *process) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}

// unanswered is a handshake with nobody behind it.
type unanswered struct{ cause error }

func (u *unanswered) Error() string {
	return "nobody serves at the address it printed: " + u.cause.Error()
}

// explain turns a failed start into a sentence for administrators.
func (r *process) explain(err error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, silent := errors.AsType[*unanswered](err)
	switch {
	case r.launch != nil && isStartError(r.launch):
		return r.launch
	case errors.Is(r.launch, syscall.ENOEXEC):
		return &StartError{Permanent: true, Cause: err, Detail: "Its program was built for another system. Build it for this one, then restart the plugin"}
	case r.launch != nil:
		return &StartError{Cause: r.launch, Detail: "Its program cannot be started"}
	case r.state != "" && !strings.Contains(r.state, "killed") && !r.saidAny:
		return &StartError{Detail: fmt.Sprintf("It ended before it was ready (%s). Its output says why.", r.state)}
	case !r.saidAny:
		return &StartError{Detail: "It did not get ready in time: it hangs at start, or is no plugin of ours. Its output may say why."}
	case silent:
		return &StartError{Cause: err, Detail: "It printed the handshake but does not answer"}
	case strings.HasPrefix(r.said, "1|"):
		return &StartError{Cause: err, Detail: "The handshake failed. It may have been built for another version of the protocol; build it with the SDK of this server"}
	default:
		return &StartError{Detail: fmt.Sprintf("It printed %q where the handshake belongs. A plugin prints nothing before sdk.Serve.", cut(r.said))}
	}
}

func cut(s string) string {
	if len(s) > 80 {
		return strings.ToValidUTF8(s[:80], "") + "…"
	}
	return s
}

func isStartError(err error) bool {
	_, ok := errors.AsType[*StartError](err)
	return ok
}
