package app_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// plugin is an installed plugin as administrators see it.
type plugin struct {
	ID     string `json:"id"`
	State  string `json:"state"`
	Detail string `json:"detail"`
}

func (s *site) plugins() map[string]plugin {
	s.t.Helper()
	var list struct{ Items []plugin }
	if _, err := s.owner.Call(s.t.Context(), http.MethodGet, s.owner.At("/plugins"), nil, &list); err != nil {
		s.t.Fatal(err)
	}
	out := map[string]plugin{}
	for _, p := range list.Items {
		out[p.ID] = p
	}
	return out
}

// plant makes a folder of a plugin whose program is a script of ours.
func plant(t *testing.T, dir, name, script string) string {
	t.Helper()
	folder := filepath.Join(dir, "acme-"+name)
	if err := os.MkdirAll(folder, 0o750); err != nil {
		t.Fatal(err)
	}
	manifest, err := os.ReadFile(filepath.Join(dir, "patchbay-echo", "plugin.json"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(folder, "plugin.json"), strings.Replace(string(manifest), "patchbay/echo", "acme/"+name, 1), 0o600)
	if script != "" {
		write(t, filepath.Join(folder, "plugin"), script, 0o700)
	}
	return folder
}

func write(t *testing.T, name, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// Plugins that are broken in every way stand beside one that works. Each says
// what is wrong and what to do; nobody else notices.
func TestBrokenPlugins(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(product(t).Plugins)); err != nil {
		t.Fatal(err)
	}
	plant(t, dir, "missing", "")
	plant(t, dir, "hangs", "#!/bin/sh\nexec sleep 600\n")
	plant(t, dir, "floods", "#!/bin/sh\nexec yes a line of a plugin that never stops talking >&2\n")
	plant(t, dir, "endless", "#!/bin/sh\nexec cat /dev/zero >&2\n")
	plant(t, dir, "garbage", "#!/bin/sh\necho this is no handshake\nexec sleep 600\n")
	plant(t, dir, "binary", "#!/bin/sh\nhead -c 100000 /dev/urandom\nexec sleep 600\n")
	plant(t, dir, "dies", "#!/bin/sh\necho no database here >&2\nexit 3\n")
	plant(t, dir, "noprogram", "this is a text and no program\n")
	if err := os.Chmod(filepath.Join(plant(t, dir, "notexecutable", "#!/bin/sh\n"), "plugin"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(plant(t, dir, "nomanifest", "#!/bin/sh\n"), "plugin.json")); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(plant(t, dir, "badmanifest", "#!/bin/sh\n"), "plugin.json"), `{"id":`, 0o600)

	// Scripts need a shell, which is outside of any fence.
	s := open(t, func(o *rig.Options) {
		o.Product.Plugins = dir
		o.Env = append(o.Env, "PATCHBAY_PLUGINS_TRUSTED=acme/hangs,acme/floods,acme/endless,acme/garbage,acme/binary,acme/dies,acme/noprogram")
	})
	before, err := rig.Resident(s.server.PID())
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]struct {
		states string
		says   []string
	}{
		"acme/missing":       {"failed", []string{"plugin"}},
		"acme/hangs":         {"backoff quarantined", []string{"did not get ready in time"}},
		"acme/floods":        {"backoff quarantined", []string{"did not get ready in time"}},
		"acme/endless":       {"backoff quarantined", nil},
		"acme/garbage":       {"backoff quarantined", nil},
		"acme/binary":        {"backoff quarantined", nil},
		"acme/dies":          {"backoff quarantined", []string{"no database here"}},
		"acme/noprogram":     {"failed backoff quarantined", nil},
		"acme/notexecutable": {"failed", nil},
		"acme-nomanifest":    {"failed", []string{"plugin.json", "Build the plugin again"}},
		"acme-badmanifest":   {"failed", []string{"manifest", "restart the server"}},
	} {
		t.Run(id, func(t *testing.T) {
			var p plugin
			rig.Await(t.Context(), time.Minute, func() bool {
				p = s.plugins()[id]
				return strings.Contains(want.states, p.State) && p.State != ""
			})
			t.Logf("%s: %s", p.State, p.Detail)
			if !strings.Contains(want.states, p.State) || p.State == "" || p.Detail == "" {
				t.Errorf("state %q, want %s", p.State, want.states)
			}
			for _, w := range want.says {
				if !strings.Contains(p.Detail, w) {
					t.Errorf("it does not say %q: %s", w, p.Detail)
				}
			}
		})
	}
	after, err := rig.Resident(s.server.PID())
	if err != nil {
		t.Fatal(err)
	}
	if grown := (after - before) >> 20; grown > 64 {
		t.Errorf("the server has grown by %d MiB", grown)
	}
	t.Logf("log %d KiB, memory +%d KiB", len(s.out.String())>>10, (after-before)>>10)
	if size := len(s.out.String()); size > 4<<20 {
		t.Errorf("the server's log has grown to %d MiB", size>>20)
	}
	for id, p := range s.plugins() {
		if strings.HasPrefix(id, "patchbay/") && p.State != "ready" {
			t.Errorf("%s is %s: %s", id, p.State, p.Detail)
		}
	}
	s.admit()
	s.sound()
}

// A plugin that dies while visitors talk: they go on, and it comes back.
func TestPluginKilled(t *testing.T) {
	s := open(t)
	children, err := rig.Children(s.server.PID())
	if err != nil || len(children) == 0 {
		t.Fatalf("children: %v, %v", children, err)
	}
	for _, pid := range children {
		p, err := os.FindProcess(pid)
		if err != nil {
			t.Fatal(err)
		}
		_ = p.Kill() // one of ours: a child of the server started here
		s.say()
	}
	s.admit() // by the last known policy, or by the plugin when it is back
	s.until("it comes back", func() bool { return s.plugins()["patchbay/webchat"].State == "ready" })
	s.sound()
}
