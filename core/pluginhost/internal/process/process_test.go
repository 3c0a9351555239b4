//go:build linux

package process_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/patchbay-im/patchbay/core/pluginhost/internal/process"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// output collects what processes print.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (*output) Close() error { return nil }

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// spec returns the Spec of a shell script, which is as good as any program
// that is no plugin.
func spec(t *testing.T, script string) (process.Spec, *output) {
	t.Helper()
	dir := t.TempDir()
	program := filepath.Join(dir, "plugin")
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	sockets := t.TempDir()
	t.Cleanup(func() {
		left, err := os.ReadDir(sockets)
		if err != nil || len(left) > 0 {
			t.Errorf("left in the socket folder: %v %v", left, err)
		}
	})
	out := &output{}
	return process.Spec{
		Program: program, DataDir: dir, SocketDir: sockets,
		Output: func(string) io.WriteCloser { return out },
	}, out
}

func startError(t *testing.T, s process.Spec, budget time.Duration) *process.StartError {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), budget)
	defer cancel()
	p, err := process.Start(ctx, s)
	if err == nil {
		p.Close()
		t.Fatal("it started")
	}
	e, ok := errors.AsType[*process.StartError](err)
	if !ok {
		t.Fatalf("got %v, want a StartError", err)
	}
	return e
}

func TestFailedStarts(t *testing.T) {
	tests := map[string]struct {
		script    string
		budget    time.Duration
		want      string
		permanent bool
	}{
		"ends":              {script: "echo why >&2; exit 3", budget: 5 * time.Second, want: "ended before it was ready (exit status 3)"},
		"hangs":             {script: "sleep 60", budget: 300 * time.Millisecond, want: "did not get ready in time"},
		"says garbage":      {script: "echo hello; sleep 60", budget: 5 * time.Second, want: `printed "hello" where the handshake belongs`},
		"says too much":     {script: "head -c 100000 /dev/zero | tr '\\0' x; sleep 60", budget: 5 * time.Second, want: "where the handshake belongs"},
		"wrong protocol":    {script: `echo "1|99|unix|$PLUGIN_UNIX_SOCKET_DIR/x|grpc"; sleep 60`, budget: 5 * time.Second, want: "another version of the protocol"},
		"foreign address":   {script: `echo "1|1|unix|/run/foreign.sock|grpc"; sleep 60`, budget: 5 * time.Second, want: "The handshake failed"},
		"tcp address":       {script: `echo "1|1|tcp|127.0.0.1:1|grpc"; sleep 60`, budget: 5 * time.Second, want: "The handshake failed"},
		"nobody behind":     {script: `echo "1|1|unix|$PLUGIN_UNIX_SOCKET_DIR/x|grpc"; sleep 60`, budget: 5 * time.Second, want: "printed the handshake but does not answer"},
		"no interpreter":    {script: "", budget: 5 * time.Second, want: "ended before it was ready (exit status 0)"},
		"floods and hangs":  {script: "yes flood >&2 & sleep 60", budget: 300 * time.Millisecond, want: "did not get ready in time"},
		"leaves a grandkid": {script: "sleep 60 & exit 1", budget: 5 * time.Second, want: "exit status 1"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s, _ := spec(t, tt.script)
			e := startError(t, s, tt.budget)
			if !strings.Contains(e.Detail, tt.want) || e.Permanent != tt.permanent {
				t.Errorf("got %q (permanent %v), want %q", e.Error(), e.Permanent, tt.want)
			}
		})
	}
}

func TestNoProgram(t *testing.T) {
	s, _ := spec(t, "exit 0")
	if err := os.Chmod(s.Program, 0o600); err != nil {
		t.Fatal(err)
	}
	if e := startError(t, s, time.Second); !e.Permanent || !strings.Contains(e.Detail, "chmod +x") {
		t.Errorf("not executable: %+v", e)
	}
	s.Program += "x"
	if e := startError(t, s, time.Second); !e.Permanent || !strings.Contains(e.Detail, "patchbay plugin build") {
		t.Errorf("missing: %+v", e)
	}
	if err := os.WriteFile(s.Program, []byte("no program at all"), 0o700); err != nil {
		t.Fatal(err)
	}
	if e := startError(t, s, time.Second); !e.Permanent || !strings.Contains(e.Detail, "another system") {
		t.Errorf("wrong format: %+v", e)
	}
}

