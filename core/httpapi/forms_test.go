package httpapi_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/httpapi"
	"github.com/patchbay-im/patchbay/core/identity"
)

// wrong expects that a form is refused with these pointers and codes.
func (c *chat) wrong(a answer, fields ...string) {
	c.Helper()
	var p httpapi.Problem
	if err := json.Unmarshal([]byte(a.text), &p); err != nil || p.Code != "form.invalid" {
		c.Errorf("answers %d %s", a.StatusCode, a.text)
		return
	}
	var got []string
	for _, f := range p.Fields {
		got = append(got, f.Pointer+" "+f.Code)
	}
	if strings.Join(got, ", ") != strings.Join(fields, ", ") {
		c.Errorf("points to %q, want %q", got, fields)
	}
}

// contactOf returns who is behind a visitor's conversation.
func (c *chat) contactOf(v opened) contact.Contact {
	c.Helper()
	who, _, err := c.fake.Contacts.Get(c.Context(), c.WS, c.conversationOf(v).Contact)
	c.OK(err)
	return who
}

func TestFormBeforeTheChat(t *testing.T) {
	off := newChat(t)
	if a := off.as(off.knock("", "").Token, http.MethodPost, "/prechat", `{"name":"A"}`); a.StatusCode != http.StatusForbidden || a.code != "prechat.off" {
		t.Errorf("without a form: %d %s", a.StatusCode, a.text)
	}
	c := newOpenChat(t, `{"pre_chat":{"enabled":true,"fields":[{"key":"name","required":true},{"key":"email"},{"key":"phone"},{"key":"attributes.order","required":true}]}}`)
	v := c.knock("", "")
	form := func(body string) answer { c.Helper(); return c.as(v.Token, http.MethodPost, "/prechat", body) }
	c.wrong(form(`{}`), "/name required", "/attributes/order required")
	c.wrong(form(`{"name":" ","attributes":{"order":" "}}`), "/name required", "/attributes/order required")
	c.wrong(form(`{"name":"A\u0000B","email":"x","phone":"call me","attributes":{"order":"1","isAdmin":"yes"}}`),
		"/name characters", "/email format", "/phone format", "/attributes/isAdmin unknown")
	c.wrong(form(`{"name":"`+strings.Repeat("字", contact.MaxName+1)+`","attributes":{"order":"1"}}`), "/name too_long")
	if a := form(`{"name":"A","attributes":{"order":"1"},"contact_id":"con_x"}`); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("an unknown field: %d %s", a.StatusCode, a.text)
	}
	c.must(http.StatusNoContent, v.Token, http.MethodPost, "/prechat", `{"name":"李明","email":"Li@Example.com","attributes":{"order":"A-1"}}`)
	if conv, err := c.fake.OfContact(t.Context(), c.WS, c.Live.ID, strings.Split(v.Token, ".")[0]); err != nil || conv != nil {
		t.Errorf("without a message there is a conversation: %+v, %v", conv, err)
	}
	c.write(v.Token, "m1", "hello")
	if who := c.contactOf(v); who.Name != "李明" || who.Email != "li@example.com" || who.Attributes["order"] != "A-1" || who.Verified {
		t.Errorf("the contact is %+v", who)
	}
	w := c.knock("", "")
	for range 2 { // sent again: once
		c.must(http.StatusNoContent, w.Token, http.MethodPost, "/prechat", `{"name":"B","attributes":{"order":"2"},"message":"my question","client_msg_id":"q"}`)
	}
	if n := strings.Count(c.reads(w.Token), "my question"); n != 1 {
		t.Errorf("the form's message is there %d times", n)
	}
	// What the site vouched for stays.
	signed := c.knock("", c.jwt("7", "a", map[string]any{"name": "王芳", "email": "wang@example.com"}))
	c.must(http.StatusNoContent, signed.Token, http.MethodPost, "/prechat",
		`{"name":"Eve","email":"eve@example.com","phone":"+8613800138000","attributes":{"order":"3"},"message":"x","client_msg_id":"x"}`)
	conv := c.ofIdentity("sub:7")
	who, _, err := c.fake.Contacts.Get(t.Context(), c.WS, conv.Contact)
	c.OK(err)
	if who.Name != "王芳" || who.Email != "wang@example.com" || who.Phone != "+8613800138000" {
		t.Errorf("the signed-in customer is %+v", who)
	}
}

func TestFormForWhenNobodyIsThere(t *testing.T) {
	off := newChat(t)
	good := `{"name":"A","email":"a@example.com","phone":"+8613800138000","message":"call me","client_msg_id":"o"}`
	if a := off.as(off.knock("", "").Token, http.MethodPost, "/offline", good); a.StatusCode != http.StatusForbidden || a.code != "offline.off" {
		t.Errorf("without a form: %d %s", a.StatusCode, a.text)
	}
	c := newOpenChat(t, `{"offline":{"enabled":true}}`)
	v := c.knock("", "")
	form := func(body string) answer { c.Helper(); return c.as(v.Token, http.MethodPost, "/offline", body) }
	c.wrong(form(`{"name":"","email":"","message":"x","client_msg_id":"o"}`), "/name required", "/email required")
	c.wrong(form(`{"name":"A","email":"x","message":"x","client_msg_id":"o"}`), "/email format")
	if a := form(`{"name":"A","email":"a@example.com","message":" ","client_msg_id":"o"}`); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.text, `"/message"`) {
		t.Errorf("without words: %d %s", a.StatusCode, a.text)
	}
	if a := form(`{"name":"A","email":"a@example.com","message":"x"}`); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("without an id: %d %s", a.StatusCode, a.text)
	}
	c.must(http.StatusCreated, v.Token, http.MethodPost, "/offline", good)
	if a := form(good); a.StatusCode != http.StatusOK || a.Header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("sent again: %d %v", a.StatusCode, a.Header)
	}
	if a := form(strings.Replace(good, "call me", "do not", 1)); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("another message of that id: %d %s", a.StatusCode, a.text)
	}
	marked := 0
	for _, ch := range c.Timeline(c.conversationOf(v).ID, 0) {
		if ch.Type == conversation.OfflineChange {
			marked++
			if string(ch.Data) != `{"email":"a@example.com","phone":"+8613800138000"}` || ch.PublicSeq != 0 {
				t.Errorf("marked %s, public %d", ch.Data, ch.PublicSeq)
			}
		}
	}
	if who := c.contactOf(v); marked != 1 || who.Name != "A" || who.Email != "a@example.com" || who.Verified {
		t.Errorf("marked %d times; the contact is %+v", marked, who)
	}
}

