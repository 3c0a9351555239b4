package app_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"encoding/pem"
	"io"
	"log" //nolint:depguard // Pebble takes such a logger
	"math/big"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/letsencrypt/pebble/v2/ca"
	pebbledb "github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"

	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// house is a server that speaks TLS, and who asks it as a browser would.
type house struct {
	t       *testing.T
	options rig.Options
	out     *rig.Output
	server  *rig.Server
	base    string
	client  *http.Client
}

// serveTLS starts a server with settings, reached by a name that resolves to
// loopback for this client alone.
func serveTLS(t *testing.T, name string, roots *x509.CertPool, env ...string) *house {
	t.Helper()
	h := &house{t: t}
	h.options, h.out = settings(t)
	h.options.DataDir = filepath.Join(h.options.DataDir, "data")
	h.options.Address = freePort(t)
	h.options.Env = append(h.options.Env, env...)
	h.begin(name, roots)
	return h
}

// begin starts the server and waits until it answers by its name.
func (h *house) begin(name string, roots *x509.CertPool) {
	t := h.t
	t.Helper()
	server, err := rig.Launch(t.Context(), h.options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Kill)
	h.server = server
	_, port, _ := net.SplitHostPort(server.Address)
	h.base = "https://" + net.JoinHostPort(name, port)
	jar, _ := cookiejar.New(nil)
	h.client = &http.Client{Timeout: 10 * time.Second, Jar: jar, Transport: &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: roots, ServerName: name},
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			_, port, _ := net.SplitHostPort(address)
			return (&net.Dialer{}).DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
		},
	}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	h.await(func() bool {
		r, err := h.get(h.base + "/readyz") //nolint:bodyclose // get closes it
		return err == nil && r.StatusCode == http.StatusOK
	})
}

func freePort(t *testing.T) string {
	t.Helper()
	at, err := rig.FreeAddress(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func (h *house) get(address string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet, address, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	res, err := h.client.Do(r)
	if err == nil {
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
	}
	return res, err
}

func (h *house) await(done func() bool) {
	h.t.Helper()
	if !rig.Await(h.t.Context(), time.Minute, done) {
		h.t.Fatalf("it does not come:\n%s", h.out.Tail())
	}
}

// speaks checks what a browser relies on over TLS: HTTP/1.1, HSTS, cookies that
// are kept to https and to this host, and WebSockets.
func (h *house) speaks() {
	h.t.Helper()
	body := `{"email":"` + ownerEmail + `","password":"` + ownerPassword + `"}`
	r, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, h.base+"/api/v1/session", strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	res, err := h.client.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck // of a test
	text, _ := io.ReadAll(res.Body)
	if res.StatusCode != http.StatusOK || res.ProtoMajor != 1 || res.Header.Get("Strict-Transport-Security") == "" {
		h.t.Errorf("%d %s %v %s", res.StatusCode, res.Proto, res.Header, text)
	}
	var named string
	for _, c := range res.Cookies() {
		if named = c.Name; !c.Secure || !c.HttpOnly || !strings.HasPrefix(c.Name, "__Host-") {
			h.t.Errorf("cookie %+v", c)
		}
	}
	if named == "" {
		h.t.Fatalf("no cookie: %d %s", res.StatusCode, text)
	}
	at := strings.Index(string(text), `"wsp_`)
	if at < 0 {
		h.t.Fatalf("no workspace in %s", text)
	}
	workspace, _, _ := strings.Cut(string(text)[at+1:], `"`)
	ctx, cancel := context.WithTimeout(h.t.Context(), 10*time.Second)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, strings.Replace(h.base, "https", "wss", 1)+"/api/v1/workspaces/"+workspace+"/live", &websocket.DialOptions{HTTPClient: h.client, HTTPHeader: http.Header{"Origin": {h.base}}}) //nolint:bodyclose // the connection is it
	if err != nil {
		h.t.Fatalf("WebSocket: %v\n%s", err, h.out.Tail())
	}
	defer conn.CloseNow() //nolint:errcheck // of a test
	if err := conn.Write(ctx, websocket.MessageText, []byte("{}")); err != nil {
		h.t.Error(err)
	}
	if _, frame, err := conn.Read(ctx); err != nil || len(frame) == 0 {
		h.t.Errorf("through the WebSocket came %q, %v", frame, err)
	}
}

// issue makes a certificate of a root of its own.
type issuer struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Root"}, NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	i := &issuer{key: key, pool: x509.NewCertPool()}
	i.cert, _ = x509.ParseCertificate(der)
	i.pool.AddCert(i.cert)
	return i
}

