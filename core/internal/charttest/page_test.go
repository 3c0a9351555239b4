package charttest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// typed are the commands that docs/operate/kubernetes.md tells to type, with
// continued lines in one. Values that it shows are given by an upgrade.
func typed(t *testing.T) []string {
	t.Helper()
	page, err := os.ReadFile(root + "/docs/operate/kubernetes.md")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, block := range regexp.MustCompile("(?ms)^```([a-z]*)\n(.*?)^```$").FindAllStringSubmatch(string(page), -1) {
		if block[1] == "yaml" {
			out = append(out, "helm upgrade ... --reuse-values -f - <<'END'\n"+block[2]+"END")
			continue
		}
		for line := range strings.Lines(strings.ReplaceAll(block[2], "\\\n", " ")) {
			out = append(out, strings.TrimSpace(line))
		}
	}
	return out
}

// afterwards is what can be asked of an API server without a node, where the
// page waits for a pod, reads its log or speaks to it: whether the object that
// the command names is there.
func afterwards(line string) string {
	for _, r := range []struct{ command, instead string }{
		{`^kubectl -n help rollout status (\S+)$`, `kubectl -n help get $1`},
		{`^kubectl -n help logs patchbay-0 .*$`, `kubectl -n help get statefulset/patchbay`},
		{`^kubectl -n help port-forward (service/\S+) \d+:80$`, `kubectl -n help get $1 -o jsonpath='{.spec.ports[0].port}' | grep -qx 80`},
		{`^kubectl -n help wait .* job -l (\S+)$`, `test -n "$$(kubectl -n help get job -l $1 -o name)"`},
		{`^kubectl -n help delete pvc (\S+)$`, `kubectl -n help get pvc $1`}, // nobody would delete it in the end: no controller runs
	} {
		command := regexp.MustCompile(r.command)
		if command.MatchString(line) {
			return command.ReplaceAllString(line, r.instead)
		}
	}
	return line
}

// TestThePageOnAnAPIServer types what the page tells, in its order.
func TestThePageOnAnAPIServer(t *testing.T) {
	c := startCluster(t)
	dir := t.TempDir()
	if err := os.Symlink(tool(t, api, "helm4"), filepath.Join(dir, "helm")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(c.kubectl, filepath.Join(dir, "kubectl")); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "key.txt"), "AGE-SECRET-KEY-1...\n")
	folder, err := filepath.Abs(chart)
	if err != nil {
		t.Fatal(err)
	}
	// What the reader puts in the place of "...": the release and where it is from, in its namespace.
	words := strings.NewReplacer("helm upgrade patchbay ...", "helm upgrade patchbay "+folder+" -n help",
		"helm upgrade ...", "helm upgrade patchbay "+folder+" -n help", "oci://ghcr.io/patchbay-im/charts/patchbay", folder, "age1...", "age1example")
	lines := typed(t)
	if len(lines) < 14 {
		t.Fatalf("the page tells to type only %q", lines)
	}
	for _, line := range lines {
		command := words.Replace(afterwards(line))
		cmd := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", command)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"), "KUBECONFIG="+c.kubeconfig,
			"HELM_CACHE_HOME="+dir, "HELM_CONFIG_HOME="+dir, "HELM_DATA_HOME="+dir)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("$ %s\n(as %s)\n%v\n%s", line, command, err, out)
		}
	}
}
