package bundle_test

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/marketplace/bundle"
	"github.com/patchbay-im/patchbay/sdk/manifest"
)

const yaml = `manifest_version: 1
id: acme/thing
version: 1.0.0
name: {en: Thing}
summary: {en: A thing.}
publisher: {name: Acme}
license: Apache-2.0
core: ">=0.1.0 <1.0.0"
protocol: [1]
kinds: [channel]
channel: {content: [text]}
`

// source writes the folder of a plugin that needs nothing but Go.
func source(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	all := map[string]string{
		"plugin.yaml": yaml, "go.mod": "module thing\n\ngo 1.26\n", "main.go": "package main\n\nfunc main() {}\n",
	}
	maps.Copy(all, files)
	for name, text := range all {
		if text == "" {
			continue
		}
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestBuild(t *testing.T) {
	out := filepath.Join(t.TempDir(), "a", "b")
	dir := source(t, map[string]string{"ui/dist/index.html": "<p>", "ui/dist/assets/a.js": "1", "ui/src/secret.ts": "2"})
	for range 2 { // the second replaces the first
		b, err := bundle.Build(t.Context(), dir, out)
		if err != nil {
			t.Fatal(err)
		}
		if b.Folder != filepath.Join(out, "acme-thing") || b.Manifest.ID != "acme/thing" {
			t.Errorf("built %+v", b)
		}
	}
	var names []string
	err := filepath.WalkDir(out, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			name, _ := filepath.Rel(out, path)
			names = append(names, filepath.ToSlash(name))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	want := "acme-thing/plugin acme-thing/plugin.json acme-thing/ui/assets/a.js acme-thing/ui/index.html"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("files: %s\nwant:  %s", got, want)
	}
	if m, err := manifest.Read(filepath.Join(out, "acme-thing", bundle.ManifestFile)); err != nil || m.Version != "1.0.0" {
		t.Errorf("its manifest: %+v %v", m, err)
	}
	if info, err := os.Stat(filepath.Join(out, "acme-thing", bundle.Program())); err != nil || info.Mode().Perm()&0o111 == 0 {
		t.Errorf("its program: %v %v", info, err)
	}
}

// withPage is a plugin that has a page.
func withPage() string {
	return strings.NewReplacer("kinds: [channel]", "kinds: [panel]", "channel: {content: [text]}", "panels: [{name: home, slot: navigation, title: {en: Home}, page: home/index.html}]").Replace(yaml)
}

// Web files that nothing has to build are shipped as they are.
func TestPlainPages(t *testing.T) {
	dir := source(t, map[string]string{"plugin.yaml": withPage(), "ui/home/index.html": "<p>"})
	b, err := bundle.Build(t.Context(), dir, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if page, err := os.ReadFile(filepath.Join(b.Folder, bundle.UIFolder, "home", "index.html")); err != nil || string(page) != "<p>" {
		t.Errorf("the page: %q %v", page, err)
	}
}

func TestWhatDoesNotBuild(t *testing.T) {
	tests := map[string]struct {
		files map[string]string
		want  string
	}{
		"no manifest":  {map[string]string{"plugin.yaml": ""}, "plugin.yaml"},
		"bad manifest": {map[string]string{"plugin.yaml": strings.Replace(yaml, "license", "licence", 1)}, `plugin.yaml:7: unknown key "licence"`},
		"bad code":     {map[string]string{"main.go": "package main\n\nfunc main() { teapot() }\n"}, "undefined: teapot"},
		"no web files": {map[string]string{"ui/package.json": "{}"}, "build the web files first"},
		"no page":      {map[string]string{"plugin.yaml": withPage(), "ui/other.html": "<p>"}, "page home/index.html, which is not among"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			out := t.TempDir()
			old := filepath.Join(out, "acme-thing")
			if err := os.Mkdir(old, 0o755); err != nil {
				t.Fatal(err)
			}
			_, err := bundle.Build(t.Context(), source(t, tt.files), out)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			left, err := os.ReadDir(out)
			if err != nil || len(left) != 1 {
				t.Errorf("left behind: %v %v", left, err)
			}
		})
	}
	_, err := bundle.Build(t.Context(), source(t, map[string]string{"plugin.yaml": "id: x"}), t.TempDir())
	if _, ok := errors.AsType[*manifest.Error](err); !ok {
		t.Errorf("a refused manifest comes back as %T", err)
	}
}

// A plugin that is files alone is built without a compiler.
func TestBuildTemplates(t *testing.T) {
	written := strings.Replace(yaml, "kinds: [channel]\nchannel: {content: [text]}\n",
		"kinds: [template]\nruntime: {type: none}\ntemplates:\n  - {name: shop, path: shop, title: {en: Shop}, summary: {en: For shops.}}\n", 1)
	dir := source(t, map[string]string{
		"plugin.yaml": written, "main.go": "", "go.mod": "",
		"templates/shop/labels.yaml": "- {kind: label, key: a, name: A}\n", "templates/shop/knowledge/returns.md": "# Returns\n",
	})
	b, err := bundle.Build(t.Context(), dir, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"plugin.json", "templates/shop/labels.yaml", "templates/shop/knowledge/returns.md"} {
		if _, err := os.Stat(filepath.Join(b.Folder, file)); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(filepath.Join(b.Folder, bundle.Program())); err == nil {
		t.Error("it has a program")
	}
	if err := os.Remove(filepath.Join(dir, "templates/shop/labels.yaml")); err != nil {
		t.Fatal(err)
	}
	if _, err := bundle.Build(t.Context(), dir, t.TempDir()); err == nil || !strings.Contains(err.Error(), `"shop" has no .yaml files`) {
		t.Errorf("a template without files: %v", err)
	}
}
