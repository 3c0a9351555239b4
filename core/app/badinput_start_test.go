package app_test

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/mounttest"
	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// refusal starts a server that must not start, and returns what it says.
func refusal(t *testing.T, o rig.Options, out *rig.Output) string {
	t.Helper()
	server, err := rig.Launch(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Kill)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	code, err := server.Wait(ctx)
	if err != nil {
		t.Fatalf("it starts: %v\n%s", err, out.Tail())
	}
	if code != 1 {
		t.Errorf("status %d, want 1", code)
	}
	return out.String()
}

func says(t *testing.T, text string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("it does not say %q:\n%s", w, text)
		}
	}
	if strings.Contains(text, "goroutine ") {
		t.Errorf("it panics:\n%s", text)
	}
}

func TestStartIsRefusedWithTheCure(t *testing.T) {
	file := func(t *testing.T, text string) string {
		t.Helper()
		name := filepath.Join(t.TempDir(), "patchbay.yaml")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	for name, tt := range map[string]struct {
		change func(t *testing.T, o *rig.Options)
		want   []string
	}{
		"port in use": {func(t *testing.T, o *rig.Options) {
			t.Helper()
			l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = l.Close() })
			o.Address = l.Addr().String()
		}, []string{"is in use", "--server.address"}},
		"config typo": {func(t *testing.T, o *rig.Options) {
			t.Helper()
			o.Args = []string{"--config", file(t, "server:\n  addrss: 127.0.0.1:1\n")}
		}, []string{"server.addrss", `did you mean "server.address"`}},
		"config of the wrong type": {func(t *testing.T, o *rig.Options) {
			t.Helper()
			o.Args = []string{"--config", file(t, "metrics:\n  address: [1, 2]\n")}
		}, []string{"wrong type", "metrics.address"}},
		"config that is no YAML": {func(t *testing.T, o *rig.Options) {
			t.Helper()
			o.Args = []string{"--config", file(t, "server: [")}
		}, []string{"not valid YAML"}},
		"config that is not there": {func(t *testing.T, o *rig.Options) {
			t.Helper()
			o.Args = []string{"--config", "/nowhere/patchbay.yaml"}
		}, []string{"/nowhere/patchbay.yaml", "cannot be read"}},
		"unknown variable": {func(_ *testing.T, o *rig.Options) {
			o.Env = append(o.Env, "PATCHBAY_SERVER_ADDRSS=127.0.0.1:1")
		}, []string{"PATCHBAY_SERVER_ADDRSS", "PATCHBAY_SERVER_ADDRESS"}},
		"unknown flag": {func(_ *testing.T, o *rig.Options) { o.Args = []string{"--server.addrss=x"} }, []string{"--server.addrss"}},
		"open to the world without a word": {func(_ *testing.T, o *rig.Options) {
			o.Args = []string{"--server.address=0.0.0.0:0"}
		}, []string{"insecure_http"}},
		"weak password of the first owner": {func(_ *testing.T, o *rig.Options) {
			o.Env = append(o.Env, "PATCHBAY_ADMIN_PASSWORD=short")
		}, []string{"admin", "password"}},
		"plugins folder that is not there": {func(_ *testing.T, o *rig.Options) {
			o.Product.Plugins = "/nowhere/plugins"
		}, []string{"/nowhere/plugins", "plugins.dev_dir"}},
		"data folder that is a file": {func(t *testing.T, o *rig.Options) {
			t.Helper()
			o.DataDir = file(t, "")
		}, []string{"data_dir", "--data-dir"}},
		"data folder that cannot be made": {func(_ *testing.T, o *rig.Options) {
			o.DataDir = "/proc/patchbay"
		}, []string{"data_dir", "--data-dir"}},
		"database that is a folder": {func(t *testing.T, o *rig.Options) {
			t.Helper()
			if err := os.Mkdir(filepath.Join(o.DataDir, "patchbay.db"), 0o700); err != nil {
				t.Fatal(err)
			}
		}, []string{"patchbay.db", "is a folder"}},
		"database that is something else": {func(t *testing.T, o *rig.Options) {
			t.Helper()
			if err := os.WriteFile(filepath.Join(o.DataDir, "patchbay.db"), []byte(strings.Repeat("not a database\n", 1000)), 0o600); err != nil {
				t.Fatal(err)
			}
		}, []string{"damaged", "restore a backup"}},
		"database server that is not there": {func(_ *testing.T, o *rig.Options) {
			o.Env = append(o.Env, "PATCHBAY_DATABASE_URL=postgres://x:y@127.0.0.1:1/z?connect_timeout=2")
		}, []string{"cannot be reached"}},
	} {
		t.Run(name, func(t *testing.T) {
			o, out := settings(t)
			tt.change(t, &o)
			says(t, refusal(t, o, out), append(tt.want, "patchbay: ")...)
			if strings.Contains(out.String(), "hunter") || strings.Contains(out.String(), ownerPassword) {
				t.Error("it tells a secret")
			}
		})
	}
}

func TestPortInUseTouchesNothing(t *testing.T) {
	s := open(t)
	o, out := s.options, &rig.Output{}
	o.Log = out
	says(t, refusal(t, o, out), "is in use")
	s.sound()
}

