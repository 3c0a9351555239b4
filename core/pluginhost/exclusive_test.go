package pluginhost_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/internal/mounttest"
)

// offerExclusive offers a version of which no other may be there.
func (h *house) offerExclusive(version string) {
	h.t.Helper()
	h.offer(version, `"channel":{`, `"runtime":{"upgrade":"exclusive"},"channel":{`)
}

// A version that wants to be alone starts when the one before has ended; what is
// to be delivered meanwhile waits, and arrives once.
func TestExclusiveUpgrade(t *testing.T) {
	const messages, conversations = 1500, 40
	h := newHouse(t)
	h.offerExclusive("1.0.0")
	in := h.inbox(bad, `{}`)
	h.run()
	first := h.until(bad, extension.Ready)
	h.ledger.add(in, messages, conversations)
	h.deliver.Wake()
	for i, version := range []string{"1.1.0", "1.2.0"} {
		wait(t, "some deliveries", func() bool { return h.ledger.sent() > (i+1)*messages/4 })
		h.offerExclusive(version)
		if got, err := h.host.Move(t.Context(), badPlugin, extension.Move{}); err != nil || got.Version != version {
			t.Fatalf("upgrade to %s: %+v, %v", version, got, err)
		}
		wait(t, "the new version", func() bool { p := h.status(bad); return p.Version == version && p.State == extension.Ready })
	}
	wait(t, "everything sent", func() bool { return h.ledger.sent() == messages })
	eachOnce(t, h, messages)
	if got := h.together(); got != "" {
		t.Errorf("these began while another lived: %s", got)
	}
	if p := h.status(bad); p.PID == first.PID || p.Previous.Version != "1.1.0" || len(h.steps(extension.Backoff)) > 0 {
		t.Errorf("after the upgrades: %+v", p)
	}
}

// When the new version does not start the one before comes back by itself, and
// delivers what had to wait.
func TestExclusiveUpgradeThatDoesNotStart(t *testing.T) {
	t.Parallel()
	for mode, said := range map[string]string{"refuse": "no teapot", "hang": "did not get ready in time"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			const messages, conversations = 300, 20
			h := newHouse(t)
			h.options.Timing.Start = 3 * time.Second
			h.offerExclusive("1.0.0")
			in := h.inbox(bad, `{}`)
			h.run()
			h.until(bad, extension.Ready)
			h.ledger.add(in, messages/2, conversations)
			h.deliver.Wake()
			wait(t, "some deliveries", func() bool { return h.ledger.sent() > 10 })
			h.offerExclusive("1.1.0")
			h.write(h.dataFile("mode-1.1.0"), mode)
			if _, err := h.host.Move(t.Context(), badPlugin, extension.Move{}); err != nil {
				t.Fatal(err)
			}
			wait(t, "a try to start it", func() bool { return h.status(bad).Version == "1.1.0" })
			more := h.inbox(bad, `{}`) // its conversations are others
			h.ledger.add(more, messages/2, conversations)
			h.deliver.Wake()
			if _, err := h.host.Webhook(t.Context(), in, channel.WebhookRequest{ID: "whk_1", Body: []byte("version")}); err != nil && !errs.Is(err, errs.Unavailable) {
				t.Errorf("a request meanwhile: %v", err)
			}
			wait(t, "the version before", func() bool {
				p := h.status(bad)
				return p.Version == "1.0.0" && p.State == extension.Ready && p.Left == "1.1.0"
			})
			wait(t, "everything sent", func() bool { return h.ledger.sent() == messages })
			arrived := make(map[string]bool)
			for _, s := range readSink(t, h) {
				if arrived[s.id] || s.suspect {
					t.Errorf("%+v arrived before", s)
				}
				arrived[s.id] = true
			}
			if len(arrived) != messages {
				t.Errorf("%d of %d arrived", len(arrived), messages)
			}
			if got := h.together(); got != "" {
				t.Errorf("these began while another lived: %s", got)
			}
			wait(t, "the step", func() bool { return len(h.steps(extension.RolledBack)) == 1 })
			if step := h.steps(extension.RolledBack)[0]; step.Version != "1.1.0" || !strings.Contains(step.Reason, said) {
				t.Errorf("the step: %+v", step)
			}
			if got := h.ask(in, "version"); got != "1.0.0" {
				t.Errorf("a call went to %s", got)
			}
		})
	}
}

// Without room for another copy the old version goes on, through restarts and
// crashes too, and the upgrade says what is wrong.
func TestUpgradeWithoutRoom(t *testing.T) {
	program, err := surfacesProgram()
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(program)
	if err != nil {
		t.Fatal(err)
	}
	disk := mounttest.New(t, info.Size()*3/2)
	h := newHouse(t)
	h.data, h.options.DataDir = disk.Path, disk.Path
	h.installSurfaces("1.0.0")
	lookup := surfaces()["Lookup"]
	c := h.behaving(told{Answer: answers(t, lookup.good)})
	h.run()
	before := h.until(surfacesID, extension.Ready)
	h.installSurfaces("1.1.0")
	upgrade := func() error {
		_, err := h.host.Move(t.Context(), extension.PluginID(surfacesID), extension.Move{})
		return err
	}
	if err := upgrade(); code(err) != "plugin.not_copied" || !errs.Is(err, errs.Unavailable) || !strings.Contains(err.Error(), "no space left on device") {
		t.Errorf("the upgrade: %v", err)
	}
	if p := h.status(surfacesID); p.PID != before.PID || p.Version != "1.0.0" || p.State != extension.Ready || h.row().Active.Version != "1.0.0" {
		t.Errorf("after it: %+v, %+v", p, h.row())
	}
	left, err := filepath.Glob(filepath.Join(disk.Path, ".versions", "*", "*"))
	if hidden, _ := filepath.Glob(filepath.Join(disk.Path, ".versions", "*", ".*")); err != nil || len(left) != 1 || len(hidden) != 0 {
		t.Errorf("copies: %v, %v, %v", left, hidden, err)
	}
	fill(t, filepath.Join(disk.Path, "ballast"))
	for what, end := range map[string]func(pid int) error{
		"a crash":   func(pid int) error { return syscall.Kill(pid, syscall.SIGKILL) },
		"a restart": func(int) error { return h.host.Restart(t.Context(), extension.PluginID(surfacesID)) },
	} {
		before := h.until(surfacesID, extension.Ready).PID
		if err := end(before); err != nil {
			t.Fatal(err)
		}
		wait(t, "another process after "+what, func() bool { p := h.status(surfacesID); return p.State == extension.Ready && p.PID != before })
		if got, err := lookup.call(t.Context(), h.host, c); err != nil || got != "1.0.0" {
			t.Errorf("a call after %s: %q, %v", what, got, err)
		}
	}
	disk.Resize(t, info.Size()*3)
	if err := upgrade(); err != nil {
		t.Errorf("the upgrade with room: %v", err)
	}
	if got, err := lookup.call(t.Context(), h.host, c); err != nil || got != "1.1.0" {
		t.Errorf("a call after it: %q, %v", got, err)
	}
	if versions, err := h.host.Versions(t.Context(), extension.PluginID(surfacesID)); err != nil || !slices.ContainsFunc(versions, func(v extension.Version) bool { return v.Previous }) {
		t.Errorf("kept: %+v, %v", versions, err)
	}
}

// fill fills the disk that a file is on.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // there is no room to lose
	for block := make([]byte, 64<<10); ; {
		if _, err := f.Write(block); err != nil {
			return
		}
	}
}
