package rig

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Product is a built binary with its plugins.
type Product struct {
	Binary  string
	Plugins string // for plugins.dev_dir
}

// Build compiles the binary as it is released, without cgo, and the named
// first-party plugins into dir. tags are build tags of the binary.
func Build(ctx context.Context, dir, tags string, plugins ...string) (Product, error) {
	p := Product{Binary: filepath.Join(dir, "patchbay")}
	root, err := Root(ctx)
	if err != nil {
		return p, err
	}
	if err := run(ctx, root, "go", "build", "-trimpath", "-tags", tags, "-o", p.Binary, "./core/cmd/patchbay"); err != nil {
		return p, err
	}
	err = p.BuildPlugins(ctx, filepath.Join(dir, "plugins"), plugins...)
	return p, err
}

// BuildPlugins builds first-party plugins into dir with the product's own
// command.
func (p *Product) BuildPlugins(ctx context.Context, dir string, names ...string) error {
	root, err := Root(ctx)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("make the folder of plugins: %w", err)
	}
	args := []string{"plugin", "build"}
	for _, name := range names {
		args = append(args, filepath.Join("plugins", name))
	}
	p.Plugins = dir
	return run(ctx, root, p.Binary, append(args, "--out", dir)...)
}

// Root returns the folder of the module.
func Root(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("ask go for the module: %w", err)
	}
	mod := strings.TrimSpace(string(out))
	if filepath.Base(mod) != "go.mod" {
		return "", errors.New("run this inside the module")
	}
	return filepath.Dir(mod), nil
}

func run(ctx context.Context, dir, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	var out bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &out
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", filepath.Base(name), strings.Join(args, " "), err, out.String())
	}
	return nil
}
