package sdk_test

import (
	"bytes"
	"debug/buildinfo"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// An author outside this repository builds a plugin of every ability with
// nothing but the SDK, and gets nothing of the core's: no database, no web
// framework, no message bus, and none of what checks manifests.
func TestWhatAStrangersPluginLinks(t *testing.T) {
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	copyFile(t, filepath.Join("testdata", "stranger", "main.go.txt"), filepath.Join(dir, "main.go"))
	const id = "id: stranger/everything\nversion: 1.2.3\n"
	if err := os.WriteFile(filepath.Join(dir, "plugin.yaml"), []byte(id), 0o600); err != nil {
		t.Fatal(err)
	}
	copyFile(t, filepath.Join(root, "go.sum"), filepath.Join(dir, "go.sum"))
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	const module = "github.com/patchbay-im/patchbay"
	mod = bytes.Replace(mod, []byte("module "+module), []byte("module stranger.example/plugin"), 1)
	mod = append(mod, []byte("\nrequire "+module+" v0.0.0\n\nreplace "+module+" => "+root+"\n")...)
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), mod, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "go", "build", "-mod=mod", "-o", "plugin", ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}

	info, err := buildinfo.ReadFile(filepath.Join(dir, "plugin"))
	if err != nil {
		t.Fatal(err)
	}
	ours := false
	for _, dep := range info.Deps {
		ours = ours || dep.Path == module
		for _, unwanted := range []string{
			"fiber", "fasthttp", "gorm", "sqlite", "pgx", "milvus", "viper", "nats", "huma", "gws", "cobra", "prometheus", "jsonschema", "semver",
		} {
			if strings.Contains(dep.Path, unwanted) {
				t.Errorf("it links %s", dep.Path)
			}
		}
	}
	if !ours {
		t.Errorf("it does not link the SDK: %v", info.Deps)
	}

	// By hand, a plugin says what it is and what to do with it.
	run := exec.CommandContext(t.Context(), filepath.Join(dir, "plugin"))
	out, err := run.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "stranger/everything 1.2.3 is a plugin of Patchbay") || !strings.Contains(string(out), "patchbay plugin build") {
		t.Errorf("run by hand: %v\n%s", err, out)
	}
}

// The tests of an author's plugin get nothing of the core's either: what
// plugintest and the suites are made of is the SDK, gRPC, and what checks
// manifests and schemas.
func TestWhatAStrangersTestsLink(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{with .Module}}{{.Path}} {{end}}{{.ImportPath}}",
		"./plugintest", "./plugintest/hosttest", "./channel/channeltest", "./bot/bottest", "./connector/connectortest", "./tool/tooltest",
		"./hook/hooktest", "./analyzer/analyzertest", "./panel/paneltest", "./template/templatetest", "./route/routetest")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	ours := 0
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "patchbay/sdk/plugintest") {
			ours++
		}
		for _, unwanted := range []string{
			"patchbay/core", "fiber", "fasthttp", "gorm", "sqlite", "pgx", "milvus", "viper", "nats", "huma", "gws", "cobra", "prometheus",
		} {
			if strings.Contains(line, unwanted) {
				t.Errorf("it links %s", strings.TrimSpace(line))
			}
		}
	}
	if ours != 2 {
		t.Errorf("plugintest is listed %d times", ours)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