// pagesOf lists what is recorded of a visitor's pages.
func (c *chat) pagesOf(v opened) string {
	c.Helper()
	a := c.ask(http.MethodGet, "/api/v1/workspaces/"+string(c.WS)+"/contacts/"+string(c.contactOf(v).ID)+"/pages", "", "Cookie", c.signIn(c.Owner))
	if a.StatusCode != http.StatusOK {
		c.Fatalf("pages: %d %s", a.StatusCode, a.text)
	}
	return a.text
}

func TestPageViewsAndConsent(t *testing.T) {
	report := func(c *chat, v opened, want int, page, more string) answer {
		t.Helper()
		return c.must(want, v.Token, http.MethodPost, "/pageviews", `{"views":[{"url":"https://shop.example/`+page+`","title":"t","at":"2026-03-01T12:00:00Z","duration_s":3}]`+more+`}`)
	}
	for _, settings := range []string{`{}`, `{"page_views":"off"}`, `{"page_views":"always"}`, `{"page_views":true}`} {
		c := newOpenChat(t, settings)
		v := c.knock("", "")
		c.write(v.Token, "m", "hello")
		if a := report(c, v, http.StatusForbidden, "one", `,"consent":true`); a.code != "page_views.off" || strings.Contains(c.pagesOf(v), "shop.example/one") {
			t.Errorf("%s: %s", settings, a.text)
		}
	}

	on := newOpenChat(t, `{"page_views":"on"}`)
	v := on.knock("", "")
	on.write(v.Token, "m", "hello")
	report(on, v, http.StatusNoContent, "one", "")
	report(on, v, http.StatusNoContent, "refused", `,"consent":false`)
	if got := on.pagesOf(v); !strings.Contains(got, "shop.example/one") || strings.Contains(got, "refused") {
		t.Errorf("on: %s", got)
	}

	c := newOpenChat(t, `{"page_views":"consent"}`)
	v = c.knock("", "")
	c.write(v.Token, "m", "hello")
	if a := report(c, v, http.StatusForbidden, "before", ""); a.code != "page_views.consent" {
		t.Errorf("before the consent: %s", a.text)
	}
	report(c, v, http.StatusNoContent, "agreed", `,"consent":true`)
	report(c, v, http.StatusNoContent, "later", "")
	if again := c.knock(v.Token, ""); again.Token != v.Token {
		t.Fatalf("resumed as %+v", again)
	}
	report(c, v, http.StatusNoContent, "nextvisit", "")
	report(c, v, http.StatusNoContent, "withdrawn", `,"consent":false`)
	if a := report(c, v, http.StatusForbidden, "after", ""); a.code != "page_views.consent" {
		t.Errorf("after it was withdrawn: %s", a.text)
	}
	c.must(http.StatusNoContent, v.Token, http.MethodPost, "/pageviews", `{"consent":false}`)
	got := c.pagesOf(v)
	for page, want := range map[string]bool{"before": false, "agreed": true, "later": true, "nextvisit": true, "withdrawn": false, "after": false} {
		if strings.Contains(got, "shop.example/"+page) != want {
			t.Errorf("%s is recorded: %v: %s", page, !want, got)
		}
	}
	other := c.knock("", "")
	if a := report(c, other, http.StatusForbidden, "x", ""); a.code != "page_views.consent" {
		t.Errorf("another visitor's consent counts: %s", a.text)
	}
}

// some is somebody in the queue of these inboxes.
type some struct {
	nobody
	inboxes map[channel.InboxID]bool
}

func (s some) Available(_ context.Context, _ identity.WorkspaceID, inbox channel.InboxID) (bool, error) {
	return s.inboxes[inbox], nil
}

func TestWhetherSomebodyIsThere(t *testing.T) {
	here := some{inboxes: map[channel.InboxID]bool{}}
	s := newSite(t, func(o *httpapi.Options) { o.Presence = here })
	other := s.NewInbox(s.WS, true)
	here.inboxes[s.Live.ID] = true
	for inbox, want := range map[channel.InboxID]string{s.Live.ID: `"available":true`, other.ID: `"available":false`} {
		if a := s.ask(http.MethodGet, "/api/v1/live/"+string(inbox), ""); a.StatusCode != http.StatusOK || !strings.Contains(a.text, want) {
			t.Errorf("%s: %d %s, want %s", inbox, a.StatusCode, a.text, want)
		}
	}
}
