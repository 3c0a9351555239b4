package scaffold_test

import (
	"bytes"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/scaffold"
	"github.com/patchbay-im/patchbay/sdk/manifest"
)

// version is one of a program that was built from a checkout.
const version = "0.1.0+dev"

func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// run runs the go command in a plugin's folder, with nothing to download: what
// the checkout was built with is all that is there.
func run(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOPROXY=off", "GOFLAGS=-mod=readonly -trimpath")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// Every kind of plugin is whole as it is written: it builds, it passes its own
// tests and go vet, it is formatted, and its manifest is accepted. All at once
// work together, too; those run as processes.
func TestEveryKindWorks(t *testing.T) {
	cases := map[string][]string{"all": scaffold.Kinds()}
	for _, k := range scaffold.Kinds() {
		cases[k] = []string{k}
	}
	if testing.Short() {
		cases = map[string][]string{"channel": {"channel"}}
	}
	for name, kinds := range cases {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "new")
			made, err := scaffold.New(scaffold.Options{Name: "my-plugin", Kinds: kinds, Dir: dir, Version: version, Replace: root(t)})
			if err != nil {
				t.Fatal(err)
			}
			if made.ID != "example/my-plugin" || !slices.Equal(made.Kinds, kinds) {
				t.Errorf("made %+v", made)
			}
			m, err := manifest.Read(filepath.Join(dir, manifest.SourceFile))
			if err != nil {
				t.Fatal(err)
			}
			if len(m.Kinds) != len(kinds) {
				t.Errorf("its kinds are %v", m.Kinds)
			}
			looks(t, dir, made.Files)
			run(t, dir, "vet", "./...")
			tests := "^Test/^in_process$"
			if name == "all" || os.Getenv("PATCHBAY_TEST_LONG") != "" {
				tests = "."
			}
			run(t, dir, "test", "-count=1", "-run", tests, "./...")
			if name != "template" {
				run(t, dir, "build", "-o", filepath.Join(t.TempDir(), "plugin"), ".")
			}
		})
	}
}

// looks checks the files as a careful reader would.
func looks(t *testing.T, dir string, files []string) {
	t.Helper()
	for _, name := range files {
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, ".go") {
			if formatted, err := format.Source(data); err != nil || !bytes.Equal(formatted, data) {
				t.Errorf("%s is not formatted: %v", name, err)
			}
		}
		for n, line := range strings.Split(string(data), "\n") {
			if strings.Contains(line, "[[") || strings.Contains(line, "<no value>") || strings.TrimRight(line, " \t") != line {
				t.Errorf("%s:%d: %q", name, n+1, line)
			}
		}
		if !bytes.HasSuffix(data, []byte("\n")) || bytes.HasSuffix(data, []byte("\n\n")) || bytes.Contains(data, []byte("\n\n\n")) {
			t.Errorf("%s does not end with one line end, or has two empty lines", name)
		}
	}
}

// What is refused leaves nothing behind, and says what to do.
func TestRefusals(t *testing.T) {
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "notes.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	foreign := t.TempDir()
	if err := os.WriteFile(filepath.Join(foreign, "go.mod"), []byte("module example.com/other\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	good := scaffold.Options{Name: "shop", Kinds: []string{"bot"}, Version: version, Replace: root(t)}
	tests := map[string]struct {
		change func(*scaffold.Options)
		want   string
	}{
		"no name":        {func(o *scaffold.Options) { o.Name = "" }, "is not the name of a plugin"},
		"a bad name":     {func(o *scaffold.Options) { o.Name = "My Shop!" }, `for example "my-shop"`},
		"a path":         {func(o *scaffold.Options) { o.Name = "../shop" }, `for example "shop"`},
		"a long name":    {func(o *scaffold.Options) { o.Name = strings.Repeat("x", 51) }, "at most 50"},
		"a bad author":   {func(o *scaffold.Options) { o.Publisher = "Tea & Co" }, `is not the publisher: use lower case letters, digits and single hyphens, beginning with a letter, at most 50, for example "tea-co"`},
		"no kind":        {func(o *scaffold.Options) { o.Kinds = nil }, "which kind of plugin? Say --kind"},
		"a bad kind":     {func(o *scaffold.Options) { o.Kinds = []string{"chanel"} }, `there is no kind "chanel" (did you mean channel?): choose of channel, bot,`},
		"another kind":   {func(o *scaffold.Options) { o.Kinds = []string{"bot", "spreadsheet"} }, `there is no kind "spreadsheet": choose of`},
		"a full folder":  {func(o *scaffold.Options) { o.Dir = full }, "is not empty (it holds notes.txt)"},
		"a file":         {func(o *scaffold.Options) { o.Dir = filepath.Join(full, "notes.txt") }, "cannot be used"},
		"a bad module":   {func(o *scaffold.Options) { o.Module = "my module" }, "is not the name of a Go module"},
		"our module":     {func(o *scaffold.Options) { o.Module = scaffold.Module + "/plugins/shop" }, "Patchbay's own module"},
		"no checkout":    {func(o *scaffold.Options) { o.Replace = "" }, "name it with --replace"},
		"another's":      {func(o *scaffold.Options) { o.Replace = foreign }, `holds "module example.com/other", not Patchbay`},
		"an empty place": {func(o *scaffold.Options) { o.Replace = full }, "has no go.mod"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			place := t.TempDir()
			o := good
			o.Dir = filepath.Join(place, "made")
			tt.change(&o)
			if _, err := scaffold.New(o); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v\nwant %s", err, tt.want)
			}
			left, err := os.ReadDir(place)
			if err != nil || len(left) > 0 {
				t.Errorf("it leaves %v %v", left, err)
			}
		})
	}
	if left, err := os.ReadDir(full); err != nil || len(left) != 1 {
		t.Errorf("the full folder now has %v %v", left, err)
	}
}

// A release names itself; its module comes from the network.
func TestFromARelease(t *testing.T) {
	dir := t.TempDir() // empty: that is fine
	made, err := scaffold.New(scaffold.Options{Name: "shop", Kinds: []string{"tool", "bot", "bot"}, Dir: dir, Module: "github.com/acme/shop", Publisher: "acme", Version: "1.4.2"})
	if err != nil {
		t.Fatal(err)
	}
	if made.Sums || !slices.Equal(made.Kinds, []string{"bot", "tool"}) || slices.Contains(made.Files, "go.sum") {
		t.Errorf("made %+v", made)
	}
	mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	if want := "module github.com/acme/shop\n\ngo 1.26.0\n\nrequire github.com/patchbay-im/patchbay v1.4.2\n"; string(mod) != want {
		t.Errorf("go.mod is\n%s\nnot\n%s", mod, want)
	}
	m, err := manifest.Read(filepath.Join(dir, manifest.SourceFile))
	if err != nil || m.ID != "acme/shop" || m.Core != ">=1.4.0 <2.0.0" || !m.RunsOn("1.4.2") {
		t.Errorf("the manifest: %+v %v", m, err)
	}
	if ours, err := os.ReadFile(filepath.Join(root(t), "go.mod")); err != nil || !strings.Contains(string(ours), "\ngo 1.26.0\n") {
		t.Errorf("our own go.mod asks for another Go: %v", err)
	}
}

// A program in a checkout knows where it comes from.
func TestFindCheckout(t *testing.T) {
	if got := scaffold.FindCheckout(filepath.Join(root(t), "bin", "patchbay")); got != root(t) {
		t.Errorf("found %q", got)
	}
	if got := scaffold.FindCheckout(filepath.Join(t.TempDir(), "patchbay")); got != "" {
		t.Errorf("found %q", got)
	}
}
