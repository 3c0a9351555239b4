package charttest_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/sdk/plugintest/loopback"
)

// cluster is an API server with its etcd, on loopback, for one test. No
// controller runs: objects are kept as they were sent.
type cluster struct {
	kubectl, kubeconfig string
}

// token lets the test in; the server lives for some seconds, on loopback.
const token = "chart-test"

func startCluster(t *testing.T) cluster {
	t.Helper()
	etcd, server, kubectl := tool(t, api, "etcd"), tool(t, api, "kube-apiserver"), tool(t, api, "kubectl")
	dir := t.TempDir()
	free, err := loopback.Free(t.Context(), 3)
	if err != nil {
		t.Fatal(err)
	}
	clients := "http://" + free[0]
	_, port, _ := strings.Cut(free[2], ":")
	start(t, filepath.Join(dir, "etcd.log"), etcd,
		"--data-dir", filepath.Join(dir, "etcd"), "--unsafe-no-fsync",
		"--listen-client-urls", clients, "--advertise-client-urls", clients, "--listen-peer-urls", "http://"+free[1])
	key, tokens := filepath.Join(dir, "accounts.key"), filepath.Join(dir, "tokens.csv")
	writeKey(t, key)
	write(t, tokens, token+",tester,tester,system:masters\n")
	log := filepath.Join(dir, "apiserver.log")
	start(t, log, server,
		"--etcd-servers", clients, "--bind-address", "127.0.0.1", "--secure-port", port, "--cert-dir", filepath.Join(dir, "certs"),
		"--service-account-issuer", "https://127.0.0.1", "--service-account-key-file", key, "--service-account-signing-key-file", key,
		"--service-cluster-ip-range", "10.96.0.0/16", "--endpoint-reconciler-type", "none",
		"--token-auth-file", tokens, "--authorization-mode", "RBAC", "--disable-admission-plugins", "ServiceAccount")
	c := cluster{kubectl, filepath.Join(dir, "kubeconfig")}
	write(t, c.kubeconfig, fmt.Sprintf(`apiVersion: v1
kind: Config
current-context: test
clusters: [{name: test, cluster: {server: "https://127.0.0.1:%s", certificate-authority: %s}}]
users: [{name: test, user: {token: %s}}]
contexts: [{name: test, context: {cluster: test, user: test}}]
`, port, filepath.Join(dir, "certs", "apiserver.crt"), token))
	c.waitReady(t, log)
	return c
}

// start runs a program until the test ends.
func start(t *testing.T, log, program string, args ...string) {
	t.Helper()
	out, err := os.Create(log)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, args...) //nolint:noctx // ended below, after what uses it
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", program, err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // killed
		_ = out.Close()
	})
}

func (c cluster) waitReady(t *testing.T, log string) {
	t.Helper()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	var last said
	for range 600 { // two minutes, for a machine that does something else too
		if last = c.try(t, "", "get", "--raw", "/readyz"); last.failed == nil {
			return
		}
		select {
		case <-t.Context().Done():
		case <-tick.C:
		}
	}
	text, _ := os.ReadFile(log)
	t.Fatalf("the API server did not become ready: %s\n%s", last.err, text[max(0, len(text)-4000):])
}

// try runs kubectl.
func (c cluster) try(t *testing.T, stdin string, args ...string) said {
	t.Helper()
	return run(t, stdin, c.kubectl, append([]string{"--kubeconfig", c.kubeconfig}, args...)...)
}

// do is try of what may not fail.
func (c cluster) do(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	return must(t, stdin, c.kubectl, append([]string{"--kubeconfig", c.kubeconfig}, args...)...)
}

// object is what the API server keeps of one object.
func (c cluster) object(t *testing.T, namespace, kind, name string) map[string]any {
	t.Helper()
	var out map[string]any
	text := c.do(t, "", "-n", namespace, "get", kind, name, "-o", "json", "--show-managed-fields")
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// at follows a path of keys into an object; nil where it ends early.
func at(v any, path ...string) any {
	for _, p := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[p]
	}
	return v
}

// left lists what a namespace holds of the release rel.
func (c cluster) left(t *testing.T, namespace string) []string {
	t.Helper()
	const kinds = "all,configmaps,secrets,serviceaccounts,persistentvolumeclaims,ingresses,networkpolicies,cronjobs,httproutes,servicemonitors,prometheusrules"
	out := c.do(t, "", "-n", namespace, "get", kinds, "-l", "app.kubernetes.io/instance=rel", "-o", "name")
	return strings.Fields(out)
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func writeKey(t *testing.T, name string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, name, string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})))
}
