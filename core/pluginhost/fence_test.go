//go:build linux

package pluginhost_test

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/extension"
)

// ask has the plugin do something and returns what it says.
func (h *house) ask(in channel.Inbox, text string) string {
	h.t.Helper()
	answer, err := h.host.Webhook(h.t.Context(), in, channel.WebhookRequest{ID: "whk_1", Body: []byte(text)})
	if err != nil {
		h.t.Fatalf("%s: %v", text, err)
	}
	return string(answer.Body)
}

// kernelCannotFence asks the kernel for Landlock, without the host: nil when it
// has it.
func kernelCannotFence() error {
	if _, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION); errno != 0 {
		return errno
	}
	return nil
}

// A confined plugin touches its own files, and nothing else.
func TestConfinedPluginTouchesItsOwnFilesOnly(t *testing.T) {
	t.Setenv("PATCHBAY_CANARY", "secret of the server")
	h := newHouse(t)
	h.installBad("")
	in := h.inbox(bad, `{}`)
	h.run()
	p := h.until(bad, extension.Ready)
	if p.Tier != extension.Confined {
		if why := kernelCannotFence(); why != nil {
			t.Skipf("THIS MACHINE CANNOT CONFINE PLUGINS: it takes Linux 5.13 with Landlock among its security modules, and a container that lets it be used: %v (the host says %+v)", why, p.Lacking)
		}
		t.Fatalf("level %q, though the kernel has Landlock: %+v", p.Tier, p.Lacking)
	}
	other := filepath.Join(h.data, "acme-other")
	h.write(filepath.Join(other, "secret"), "x")
	outside := filepath.Join(t.TempDir(), "secret")
	h.write(outside, "x")
	link := h.dataFile("link")
	if err := os.Symlink(outside, link); err != nil {
		t.Fatal(err)
	}
	core := strconv.Itoa(os.Getpid())
	for _, try := range []string{
		"read /etc/passwd", "read " + outside, "read " + link, "read " + filepath.Join(other, "secret"), "list " + other, "list /", "list /etc",
		"list " + h.dir, "read /proc/" + core + "/environ", "read /proc/1/cmdline", "write /tmp/patchbay-escaped", "write " + filepath.Join(other, "mine"),
		"write " + filepath.Join(h.dir, "mine"), "exec /bin/sh", "exec /bin/true",
	} {
		if got := h.ask(in, "try "+try); !strings.HasPrefix(got, "refused: ") {
			t.Errorf("%s: %s", try, got)
		}
	}
	for _, try := range []string{
		"read mode", "write " + h.dataFile("mine"), "list .", "read /etc/resolv.conf", "read /dev/urandom",
	} {
		if try == "read /dev/urandom" {
			continue // it never ends
		}
		if got := h.ask(in, "try "+try); got != "done" {
			t.Errorf("%s: %s", try, got)
		}
	}
	if env := h.ask(in, "try env"); strings.Contains(env, "CANARY") {
		t.Errorf("its environment: %s", env)
	}
	if slices.Contains(p.Isolation, extension.SignalsFenced) {
		if got := h.ask(in, "try kill "+core); !strings.HasPrefix(got, "refused: ") {
			t.Errorf("a signal to the server: %s", got)
		}
	} else {
		t.Log("THIS KERNEL DOES NOT KEEP SIGNALS IN")
	}
}

// A trusted plugin is an ordinary process, and says so.
func TestTrustedPluginSaysSo(t *testing.T) {
	h := newHouse(t)
	h.options.Trusted = []channel.PluginID{bad}
	h.installBad("")
	in := h.inbox(bad, `{}`)
	h.run()
	p := h.until(bad, extension.Ready)
	if p.Tier != extension.Trusted || slices.Contains(p.Isolation, extension.FilesFenced) {
		t.Errorf("it says %q %v", p.Tier, p.Isolation)
	}
	if !slices.ContainsFunc(p.Lacking, func(l extension.Lacking) bool {
		return l.Measure == extension.FilesFenced && strings.Contains(l.Why, "plugins.trusted")
	}) {
		t.Errorf("it does not say why: %+v", p.Lacking)
	}
	if got := h.ask(in, "try read /etc/passwd"); got != "done" {
		t.Errorf("reading a file: %s", got)
	}
}

func TestMinIsolationRefuses(t *testing.T) {
	h := newHouse(t)
	h.options.Trusted, h.options.MinIsolation = []channel.PluginID{bad}, extension.Confined
	h.installBad("")
	h.run()
	p := h.until(bad, extension.Failed)
	if !strings.Contains(p.Detail, "plugins.min_isolation") || p.PID != 0 {
		t.Errorf("%+v", p)
	}
}

// A program that needs others to run cannot be confined, and says what to do.
func TestScriptsCannotBeConfined(t *testing.T) {
	h := newHouse(t)
	h.installBad("")
	program := filepath.Join(h.dir, "test-bad", "plugin")
	if err := os.Remove(program); err != nil {
		t.Fatal(err)
	}
	h.write(program, "#!/bin/sh\nsleep 60\n")
	if err := os.Chmod(program, 0o755); err != nil {
		t.Fatal(err)
	}
	h.run()
	if p := h.until(bad, extension.Failed); !strings.Contains(p.Detail, "plugins.trusted") {
		t.Errorf("detail %q", p.Detail)
	}
}

// A plugin that takes more memory than it may is ended, alone; that counts
// twice, and is told as what it is.
func TestOutOfMemory(t *testing.T) {
	h := newHouse(t)
	h.options.Timing.MemoryEvery = 10 * time.Millisecond
	h.installBad("", `"channel":{`, `"resources":{"memory_mb":64},"channel":{`)
	h.write(h.dataFile("plugin.yaml"), strings.Replace(badManifest, `"channel":{`, `"resources":{"memory_mb":64},"channel":{`, 1))
	in := h.inbox(bad, `{}`)
	h.run()
	first := h.until(bad, extension.Ready)
	if !slices.Contains(first.Isolation, extension.MemoryLimited) && !slices.Contains(first.Isolation, extension.MemoryWatched) {
		t.Fatalf("nothing holds its memory: %v", first.Isolation)
	}
	h.ask(in, "try grow")
	wait(t, "another process", func() bool { p := h.status(bad); return p.State == extension.Ready && p.PID != first.PID })
	wait(t, "the step that says why", func() bool {
		return slices.ContainsFunc(h.steps(extension.Backoff), func(s extension.Transition) bool {
			return s.Ending == "out of memory (64 MiB)"
		})
	})
}
