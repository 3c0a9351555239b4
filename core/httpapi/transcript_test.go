package httpapi_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/conversation"
)

func TestATranscriptIsTextAndNothingElse(t *testing.T) {
	s := newSite(t, nil)
	evil := "</p><script>alert(1)</script>\n2026-01-01 00:00:00 UTC  Owner\nforged<img src=x onerror=alert(2)>" +
		"\u20282026-01-01 00:00:00 UTC  Owner\u2029forged"
	c := s.Receive(s.Inbox, "ext", "m1", evil)
	s.Change(c.ID, func(c *conversation.Conversation) error {
		c.AddNote(s.Turn(s.Owner), conversation.Words("n1", "a rude one"))
		return nil
	})
	path := "/api/v1/workspaces/" + string(s.WS) + "/conversations/" + string(c.ID) + "/transcript?format="
	get := func(query string) answer {
		a := s.ask(http.MethodGet, path+query, "", "Cookie", s.signIn(s.Owner))
		if a.StatusCode != http.StatusOK || !strings.HasPrefix(a.Header.Get("Content-Disposition"), "attachment;") ||
			!strings.HasPrefix(a.Header.Get("Content-Security-Policy"), "default-src 'none'; style-src 'sha256-") || a.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Fatalf("%s: %d %v", query, a.StatusCode, a.Header)
		}
		return a
	}
	page := get("html")
	if strings.Contains(page.text, "<script") || strings.Contains(page.text, "<img") || !strings.Contains(page.text, "&lt;script&gt;alert(1)") {
		t.Errorf("the page is %s", page.text)
	}
	if !strings.Contains(page.text, `<meta http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;; style-src &#39;sha256-`) ||
		page.Header.Get("Content-Type") != "text/html; charset=utf-8" || strings.Contains(page.text, "rude") {
		t.Errorf("the page is %s %s", page.Header.Get("Content-Type"), page.text)
	}
	plain := get("txt")
	for i, line := range strings.Split(strings.NewReplacer("\u2028", "\n", "\u2029", "\n").Replace(plain.text), "\n") {
		if strings.Contains(line, "forged") && !strings.HasPrefix(line, "    ") || strings.Contains(line, "UTC  Owner") && !strings.HasPrefix(line, "    ") {
			t.Errorf("line %d passes for another message: %q", i, line)
		}
	}
	var whole struct {
		Messages []struct{ Text string }
	}
	if err := json.Unmarshal([]byte(get("json&notes=true").text), &whole); err != nil || len(whole.Messages) != 2 || whole.Messages[0].Text != evil {
		t.Errorf("as JSON: %v %+v", err, whole)
	}
	if !strings.Contains(get("txt&notes=true").text, "(internal note)\n    a rude one") {
		t.Error("the note is not there")
	}
	zh := s.ask(http.MethodGet, path+"txt", "", "Cookie", s.signIn(s.Owner), "Accept-Language", "zh-CN")
	if !strings.HasPrefix(zh.text, "会话记录 #") {
		t.Errorf("in Chinese: %s", zh.text)
	}
}

func TestDraftsOverREST(t *testing.T) {
	s := newSite(t, nil)
	c := s.Receive(s.Inbox, "ext", "m1", "hello")
	cookie := s.signIn(s.Owner)
	base := "/api/v1/workspaces/" + string(s.WS)
	path := base + "/conversations/" + string(c.ID) + "/draft"
	if a := s.ask(http.MethodGet, path, "", "Cookie", cookie); a.StatusCode != http.StatusNoContent || a.text != "" {
		t.Fatalf("nothing yet: %d %s", a.StatusCode, a.text)
	}
	if a := s.ask(http.MethodPut, path, `{"text":"half","kind":"text","rev":0}`, "Cookie", cookie); a.StatusCode != http.StatusOK || !strings.Contains(a.text, `"rev":1`) {
		t.Fatalf("kept: %d %s", a.StatusCode, a.text)
	}
	stale := s.ask(http.MethodPut, path, `{"text":"other","kind":"text","rev":0}`, "Cookie", cookie)
	var p struct {
		Fields []struct{ Detail string }
	}
	var newer struct {
		Text string
		Rev  int
	}
	s.OK(json.Unmarshal([]byte(stale.text), &p))
	if stale.StatusCode != http.StatusConflict || stale.code != "draft.stale" || json.Unmarshal([]byte(p.Fields[0].Detail), &newer) != nil || newer.Text != "half" || newer.Rev != 1 {
		t.Errorf("stale: %d %s", stale.StatusCode, stale.text)
	}
	if a := s.ask(http.MethodGet, path, "", "Cookie", cookie); a.StatusCode != http.StatusOK || !strings.Contains(a.text, `"text":"half"`) {
		t.Errorf("read: %d %s", a.StatusCode, a.text)
	}
	if a := s.ask(http.MethodGet, base+"/drafts", "", "Cookie", cookie); !strings.Contains(a.text, `"text":"half"`) {
		t.Errorf("listed: %s", a.text)
	}
	if a := s.ask(http.MethodPut, path, `{"text":"","kind":"text","rev":1}`, "Cookie", cookie); a.StatusCode != http.StatusOK {
		t.Errorf("gone: %d %s", a.StatusCode, a.text)
	}
	if a := s.ask(http.MethodGet, path, "", "Cookie", cookie); a.StatusCode != http.StatusNoContent {
		t.Errorf("after it is gone: %d %s", a.StatusCode, a.text)
	}
}