// issue returns a certificate for desk.test and its key, in PEM.
func (i *issuer) issue(t *testing.T, until time.Time) (cert, key []byte) {
	t.Helper()
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "desk.test"}, DNSNames: []string{"desk.test"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-24 * time.Hour), NotAfter: until, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, i.cert, &secret.PublicKey, i.key)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := x509.MarshalECPrivateKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: kept})
}

func put(t *testing.T, file string, text []byte) string {
	t.Helper()
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestTLSByFiles serves a certificate of files, changes it while connections
// come, and reads what the doctor says of one that does not fit.
func TestTLSByFiles(t *testing.T) {
	i, dir := newIssuer(t), t.TempDir()
	cert, key := i.issue(t, time.Now().Add(20*time.Hour))
	certFile, keyFile := put(t, filepath.Join(dir, "cert.pem"), cert), put(t, filepath.Join(dir, "key.pem"), key)
	redirect := freePort(t)
	h := serveTLS(t, "desk.test", i.pool, "PATCHBAY_TLS_CERT_FILE="+certFile, "PATCHBAY_TLS_KEY_FILE="+keyFile, "PATCHBAY_TLS_REDIRECT_ADDRESS="+redirect)
	h.speaks()

	res, err := h.get("http://" + redirect + "/settings/members?a=b") //nolint:bodyclose // get closes it
	if err != nil || res.StatusCode != http.StatusPermanentRedirect || res.Header.Get("Location") != "https://"+h.server.Address+"/settings/members?a=b" {
		t.Errorf("plain HTTP: %v %v", res, err)
	}
	for version, want := range map[uint16]bool{tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		conn, err := tls.Dial("tcp", h.server.Address, &tls.Config{RootCAs: i.pool, ServerName: "desk.test", MinVersion: version, MaxVersion: version, NextProtos: []string{"h2", "http/1.1"}}) //nolint:noctx // of a test
		if (err == nil) != want {
			t.Errorf("TLS %x: %v", version, err)
		}
		if err == nil {
			if p := conn.ConnectionState().NegotiatedProtocol; p != "http/1.1" {
				t.Errorf("it offers %s", p)
			}
			_ = conn.Close()
		}
	}
	shown := func() time.Time {
		conn, err := tls.Dial("tcp", h.server.Address, &tls.Config{InsecureSkipVerify: true, ServerName: "desk.test"}) //nolint:noctx // of a test
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close() //nolint:errcheck // of a test
		return conn.ConnectionState().PeerCertificates[0].NotAfter
	}
	later := time.Now().Add(22 * time.Hour).Truncate(time.Second)
	cert, key = i.issue(t, later)
	put(t, certFile, cert)
	site := &site{t: t, options: h.options}
	site.options.Address = h.server.Address
	h.await(func() bool {
		return strings.Contains(h.out.String(), "cannot be used") || !shown().IsZero() && strings.Contains(site.doctor().text, "does not match")
	})
	if e := site.doctor(); e.status != 2 || !e.has("address.certificate_refused") || !e.has("address.untrusted") {
		t.Errorf("a key of another certificate: %s", e.text)
	}
	if shown().Equal(later) {
		t.Error("a certificate without its key is shown")
	}
	put(t, keyFile, key)
	h.await(func() bool { return shown().Equal(later) })
	cert, key = i.issue(t, time.Now().Add(-time.Hour))
	put(t, certFile, cert)
	put(t, keyFile, key)
	if e := site.doctor(); e.status != 2 || !strings.Contains(e.text, "expired at") || shown().Before(time.Now()) {
		t.Errorf("an expired one took the place of a good one: %s", e.text)
	}
	h.server.Kill()
	if e := site.doctor(); !e.has("address.expired") {
		t.Errorf("with the server stopped: %s", e.text)
	}
}

// TestTLSRefusals starts servers with certificates that cannot be used.
func TestTLSRefusals(t *testing.T) {
	i, dir := newIssuer(t), t.TempDir()
	cert, key := i.issue(t, time.Now().Add(time.Hour))
	_, otherKey := i.issue(t, time.Now().Add(time.Hour))
	for name, c := range map[string]struct {
		cert, key []byte
		want      string
	}{
		"another key": {cert, otherKey, "does not match"}, "no certificate": {[]byte("hello"), key, "holds no certificate"},
		"no key": {cert, []byte("hello"), "holds no usable private key"}, "nothing there": {nil, key, "which is not there"},
	} {
		certFile, keyFile := filepath.Join(dir, "none.pem"), put(t, filepath.Join(dir, "k.pem"), c.key)
		if c.cert != nil {
			certFile = put(t, filepath.Join(dir, "c.pem"), c.cert)
		}
		s := &site{t: t}
		s.options, _ = settings(t)
		s.options.Address = freePort(t)
		text, status := s.run([]string{"serve"}, "PATCHBAY_TLS_CERT_FILE="+certFile, "PATCHBAY_TLS_KEY_FILE="+keyFile)
		if status != 1 || !strings.Contains(text, c.want) {
			t.Errorf("%s: %d %s", name, status, text)
		}
	}
}

// TestTLSByACME gets certificates from a real authority (Pebble), by each of
// the two ways to show that a name is ours, starts again on what was kept, and
// has one that lives for seconds replaced before it ends, without a restart.
func TestTLSByACME(t *testing.T) {
	for _, way := range []string{"tls-alpn-01", "http-01", "renewal"} {
		t.Run(way, func(t *testing.T) {
			const name = "desk.test"
			names := newNameserver(t)
			names.set(name, "127.0.0.1")
			address, plain := freePort(t), freePort(t)
			quiet := log.New(io.Discard, "", 0)
			if testing.Verbose() {
				quiet = log.New(os.Stderr, "pebble ", 0)
			}
			portOf := func(at string) int { _, p, _ := net.SplitHostPort(at); n, _ := strconv.Atoi(p); return n }
			tlsPort, httpPort := portOf(address), portOf(plain)
			if way == "http-01" {
				tlsPort = portOf(freePort(t)) // nobody answers there
			}
			t.Setenv("PEBBLE_VA_NOSLEEP", "1")
			t.Setenv("PEBBLE_WFE_NONCEREJECT", "0")
			store := pebbledb.NewMemoryStore()
			profile := ca.Profile{Description: "of the test"}
			if way == "renewal" {
				profile.ValidityPeriod = 9 // seconds; a third before its end it is due
			}
			authority := ca.New(quiet, store, "", "ecdsa", 0, 1, map[string]ca.Profile{"default": profile})
			front := wfe.New(quiet, store, va.New(quiet, httpPort, tlsPort, false, overTCP(t, names), store), authority, []string{"pebble.test"}, false, false, 1, 1)
			directory := httptest.NewTLSServer(front.Handler())
			t.Cleanup(directory.Close)
			trust := put(t, filepath.Join(t.TempDir(), "roots.pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: directory.Certificate().Raw}))
			roots := x509.NewCertPool()
			roots.AddCert(authority.GetRootCert(0).Cert)

			options, out := settings(t)
			options.Address = address
			options.Env = append(options.Env, "SSL_CERT_FILE="+trust, "PATCHBAY_TLS_ACME_DOMAINS="+name, "PATCHBAY_TLS_ACME_EMAIL=ops@desk.test",
				"PATCHBAY_TLS_ACME_DIRECTORY_URL="+directory.URL+wfe.DirectoryPath, "PATCHBAY_OUTBOUND_ALLOW_NETWORKS=127.0.0.0/8")
			if way == "http-01" {
				options.Env = append(options.Env, "PATCHBAY_TLS_REDIRECT_ADDRESS="+plain)
			}
			h := &house{t: t, options: options, out: out}
			h.begin(name, roots)
			if way == "renewal" {
				h.renews()
				return
			}
			h.speaks()
			if way == "http-01" {
				return
			}
			directory.Close() // what was kept is enough
			h.server.Kill()
			h.begin(name, roots)
			h.speaks()
		})
	}
}

// renews waits for a trusted certificate, and for one that ends later.
func (h *house) renews() {
	h.t.Helper()
	ends := func() (at time.Time) {
		if res, err := h.get(h.base + "/readyz"); err == nil { //nolint:bodyclose // get closes it
			at = res.TLS.PeerCertificates[0].NotAfter
		}
		return at
	}
	var first time.Time
	h.await(func() bool { first = ends(); return !first.IsZero() })
	h.await(func() bool { return ends().After(first) })
}

// overTCP answers the questions of a name server by TCP (RFC 1035, section 4.2.2).
func overTCP(t *testing.T, names *nameserver) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close() //nolint:errcheck // of a test
				for {
					var size uint16
					if binary.Read(conn, binary.BigEndian, &size) != nil {
						return
					}
					question := make([]byte, size)
					if _, err := io.ReadFull(conn, question); err != nil {
						return
					}
					answer := names.answer(question)
					_, _ = conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...))
				}
			}()
		}
	}()
	return l.Addr().String()
}
