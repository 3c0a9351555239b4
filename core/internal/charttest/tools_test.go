package charttest_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	offline = "offline"
	api     = "api"

	root  = "../../.."
	chart = root + "/charts/patchbay"

	// Helm built from its module takes another default than a release of Helm.
	kubeVersion   = "1.36.3"
	oldestVersion = "1.28.0" // of Chart.yaml
)

// helms are both Helms the chart promises to work with.
func helms() []string { return []string{"helm3", "helm4"} }

// tool returns the path of a tool of scripts/kube-tools.sh.
func tool(t *testing.T, layer, name string) string {
	t.Helper()
	layers := strings.Split(os.Getenv("PATCHBAY_TEST_CHART"), ",")
	if !slices.Contains(layers, layer) {
		t.Skipf("the %s layer is run by `make chart`", layer)
	}
	folder, err := exec.CommandContext(t.Context(), root+"/scripts/kube-tools.sh", "--path", name).Output()
	if err != nil {
		t.Fatalf("where %s would be: %v", name, err)
	}
	path := filepath.Join(strings.TrimSpace(string(folder)), name)
	if name == "schemas" || name == "crds" {
		path = filepath.Dir(path)
	}
	if _, err := os.Stat(path); err == nil {
		return path
	}
	const cure = "SKIPPED: the %s layer of the chart's tests needs %s, which is not at %s. `scripts/kube-tools.sh %s` builds it."
	if os.Getenv("PATCHBAY_TEST_REQUIRE") == "1" {
		t.Fatalf(cure, layer, name, path, layer)
	}
	t.Skipf(cure, layer, name, path, layer)
	return ""
}

// said is what a program printed and how it ended.
type said struct {
	out, err string
	failed   error
}

func run(t *testing.T, stdin, program string, args ...string) said {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
	cmd.Env = append(os.Environ(), "HELM_CACHE_HOME="+t.TempDir(), "HELM_CONFIG_HOME="+t.TempDir(), "HELM_DATA_HOME="+t.TempDir())
	err := cmd.Run()
	return said{out.String(), errs.String(), err}
}

// must is run of a program that may not fail.
func must(t *testing.T, stdin, program string, args ...string) string {
	t.Helper()
	s := run(t, stdin, program, args...)
	if s.failed != nil {
		t.Fatalf("%s %s: %v\n%s%s", filepath.Base(program), strings.Join(args, " "), s.failed, s.out, s.err)
	}
	return s.out
}

// cases are the files of values that the chart is installed with.
func cases(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(chart + "/ci/*-values.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no values to test with: %v", err)
	}
	return files
}

func caseName(file string) string { return strings.TrimSuffix(filepath.Base(file), "-values.yaml") }

// conform checks objects against the schemas of Kubernetes.
func conform(t *testing.T, objects string) said {
	t.Helper()
	schemas := tool(t, offline, "schemas")
	return run(t, objects, tool(t, offline, "kubeconform"), "-strict", "-summary",
		"-schema-location", schemas+"/{{.ResourceKind}}{{.KindSuffix}}.json", "-")
}

// copyChart makes a copy of the chart that a test may break.
func copyChart(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "patchbay")
	if err := os.CopyFS(dir, os.DirFS(chart)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// breakFile replaces the first from in a file by to.
func breakFile(t *testing.T, name, from, to string) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	broken := strings.Replace(string(text), from, to, 1)
	if broken == string(text) {
		t.Fatalf("%s has no %q to break", name, from)
	}
	if err := os.WriteFile(name, []byte(broken), 0o600); err != nil {
		t.Fatal(err)
	}
}