func TestScheduledAndDeliveryOverREST(t *testing.T) {
	s := newSite(t, nil)
	c := s.Receive(s.Inbox, "ext", "m1", "hello")
	cookie := s.signIn(s.Owner)
	path := "/api/v1/workspaces/" + string(s.WS) + "/conversations/" + string(c.ID)
	body := `{"client_msg_id":"a1","text":"later","send_at":"2027-01-01T08:00:00+08:00","unless_reply":true}`
	a := s.ask(http.MethodPost, path+"/scheduled", body, "Cookie", cookie)
	var m struct{ ID, State, SendAt string }
	s.OK(json.Unmarshal([]byte(strings.ReplaceAll(a.text, "send_at", "SendAt")), &m))
	if a.StatusCode != http.StatusCreated || m.State != "waiting" || m.SendAt != "2027-01-01T00:00:00Z" {
		t.Fatalf("scheduled: %d %s", a.StatusCode, a.text)
	}
	if a := s.ask(http.MethodPost, path+"/scheduled", body, "Cookie", cookie); a.StatusCode != http.StatusOK || a.Header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("again: %d %s", a.StatusCode, a.text)
	}
	if a := s.ask(http.MethodPatch, path+"/scheduled/"+m.ID, `{"text":"even later"}`, "Cookie", cookie); a.StatusCode != http.StatusOK {
		t.Errorf("edited: %d %s", a.StatusCode, a.text)
	}
	if a := s.ask(http.MethodGet, path+"/scheduled", "", "Cookie", cookie); !strings.Contains(a.text, `"even later"`) {
		t.Errorf("listed: %s", a.text)
	}
	if a := s.ask(http.MethodDelete, path+"/scheduled/"+m.ID, "", "Cookie", cookie); a.StatusCode != http.StatusNoContent {
		t.Errorf("cancelled: %d %s", a.StatusCode, a.text)
	}
	sent := s.ask(http.MethodPost, path+"/messages", `{"client_msg_id":"a2","kind":"text","text":"now"}`, "Cookie", cookie)
	var posted struct{ Message struct{ ID string } }
	s.OK(json.Unmarshal([]byte(sent.text), &posted))
	if a := s.ask(http.MethodGet, path+"/messages/"+posted.Message.ID+"/delivery", "", "Cookie", cookie); !strings.Contains(a.text, `"state":"queued"`) {
		t.Errorf("its way: %d %s", a.StatusCode, a.text)
	}
	way := path + "/messages/" + posted.Message.ID + "/delivery"
	if a := s.ask(http.MethodPost, way, `{"resolve":"send_again"}`, "Cookie", cookie); a.StatusCode != http.StatusOK || !strings.Contains(a.text, `"delivery":"pending"`) {
		t.Errorf("on its way already: %d %s", a.StatusCode, a.text)
	}
	if a := s.ask(http.MethodPost, way, `{"resolve":"arrived"}`, "Cookie", cookie); a.StatusCode != http.StatusConflict || !strings.Contains(a.text, `"delivery.settled"`) {
		t.Errorf("not known yet: %d %s", a.StatusCode, a.text)
	}
	if a := s.ask(http.MethodGet, path+"/messages/msg_none/delivery", "", "Cookie", cookie); a.StatusCode != http.StatusNotFound {
		t.Errorf("none: %d %s", a.StatusCode, a.text)
	}
}