// A data folder that this user may not write. Root may write everything, so
// root starts the server as nobody.
func TestReadOnlyDataDir(t *testing.T) {
	o, out := settings(t)
	o.DataDir = filepath.Join(openFolder(t), "data")
	if err := os.Mkdir(o.DataDir, 0o555); err != nil {
		t.Fatal(err)
	}
	o.User = nobody()
	says(t, refusal(t, o, out), "data_dir", "not writable", "--data-dir")
}

func TestReadOnlyDatabase(t *testing.T) {
	s := open(t)
	s.server.Kill()
	o, out := s.options, &rig.Output{}
	o.DataDir, o.Log, o.User = filepath.Join(openFolder(t), "data"), out, nobody()
	handOver(t, s.options.DataDir, o.DataDir, o.User)
	for _, name := range []string{"patchbay.db", "patchbay.db-wal", "patchbay.db-shm"} {
		if err := os.Chmod(filepath.Join(o.DataDir, name), 0o444); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	says(t, refusal(t, o, out), "database file cannot be written", "permissions")
	s.start() // the original is as it was
	s.sound()
}

// handOver copies a data folder for a user, with the modes of the files: the
// server refuses a master key that others may read.
func handOver(t *testing.T, from, to string, user *syscall.Credential) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(from, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		copied := filepath.Join(to, strings.TrimPrefix(name, from))
		if user != nil {
			err = os.Chown(copied, int(user.Uid), int(user.Gid))
		}
		return errors.Join(err, os.Chmod(copied, info.Mode().Perm()))
	})
	if err != nil {
		t.Fatal(err)
	}
}

// openFolder is a temporary folder that everybody may enter.
func openFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "patchbay-test-") //nolint:usetesting // nobody else may enter what t.TempDir makes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// nobody is whom root becomes; anybody else stays who they are.
func nobody() *syscall.Credential {
	if os.Getuid() != 0 {
		return nil
	}
	return &syscall.Credential{Uid: 65534, Gid: 65534}
}

// A disk that is full stops nothing but writing, and the server recovers when
// there is space again. The disk is a small one of the server's own.
func TestFullDisk(t *testing.T) {
	mounttest.Need(t)
	dir := t.TempDir()
	s := open(t, func(o *rig.Options) {
		o.DataDir = dir
		o.Wrap = []string{"unshare", "-m", "sh", "-c", `mount -t tmpfs -o size=256m none "$1" && shift && exec "$@"`, "sh", dir}
	})
	inside := filepath.Join("/proc", strconv.Itoa(s.server.PID()), "root", dir)
	ballast := filepath.Join(inside, "ballast")
	fill(t, ballast)
	if err := full(s); err == nil {
		t.Fatal("the disk is full and everything was accepted")
	} else if p := rig.ProblemOf(err); p == nil || p.Status != 503 || p.Code != "storage.full" || !strings.Contains(p.Detail, "Free some space") {
		t.Errorf("a full disk is told as %v", err)
	}
	if err := s.try("still full"); rig.ProblemOf(err) == nil || rig.ProblemOf(err).Status != 503 {
		t.Errorf("a full disk is told as %v", err)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	s.until("it recovers", func() bool { return s.try("there is space again") == nil })
	s.sound()
}

// full writes until a write fails.
func full(s *site) error {
	for range 2000 {
		if err := s.try(strings.Repeat("full ", 700)); err != nil {
			if p := rig.ProblemOf(err); p != nil && p.Status == 429 {
				time.Sleep(p.RetryAfter)
				continue
			}
			return err
		}
	}
	return nil
}

// fill takes all the space of a disk.
func fill(t *testing.T, name string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for size := 1 << 20; size > 0; {
		if _, err := f.Write(make([]byte, size)); err != nil {
			size /= 2
		}
	}
}

func TestStartOnAFullDisk(t *testing.T) {
	mounttest.Need(t)
	o, out := settings(t)
	o.Wrap = []string{
		"unshare", "-m", "sh", "-c",
		`mount -t tmpfs -o size=64k none "$1" && head -c 1m /dev/zero > "$1/ballast"; shift; exec "$@"`, "sh", o.DataDir,
	}
	says(t, refusal(t, o, out), "full disk", "free some space")
}

// A connection on which nothing was asked, as browsers open in advance, and a
// request in flight must not keep a server from ending.
func TestDrainWithSilentConnection(t *testing.T) {
	s := open(t)
	c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", s.server.Address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	s.say()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	s.server.Terminate()
	if code, err := s.server.Wait(ctx); err != nil || code != 0 {
		t.Errorf("SIGTERM: status %d, %v\n%s", code, err, s.out.Tail())
	}
	s.start()
	s.sound()
}

// Two servers over one SQLite file would each be blind to what the other
// writes. The second is refused, and a server that was killed leaves no claim.
func TestASecondServerIsRefused(t *testing.T) {
	s := open(t)
	o, out := settings(t)
	o.DataDir = s.options.DataDir
	says(t, refusal(t, o, out), "another patchbay serves the data folder", "database.url")
	if err := s.try("the first goes on"); err != nil {
		t.Error(err)
	}
	s.server.Kill()
	<-s.server.Exited()
	s.start()
	if err := s.try("and comes back"); err != nil {
		t.Error(err)
	}
}
