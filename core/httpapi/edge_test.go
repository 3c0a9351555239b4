package httpapi_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/channel/channeltest"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/httpapi"
)

// packed is a gzip of a text.
func packed(t *testing.T, text []byte) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// A small body that unpacks to a large one must not reach the memory.
func TestPackedBodiesAreRefused(t *testing.T) {
	s := newSite(t, nil)
	bomb := packed(t, make([]byte, 8<<20))
	for _, coding := range []string{"gzip", "GZIP", "br", "deflate", "gzip, gzip", "identity, gzip", "x"} {
		for _, path := range []string{"/api/v1/session", "/api/v1/live/" + string(s.Live.ID) + "/sessions", "/nothing"} {
			a := s.ask(http.MethodPost, path, bomb, "Content-Encoding", coding)
			if a.StatusCode != http.StatusUnsupportedMediaType || a.code != "request.media_type" {
				t.Errorf("%s of %s answers %d %s", coding, path, a.StatusCode, a.text)
			}
		}
	}
	if a := s.ask(http.MethodPost, "/api/v1/session", `{"email":"a@b.example","password":"x"}`, "Content-Encoding", "identity"); a.code != "session.wrong_credentials" {
		t.Errorf("a plain body answers %d %s", a.StatusCode, a.text)
	}
}

func TestHookHandsOnWhatCame(t *testing.T) {
	s := newSite(t, proxied)
	var got channel.WebhookRequest
	s.plugins.OnWebhook = func(_ context.Context, _ channel.Inbox, r channel.WebhookRequest) (channel.WebhookAnswer, error) {
		got = r
		return channel.WebhookAnswer{
			Status: 201, Body: []byte("<ok>"), Result: channel.Result{Outcome: channel.OutcomeAccepted},
			Headers: map[string]string{
				"Content-Type": "text/xml", "X-Echo": "1", "Set-Cookie": "a=b", "set-cookie": "c=d", "X-Accel-Redirect": "/internal/secret",
				"X-Sendfile": "/etc/passwd", "X-Content-Type-Options": "", "X-Split": "a\r\nSet-Cookie: e=f", "Content-Security-Policy": "default-src *",
			},
		}, nil
	}
	body := packed(t, []byte("signed as it is")) + "\xff\x00"
	a := s.ask(http.MethodPost, "/hooks/"+s.hook(s.Inbox)+"/call%2Fback/x?b=2&a=%ff", body,
		"Content-Encoding", "gzip", "X-Signature", "one", "X-Signature", "two", "Cookie", "patchbay_session=secret", "Connection", "keep-alive",
		"X-Forwarded-For", "203.0.113.9", "Origin", "https://platform.example", "Sec-Fetch-Site", "cross-site")
	if string(got.Body) != body {
		t.Errorf("the plugin got %q, want %q", got.Body, body)
	}
	if got.Path != "/call%2Fback/x" || got.Query != "b=2&a=%ff" || got.Remote != "203.0.113.9" || got.Method != http.MethodPost {
		t.Errorf("the plugin got %s %s?%s from %s", got.Method, got.Path, got.Query, got.Remote)
	}
	if v := got.Headers["X-Signature"]; len(v) != 2 || v[0] != "one" || v[1] != "two" || got.Headers["Content-Encoding"] == nil {
		t.Errorf("headers %v", got.Headers)
	}
	for _, ours := range []string{"Cookie", "Connection"} {
		if v, ok := got.Headers[ours]; ok {
			t.Errorf("the plugin got %s: %v", ours, v)
		}
	}
	h := a.Header
	if a.StatusCode != http.StatusCreated || a.text != "<ok>" || h.Get("Content-Type") != "text/xml" || h.Get("X-Echo") != "1" {
		t.Errorf("answers %d %s %v", a.StatusCode, a.text, h)
	}
	if h.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(h.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("a plugin's words may run on our origin: %v", h)
	}
	for _, never := range []string{"Set-Cookie", "X-Accel-Redirect", "X-Sendfile", "X-Split"} {
		if v := h.Values(never); len(v) != 0 {
			t.Errorf("a plugin set %s: %q", never, v)
		}
	}
}

func TestHookAnswers(t *testing.T) {
	s := newSite(t, nil)
	token := s.hook(s.Inbox)
	s.plugins.OnWebhook = nil
	for _, path := range []string{"/hooks/wrong/", "/hooks/" + token + "x/"} {
		if a := s.ask(http.MethodPost, path, "{}"); a.StatusCode != http.StatusNotFound || a.code != "not_found" {
			t.Errorf("%s answers %d %s", path, a.StatusCode, a.text)
		}
	}
	s.plugins.OnWebhook = func(context.Context, channel.Inbox, channel.WebhookRequest) (channel.WebhookAnswer, error) {
		return channel.WebhookAnswer{}, channeltest.Down()
	}
	if a := s.ask(http.MethodPut, "/hooks/"+token+"/", "{}"); a.StatusCode != http.StatusAccepted || a.text != "" {
		t.Errorf("with the plugin down: %d %s", a.StatusCode, a.text)
	}
	s.plugins.OnWebhook = func(context.Context, channel.Inbox, channel.WebhookRequest) (channel.WebhookAnswer, error) {
		return channel.WebhookAnswer{Status: 99, Result: channel.Result{Outcome: channel.OutcomeAccepted}}, nil
	}
	if a := s.ask(http.MethodGet, "/hooks/"+token+"/", ""); a.StatusCode != http.StatusOK {
		t.Errorf("an impossible status becomes %d", a.StatusCode)
	}
}

