package alerttest_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

const root = "../../.."

// series are the labels of each series that a server answers, by name.
type series map[string][]map[string]string

// scrape builds the server with a plugin, starts it with a certificate, asks it
// for something, and reads its metrics once all are there.
func scrape(t *testing.T) series {
	t.Helper()
	dir := t.TempDir()
	binary, cert, key := filepath.Join(dir, "patchbay"), filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	run(t, "go", "build", "-o", binary, "./core/cmd/patchbay")
	run(t, binary, "plugin", "build", "plugins/echo", "--out", filepath.Join(dir, "plugins"))
	certify(t, cert, key)
	public, metrics := freeAddress(t), freeAddress(t)
	ctx, stop := context.WithCancel(t.Context())
	server := exec.CommandContext(ctx, binary, "serve", "--data-dir", filepath.Join(dir, "data"), "--server.address", public,
		"--metrics.address", metrics, "--plugins.dev-dir", filepath.Join(dir, "plugins"), "--tls.cert-file", cert, "--tls.key-file", key)
	server.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir}
	server.Cancel = func() error { return server.Process.Signal(os.Interrupt) }
	server.WaitDelay = 30 * time.Second
	log := &output{}
	server.Stdout, server.Stderr = log, log
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = server.Wait() // it was told to end
	})
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}
	// What is gathered now and then comes last.
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		_, asked := get(t, client, "https://"+public+"/api/v1/setup")
		text, err := get(t, client, "http://"+metrics+"/metrics")
		if asked == nil && err == nil && strings.Contains(text, "patchbay_delivery_oldest_seconds") && strings.Contains(text, "patchbay_plugin_up") {
			return parse(t, text)
		}
		if time.Now().After(deadline) {
			t.Fatalf("the metrics do not come: %v %v\n%s\n%s", asked, err, text, log)
		}
	}
}

// output is what a process prints.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

func run(t *testing.T, name string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}

func get(t *testing.T, client *http.Client, address string) (string, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := client.Do(r)
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	return string(text), err
}

func parse(t *testing.T, text string) series {
	t.Helper()
	out := make(series)
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		metric, err := promQL().ParseMetric(line[:strings.LastIndexByte(line, ' ')])
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		labels := metric.Map()
		out[labels["__name__"]] = append(out[labels["__name__"]], labels)
	}
	return out
}

// freeAddress is below the ports that systems give to connections: one of those
// could be taken before the server listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	for range 100 {
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:"+strconv.Itoa(10_000+mathrand.IntN(22_000)))
		if err == nil {
			defer func() { _ = l.Close() }()
			return l.Addr().String()
		}
	}
	t.Fatal("no free port between 10000 and 32000")
	return ""
}

// certify writes a certificate that nobody has to trust.
func certify(t *testing.T, certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
