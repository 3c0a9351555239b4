package charttest_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// release drives one Helm against a cluster.
type release struct {
	cluster
	helm, namespace string
}

func (r release) try(t *testing.T, args ...string) said {
	t.Helper()
	return run(t, "", r.helm, append([]string{"--kubeconfig", r.kubeconfig, "-n", r.namespace}, args...)...)
}

func (r release) do(t *testing.T, args ...string) {
	t.Helper()
	if s := r.try(t, args...); s.failed != nil {
		t.Fatalf("helm %s: %v\n%s%s", strings.Join(args, " "), s.failed, s.out, s.err)
	}
}

func TestOnAnAPIServer(t *testing.T) {
	c := startCluster(t)
	c.do(t, "", "apply", "--server-side", "-f", tool(t, api, "crds"))
	c.do(t, "", "wait", "--for", "condition=Established", "crd", "--all", "--timeout", "60s")
	for _, helm := range helms() {
		t.Run(helm, func(t *testing.T) {
			for _, values := range cases(t) {
				t.Run(caseName(values), func(t *testing.T) { lifecycle(t, c, helm, values) })
			}
			t.Run("scaled by hand", func(t *testing.T) { scaled(t, space(t, c, helm, "scaled")) })
			t.Run("scaled by hand, with replicas in the chart", func(t *testing.T) { quarrel(t, space(t, c, helm, "quarrel")) })
			t.Run("a bigger volume", func(t *testing.T) { grown(t, space(t, c, helm, "grown")) })
			t.Run("a request above its limit", func(t *testing.T) { senseless(t, space(t, c, helm, "senseless")) })
		})
	}
}

func space(t *testing.T, c cluster, helm, name string) release {
	t.Helper()
	r := release{c, tool(t, api, helm), helm + "-" + name}
	c.do(t, "", "create", "namespace", r.namespace)
	return r
}

// lifecycle installs, upgrades without and with a change, uninstalls, and
// installs again over the volume that was left.
func lifecycle(t *testing.T, c cluster, helm, values string) {
	t.Helper()
	r := space(t, c, helm, caseName(values))
	r.do(t, "install", "rel", chart, "-f", values)
	installed := r.left(t, r.namespace)
	for _, want := range []string{"statefulset.apps/", "service/", "configmap/"} {
		if !slices.ContainsFunc(installed, func(o string) bool { return strings.HasPrefix(o, want) }) {
			t.Errorf("no %s in %v", want, installed)
		}
	}
	r.do(t, "upgrade", "rel", chart, "-f", values)
	if got := r.left(t, r.namespace); !slices.Equal(got, installed) {
		t.Errorf("an upgrade without a change made %v of %v", got, installed)
	}
	r.do(t, "upgrade", "rel", chart, "-f", values, "--set", "podAnnotations.changed=yes", "--set", "config.log.level=error")
	r.do(t, "rollback", "rel", "1")
	if slices.ContainsFunc(installed, func(o string) bool { return strings.HasPrefix(o, "cronjob") }) {
		i := slices.IndexFunc(installed, func(o string) bool { return strings.HasPrefix(o, "cronjob") })
		r.cluster.do(t, "", "-n", r.namespace, "create", "job", "now", "--from="+strings.Replace(installed[i], "cronjob.batch", "cronjob", 1))
		r.cluster.do(t, "", "-n", r.namespace, "delete", "job", "now")
	}
	r.do(t, "uninstall", "rel")
	claims := slices.DeleteFunc(slices.Clone(installed), func(o string) bool { return !strings.HasPrefix(o, "persistentvolumeclaim/") })
	if got := r.left(t, r.namespace); !slices.Equal(got, claims) {
		t.Errorf("uninstalled, it left %v, not %v", got, claims)
	}
	r.do(t, "install", "rel", chart, "-f", values)
	if got := r.left(t, r.namespace); !slices.Equal(got, installed) {
		t.Errorf("installed again, there is %v, not %v", got, installed)
	}
	r.do(t, "uninstall", "rel")
}

