// Package bundle makes the folder a plugin is installed as: what it says of
// itself, its program and its web files.
//
//	<publisher>-<name>/
//	  plugin.json   the manifest, canonical
//	  plugin        the program, static (plugin.exe on Windows); not of a plugin that is files alone
//	  ui/           web files, when the plugin has some
//	  templates/    its industry templates, when the manifest names some
package bundle

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/patchbay-im/patchbay/sdk/manifest"
)

// Names in a bundle.
const (
	ManifestFile = manifest.BundleFile
	UIFolder     = "ui"

	TemplatesFolder = "templates"
)

// Program returns the name of the program on this system.
func Program() string {
	if runtime.GOOS == "windows" {
		return "plugin.exe"
	}
	return "plugin"
}

// Bundle is a folder that was built.
type Bundle struct {
	Folder   string
	Manifest manifest.Manifest
}

// Build checks the manifest in dir, compiles the Go program there and writes
// the bundle to out/<publisher>-<name>, replacing one that is there. The old
// bundle stays until the new one is complete; a process that runs from it is
// not disturbed. The error of a manifest is a *manifest.Error; that of the
// compiler has its output.
func Build(ctx context.Context, dir, out string) (Bundle, error) {
	m, err := manifest.Read(filepath.Join(dir, manifest.SourceFile))
	if err != nil {
		return Bundle{}, err
	}
	if err := os.MkdirAll(out, 0o755); err != nil { //nolint:gosec // programs are not secret
		return Bundle{}, fmt.Errorf("make the output folder: %w", err)
	}
	work, err := os.MkdirTemp(out, "."+m.Folder()+"-")
	if err != nil {
		return Bundle{}, fmt.Errorf("make a work folder: %w", err)
	}
	defer os.RemoveAll(work) //nolint:errcheck // gone after the rename
	if err := fill(ctx, m, dir, work); err != nil {
		return Bundle{}, err
	}
	target := filepath.Join(out, m.Folder())
	if err := replace(work, target); err != nil {
		return Bundle{}, err
	}
	return Bundle{Folder: target, Manifest: m}, nil
}

func fill(ctx context.Context, m manifest.Manifest, dir, work string) error {
	if err := os.Chmod(work, 0o755); err != nil { //nolint:gosec // programs are not secret
		return fmt.Errorf("open the work folder: %w", err)
	}
	if m.Runtime.Type != manifest.RuntimeNone {
		if err := compile(ctx, dir, filepath.Join(work, Program())); err != nil {
			return err
		}
	}
	if err := copyUI(m, dir, work); err != nil {
		return err
	}
	if err := copyTemplates(m, dir, work); err != nil {
		return err
	}
	encoded, err := manifest.Encode(m)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(work, ManifestFile), encoded, 0o644); err != nil { //nolint:gosec // not secret
		return fmt.Errorf("write %s: %w", ManifestFile, err)
	}
	return nil
}

// compile builds a static program without paths of this machine in it.
func compile(ctx context.Context, dir, program string) error {
	absolute, err := filepath.Abs(program)
	if err != nil {
		return fmt.Errorf("find the output: %w", err)
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", absolute, ".") //nolint:gosec // our own arguments
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	output, err := cmd.CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		return errors.New("the go command is not in PATH: install Go to build plugins")
	}
	if err != nil {
		return fmt.Errorf("go build in %s failed (%w):\n%s", dir, err, strings.TrimSpace(string(output)))
	}
	return nil
}

// copyUI copies what the plugin's web build made, or the files as they are where
// there is nothing to build: no package.json and no dist. A plugin whose web
// sources were not built, or that lacks a page of its manifest, would ship
// without its interface: that is an error.
func copyUI(m manifest.Manifest, dir, work string) error {
	source := filepath.Join(dir, UIFolder)
	if exists(source) {
		built := filepath.Join(source, "dist")
		if !exists(built) && !exists(filepath.Join(source, "package.json")) {
			built = source
		}
		if files, err := os.ReadDir(built); err != nil || len(files) == 0 {
			return fmt.Errorf("%s is missing or empty: build the web files first (npm run build)", built)
		}
		if err := os.CopyFS(filepath.Join(work, UIFolder), os.DirFS(built)); err != nil {
			return fmt.Errorf("copy the web files: %w", err)
		}
	}
	for _, p := range m.Panels {
		if p.Page != "" && !exists(filepath.Join(work, UIFolder, filepath.FromSlash(p.Page))) {
			return fmt.Errorf("the panel %q has the page %s, which is not among the web files in %s", p.Name, p.Page, source)
		}
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// copyTemplates copies the folders of the templates that the manifest names.
func copyTemplates(m manifest.Manifest, dir, work string) error {
	for _, t := range m.Templates {
		path := filepath.Join(TemplatesFolder, filepath.FromSlash(t.Path))
		source := filepath.Join(dir, path)
		if found, err := filepath.Glob(filepath.Join(source, "*.yaml")); err != nil || len(found) == 0 {
			return fmt.Errorf("the template %q has no .yaml files in %s", t.Name, source)
		}
		if err := os.CopyFS(filepath.Join(work, path), os.DirFS(source)); err != nil {
			return fmt.Errorf("copy the template %q: %w", t.Name, err)
		}
	}
	return nil
}

// replace puts work where target is.
func replace(work, target string) error {
	old := work + ".old"
	err := os.Rename(target, old)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("move the old bundle away: %w", err)
	}
	defer os.RemoveAll(old) //nolint:errcheck // nothing depends on it
	if err := os.Rename(work, target); err != nil {
		return fmt.Errorf("put the bundle in place: %w", err)
	}
	return nil
}
