package charttest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"go.yaml.in/yaml/v3"
)

func TestLint(t *testing.T) {
	for _, helm := range helms() {
		for _, values := range cases(t) {
			t.Run(helm+"/"+caseName(values), func(t *testing.T) {
				must(t, "", tool(t, offline, helm), "lint", "--strict", "--kube-version", kubeVersion, "-f", values, chart)
			})
		}
	}
}

// Every rendering, by both Helms, for the oldest and the newest Kubernetes.
func TestObjectsAreWhatKubernetesDescribes(t *testing.T) {
	for _, helm := range helms() {
		for _, values := range cases(t) {
			for _, version := range []string{oldestVersion, kubeVersion} {
				t.Run(helm+"/"+caseName(values)+"/"+version, func(t *testing.T) {
					objects := must(t, "", tool(t, offline, helm), "template", "rel", chart, "-f", values, "--kube-version", version)
					if s := conform(t, objects); s.failed != nil {
						t.Errorf("%s%s", s.out, s.err)
					}
				})
			}
		}
	}
}

func TestSuites(t *testing.T) {
	out := must(t, "", tool(t, offline, "helm-unittest"), "--strict", chart)
	t.Log(out)
}

// The file that the chart writes is read by the binary that will read it.
func TestTheServerAcceptsItsConfiguration(t *testing.T) {
	helm := tool(t, offline, "helm4")
	binary := filepath.Join(t.TempDir(), "patchbay")
	must(t, "", "go", "build", "-o", binary, root+"/core/cmd/patchbay")
	for _, values := range cases(t) {
		t.Run(caseName(values), func(t *testing.T) {
			var m struct{ Data map[string]string }
			object := must(t, "", helm, "template", "rel", chart, "-f", values, "--kube-version", kubeVersion, "-s", "templates/configmap.yaml")
			if err := yaml.Unmarshal([]byte(object), &m); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(t.TempDir(), "patchbay.yaml")
			if err := os.WriteFile(file, []byte(m.Data["patchbay.yaml"]), 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), binary, "config", "check", "--config", file)
			cmd.Env = []string{}
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s\n%s", err, out, m.Data["patchbay.yaml"])
			}
		})
	}
}

// A chart that a person broke must not pass: each of these is caught by the
// layer that is there for it.
func TestBrokenChartsAreCaught(t *testing.T) {
	helm, unittest := tool(t, offline, "helm4"), tool(t, offline, "helm-unittest")
	schemas := func(t *testing.T, dir string) error {
		objects := must(t, "", helm, "template", "rel", dir, "-f", chart+"/ci/full-values.yaml", "--kube-version", kubeVersion)
		return conform(t, objects).failed
	}
	lint := func(t *testing.T, dir string) error {
		return run(t, "", helm, "lint", "--strict", "--kube-version", kubeVersion, "-f", chart+"/ci/full-values.yaml", dir).failed
	}
	suites := func(t *testing.T, dir string) error { return run(t, "", unittest, "--strict", dir).failed }
	for _, b := range []struct {
		name, file, from, to string
		caught               func(*testing.T, string) error
	}{
		{"a field that does not exist", "statefulset.yaml", "serviceName:", "serviceNames:", schemas},
		{"text for a number", "statefulset.yaml", "containerPort: 8080", `containerPort: "8080"`, schemas},
		{"a template that does not end", "service.yaml", "{{- end }}", "", lint},
		{"variables of other services", "_helpers.tpl", "\nenableServiceLinks: false", "\nenableServiceLinks: true", suites},
		{"replicas that an upgrade resets", "statefulset.yaml", "  serviceName:", "  replicas: 1\n  serviceName:", suites},
		{"traffic to every pod", "service.yaml", "statefulset.kubernetes.io/pod-name", "x", suites},
		{"a token of the service account", "_helpers.tpl", "automountServiceAccountToken: false", "automountServiceAccountToken: true", suites},
		{"a backup elsewhere than the server", "backup.yaml", "podAffinity:", "podAntiAffinity:", suites},
		{"a claim that goes with the release", "claims.yaml", "helm.sh/resource-policy: keep", "helm.sh/resource-policy: go", suites},
	} {
		t.Run(b.name, func(t *testing.T) {
			dir := copyChart(t)
			if err := b.caught(t, dir); err != nil {
				t.Fatalf("the whole chart does not pass: %v", err)
			}
			breakFile(t, filepath.Join(dir, "templates", b.file), b.from, b.to)
			if b.caught(t, dir) == nil {
				t.Error("it passed")
			}
		})
	}
}
