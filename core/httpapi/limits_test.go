package httpapi_test

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/httpapi"
	"github.com/patchbay-im/patchbay/core/limit"
)

func TestLimits(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	buckets := limit.New(func() time.Time { return now })
	s := newSiteOn(t, func(*conversationtest.World) func() time.Time { return func() time.Time { return now } }, func(o *httpapi.Options) {
		o.Limits = httpapi.Limits{Member: limit.PerMinute(600, 4), Address: limit.PerMinute(60, 2), Visitor: limit.PerMinute(60, 3)}
		o.Buckets = buckets
		o.Proxies = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/32")} // who the test client is
	})
	cookie, base := s.administrator(), "/api/v1/workspaces/"+string(s.WS)
	k := s.makeKey(cookie, "contact.read")
	now = now.Add(time.Minute)
	t.Run("a member", func(t *testing.T) {
		ask := func() answer { return s.ask(http.MethodGet, base+"/contacts", "", "Cookie", cookie) }
		for i, want := range []string{"3", "2", "1", "0"} {
			a := ask()
			if a.StatusCode != http.StatusOK || a.Header.Get("RateLimit-Limit") != "4" || a.Header.Get("RateLimit-Remaining") != want ||
				a.Header.Get("RateLimit-Reset") != "1" || a.Header.Get("RateLimit-Policy") != "600;w=60;burst=4" {
				t.Errorf("%d: %d %v", i, a.StatusCode, a.Header)
			}
		}
		a := ask()
		if a.StatusCode != http.StatusTooManyRequests || a.code != "request.rate" || a.Header.Get("Retry-After") != "1" ||
			a.Header.Get("RateLimit-Remaining") != "0" || !strings.Contains(a.text, "600 requests a minute") {
			t.Errorf("%d %v %s", a.StatusCode, a.Header, a.text)
		}
		if a := s.ask(http.MethodGet, "/api/v1/session", "", "Cookie", cookie); a.code != "request.rate" {
			t.Errorf("one's own matters are under the same limit: %d", a.StatusCode)
		}
		if a := s.ask(http.MethodGet, base+"/contacts", "", "Authorization", "Bearer "+k.Secret); a.StatusCode != http.StatusOK || a.Header.Get("RateLimit-Remaining") != "3" {
			t.Errorf("a key of the same member: %d %v", a.StatusCode, a.Header)
		}
		now = now.Add(100 * time.Millisecond)
		if a := ask(); a.StatusCode != http.StatusOK {
			t.Errorf("a tenth of a second later: %d", a.StatusCode)
		}
	})
	t.Run("addresses", func(t *testing.T) {
		ask := func(from string) answer {
			return s.ask(http.MethodPost, "/api/v1/invitations/lookup", `{"token":"x"}`, "X-Forwarded-For", from)
		}
		for range 2 {
			if a := ask("203.0.113.7"); a.code == "request.rate" || a.Header.Get("RateLimit-Limit") != "2" {
				t.Errorf("%d %v %s", a.StatusCode, a.Header, a.text)
			}
		}
		if a := ask("203.0.113.7"); a.StatusCode != http.StatusTooManyRequests || a.code != "request.rate" {
			t.Errorf("%d %s", a.StatusCode, a.text)
		}
		if a := ask("6.6.6.6, 203.0.113.7"); a.code != "request.rate" {
			t.Errorf("an address that the client made up: %d %s", a.StatusCode, a.text)
		}
		if a := ask("203.0.113.8"); a.code == "request.rate" {
			t.Errorf("a neighbour: %d %s", a.StatusCode, a.text)
		}
		for _, from := range []string{"2001:db8:1:2::1", "2001:db8:1:2::2"} {
			ask(from)
		}
		if a := ask("2001:db8:1:2:ffff::3"); a.code != "request.rate" {
			t.Errorf("a third address of one IPv6 network: %d %s", a.StatusCode, a.text)
		}
		if a := ask("2001:db8:1:3::1"); a.code == "request.rate" {
			t.Errorf("another IPv6 network: %d %s", a.StatusCode, a.text)
		}
	})
	t.Run("a visitor", func(t *testing.T) {
		path := "/api/v1/live/" + string(s.Live.ID)
		var v struct {
			Token     string `json:"token"`
			SessionID string `json:"session_id"`
		}
		s.OK(json.Unmarshal([]byte(s.ask(http.MethodPost, path+"/sessions", `{}`).text), &v))
		send := func(id string) answer {
			return s.ask(http.MethodPost, path+"/messages", `{"client_msg_id":"`+id+`","text":"hi"}`, "Authorization", "Bearer "+v.Token)
		}
		if a := send("1"); a.StatusCode != http.StatusCreated || a.Header.Get("RateLimit-Remaining") != "2" {
			t.Errorf("%d %v %s", a.StatusCode, a.Header, a.text)
		}
		// What the socket spends is missing here.
		for range 2 {
			if err := buckets.Allow(httpapi.LimitVisitor, v.SessionID, limit.PerMinute(60, 3)); err != nil {
				t.Fatal(err)
			}
		}
		if a := send("2"); a.StatusCode != http.StatusTooManyRequests || a.code != "request.rate" || a.Header.Get("Retry-After") != "1" {
			t.Errorf("%d %v %s", a.StatusCode, a.Header, a.text)
		}
	})
}
