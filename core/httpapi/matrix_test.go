package httpapi_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/team"
	"github.com/patchbay-im/patchbay/core/view"
)

// places fills the parameters of a path.
func places(path string, values map[string]string) string {
	for name, value := range values {
		path = strings.ReplaceAll(path, "{"+name+"}", value)
	}
	return path
}

// bodyOf is a body that a route accepts, so that what refuses is the door or
// the use case, not the form.
func bodyOf(path string) string {
	for suffix, body := range map[string]string{
		"/sign-in/providers": `{"name":"x","client_id":"x","client_secret":"x","issuer":"http://127.0.0.1:1"}`,
		"/erase":             `{"confirm":"x"}`,
		"/notes":             `{"text":"x"}`, "/contacts/{contact}/merge": `{"into":"con_none"}`, "/notes/{note}": `{"text":"x"}`,
		"/messages": `{"client_msg_id":"x","kind":"note","text":"hi"}`, "/assign": `{"member_id":""}`, "/state": `{"state":"open"}`,
		"/draft": `{"text":"x","kind":"text","rev":0}`, "/scheduled": `{"client_msg_id":"x","text":"later","send_at":"2030-01-01T00:00:00Z"}`,
		"/read": `{"seq":1}`, "/me": `{"status":"away"}`, "/invitations": `{"email":"new@example.com","role":"agent"}`,
		"{conversation}/labels": `{"label_ids":[]}`, "{workspace}/labels": `{"name":"x","color":"#2f80ed"}`, "/labels/{label}": `{"name":"y"}`,
		"{conversation}/attributes": `{"set":{}}`, "{workspace}/attributes": `{"target":"contact","key":"k","name":"x","type":"text"}`,
		"/attributes/{attribute}": `{"name":"y"}`, "/canned": `{"shortcut":"x","title":"x","text":"x","scope":"personal"}`,
		"/canned/{canned}": `{"title":"y"}`, "/priority": `{"priority":"high"}`, "/participants": `{"member_ids":[]}`,
		"/participants/me": ``, "/merge": `{"into":"cnv_none"}`, "/unmerge": ``, "/use": ``, "/bulk": `{"ids":["cnv_none"],"action":"read"}`,
		"{workspace}/connections": `{"plugin":"test/link","name":"x"}`, "/connections/validate": `{"plugin":"test/link"}`, "/inboxes/validate": `{"plugin":"patchbay/echo"}`,
		"/inboxes/{inbox}/oauth": `{"pointer":"/account"}`, "/connections/{connection}/oauth": `{"pointer":"/account"}`, "/grants": `{"scopes":[]}`,
		"{workspace}/webhooks": `{"url":"https://example.com/x","events":["*"]}`,
		"/conversations/check": `{"ids":["cnv_none"]}`, "/teams": `{"name":"x"}`, "/queues": `{"name":"x"}`, "{workspace}/routing": `{"revision":0,"rules":[]}`, "{workspace}/skills": `{"name":"x"}`, "/skills/{skill}": `{"name":"y"}`, "{member}/skills": `{"skills":[]}`, "{workspace}/calendars": `{"name":"x","time_zone":"UTC","week":{"monday":[{"from":"09:00","to":"17:00"}]}}`, "/alert-rules": `{"revision":0,"wait":{"on":true,"after_s":600,"of_target":0},"staff":{"on":true,"fewer_than":1,"after_s":60},"risk":{"on":false,"more_than":5},"away":{"on":true,"after_s":600}}`, "/dispatch-policy/draft": `{"revision":0}`, "/dispatch-policy/publish": `{"revision":9}`, "/dispatch-policy/compare": `{"plans":["draft","current"],"day":{"kind":"own","staff":[{"count":1,"capacity":1}],"streams":[{"channel":"chat","per_hour":1,"handling_s":60}]}}`, "/dispatch-policy/restore": `{"number":9,"published":9}`, "/calendars/{calendar}": `{"revision":1}`, "/calendars/{calendar}/import": `{"revision":1,"set":"cn-2026"}`, "/roles": `{"name":"x"}`, "/api-keys": `{"name":"x","scopes":["workspace.read"]}`, "/inboxes": `{"name":"x","plugin":"patchbay/echo"}`,
	} {
		if strings.HasSuffix(path, suffix) && !strings.Contains(path, "/ticket") && !strings.HasSuffix(path, "/notifications/read") {
			return body
		}
	}
	if strings.Contains(path, "/ticket") {
		return ticketBody(path)
	}
	if strings.HasSuffix(path, "/notifications/read") {
		return `{"all":true}`
	}
	if strings.HasSuffix(path, "/notification-preferences") {
		return `{"rules":{}}`
	}
	return `{}`
}

// change changes a member behind the use cases.
func (s *site) change(m identity.Member, fn func(*identity.Member)) {
	s.Helper()
	_, err := s.fake.Identities.ChangeMember(s.Context(), m.Workspace, m.ID, func(m *identity.Member) error { fn(m); return nil })
	s.OK(err)
}

