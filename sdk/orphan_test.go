package sdk_test

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/hook"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// asPlugin is the variable with which this test's program is a plugin.
const asPlugin = "PATCHBAY_TEST_AS_PLUGIN"

func TestMain(m *testing.M) {
	if os.Getenv(asPlugin) != "" {
		sdk.Serve(sdk.Plugin{
			Manifest: []byte("id: acme/orphan\nversion: 1.0.0\n"),
			Hook:     func(sdk.Env) (hook.Hook, error) { return hook.Nothing{}, nil },
		})
	}
	os.Exit(m.Run())
}

// TestHostDiedBeforeThePluginRan has a shell be the host: it forks, tells the
// child who the host is, and is gone before the child runs the plugin.
func TestHostDiedBeforeThePluginRan(t *testing.T) {
	const shell = `(while kill -0 $$ 2>/dev/null; do sleep 0.01; done; PATCHBAY_HOST_PID=$$ exec "$0") &`
	aloneWithin(t, 20*time.Second, shell)
}

// TestHostIsThere has the shell stay: the plugin serves until the shell ends.
func TestHostIsThere(t *testing.T) {
	const shell = `PATCHBAY_HOST_PID=$$ "$0" & sleep 3`
	began := time.Now()
	out := aloneWithin(t, 20*time.Second, shell)
	if took := time.Since(began); took < 3*time.Second {
		t.Errorf("it ended after %v, with its host there", took)
	}
	if !strings.HasPrefix(out, "1|1|unix|") {
		t.Errorf("it printed %q in place of the handshake", out)
	}
}

// aloneWithin runs a script with this test's program as a plugin, and returns
// what was printed when all of it has ended, the plugin too.
func aloneWithin(t *testing.T, most time.Duration, script string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), most)
	defer cancel()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close() //nolint:errcheck // only read
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", script, self)
	cmd.Env = []string{"PATH=/usr/bin:/bin", asPlugin + "=1", pluginv1.CookieKey + "=" + pluginv1.CookieValue, "PLUGIN_UNIX_SOCKET_DIR=" + t.TempDir(), "PLUGIN_PROTOCOL_VERSIONS=1"}
	cmd.Stdout = write
	err = errors.Join(cmd.Run(), write.Close()) // the shell is gone, and not a zombie: it was waited for
	if err != nil {
		t.Fatal(err)
	}
	if err := read.SetReadDeadline(time.Now().Add(most)); err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(read) // to its end, which comes when nobody holds it open
	if err != nil {
		t.Fatalf("after %v the plugin still runs (%v): %s", most, err, out)
	}
	return string(out)
}