func TestCancelledStart(t *testing.T) {
	s, _ := spec(t, "sleep 60")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := process.Start(ctx, s); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the cancellation", err)
	}
}

// What a process inherits: a handful of variables, no input, no privileges to
// gain, its own group, low limits, nothing of our files but its own program.
func TestWhatIsInherited(t *testing.T) {
	t.Setenv("PATCHBAY_SECRET", "hunter2")
	s, out := spec(t, `tr '\n' ' ' </proc/$$/environ | tr '\0' '\n' | cut -d= -f1 >&2
readlink /proc/self/fd/0 >&2
grep NoNewPrivs /proc/self/status >&2
cut -d' ' -f5 /proc/$$/stat >&2; echo $$ >&2
ls /proc/$$/fd >&2
exit 7`)
	if e := startError(t, s, 5*time.Second); !strings.Contains(e.Detail, "exit status 7") {
		t.Fatal(e)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	for i, name := range lines {
		if name == "/dev/null" {
			lines = lines[i:]
			break
		}
		known := []string{"HOME", "TMPDIR", "LANG", "PATH", "TZ", "PATCHBAY_PLUGIN", "PATCHBAY_HOST_PID"}
		if !slices.Contains(known, name) && !strings.HasPrefix(name, "PLUGIN_") {
			t.Errorf("it inherits %s", name)
		}
	}
	if len(lines) < 4 || lines[0] != "/dev/null" || lines[1] != "NoNewPrivs:\t1" || lines[2] != lines[3] {
		t.Errorf("standard input, no_new_privs, process group and pid: %q", lines)
	}
	for _, fd := range lines[4:] { // from 10: the shell's own copies
		if !slices.Contains([]string{"0", "1", "2", "3", "10", "11", "12"}, fd) {
			t.Errorf("it inherits the file %s", fd)
		}
	}
}

// The limits are set right after the start.
func TestLimits(t *testing.T) {
	s, out := spec(t, `while [ "$(ulimit -n)" != 256 ]; do :; done; ulimit -c >&2; cat /proc/self/oom_score_adj >&2; exit 7`)
	if e := startError(t, s, 5*time.Second); !strings.Contains(e.Detail, "exit status 7") {
		t.Fatal(e)
	}
	if got := out.String(); got != "0\n500\n" {
		t.Errorf("core limit and OOM score: %q", got)
	}
}

// A grandchild dies with the plugin.
func TestTheGroupDies(t *testing.T) {
	s, _ := spec(t, `sleep 61 & echo $! > pid; exit 0`)
	if e := startError(t, s, 5*time.Second); e.Permanent {
		t.Fatal(e)
	}
	data, err := os.ReadFile(filepath.Join(s.DataDir, "pid"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(5 * time.Second)
	for alive(pid) {
		if time.Now().After(deadline) {
			t.Fatal("the grandchild lives on")
		}
		time.Sleep(time.Millisecond)
	}
}

func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

func TestSweep(t *testing.T) {
	base := filepath.Join(t.TempDir(), "sockets")
	for range 2 {
		if err := process.Sweep(base); err != nil {
			t.Fatal(err)
		}
		if left, err := os.ReadDir(base); err != nil || len(left) > 0 {
			t.Fatalf("left: %v %v", left, err)
		}
		if err := os.MkdirAll(filepath.Join(base, "old", "deep"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(base, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := process.Sweep(base); err == nil {
		t.Error("a folder that others can read was accepted")
	}
	link := base + "-link"
	if err := os.Symlink(t.TempDir(), link); err != nil {
		t.Fatal(err)
	}
	if err := process.Sweep(link); err == nil {
		t.Error("a link was accepted")
	}
}
