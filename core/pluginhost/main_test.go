package pluginhost_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/patchbay-im/patchbay/marketplace/bundle"
)

// built holds what the tests build, once and when first asked.
var built struct {
	dir string
}

func TestMain(m *testing.M) {
	if dir := os.Getenv("PLUGINHOST_TEST_VICTIM"); dir != "" {
		victim(dir) // see TestPluginsDieWithTheHost
		return
	}
	dir, err := os.MkdirTemp("", "pluginhost-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	built.dir = dir
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if err := os.RemoveAll(dir); err != nil {
			code = 1
		}
		os.Exit(code)
	}))
}

// bundles returns the folder that holds bundles of echo and webchat.
var bundles = sync.OnceValues(func() (string, error) {
	out := filepath.Join(built.dir, "bundles")
	for _, name := range []string{"echo"} {
		if _, err := bundle.Build(context.Background(), filepath.Join("..", "..", "plugins", name), out); err != nil {
			return "", err
		}
	}
	return out, nil
})

// misbehave returns the program that behaves badly.
var misbehave = sync.OnceValues(func() (string, error) {
	out := filepath.Join(built.dir, "misbehave")
	cmd := exec.Command("go", "build", "-trimpath", "-o", out, "./testdata/misbehave")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := cmd.CombinedOutput(); err != nil {
		return "", errors.New(string(output))
	}
	return out, nil
})
