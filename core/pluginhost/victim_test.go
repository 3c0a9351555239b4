package pluginhost_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/delivery"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/extension/extensiontest"
	"github.com/patchbay-im/patchbay/core/pluginhost"
)

// victim is this test binary as a host of its own, to be killed: it prints the
// process id of its plugin and waits.
func victim(dir string) {
	host, err := pluginhost.New(pluginhost.Options{
		Dir: filepath.Join(dir, "installed"), DataDir: filepath.Join(dir, "data"), SocketDir: filepath.Join(dir, "s"),
		CoreVersion: "0.1.0", Log: slog.New(slog.DiscardHandler), Now: time.Now,
	})
	if err != nil {
		fmt.Println("failed:", err)
		return
	}
	ports := pluginhost.Ports{Lives: extensiontest.NewLives(), Workspaces: &house{}, Connections: &house{}, Grants: &house{}, OnChange: func(channel.PluginID) {
		if p := host.Plugins()[0]; p.State == extension.Ready {
			fmt.Println("ready", p.PID)
		}
	}, Deliverer: idle{}}
	fmt.Println("failed:", host.Run(context.Background(), ports))
}

// startVictim starts such a host and returns its plugin's process id.
func startVictim(t *testing.T, h *house) (pid int, kill func()) {
	t.Helper()
	dir := shortDir(t)
	if err := os.Symlink(h.dir, filepath.Join(dir, "installed")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "PLUGINHOST_TEST_VICTIM="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	t.Cleanup(kill)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if _, err := fmt.Sscanf(lines.Text(), "ready %d", &pid); err == nil {
			return pid, kill
		}
		if strings.HasPrefix(lines.Text(), "failed") {
			break
		}
	}
	t.Fatalf("the other host says %q", lines.Text())
	return 0, nil
}

// idle delivers nothing.
type idle struct{}

// Serve waits.
func (idle) Serve(ctx context.Context, _ channel.PluginID, line delivery.Line) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case _, ok := <-line.Receipts():
			if !ok {
				return nil
			}
		}
	}
}
