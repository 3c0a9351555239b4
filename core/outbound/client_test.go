package outbound_test

import (
	"bytes"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/outbound"
)

func loopback() []netip.Prefix { return []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} }

func get(t *testing.T, client *http.Client, method, address string, body io.Reader, headers ...string) (status int, err error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, body)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := client.Do(r)
	if err != nil {
		return 0, err
	}
	return answer.StatusCode, answer.Body.Close()
}

// TestCheck judges addresses as they are written.
func TestCheck(t *testing.T) {
	client := outbound.New(outbound.Options{AllowNetworks: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("fd00::/8"), netip.MustParsePrefix("64:ff9b::/96")}})
	for address, ok := range map[string]bool{
		"https://example.com/hook": true, "https://example.com:8443/": true, "https://8.8.8.8/": true, "https://[2606:4700::1111]/": true,
		"http://example.com/": true, // a name: judged when it is resolved
		"http://8.8.8.8/":     false, "http://10.1.2.3:9000/": true, "https://10.1.2.3/": true, "https://10.2.0.1/": false,
		"http://[fd12::1]/": true, "https://[fd00:ec2::254]/": false, "https://[64:ff9b::808:808]/": true, "https://[64:ff9b::7f00:1]/": false,
		"https://3com.example/": true, "https://example.123/": false, "https://0xcafe/": false, "https://cafe/": true,
		"ftp://example.com/": false, "https://user@example.com/": false, "https:///x": false, "https:example.com": false,
	} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		err = client.Check(u)
		if (err == nil) != ok || err != nil && !errors.Is(err, outbound.ErrRefused) {
			t.Errorf("%s: %v, want accepted %v", address, err, ok)
		}
	}
}

// TestCredentialsStay follows redirects within an origin and across two.
func TestCredentialsStay(t *testing.T) {
	var seen http.Header
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = r.Header }))
	defer other.Close()
	home := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
		case "/around":
			http.Redirect(w, r, "/here", http.StatusFound)
		default:
			seen = r.Header
		}
	}))
	defer home.Close()
	client := outbound.New(outbound.Options{AllowNetworks: loopback(), Version: "1"}).HTTP(outbound.OIDC)
	secrets := []string{"Authorization", "Bearer x", "X-Api-Key", "y", "Cookie", "c=d", "Accept", "text/plain"}

	if _, err := get(t, client, http.MethodGet, home.URL+"/away", nil, secrets...); err != nil {
		t.Fatal(err)
	}
	if seen.Get("Accept") != "text/plain" || seen.Get("User-Agent") != "Patchbay/1" {
		t.Errorf("another origin got %v", seen)
	}
	for _, name := range []string{"Authorization", "X-Api-Key", "Cookie", "Referer"} {
		if seen.Get(name) != "" {
			t.Errorf("%s went to another origin", name)
		}
	}
	if _, err := get(t, client, http.MethodGet, home.URL+"/around", nil, secrets...); err != nil {
		t.Fatal(err)
	}
	if seen.Get("Authorization") == "" || seen.Get("Cookie") != "c=d" {
		t.Errorf("the same origin got %v", seen)
	}
	seen = nil
	_, err := get(t, client, http.MethodPost, home.URL+"/away", strings.NewReader("a secret"))
	if !errors.Is(err, outbound.ErrRefused) || seen != nil {
		t.Errorf("a body went to another origin: %v", err)
	}
	status, err := get(t, outbound.New(outbound.Options{AllowNetworks: loopback()}).Direct(outbound.Webhooks), http.MethodPost, home.URL+"/away", strings.NewReader("x"))
	if err != nil || status != http.StatusTemporaryRedirect {
		t.Errorf("a redirect that is not followed: %v, %v", status, err)
	}
}

// TestNoProxy sets a proxy in the environment, which must not be used.
func TestNoProxy(t *testing.T) {
	proxy := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the proxy was used") }))
	defer proxy.Close()
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"} {
		t.Setenv(name, proxy.URL)
	}
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	client := outbound.New(outbound.Options{AllowNetworks: loopback()})
	if _, err := get(t, client.HTTP(outbound.OIDC), http.MethodGet, server.URL, nil); err != nil {
		t.Error(err)
	}
}

// TestTLS verifies certificates, and refuses to leave https.
func TestTLS(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/down" {
			http.Redirect(w, r, "http://"+r.Host+"/", http.StatusFound)
		}
	}))
	defer server.Close()
	server.Config.ErrorLog = nil
	strict := outbound.New(outbound.Options{AllowNetworks: loopback()})
	if _, err := get(t, strict.HTTP(outbound.OIDC), http.MethodGet, server.URL, nil); err == nil {
		t.Error("an unknown certificate was accepted")
	}
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	client := outbound.New(outbound.Options{AllowNetworks: loopback(), RootCAs: pool})
	defer client.Close()
	if _, err := get(t, client.HTTP(outbound.OIDC), http.MethodGet, server.URL, nil); err != nil {
		t.Error(err)
	}
	if _, err := get(t, client.HTTP(outbound.OIDC), http.MethodGet, server.URL+"/down", nil); !errors.Is(err, outbound.ErrRefused) {
		t.Errorf("a redirect from https to http: %v", err)
	}
}

// TestBodiesEnd reads answers of several sizes.
func TestBodiesEnd(t *testing.T) {
	size := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(bytes.Repeat([]byte("x"), size))
	}))
	defer server.Close()
	client := outbound.New(outbound.Options{AllowNetworks: loopback()}).HTTP(outbound.OIDC)
	for _, tt := range []struct {
		size, limit int
		read        int
		whole       bool
		err         error
	}{
		{size: 10, limit: 10, read: 10, whole: true},
		{size: 11, limit: 10, read: 10},
		{size: outbound.MaxBody, limit: outbound.MaxBody + 5, read: outbound.MaxBody, whole: true},
		{size: outbound.MaxBody + 1, limit: 2 * outbound.MaxBody, err: outbound.ErrTooLarge},
	} {
		size = tt.size
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		read, whole, err := outbound.Read(answer.Body, tt.limit)
		_ = answer.Body.Close() // what was read is judged
		if !errors.Is(err, tt.err) || whole != tt.whole || tt.err == nil && len(read) != tt.read {
			t.Errorf("size %d, limit %d: %d bytes, whole %v, %v", tt.size, tt.limit, len(read), whole, err)
		}
	}
}

// TestHops follows five redirects and no sixth.
func TestHops(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n := strings.TrimPrefix(r.URL.Path, "/"); n != "" {
			http.Redirect(w, r, "/"+n[1:], http.StatusFound)
		}
	}))
	defer server.Close()
	client := outbound.New(outbound.Options{AllowNetworks: loopback()}).HTTP(outbound.OIDC)
	if _, err := get(t, client, http.MethodGet, server.URL+"/xxxxx", nil); err != nil {
		t.Error(err)
	}
	if _, err := get(t, client, http.MethodGet, server.URL+"/xxxxxx", nil); err == nil {
		t.Error("a sixth redirect was followed")
	}
}
