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
	"github.com/patchbay-im/patchbay/sdk/manifest"
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
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("gorm.io/gorm/internal/lru.NewLRU[...].func1"), goleak.Cleanup(func(code int) {
		if err := os.RemoveAll(dir); err != nil {
			code = 1
		}
		os.Exit(code)
	}))
}

// bundles returns the folder that holds bundles of some of our plugins.
var bundles = sync.OnceValues(func() (string, error) {
	out := filepath.Join(built.dir, "bundles")
	for _, name := range []string{"echo", "keyword-bot"} {
		if _, err := bundle.Build(context.Background(), filepath.Join("..", "..", "plugins", name), out); err != nil {
			return "", err
		}
	}
	return out, assembleWebchat(filepath.Join(out, "patchbay-webchat"))
})

// assembleWebchat makes its bundle with other web files: its own need Node.
func assembleWebchat(folder string) error {
	source := filepath.Join("..", "..", "plugins", "webchat")
	m, err := manifest.Read(filepath.Join(source, "plugin.yaml"))
	if err != nil {
		return err
	}
	encoded, err := manifest.Encode(m)
	if err != nil {
		return err
	}
	if err := goBuild(filepath.Join(folder, "plugin"), source); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "plugin.json"), encoded, 0o600); err != nil {
		return err
	}
	return os.CopyFS(filepath.Join(folder, "ui"), os.DirFS(filepath.Join("testdata", "ui")))
}

func goBuild(out, dir string) error {
	cmd := exec.CommandContext(context.Background(), "go", "build", "-trimpath", "-o", out, "./"+filepath.ToSlash(dir))
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := cmd.CombinedOutput(); err != nil {
		return errors.New(string(output))
	}
	return nil
}

// misbehave returns the program that behaves badly.
var misbehave = sync.OnceValues(func() (string, error) {
	out := filepath.Join(built.dir, "misbehave")
	return out, goBuild(out, filepath.Join("testdata", "misbehave"))
})
