package outbound_test

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/outbound"
)

func exchange(t *testing.T, c *outbound.Client, url string) (*outbound.Response, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	return c.Exchange(r)
}

// Exchange hands on what the far side says, follows nothing, asks once, and
// knows when nobody was asked.
func TestExchange(t *testing.T) {
	asked := 0
	far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		switch r.URL.Path {
		case "/down":
			http.Error(w, `{"message":"back soon"}`, http.StatusServiceUnavailable)
		case "/cut":
			panic(http.ErrAbortHandler)
		default:
			http.Redirect(w, r, "/down", http.StatusFound)
		}
	}))
	t.Cleanup(far.Close)
	c := client(t, outbound.Options{}, far.URL)
	if resp, err := exchange(t, c, far.URL+"/down"); err != nil || resp.Status != http.StatusServiceUnavailable || !strings.Contains(string(resp.Body), "back soon") {
		t.Errorf("an answer with a failure: %+v, %v", resp, err)
	}
	if resp, err := exchange(t, c, far.URL+"/"); err != nil || resp.Status != http.StatusFound {
		t.Errorf("a redirect at home: %+v, %v", resp, err)
	}
	if asked != 2 {
		t.Errorf("asked %d times", asked)
	}
	if _, err := exchange(t, c, far.URL+"/cut"); errs.As(err).Source != errs.FarSide || errors.Is(err, outbound.ErrNotSent) {
		t.Errorf("an answer that is cut: %v", err)
	}
	far.Close()
	for url, source := range map[string]errs.Source{far.URL: errs.FarSide, "https://elsewhere.example": errs.Rejected} {
		if _, err := exchange(t, c, url); err == nil || errs.As(err).Source != source || !errors.Is(err, outbound.ErrNotSent) {
			t.Errorf("%s: %v", url, err)
		}
	}
}

// What a redirect would turn into another request is not followed.
func TestRedirectsAtHome(t *testing.T) {
	far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			http.Redirect(w, r, "/there", http.StatusFound)
		}
	}))
	t.Cleanup(far.Close)
	c := client(t, outbound.Options{}, far.URL)
	if resp, err := get(t, c, far.URL); err != nil || resp.Status != http.StatusOK {
		t.Errorf("a GET: %+v, %v", resp, err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, far.URL, strings.NewReader("order"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Do(r); errs.As(err).Code != "redirected" {
		t.Errorf("a POST: %v", err)
	}
}

// Even what an administrator typed leads to no address where a cloud tells keys.
func TestReserved(t *testing.T) {
	for _, url := range []string{"http://169.254.169.254/latest/", "http://[::ffff:169.254.169.254]/", "http://[fe80::1]/", "http://0.0.0.0:1/"} {
		c := client(t, outbound.Options{Tries: 1}, url)
		if _, err := get(t, c, url); errs.As(err).Code != outbound.CodeNotAllowed || !errors.Is(err, outbound.ErrNotSent) {
			t.Errorf("%s: %v", url, err)
		}
	}
}

// A client that nobody has any more keeps no connection.
func TestClientsThatAreGone(t *testing.T) {
	var open atomic.Int32
	far := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	far.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		switch s { //nolint:exhaustive // the others are between
		case http.StateNew:
			open.Add(1)
		case http.StateClosed:
			open.Add(-1)
		}
	}
	far.Start()
	t.Cleanup(far.Close)
	for range 20 {
		if _, err := get(t, client(t, outbound.Options{}, far.URL), far.URL); err != nil {
			t.Fatal(err)
		}
	}
	for end := time.Now().Add(20 * time.Second); open.Load() > 0 && time.Now().Before(end); {
		runtime.GC()
		runtime.Gosched()
	}
	if n := open.Load(); n > 0 {
		t.Errorf("%d connections are left", n)
	}
}
