// Package scaffold writes the first files of a plugin: a small one that works,
// with its tests, for each ability. The files are templates beside this package.
package scaffold

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"go/format"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"github.com/patchbay-im/patchbay/sdk/manifest"
)

//go:embed all:templates
var templates embed.FS

// Options say what to write.
type Options struct {
	Name      string   // of the plugin: lower case letters, digits, hyphens
	Kinds     []string // abilities, at least one; see Kinds
	Dir       string   // of the plugin, which is made; "" = Name below the current folder
	Module    string   // of Go; "" = example.com/<publisher>/<name>
	Publisher string   // "" = example
	// Version of the program that writes: the plugin asks for servers from here
	// on, below the next that may break it.
	Version string
	// Replace is a checkout of Patchbay that the plugin is built with; "" = the
	// released module of Version.
	Replace string
}

// Made is what was written.
type Made struct {
	Dir    string
	ID     string
	Kinds  []string
	Module string
	Files  []string // slash paths below Dir, sorted
	// Sums: go.sum is written, so nothing has to be downloaded first.
	Sums bool
}

// The abilities, as the manifest names them.
const (
	kindChannel   = string(manifest.KindChannel)
	kindBot       = string(manifest.KindBot)
	kindConnector = string(manifest.KindConnector)
	kindTool      = string(manifest.KindTool)
	kindHook      = string(manifest.KindHook)
	kindAnalyzer  = string(manifest.KindAnalyzer)
	kindPanel     = string(manifest.KindPanel)
	kindTemplate  = string(manifest.KindTemplate)
)

// Kinds lists the abilities in the order in which people read of them.
func Kinds() []string {
	return []string{
		kindChannel, kindBot, kindConnector, kindTool,
		kindHook, kindAnalyzer, kindPanel, kindTemplate,
	}
}

// New writes a plugin into a folder that is empty or not there yet: all of it,
// or nothing. Its errors say what to do instead.
func New(o Options) (Made, error) {
	p, err := plan(o)
	if err != nil {
		return Made{}, err
	}
	target, err := place(o)
	if err != nil {
		return Made{}, err
	}
	files, err := p.files()
	if err != nil {
		return Made{}, err
	}
	made := Made{Dir: target, ID: p.ID(), Kinds: p.Kinds, Module: p.Module}
	for name := range files {
		made.Files = append(made.Files, name)
	}
	slices.Sort(made.Files)
	_, made.Sums = files["go.sum"]
	return made, put(target, files)
}

// place returns the folder to make, absolute. One that holds something is
// refused.
func place(o Options) (string, error) {
	dir := o.Dir
	if dir == "" {
		dir = o.Name
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("find the folder %s: %w", o.Dir, err)
	}
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && len(entries) == 0:
		return dir, nil
	case err == nil:
		return "", fmt.Errorf("the folder %s is not empty (it holds %s): choose another with --dir, or empty it", dir, entries[0].Name())
	}
	return "", fmt.Errorf("the folder %s cannot be used: %w. Choose another with --dir", dir, err)
}

// put writes the files beside their place and moves them there at once.
func put(target string, files map[string][]byte) (err error) {
	parent := filepath.Dir(target)
	if err := os.MkdirAll(parent, 0o755); err != nil { //nolint:gosec // sources are not secret
		return fmt.Errorf("make the folder %s: %w", parent, err)
	}
	work, err := os.MkdirTemp(parent, "."+filepath.Base(target)+"-")
	if err != nil {
		return fmt.Errorf("write beside %s: %w", target, err)
	}
	defer os.RemoveAll(work)                      //nolint:errcheck // gone after the rename
	if err := os.Chmod(work, 0o755); err != nil { //nolint:gosec // sources are not secret
		return fmt.Errorf("open %s: %w", work, err)
	}
	for name, data := range files {
		path := filepath.Join(work, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // as above
			return fmt.Errorf("make a folder for %s: %w", name, err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil { //nolint:gosec // as above
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	// An empty folder is in the way of a rename; one that is not was refused.
	if err := os.Remove(target); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the folder %s cannot be replaced: %w. If it is the current folder of a shell, go elsewhere or choose another with --dir", target, err)
	}
	if err := os.Rename(work, target); err != nil {
		return fmt.Errorf("put the plugin into %s: %w", target, err)
	}
	return nil
}

// files renders everything.
func (p plugin) files() (map[string][]byte, error) {
	out := make(map[string][]byte)
	err := fs.WalkDir(templates, "templates", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name := strings.TrimSuffix(strings.TrimPrefix(path, "templates/"), ".tmpl")
		name = strings.ReplaceAll(name, "NAME", p.Name)
		name = strings.ReplaceAll(name, "dot-", ".")
		if !p.wants(name) {
			return nil
		}
		data, err := p.render(path, name)
		if len(bytes.TrimSpace(data)) > 0 {
			out[name] = data
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("write the plugin's files: %w", err)
	}
	return out, p.module(out)
}

func (p plugin) render(path, name string) ([]byte, error) {
	text, err := fs.ReadFile(templates, path)
	if err != nil {
		return nil, fmt.Errorf("read the template of %s: %w", name, err)
	}
	// What is generated is full of braces of other languages.
	t, err := template.New(name).Delims("[[", "]]").Option("missingkey=error").Parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("parse the template of %s: %w", name, err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, p); err != nil {
		return nil, fmt.Errorf("fill the template of %s: %w", name, err)
	}
	if !strings.HasSuffix(name, ".go") || b.Len() == 0 {
		return b.Bytes(), nil
	}
	data, err := format.Source(b.Bytes())
	if err != nil {
		return nil, fmt.Errorf("format %s: %w", name, err)
	}
	return data, nil
}
