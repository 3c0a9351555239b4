package httpapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/conversation"
)

func TestTheHTMLOfAMessageIsAPageThatDoesNothing(t *testing.T) {
	s := newSite(t, nil)
	c := s.Receive(s.Inbox, "ext", "m1", "plain")
	s.Change(c.ID, func(c *conversation.Conversation) error {
		said := conversation.Words("m2", "order 5")
		said.HTML = `<p>order <b>5</b></p><script>alert(1)</script><img src="https://far.example/track.gif"><img src=cid:none onerror=alert(1)>`
		c.Receive(s.Turn(s.Owner), said)
		return nil
	})
	var plain, rich string
	for _, ch := range s.Timeline(c.ID, 0) {
		if m := ch.Message; m != nil && m.HTML {
			rich = string(m.ID)
		} else if m != nil {
			plain = string(m.ID)
		}
	}
	w := "/api/v1/workspaces/" + string(s.WS) + "/conversations/" + string(c.ID)
	cookie := s.signIn(s.Owner)
	a := s.ask(http.MethodGet, w+"/messages/"+rich+"/html", "", "Cookie", cookie)
	if a.StatusCode != http.StatusOK || a.Header.Get("Content-Type") != "text/html; charset=utf-8" || a.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Fatalf("%d %v", a.StatusCode, a.Header)
	}
	policy := a.Header.Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "default-src 'none'; img-src 'self' data:;") || !strings.Contains(policy, "; sandbox ") || strings.Contains(policy, "script") {
		t.Errorf("its policy is %q", policy)
	}
	if !strings.Contains(a.text, "<p>order <b>5</b></p></body>") || strings.Contains(a.text, "far.example") || strings.Contains(a.text, "alert") {
		t.Errorf("the page is %s", a.text)
	}
	if a = s.ask(http.MethodGet, w, "", "Cookie", cookie); a.StatusCode != http.StatusOK {
		t.Fatalf("%d", a.StatusCode)
	}
	if a = s.ask(http.MethodGet, w+"/changes", "", "Cookie", cookie); a.StatusCode == http.StatusOK && strings.Count(a.text, `"html":true`) != 1 {
		t.Errorf("clients are told %s", a.text)
	}
	for name, path := range map[string]string{"plain": w + "/messages/" + plain + "/html", "absent": w + "/messages/msg_none/html"} {
		if a := s.ask(http.MethodGet, path, "", "Cookie", cookie); a.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", name, a.StatusCode)
		}
	}
	if a := s.ask(http.MethodGet, w+"/messages/"+rich+"/html", ""); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("nobody: %d", a.StatusCode)
	}
}