func TestClientAddress(t *testing.T) {
	for name, tt := range map[string]struct {
		options func(*httpapi.Options)
		heard   []string // X-Forwarded-For, one header each
		want    string
	}{
		"nobody in between":            {proxied, nil, "0.0.0.0"},
		"one proxy":                    {proxied, []string{"203.0.113.9"}, "203.0.113.9"},
		"two proxies":                  {proxied, []string{"203.0.113.9, 10.1.2.3"}, "203.0.113.9"},
		"two proxies, two headers":     {proxied, []string{"203.0.113.9", "10.1.2.3"}, "203.0.113.9"},
		"what the client wrote itself": {proxied, []string{"198.51.100.1, 203.0.113.9"}, "203.0.113.9"},
		"written to look trusted":      {proxied, []string{"127.0.0.1, 10.0.0.1, 203.0.113.9, 10.1.2.3"}, "203.0.113.9"},
		"with ports":                   {proxied, []string{"203.0.113.9:4711"}, "203.0.113.9"},
		"IPv6":                         {proxied, []string{"[2001:db8::1]:443"}, "2001:db8::1"},
		"IPv4 in IPv6":                 {proxied, []string{"::ffff:203.0.113.9"}, "203.0.113.9"},
		"rubbish":                      {proxied, []string{"203.0.113.9, unknown, 10.1.2.3"}, "10.1.2.3"},
		"no proxy is trusted":          {nil, []string{"203.0.113.9"}, "0.0.0.0"},
		"another proxy is trusted":     {func(o *httpapi.Options) { proxied(o); o.Proxies = o.Proxies[1:] }, []string{"203.0.113.9"}, "0.0.0.0"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, tt.options)
			var got string
			s.plugins.OnWebhook = func(_ context.Context, _ channel.Inbox, r channel.WebhookRequest) (channel.WebhookAnswer, error) {
				got = r.Remote
				return channel.WebhookAnswer{Result: channel.Result{Outcome: channel.OutcomeAccepted}}, nil
			}
			var header []string
			for _, h := range tt.heard {
				header = append(header, "X-Forwarded-For", h)
			}
			s.ask(http.MethodPost, "/hooks/"+s.hook(s.Inbox)+"/", "{}", header...)
			if got != tt.want {
				t.Errorf("comes from %s, want %s", got, tt.want)
			}
		})
	}
}

// The metrics have a port of their own: nothing of them is on the public one.
func TestMetricsAreElsewhere(t *testing.T) {
	s := newSite(t, nil)
	if a := s.ask(http.MethodGet, "/metrics", ""); strings.Contains(a.text, "patchbay_") {
		t.Errorf("%d %s", a.StatusCode, a.text)
	}
}

func TestWidgetFiles(t *testing.T) {
	s := newSite(t, nil)
	base := "/w/" + string(s.Live.ID) + "/"
	page := s.ask(http.MethodGet, base+"frame.html", "")
	csp := page.Header.Get("Content-Security-Policy")
	if page.StatusCode != http.StatusOK || !strings.HasSuffix(csp, "; frame-ancestors 'self' https://shop.example") {
		t.Errorf("the frame: %d %s", page.StatusCode, csp) // the origin that would end the directive is left out
	}
	for _, name := range []string{"loader.js", "logo.svg"} {
		a := s.ask(http.MethodGet, base+name, "")
		csp := a.Header.Get("Content-Security-Policy")
		if a.StatusCode != http.StatusOK || !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "sandbox") || a.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s could run as a page of ours: %d %v", name, a.StatusCode, a.Header)
		}
	}
	etag := page.Header.Get("Etag")
	if a := s.ask(http.MethodGet, base+"frame.html", "", "If-None-Match", etag); a.StatusCode != http.StatusNotModified || a.Header.Get("Content-Security-Policy") != csp {
		t.Errorf("again: %d %v", a.StatusCode, a.Header)
	}
	for _, path := range []string{
		base, base + "none.js", base + "../../etc/passwd", base + "%2e%2e/x", "/w/inb_none/loader.js", "/w/" + string(s.Inbox.ID) + "/loader.js", "/w/x",
	} {
		if a := s.ask(http.MethodGet, path, "", "Accept", "text/html"); a.StatusCode != http.StatusNotFound || a.code != "not_found" {
			t.Errorf("%s answers %d %s", path, a.StatusCode, a.text)
		}
	}
	_, err := s.fake.Inboxes.UpdateInbox(t.Context(), s.WS, s.Live.ID, func(i *channel.Inbox) ([]event.Event, error) { i.Enabled = false; return nil, nil })
	s.OK(err)
	if a := s.ask(http.MethodGet, base+"loader.js", ""); a.StatusCode != http.StatusNotFound {
		t.Errorf("of a disabled inbox: %d", a.StatusCode)
	}
}

func TestStrictTransport(t *testing.T) {
	for _, secure := range []bool{true, false} {
		s := newSite(t, func(o *httpapi.Options) { o.SecureCookies = secure })
		got := s.ask(http.MethodGet, "/livez", "").Header.Get("Strict-Transport-Security")
		if secure != (got == "max-age=31536000") {
			t.Errorf("by TLS %v: %q", secure, got)
		}
	}
}
