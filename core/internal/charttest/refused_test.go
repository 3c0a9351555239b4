package charttest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// refused are values that must not be installed, and words of the message that
// says why. The first are refused by the chart's rules, the others by its schema.
func refused() []struct{ name, values, says string } {
	return []struct{ name, values, says string }{
		{"several replicas", "mode: scaled", "is not part of this version of the chart. Use mode: single."},
		{"another mode", "mode: swarm", "mode: swarm is not known. Use mode: single."},
		{"an Ingress for nobody", "ingress: {enabled: true}", "ingress.enabled needs ingress.hosts"},
		{"a route without a gateway", "httpRoute: {enabled: true, hostnames: [a.example]}", "httpRoute.enabled needs httpRoute.parentRefs"},
		{"a route for nobody", "httpRoute: {enabled: true, parentRefs: [{name: g}]}", "httpRoute.enabled needs httpRoute.hostnames"},
		{"a monitor of closed metrics", "metrics: {serviceMonitor: {enabled: true}}", "needs metrics.enabled"},
		{"alerts on closed metrics", "metrics: {rules: {enabled: true}}", "metrics.rules.enabled needs metrics.enabled"},
		{"metrics by hand", `config: {metrics: {address: ":1"}}`, "Use metrics.enabled."},
		{"TLS in the pod", "config: {tls: {cert_file: /a}}", "TLS ends at the Ingress or the Gateway."},
		{"a node's port on no node", "service: {nodePort: 30080}", "service.nodePort needs service.type: NodePort"},
		{"a backup of nothing", "{backup: {enabled: true}, persistence: {enabled: false}}", "there is no volume to back up"},
		{"a backup of a volume of one pod", "{backup: {enabled: true}, persistence: {accessMode: ReadWriteOncePod}}", "backup.enabled needs persistence.accessMode: ReadWriteOnce"},
		{"a backup onto the data", "{backup: {enabled: true, persistence: {existingClaim: one}}, persistence: {existingClaim: one}}", "A backup on the same volume is lost with it"},
		{"a backup encrypted twice", "backup: {enabled: true, recipients: [age1abc], passphrase: {existingSecret: s}}", "exclude each other"},
		{"a restore from nowhere", "restore: {file: a.tar.gz}", "restore.file needs backup.enabled"},
		{"killed while it drains", "config: {server: {drain_timeout: 2m}}", "terminationGracePeriodSeconds: 60 is not more than the 2m"},
		{"another folder", "config: {data_dir: /srv}", "config.data_dir is set by the chart. It is /data"},
		{"another address", `config: {server: {address: ":80"}}`, "config.server.address is set by the chart"},
		{"another database", "config: {database: {url: postgres://a@b/c}}", "config.database.url is set by the chart. mode: single keeps its data in SQLite"},
		{"the address twice", "config: {server: {public_url: https://a.example}}", "Use publicUrl."},
		{"a password in a ConfigMap", "config: {admin: {email: a@b.example, password: hunter2hunter2}}", "Use admin.existingSecret"},
		{"the demo", "config: {demo: true}", "config.demo is set by the chart"},

		{"a misspelt key", "persist: {size: 1Gi}", "persist"},
		{"a misspelt key inside", "backup: {enbled: true}", "enbled"},
		{"replicas", "replicaCount: 3", "replicaCount"},
		{"a size without sense", "persistence: {size: big}", "persistence"},
		{"an address with a path", "publicUrl: https://help.example.com/desk", "publicUrl"},
		{"a port out of range", "service: {port: 70000}", "port"},
		{"text for a switch", `ingress: {enabled: "yes"}`, "enabled"},
		{"a host with a scheme", "ingress: {enabled: true, hosts: [https://a.example]}", "hosts"},
		{"a digest that is none", "image: {digest: latest}", "digest"},
		{"a schedule that is none", "backup: {schedule: nightly}", "schedule"},
		{"a secret key for a public one", "backup: {recipients: [AGE-SECRET-KEY-1ABC]}", "recipients"},
		{"a restore of a path", "{backup: {enabled: true}, restore: {file: ../a.tar.gz}}", "file"},
		{"a proxy by name", "trustedProxies: [proxy.example]", "trustedProxies"},
		{"many to write", "persistence: {accessMode: ReadWriteMany}", "accessMode"},
	}
}

func TestValuesThatAreRefused(t *testing.T) {
	for _, helm := range helms() {
		for _, r := range refused() {
			t.Run(helm+"/"+r.name, func(t *testing.T) {
				program := tool(t, offline, helm)
				values := filepath.Join(t.TempDir(), "values.yaml")
				if err := os.WriteFile(values, []byte(r.values), 0o600); err != nil {
					t.Fatal(err)
				}
				s := run(t, "", program, "template", "rel", chart, "-f", values, "--kube-version", kubeVersion)
				if s.failed == nil {
					t.Fatalf("%s was rendered", r.values)
				}
				if !strings.Contains(s.err, r.says) {
					t.Errorf("it does not say %q:\n%s", r.says, s.err)
				}
				if strings.Contains(s.err, "hunter2") {
					t.Error("it repeats a password")
				}
			})
		}
	}
}

func TestOldKubernetes(t *testing.T) {
	for _, helm := range helms() {
		s := run(t, "", tool(t, offline, helm), "template", "rel", chart, "--kube-version", "1.27.0")
		if s.failed == nil || !strings.Contains(s.err, ">=1.28.0") {
			t.Errorf("%s on Kubernetes 1.27: %v %s", helm, s.failed, s.err)
		}
	}
}
