package app_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// examined is what `patchbay doctor --json` says, and ends with.
type examined struct {
	Level    string
	Findings []struct{ Code, Level, What, Do string }
	status   int
	text     string
}

func (e examined) has(code string) bool {
	return slices.ContainsFunc(e.Findings, func(f struct{ Code, Level, What, Do string }) bool { return f.Code == code })
}

// run runs a command of the product with the settings of a site, and returns
// what it printed and ended with.
func (s *site) run(args []string, env ...string) (text string, status int) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, product(s.t).Binary, args...)
	cmd.Env = slices.Concat([]string{
		"PATH=" + os.Getenv("PATH"), "PATCHBAY_DATA_DIR=" + s.options.DataDir, "PATCHBAY_SERVER_ADDRESS=" + s.options.Address,
		"PATCHBAY_PLUGINS_DEV_DIR=" + s.options.Product.Plugins,
	}, s.options.Env, env)
	out, err := cmd.CombinedOutput()
	exit, exited := errors.AsType[*exec.ExitError](err)
	switch {
	case exited:
		status = exit.ExitCode()
	case err != nil:
		s.t.Fatalf("%v: %v", args, err)
	}
	return string(out), status
}

func (s *site) doctor(env ...string) examined {
	s.t.Helper()
	text, status := s.run([]string{"doctor", "--json"}, env...)
	e := examined{status: status, text: text}
	if err := json.Unmarshal([]byte(text), &e); err != nil && status != 3 {
		s.t.Fatalf("doctor printed %s: %v", text, err)
	}
	return e
}

// TestDoctor examines a real installation, beside its server and after it, and
// harms it in the ways that can be done without waiting or filling a disk.
func TestDoctor(t *testing.T) {
	s := open(t, func(o *rig.Options) { o.DataDir = filepath.Join(o.DataDir, "data") })
	want := func(e examined, status int, codes ...string) {
		t.Helper()
		for _, code := range codes {
			if !e.has(code) {
				t.Errorf("%s is not found: %s", code, e.text)
			}
		}
		if e.status != status {
			t.Errorf("ended with %d instead of %d: %s", e.status, status, e.text)
		}
	}
	first := s.doctor()
	want(first, 0, "server.ok", "database.ok", "backup.soon", "address.local", "socket.ok", "clock.ok", "plugins.ok", "secrets.ok", "limits.ok", "mail.none", "files.unscanned")
	if !first.has("disk.ok") && !first.has("disk.low") { // as the machine has it
		t.Errorf("nothing is said of the disk: %s", first.text)
	}
	if text, status := s.run([]string{"doctor", "--lang", "zh-CN"}); status != 0 || !strings.Contains(text, "数据库") || strings.Contains(text, "{") {
		t.Errorf("%d %s", status, text)
	}
	if text, status := s.run([]string{"backup", "--to", t.TempDir() + "/"}); status != 0 {
		t.Fatalf("backup: %d %s", status, text)
	}
	want(s.doctor(), 0, "backup.ok")
	want(s.doctor("PATCHBAY_MEDIA_MIN_FREE=1024TiB"), 2, "disk.full")
	want(s.doctor("PATCHBAY_MEDIA_SCAN_COMMAND=true"), 0, "files.scanned")
	want(s.doctor("PATCHBAY_MEDIA_SCAN_COMMAND=/nowhere/scanner --all", "PATCHBAY_MEDIA_FFMPEG=/nowhere/ffmpeg"), 2, "files.scanner", "sound.ffmpeg")
	want(s.doctor("PATCHBAY_SERVER_PUBLIC_URL=http://127.0.0.1:1"), 1, "address.unreachable")
	want(s.doctor("PATCHBAY_LOG_LEVEL=loud"), 3)
	want(s.doctor("PATCHBAY_DATABASE_URL=postgres://nobody@127.0.0.1:1/none"), 2, "database.unreachable")

	s.server.Kill()
	want(s.doctor(), 1, "server.stopped", "database.ok", "plugins.resting")
	if err := os.Chmod(s.options.DataDir, 0o755); err != nil {
		t.Fatal(err)
	}
	key := filepath.Join(s.options.DataDir, "keys", "master.key")
	if err := os.Chmod(key, 0o644); err != nil {
		t.Fatal(err)
	}
	want(s.doctor(), 2, "secrets.open", "secrets.folder")
	if err := os.Rename(key, key+".away"); err != nil {
		t.Fatal(err)
	}
	want(s.doctor(), 2, "secrets.missing")
	note := filepath.Join(s.options.DataDir, ".last-backup.json")
	if err := os.WriteFile(note, []byte(`{"at":"2020-01-01T00:00:00Z","name":"old"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	want(s.doctor(), 2, "backup.lost")
	day := func(n int) string { return time.Now().AddDate(0, 0, n).UTC().Format(time.RFC3339) }
	usage := `[{"at":"` + day(-3) + `","used":0},{"at":"` + day(0) + `","used":9000000000000000}]`
	if err := os.WriteFile(filepath.Join(s.options.DataDir, ".disk-usage.json"), []byte(usage), 0o600); err != nil {
		t.Fatal(err)
	}
	want(s.doctor(), 2, "disk.growing")
	want(s.doctor("PATCHBAY_DATA_DIR="+filepath.Join(t.TempDir(), "none")), 2, "database.none", "disk.none")
}