// scaled: a restore scales the server to 0. An upgrade in between neither
// fails nor starts it.
func scaled(t *testing.T, r release) {
	t.Helper()
	r.do(t, "install", "rel", chart)
	if n := at(r.object(t, r.namespace, "statefulset", "rel-patchbay"), "spec", "replicas"); n != 1.0 {
		t.Errorf("installed with %v replicas", n)
	}
	r.cluster.do(t, "", "-n", r.namespace, "scale", "statefulset", "rel-patchbay", "--replicas=0")
	r.do(t, "upgrade", "rel", chart, "--set", "config.log.level=debug")
	o := r.object(t, r.namespace, "statefulset", "rel-patchbay")
	if n := at(o, "spec", "replicas"); n != 0.0 {
		t.Errorf("an upgrade made %v replicas of 0", n)
	}
	applied := false
	fields, _ := at(o, "metadata", "managedFields").([]any)
	for _, f := range fields {
		applied = applied || at(f, "manager") == "helm" && at(f, "operation") == "Apply"
	}
	if want := strings.HasSuffix(r.helm, "helm4"); applied != want {
		t.Errorf("applied by the server: %v", applied)
	}
}

// quarrel: why the chart leaves replicas out. With them an upgrade starts the
// server in the middle of a restore, or is refused over a conflict.
func quarrel(t *testing.T, r release) {
	t.Helper()
	dir := copyChart(t)
	breakFile(t, filepath.Join(dir, "templates", "statefulset.yaml"), "  serviceName:", "  replicas: 1\n  serviceName:")
	r.do(t, "install", "rel", dir)
	r.cluster.do(t, "", "-n", r.namespace, "scale", "statefulset", "rel-patchbay", "--replicas=0")
	s := r.try(t, "upgrade", "rel", dir, "--set", "config.log.level=debug")
	n := at(r.object(t, r.namespace, "statefulset", "rel-patchbay"), "spec", "replicas")
	if s.failed == nil && n == 0.0 {
		t.Error("a chart with replicas does no harm: the test above proves nothing")
	}
}

// grown: a claim that is no template of the StatefulSet can ask for more.
func grown(t *testing.T, r release) {
	t.Helper()
	class := r.namespace
	r.cluster.do(t, `{"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "`+class+`"},
		"provisioner": "example.com/none", "allowVolumeExpansion": true}`, "create", "-f", "-")
	r.do(t, "install", "rel", chart, "--set", "persistence.storageClass="+class)
	// What a provisioner does.
	r.cluster.do(t, "", "-n", r.namespace, "patch", "pvc", "rel-patchbay-data", "--type", "merge", "-p", `{"spec": {"volumeName": "one"}}`)
	r.cluster.do(t, "", "-n", r.namespace, "patch", "pvc", "rel-patchbay-data", "--subresource", "status", "--type", "merge", "-p", `{"status": {"phase": "Bound"}}`)
	r.do(t, "upgrade", "rel", chart, "--set", "persistence.storageClass="+class, "--set", "persistence.size=20Gi")
	if got := at(r.object(t, r.namespace, "pvc", "rel-patchbay-data"), "spec", "resources", "requests", "storage"); got != "20Gi" {
		t.Errorf("the claim asks for %v", got)
	}
}

// senseless: the layer can fail. What every schema accepts and no server does
// is refused here.
func senseless(t *testing.T, r release) {
	t.Helper()
	values := filepath.Join(t.TempDir(), "values.yaml")
	if err := os.WriteFile(values, []byte("resources: {requests: {cpu: 2}, limits: {cpu: 1}}"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := r.try(t, "install", "rel", chart, "-f", values)
	if s.failed == nil || !strings.Contains(s.err, "must be less than or equal to cpu limit") {
		t.Errorf("a request of 2 CPUs under a limit of 1: %v %s", s.failed, s.err)
	}
}
