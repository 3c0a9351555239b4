package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/patchbay-im/patchbay/core/internal/ship/pack"
	"github.com/patchbay-im/patchbay/core/internal/ship/sbom"
)

// target is a system to build for.
type target struct{ os, arch string }

func (t target) String() string { return t.os + "-" + t.arch }

// built is what was built for a target, ready to be packed.
type built struct {
	binary   string // file
	plugins  string // folder
	programs []string
	sbom     []byte
	notices  []byte
}

// build compiles the binary and the plugins, once for each target.
func (s *ship) build(ctx context.Context, t target) (built, error) {
	dir := filepath.Join(s.work, t.String())
	b := built{binary: filepath.Join(dir, "patchbay"), plugins: filepath.Join(dir, "plugins")}
	env := append(os.Environ(), "GOOS="+t.os, "GOARCH="+t.arch, "CGO_ENABLED=0")
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintf(os.Stderr, "ship: building for %s\n", t)
		// What it was built from stands in the version: a stamp of the working
		// tree would tell a clone from an unpacked archive.
		err := command(ctx, env, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -X main.version="+s.version,
			"-o", b.binary, "./core/cmd/patchbay")
		if err != nil {
			return b, err
		}
		if err := command(ctx, env, s.builder, append([]string{"plugin", "build", "--out", b.plugins}, s.plugins...)...); err != nil {
			return b, err
		}
	}
	programs, err := filepath.Glob(filepath.Join(b.plugins, "*", "plugin"))
	if err != nil || len(programs) != len(s.plugins) {
		return b, fmt.Errorf("%d plugins were built of %d: %w", len(programs), len(s.plugins), err)
	}
	b.programs = append([]string{b.binary}, programs...)
	if b.sbom, err = sbom.Document(sbom.Subject{Name: "patchbay", Version: s.version, Platform: t.String(), Created: s.at, Programs: b.programs}); err != nil {
		return b, err
	}
	b.notices, err = notices(ctx, b.programs)
	return b, err
}

// command runs a program; what it prints is seen.
func command(ctx context.Context, env []string, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = env, os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return nil
}

// tree is what every release has, under a folder.
func (b built) tree(under string) ([]pack.Entry, error) {
	plugins, err := pack.Folder(under+"/plugins", b.plugins)
	if err != nil {
		return nil, err
	}
	return append(plugins,
		pack.Copy(under+"/patchbay", 0o755, b.binary),
		pack.Copy(under+"/LICENSE", 0o644, "LICENSE"),
		pack.File(under+"/THIRD-PARTY-NOTICES.txt", 0o644, b.notices),
		pack.File(under+"/sbom.spdx.json", 0o644, b.sbom),
	), nil
}
