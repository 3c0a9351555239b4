package far_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/plugins/rest-connector/far"
)

func TestAllowed(t *testing.T) {
	for address, want := range map[string]bool{
		"192.0.2.1": true, "10.0.0.8": true, "127.0.0.1": true, "::1": true, "2001:db8::1": true, "fd12::1": true,
		"169.254.169.254": false, "::ffff:169.254.169.254": false, "fe80::1": false, "0.0.0.0": false, "::": false,
		"224.0.0.1": false, "ff02::1": false, "255.255.255.255": false, "100.100.100.200": false, "fd00:ec2::254": false,
	} {
		if got := far.Allowed(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: %v, want %v", address, got, want)
		}
	}
	if far.Allowed(netip.Addr{}) {
		t.Error("no address at all is allowed")
	}
}

// TestClient follows no redirect, not even to the same host, and does not reach
// the address of clouds' keys under any spelling.
func TestClient(t *testing.T) {
	asked := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	}))
	defer s.Close()
	client := far.NewHTTP()
	ask := func(address string) (int, error) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		if err != nil {
			return 0, err
		}
		resp, err := client.Do(req)
		if err != nil {
			return 0, err
		}
		return resp.StatusCode, resp.Body.Close()
	}
	if status, err := ask(s.URL); err != nil || status != http.StatusFound || asked != 1 {
		t.Errorf("status %d, %v, asked %d times", status, err, asked)
	}
	for _, address := range []string{"http://169.254.169.254/latest/", "http://[::ffff:169.254.169.254]/", "http://[fe80::1]/", "http://0.0.0.0:1/"} {
		if _, err := ask(address); err == nil || !strings.Contains(err.Error(), "not to be asked") {
			t.Errorf("%s: %v", address, err)
		}
	}
}
