package main_test

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// What docs/operate/install.md tells to type after a download works, typed so.
func TestTheArchiveInstallsAsThePageTells(t *testing.T) {
	file := made(t, "-linux-amd64.tar.gz")
	if file == "" {
		t.Skip("no archives were made: `make release-snapshot` makes them")
	}
	page, err := os.ReadFile(filepath.Join(root, "docs/operate/install.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "\n```\n")
	script, _, _ := strings.Cut(rest, "\n```\n")
	if !strings.Contains(script, "sha256sum") || !strings.HasSuffix(script, "./patchbay serve") {
		t.Fatalf("another block stands first on the page:\n%s", script)
	}
	downloads := t.TempDir()
	for _, name := range []string{file, made(t, "-checksums.txt")} {
		if err := os.Link(name, filepath.Join(downloads, filepath.Base(name))); err != nil {
			t.Fatal(err)
		}
	}
	address, err := rig.FreeAddress(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var log bytes.Buffer
	cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", script)
	cmd.Dir, cmd.Stdout, cmd.Stderr = downloads, &log, &log
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + downloads, "PATCHBAY_SERVER_ADDRESS=" + address}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 20 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready := answers(ctx, "http://"+address+"/readyz")
	cancel()
	_ = cmd.Wait() // it was ended by us
	if !ready {
		t.Fatalf("nothing serves:\n%s", log.String())
	}
	if said := log.String(); !strings.Contains(said, "Set this installation up") || !strings.Contains(said, ": OK") {
		t.Errorf("the first start says\n%s", said)
	}
}

// answers asks until somebody answers well; false = not in time.
func answers(ctx context.Context, url string) bool {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return false
		}
		if a, err := http.DefaultClient.Do(request); err == nil {
			a.Body.Close() //nolint:errcheck // read only
			if a.StatusCode == http.StatusOK {
				return true
			}
		}
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
	}
}