// view makes a view that all of a workspace see.
func (s *site) view(w identity.WorkspaceID) view.ID {
	s.Helper()
	name, scope := "Theirs", view.Workspace
	v, err := s.views.Create(s.Context(), identity.SystemScope(w), view.Draft{Name: &name, Scope: &scope})
	s.OK(err)
	return v.ID
}

// team makes a team.
func (s *site) team(w identity.WorkspaceID, name string) team.ID {
	s.Helper()
	t, err := team.NewService(s.fake.Teams, s.fake.Teams, time.Now).Create(s.Context(), identity.SystemScope(w), team.Patch{Name: &name})
	s.OK(err)
	return t.ID
}

// theirs reads a conversation of any workspace.
func (s *site) theirs(w identity.WorkspaceID, id conversation.ID) conversation.Conversation {
	s.Helper()
	c, err := s.fake.Get(s.Context(), w, id)
	s.OK(err)
	return c
}

func TestAVisitorsTokenOpensTheirOwnChatOnly(t *testing.T) {
	s := newSite(t, nil)
	other := s.NewInbox(s.WS, true)
	path := func(id string) string { return "/api/v1/live/" + id }
	open := func(id string) string {
		a := s.ask(http.MethodPost, path(id)+"/sessions", `{}`)
		var body struct{ Token string }
		if err := json.Unmarshal([]byte(a.text), &body); err != nil || a.StatusCode != http.StatusCreated || body.Token == "" {
			t.Fatalf("a session: %d %s", a.StatusCode, a.text)
		}
		return "Bearer " + body.Token
	}
	alice, bob, elsewhere := open(string(s.Live.ID)), open(string(s.Live.ID)), open(string(other.ID))
	send := `{"client_msg_id":"m1","text":"hello"}`
	if a := s.ask(http.MethodPost, path(string(s.Live.ID))+"/messages", send, "Authorization", alice); a.StatusCode != http.StatusCreated || a.Header.Get("Idempotency-Replayed") != "" {
		t.Fatalf("a message: %d %s", a.StatusCode, a.text)
	}
	if a := s.ask(http.MethodPost, path(string(s.Live.ID))+"/messages", send, "Authorization", alice); a.StatusCode != http.StatusOK || a.Header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("the repeat: %d %v", a.StatusCode, a.Header)
	}
	c, err := s.fake.List(t.Context(), s.WS, conversation.Filter{Reach: identity.Everywhere()}, page.Request{})
	s.OK(err)
	s.Change(c.Items[0].ID, func(c *conversation.Conversation) error {
		c.AddNote(s.Turn(s.Owner), conversation.Words("n1", "private"))
		return nil
	})

	a := s.ask(http.MethodGet, path(string(s.Live.ID))+"/changes", "", "Authorization", alice)
	if !strings.Contains(a.text, `"hello"`) || strings.Contains(a.text, "private") || strings.Contains(a.text, string(c.Items[0].ID)) {
		t.Errorf("the visitor reads %s", a.text)
	}
	if a := s.ask(http.MethodGet, path(string(s.Live.ID))+"/changes?after=18446744073709551615", "", "Authorization", alice); a.StatusCode != http.StatusOK || strings.Contains(a.text, "hello") {
		t.Errorf("beyond the end: %d %s", a.StatusCode, a.text)
	}
	if a := s.ask(http.MethodGet, path(string(s.Live.ID))+"/changes", "", "Authorization", bob); a.StatusCode != http.StatusOK || strings.Contains(a.text, "hello") {
		t.Errorf("another visitor reads %s", a.text)
	}
	for name, token := range map[string]string{
		"another inbox's token": elsewhere, "no token": "", "no scheme": strings.TrimPrefix(alice, "Bearer "), "rubbish": "Bearer x",
		"a letter of Latin 1": "Bearer \xe9" + strings.TrimPrefix(alice, "Bearer "), "a forged secret": alice[:len(alice)-4] + "AAAA",
	} {
		for method, part := range map[string]string{http.MethodGet: "/changes", http.MethodPost: "/messages"} {
			if a := s.ask(method, path(string(s.Live.ID))+part, send, "Authorization", token); a.StatusCode != http.StatusUnauthorized {
				t.Errorf("%s %s with %s answers %d %s", method, part, name, a.StatusCode, a.text)
			}
		}
	}
	// A member's cookie is no visitor's token, and the reverse.
	cookie := s.signIn(s.Owner)
	if a := s.ask(http.MethodGet, path(string(s.Live.ID))+"/changes", "", "Cookie", cookie); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("a member as a visitor: %d", a.StatusCode)
	}
	if a := s.ask(http.MethodGet, "/api/v1/session", "", "Authorization", alice, "Cookie", "patchbay_session="+strings.TrimPrefix(alice, "Bearer ")); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("a visitor as a member: %d", a.StatusCode)
	}
}
