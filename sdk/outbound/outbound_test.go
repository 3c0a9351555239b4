package outbound_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/host"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/outbound"
	"github.com/patchbay-im/patchbay/sdk/plugintest"
)

func client(t *testing.T, o outbound.Options, urls ...string) *outbound.Client {
	t.Helper()
	for _, u := range urls {
		h, err := outbound.HostOf(u)
		if err != nil {
			t.Fatal(err)
		}
		o.Configured = append(o.Configured, h)
	}
	c, err := outbound.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func get(t *testing.T, c *outbound.Client, url string) (*outbound.Response, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	return c.Do(r)
}

func Example() {
	far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"orders":2}`) }))
	defer far.Close()
	at, _ := outbound.HostOf(far.URL) // what an administrator typed
	api, _ := outbound.New(outbound.Options{Configured: []string{at}})
	for _, url := range []string{far.URL + "/orders", "https://elsewhere.example/"} {
		req, _ := http.NewRequestWithContext(context.Background(), http.MethodGet, url, http.NoBody)
		resp, err := api.Do(req)
		if err != nil {
			fmt.Println(errs.As(err).Source, errs.As(err).Code)
			continue
		}
		fmt.Println(resp.Status, string(resp.Body))
	}
	// Output:
	// 200 {"orders":2}
	// rejected host_not_allowed
}

func TestWhereItDoesNotGo(t *testing.T) {
	reached := &atomic.Int32{}
	far := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	t.Cleanup(far.Close)
	away := httptest.NewServer(http.RedirectHandler(far.URL, http.StatusFound))
	t.Cleanup(away.Close)
	port := far.URL[strings.LastIndex(far.URL, ":")+1:]
	for name, tt := range map[string]struct {
		client *outbound.Client
		url    string
		code   string
	}{
		"a host that nobody named":    {client(t, outbound.Options{Hosts: []string{"api.example.com"}}), far.URL, outbound.CodeNotAllowed},
		"another port":                {client(t, outbound.Options{Hosts: []string{"127.0.0.1"}}), far.URL, outbound.CodeNotAllowed},
		"a name for a private place":  {client(t, outbound.Options{Hosts: []string{"localhost:" + port}, Tries: 1}), "https://localhost:" + port, outbound.CodeNotAllowed},
		"plain http to a public host": {client(t, outbound.Options{Hosts: []string{"127.0.0.1:" + port}}), far.URL, outbound.CodeNotAllowed},
		"a redirect to elsewhere":     {client(t, outbound.Options{}, away.URL), away.URL, "redirected"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := get(t, tt.client, tt.url); err == nil || errs.As(err).Code != tt.code || errs.As(err).Source != errs.Rejected {
				t.Errorf("got %v", err)
			}
		})
	}
	if n := reached.Load(); n != 0 {
		t.Errorf("it went there %d times", n)
	}
}

func TestAnswersHaveTheirSource(t *testing.T) {
	far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var status int
		fmt.Sscan(strings.TrimPrefix(r.URL.Path, "/"), &status) //nolint:errcheck // a test's own
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, strings.Repeat("x", 100))
	}))
	t.Cleanup(far.Close)
	c := client(t, outbound.Options{Tries: 1}, far.URL)
	for status, want := range map[int]struct {
		source errs.Source
		code   string
		after  time.Duration
	}{
		429: {errs.FarSide, errs.CodeRateLimited, 7 * time.Second}, 503: {errs.FarSide, errs.CodeUnavailable, 7 * time.Second},
		401: {errs.FarSide, errs.CodeAuthExpired, 0}, 404: {errs.Rejected, errs.CodeBadRequest, 0},
	} {
		resp, err := get(t, c, fmt.Sprintf("%s/%d", far.URL, status))
		if e := errs.As(err); e == nil || e.Source != want.source || e.Code != want.code || e.RetryAfter != want.after || resp.Status != status {
			t.Errorf("%d: %+v", status, e)
		}
	}
	small := client(t, outbound.Options{MaxBytes: 10}, far.URL)
	if _, err := get(t, small, far.URL+"/200"); err == nil || errs.As(err).Code != outbound.CodeTooLarge {
		t.Errorf("a large answer: %v", err)
	}
	far.Close()
	if _, err := get(t, c, far.URL+"/200"); err == nil || errs.As(err).Source != errs.FarSide {
		t.Errorf("nobody there: %v", err)
	}
}

func TestWhatIsRepeated(t *testing.T) {
	var tries atomic.Int32
	far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if tries.Add(1) == 1 {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		_, _ = w.Write(body)
	}))
	t.Cleanup(far.Close)
	c := client(t, outbound.Options{}, far.URL)
	for _, tt := range []struct {
		method, key string
		want        int32
	}{{http.MethodPost, "", 1}, {http.MethodPost, "k1", 2}, {http.MethodPut, "", 2}} {
		tries.Store(0)
		r, err := http.NewRequestWithContext(t.Context(), tt.method, far.URL, bytes.NewReader([]byte("body")))
		if err != nil {
			t.Fatal(err)
		}
		if tt.key != "" {
			r.Header.Set("Idempotency-Key", tt.key)
		}
		resp, err := c.Do(r)
		if tries.Load() != tt.want || (err == nil) != (tt.want == 2) || err == nil && string(resp.Body) != "body" {
			t.Errorf("%s %q: %d tries, %v", tt.method, tt.key, tries.Load(), err)
		}
	}
}

func TestRefusedTokens(t *testing.T) {
	far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer new" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = io.Copy(w, r.Body)
	}))
	t.Cleanup(far.Close)
	h := plugintest.NewHost(t)
	in := h.Connect(instance.Instance{})
	h.SignIn(in.ID, "/sign_in", host.Token{Value: "old"}, host.Token{Value: "new"})
	c := client(t, outbound.Options{Wrap: outbound.OAuth(h.For(in.ID).Tokens, "/sign_in")}, far.URL)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, far.URL, strings.NewReader("order"))
	if err != nil {
		t.Fatal(err)
	}
	if resp, err := c.Do(r); err != nil || string(resp.Body) != "order" {
		t.Errorf("with another token: %v", err)
	}
	if calls := h.Calls(); len(calls) != 2 {
		t.Errorf("asked the host %d times", len(calls))
	}
	h.SignIn(in.ID, "/sign_in")
	if _, err := get(t, c, far.URL); errs.As(err).Code != errs.CodeAuthExpired {
		t.Errorf("when somebody must sign in again: %v", err)
	}
}
