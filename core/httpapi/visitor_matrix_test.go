package httpapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/channel/channeltest"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/identity"
)

// everything is an inbox whose visitors may do all there is.
const everything = `{"attachments":true,"transcript":true,"page_views":"on","rating":{"enabled":true},
"pre_chat":{"enabled":true,"fields":[{"key":"name"},{"key":"email"},{"key":"attributes.order"}]},"offline":{"enabled":true}}`

// newOpenChat is newChat in an inbox with these settings.
func newOpenChat(t *testing.T, settings string) *chat {
	t.Helper()
	c := newChat(t)
	c.plugins.Installed[0].Capabilities.Content = []string{channel.ContentText, channel.ContentFile, channel.ContentReply}
	c.plugins.OnOpenSession = func(channel.Inbox, channel.SessionRequest) (channel.SessionAnswer, error) {
		return channel.SessionAnswer{Allow: true, Settings: json.RawMessage(settings)}, nil
	}
	return c
}

// as asks the live inbox with a visitor's token.
func (c *chat) as(token, method, path, body string) answer {
	c.Helper()
	return c.ask(method, c.path+path, body, "Authorization", "Bearer "+token)
}

// must is as that may not fail.
func (c *chat) must(want int, token, method, path, body string) answer {
	c.Helper()
	a := c.as(token, method, path, body)
	if a.StatusCode != want {
		c.Fatalf("%s %s answers %d %s, want %d", method, path, a.StatusCode, a.text, want)
	}
	return a
}

// visitorAsks is what a visitor asks of each route that takes their token, and
// the answer when it is theirs to ask. The order is that of a visit.
func visitorAsks() []struct {
	route, body string
	want        int
} {
	return []struct {
		route, body string
		want        int
	}{
		{"POST /prechat", `{"name":"A","email":"wang@example.com"}`, http.StatusNoContent},
		{"POST /offline", `{"name":"A","email":"a@example.com","message":"call me","client_msg_id":"off"}`, http.StatusCreated},
		{"POST /messages", `{"client_msg_id":"m","text":"hello"}`, http.StatusCreated},
		{"GET /changes", "", http.StatusOK},
		{"GET /transcript", "", http.StatusOK},
		{"POST /read", `{"seq":1}`, http.StatusNoContent},
		{"POST /pageviews", `{"views":[{"url":"https://shop.example/","at":"2026-03-01T12:00:00Z"}]}`, http.StatusNoContent},
		{"POST /rating", `{"score":5}`, http.StatusConflict}, // nobody has asked
		{"GET /waiting", "", http.StatusOK},
		{"POST /waiting/callback", `{"phone":"+4930123456","client_msg_id":"c"}`, http.StatusForbidden}, // nobody offers it
		{"POST /waiting/leave", "", http.StatusNoContent},
		{"POST /uploads", `{"name":"a.txt","size":1}`, http.StatusCreated},
		{"GET /uploads/{upload}", "", http.StatusNotFound},
		{"PATCH /uploads/{upload}", "x", http.StatusNotFound},
		{"DELETE /uploads/{upload}", "", http.StatusNotFound},
		{"DELETE /sessions", "", http.StatusNoContent},
	}
}

// TestVisitorMatrix asks every route that takes a visitor's token, as everybody
// who might hold something like one; and every other route with a visitor's.
func TestVisitorMatrix(t *testing.T) {
	c := newOpenChat(t, everything)
	abroad := c.NewInbox(c.WS, true)
	wang := c.knock("", c.jwt("wang", "a", map[string]any{"name": "王芳", "email": "wang@example.com"}))
	c.must(http.StatusCreated, wang.Token, http.MethodPost, "/messages", `{"client_msg_id":"m0","text":"my secret"}`)
	c.answer(c.ofIdentity("sub:wang").ID)
	link := c.newLink(c.ofIdentity("sub:wang").ID)
	ended := c.knock("", "")
	c.must(http.StatusNoContent, ended.Token, http.MethodDelete, "/sessions", "")
	var elsewhere opened
	c.OK(json.Unmarshal([]byte(c.ask(http.MethodPost, "/api/v1/live/"+string(abroad.ID)+"/sessions", "{}").text), &elsewhere))
	cookie := c.signIn(c.Owner)

	may := map[string]opened{
		"an unverified visitor": c.knock("", ""), "a visitor of another session": c.knock("", ""),
		"a verified contact": c.knock("", c.jwt("li", "b", map[string]any{"email": "wang@example.com"})),
	}
	not := map[string][]string{
		"a visitor of another inbox": {"Authorization", "Bearer " + elsewhere.Token},
		"an ended session":           {"Authorization", "Bearer " + ended.Token},
		"who holds a rating link":    {"Authorization", "Bearer " + strings.TrimPrefix(link, "/r/")},
		"an identity token alone":    {"Authorization", "Bearer " + c.jwt("wang", "z", nil)},
		"a member":                   {"Cookie", cookie},
		"anybody":                    {},
	}
	asked := map[string]bool{}
	for _, x := range visitorAsks() {
		asked[x.route] = true
		method, path, _ := strings.Cut(x.route, " ")
		path = strings.ReplaceAll(path, "{upload}", "upl_none")
		header := []string{}
		if method == http.MethodPatch {
			path += "?offset=0"
			header = []string{"Content-Type", "application/octet-stream"}
		}
		for who, header2 := range not {
			if a := c.ask(method, c.path+path, x.body, append(header2, header...)...); a.StatusCode != http.StatusUnauthorized {
				t.Errorf("%s by %s answers %d %s", x.route, who, a.StatusCode, a.text)
			}
		}
		for who, v := range may {
			a := c.ask(method, c.path+path, x.body, append([]string{"Authorization", "Bearer " + v.Token}, header...)...)
			if a.StatusCode != x.want {
				t.Errorf("%s by %s answers %d %s, want %d", x.route, who, a.StatusCode, a.text, x.want)
			}
			if strings.Contains(a.text, "secret") || strings.Contains(a.text, "王芳") {
				t.Errorf("%s by %s tells of another: %s", x.route, who, a.text)
			}
		}
	}
	for _, r := range c.Routes() {
		path, live := strings.CutPrefix(r.Path, "/api/v1/live/{inbox}")
		switch {
		case r.Access == "visitor" && (!live || !asked[r.Method+" "+path]):
			t.Errorf("%s %s is not in visitorAsks", r.Method, r.Path)
		case r.Access == "session" || membersOnly(r.Access, r.Path):
			path := places(r.Path, map[string]string{"workspace": string(c.WS), "conversation": string(c.ofIdentity("sub:wang").ID), "inbox": string(c.Live.ID)})
			for who, token := range map[string]string{"a verified contact": wang.Token, "who holds a rating link": strings.TrimPrefix(link, "/r/")} {
				for _, h := range [][]string{{"Authorization", "Bearer " + token}, {"Cookie", "patchbay_session=" + token}} {
					if a := c.ask(r.Method, path, bodyOf(r.Path), h...); a.StatusCode != http.StatusUnauthorized {
						t.Errorf("%s %s by %s, %s, answers %d", r.Method, path, who, h[0], a.StatusCode)
					}
				}
			}
		}
	}
	if text := c.reads(wang.Token); !strings.Contains(text, "my secret") || strings.Contains(text, "call me") {
		t.Errorf("in the end she reads %s", text)
	}
}

// membersOnly reports whether a route needs a permission. Sockets begin with an
// upgrade and are left out.
func membersOnly(access, path string) bool {
	return identity.RoleOwner.May(identity.Permission(access)) && !strings.HasSuffix(path, "/live")
}

// ofIdentity returns the one of an identity in the live inbox.
func (c *chat) ofIdentity(external string) conversation.Conversation {
	c.Helper()
	conv, err := c.fake.OfContact(c.Context(), c.WS, c.Live.ID, external)
	c.OK(err)
	if conv == nil {
		c.Fatalf("%s has no conversation", external)
	}
	return *conv
}

// wangs is a chat with a verified customer who has written, been answered and
// sent a file, and what must never be told to others or changed by them.
type wangs struct {
	*chat
	token string
	conv  conversation.ID
	who   contact.Contact
	file  string // its upload
	saw   uint64
}

func newWangs(t *testing.T) *wangs {
	t.Helper()
	w := &wangs{chat: newOpenChat(t, everything)}
	v := w.knock("", w.jwt("wang", "wang 1", map[string]any{"name": "王芳", "email": "wang@example.com", "phone": "+8613800138000"}))
	w.token = v.Token
	var up upload
	w.OK(json.Unmarshal([]byte(w.must(http.StatusCreated, w.token, http.MethodPost, "/uploads", `{"name":"secret.txt","size":6}`).text), &up))
	a := w.ask(http.MethodPatch, w.path+"/uploads/"+up.ID+"?offset=0", "secret", "Authorization", "Bearer "+w.token, "Content-Type", "application/octet-stream")
	w.OK(json.Unmarshal([]byte(a.text), &up))
	if up.Attachment == nil {
		t.Fatalf("a file: %s", a.text)
	}
	w.file = up.Attachment.ID
	w.must(http.StatusCreated, w.token, http.MethodPost, "/messages", `{"client_msg_id":"m0","text":"my secret","attachment_ids":["`+w.file+`"]}`)
	conv := w.ofIdentity("sub:wang")
	w.answer(conv.ID)
	w.must(http.StatusNoContent, w.token, http.MethodPost, "/read", `{"seq":1}`)
	conv = w.ofIdentity("sub:wang")
	who, _, err := w.fake.Contacts.Get(t.Context(), w.WS, conv.Contact)
	w.OK(err)
	if !who.Verified || who.Email != "wang@example.com" {
		t.Fatalf("she is %+v", who)
	}
	w.conv, w.who, w.saw = conv.ID, who, conv.ContactReadSeq
	return w
}

// member asks as the owner.
func (w *wangs) member(want int, method, path, body string) answer {
	w.Helper()
	a := w.ask(method, "/api/v1/workspaces/"+string(w.WS)+path, body, "Cookie", w.signIn(w.Owner))
	if a.StatusCode != want {
		w.Fatalf("%s %s answers %d %s, want %d", method, path, a.StatusCode, a.text, want)
	}
	return a
}

// stranger checks everything that somebody else may try with their own token.
func (w *wangs) stranger(who, token string) {
	w.Helper()
	for _, path := range []string{"/changes", "/changes?after=0", "/transcript?format=txt", "/transcript?format=html", "/uploads/" + w.file} {
		if a := w.as(token, http.MethodGet, path, ""); strings.Contains(a.text, "secret") || strings.Contains(a.text, "王芳") || strings.Contains(a.text, w.file) {
			w.Errorf("%s reads %s: %s", who, path, a.text)
		}
	}
	taken := w.as(token, http.MethodPost, "/messages", `{"client_msg_id":"`+w.IDs.New("msg")+`","text":"x","attachment_ids":["`+w.file+`"]}`)
	if taken.StatusCode != http.StatusUnprocessableEntity {
		w.Errorf("%s takes her file: %d %s", who, taken.StatusCode, taken.text)
	}
	w.as(token, http.MethodPost, "/read", `{"seq":2}`)
	w.as(token, http.MethodPost, "/rating", `{"score":1}`)
	conv := w.theirs(w.WS, w.conv)
	if conv.ContactReadSeq != w.saw || conv.RatedID != "" || conv.Recipient != "sub:wang" || conv.Contact != w.who.ID {
		w.Errorf("%s changed her conversation: %+v", who, conv)
	}
	now, identities, err := w.fake.Contacts.Get(w.Context(), w.WS, w.who.ID)
	w.OK(err)
	if now.Name != "王芳" || now.Email != "wang@example.com" || now.Phone != "+8613800138000" || now.MergedInto != "" || len(identities) != 1 {
		w.Errorf("%s changed her: %+v %v", who, now, identities)
	}
}

// person returns the contact behind an anonymous session that has written.
func (w *wangs) person(v opened) contact.ID {
	w.Helper()
	conv := w.ofIdentity(strings.Split(v.Token, ".")[0])
	if conv.Verified() || conv.ID == w.conv || conv.Contact == w.who.ID {
		w.Fatalf("the stranger's conversation is %+v", conv)
	}
	return conv.Contact
}

func TestAnUnverifiedVisitorIsNeverTheVerifiedContact(t *testing.T) {
	const hers = `"name":"An impostor","email":"wang@example.com","phone":"+8613800138000"`
	t.Run("before the chat", func(t *testing.T) {
		w := newWangs(t)
		v := w.knock("", "")
		w.must(http.StatusNoContent, v.Token, http.MethodPost, "/prechat", `{`+hers+`,"message":"it is me","client_msg_id":"p"}`)
		if again := w.knock(v.Token, ""); again.Verified || again.Contact != nil {
			t.Errorf("told to be %+v", again)
		}
		w.person(v)
		w.stranger("whoever gave her address before the chat", v.Token)
		// and after they wrote, too, when there is a contact to fill
		w.must(http.StatusNoContent, v.Token, http.MethodPost, "/prechat", `{`+hers+`}`)
		w.person(v)
	})
	t.Run("by the offline form", func(t *testing.T) {
		w := newWangs(t)
		v := w.knock("", "")
		w.must(http.StatusCreated, v.Token, http.MethodPost, "/offline", `{`+hers+`,"message":"it is me","client_msg_id":"o"}`)
		w.person(v)
		w.stranger("whoever left her address", v.Token)
	})
	t.Run("by an import that matches", func(t *testing.T) {
		w := newWangs(t)
		v := w.knock("", "")
		w.must(http.StatusNoContent, v.Token, http.MethodPost, "/prechat", `{`+hers+`,"message":"it is me","client_msg_id":"p"}`)
		before := w.person(v)
		base := "/api/v1/workspaces/" + string(w.WS) + "/imports"
		made := w.ask(http.MethodPost, base, "name,email\nImported,wang@example.com\n", "Cookie", w.signIn(w.Owner), "Content-Type", "text/csv")
		id := idOf(t, made)
		w.member(http.StatusOK, http.MethodPatch, "/imports/"+id, `{"mapping":{"1":"email"},"match":"email","on_match":"update"}`)
		w.member(http.StatusOK, http.MethodPost, "/imports/"+id+"/run", "")
		w.OK(w.work())
		if a := w.member(http.StatusOK, http.MethodGet, "/imports/"+id, ""); !strings.Contains(a.text, `"state":"done"`) {
			t.Fatal(a.text)
		}
		if w.person(v) != before {
			t.Error("the import gave the stranger another contact")
		}
		w.stranger("whoever has the imported address", v.Token)
	})
	t.Run("by an agent's merge", func(t *testing.T) {
		w := newWangs(t)
		v := w.knock("", "")
		w.write(v.Token, "m", "it is me")
		stranger := w.person(v)
		a := w.member(http.StatusConflict, http.MethodPost, "/contacts/"+string(w.who.ID)+"/merge", `{"into":"`+string(stranger)+`"}`)
		if a.code != "contact.merge_verified" {
			t.Errorf("refused as %s", a.code)
		}
		w.stranger("before the merge", v.Token)
		// The other way round is an agent's decision. It shows the visitor nothing.
		w.member(http.StatusOK, http.MethodPost, "/contacts/"+string(stranger)+"/merge", `{"into":"`+string(w.who.ID)+`"}`)
		var said struct {
			Items []struct{ Message *struct{ ID string } }
		}
		w.OK(json.Unmarshal([]byte(w.reads(v.Token)), &said))
		w.must(http.StatusCreated, v.Token, http.MethodPost, "/messages", `{"client_msg_id":"m2","text":"and again","reply_to":"`+said.Items[0].Message.ID+`"}`)
		for _, path := range []string{"/changes", "/transcript?format=txt", "/transcript?format=html"} {
			if a := w.as(v.Token, http.MethodGet, path, ""); strings.Contains(a.text, "secret") || strings.Contains(a.text, "王芳") {
				t.Errorf("after the merge %s shows %s", path, a.text)
			}
		}
		w.must(http.StatusNoContent, v.Token, http.MethodPost, "/prechat", `{"name":"Eve","attributes":{"order":"666"}}`)
		if who, _, err := w.fake.Contacts.Get(t.Context(), w.WS, w.who.ID); err != nil || who.Attributes["order"] != nil {
			t.Errorf("a form changes her to %+v, %v", who, err)
		}
		if again := w.knock(v.Token, ""); again.Verified || again.Contact != nil || again.Token != v.Token {
			t.Errorf("after the merge they are %+v", again)
		}
		if text := w.reads(w.token); strings.Contains(text, "it is me") {
			t.Errorf("after the merge she reads %s", text)
		}
		if conv := w.theirs(w.WS, w.conv); conv.Recipient != "sub:wang" || !conv.Verified() {
			t.Errorf("her conversation is %+v", conv)
		}
	})
}

func TestAnIdentityTokenOfAnotherIsNoIdentity(t *testing.T) {
	w := newWangs(t)
	abroad, boss := w.Workspace("abroad@example.com")
	inbox := w.NewInbox(abroad, true)
	a := w.ask(http.MethodPost, "/api/v1/workspaces/"+string(abroad)+"/inboxes/"+string(inbox.ID)+"/identity-secret", "{}", "Cookie", w.signIn(boss))
	var foreign struct{ Secret, KID string }
	if err := json.Unmarshal([]byte(a.text), &foreign); err != nil || foreign.Secret == "" {
		t.Fatalf("a secret: %d %s", a.StatusCode, a.text)
	}
	now := time.Now()
	good := fmt.Sprintf(`{"sub":"wang","aud":%q,"jti":"x","iat":%d,"exp":%d}`, w.Live.ID, now.Unix(), now.Unix()+300)
	bare := w.knock("", "")
	for name, token := range map[string]string{
		"another workspace's secret":          channeltest.Token(foreign.Secret, w.Live.ID, now, "wang", "f1", nil),
		"another workspace's secret, by kid":  channeltest.Sign(`{"alg":"HS256","kid":"`+foreign.KID+`"}`, good, foreign.Secret),
		"alg none":                            strings.TrimRight(channeltest.Sign(`{"alg":"none"}`, good, w.secret), "AQgw"),
		"alg None":                            channeltest.Sign(`{"alg":"None"}`, good, w.secret),
		"alg none, no signature":              channeltest.Sign(`{"alg":"none"}`, good, "")[:strings.LastIndex(channeltest.Sign(`{"alg":"none"}`, good, ""), ".")+1],
		"RS256, signed with the secret":       channeltest.Sign(`{"alg":"RS256"}`, good, w.secret),
		"HS512":                               channeltest.Sign(`{"alg":"HS512"}`, good, w.secret),
		"hs256":                               channeltest.Sign(`{"alg":"hs256"}`, good, w.secret),
		"no alg":                              channeltest.Sign(`{"typ":"JWT"}`, good, w.secret),
		"a key in the header":                 channeltest.Sign(`{"alg":"HS256","jwk":{"kty":"oct","k":"AAAA"}}`, good, "\x00\x00\x00"),
		"a key by address":                    channeltest.Sign(`{"alg":"HS256","jku":"https://evil.example/keys"}`, good, w.secret),
		"a critical extension":                channeltest.Sign(`{"alg":"HS256","crit":["exp"]}`, good, w.secret),
		"alg twice":                           channeltest.Sign(`{"alg":"none","alg":"HS256"}`, good, w.secret),
		"an empty secret":                     channeltest.Sign(`{"alg":"HS256"}`, good, ""),
		"a list of audiences":                 channeltest.Sign(`{"alg":"HS256"}`, strings.Replace(good, `"inb_`, `["inb_x","inb_`, 1)+"]", w.secret),
		"the session's own token":             bare.Token,
		"the claims of hers, somebody's head": channeltest.Sign(`{"alg":"HS256"}`, good, "guess"),
	} {
		for _, before := range []string{"", bare.Token} {
			if got := w.knock(before, token); got.status != http.StatusUnauthorized || got.Token != "" || !strings.HasPrefix(got.code, "identity.") {
				t.Errorf("%s: %+v", name, got)
			}
		}
	}
	w.stranger("the session that tried", bare.Token)

	// A swapped subject in her browser ends her session and shows nothing of hers.
	li := w.knock(w.token, w.jwt("li", "li 1", map[string]any{"name": "李明", "email": "wang@example.com"}))
	if li.Resumed || !li.Verified || li.Contact == nil || li.Contact.Name != "李明" {
		t.Fatalf("Li is %+v", li)
	}
	w.stranger("Li in her browser", li.Token)
	if a := w.as(w.token, http.MethodGet, "/changes", ""); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("her session goes on: %d", a.StatusCode)
	}
	// She herself, in a new browser, has everything.
	if text := w.reads(w.knock("", w.jwt("wang", "wang 2", nil)).Token); !strings.Contains(text, "my secret") || !strings.Contains(text, "secret.txt") {
		t.Errorf("she reads %s", text)
	}
}

// The holder of a rating link may rate, and nothing else: the page tells
// neither what was said nor who they are.
func TestARatingLinkOpensTheRatingOnly(t *testing.T) {
	w := newWangs(t)
	link := w.newLink(w.conv)
	page := w.ask(http.MethodGet, link, "")
	if page.StatusCode != http.StatusOK || strings.Contains(page.text, "secret") || strings.Contains(page.text, "王芳") || strings.Contains(page.text, string(w.conv)) {
		t.Errorf("the page: %d %s", page.StatusCode, page.text)
	}
	token := strings.TrimPrefix(link, "/r/")
	if got := w.knock(token, ""); got.Resumed || got.Verified {
		t.Errorf("as a session: %+v", got)
	}
	name, mac, _ := strings.Cut(token, ".")
	other := w.knock("", "")
	w.write(other.Token, "m", "hello")
	conv := w.conversationOf(other)
	w.answer(conv.ID)
	theirs, _, _ := strings.Cut(strings.TrimPrefix(w.newLink(conv.ID), "/r/"), ".")
	for what, forged := range map[string]string{
		"another rating's name": theirs + "." + mac, "no signature": name, "an empty signature": name + ".", "a shorter signature": token[:len(token)-1],
		"a longer one": token + "A", "a flipped letter": flip(token), "a conversation's id": string(w.conv) + "." + mac, "too long": token + strings.Repeat("A", 200),
	} {
		if a := w.ask(http.MethodGet, "/r/"+forged, ""); a.StatusCode != http.StatusNotFound {
			t.Errorf("%s opens %d %s", what, a.StatusCode, a.text)
		}
		if a := w.form("/r/"+forged, "score=1", []string{"Content-Type", "application/x-www-form-urlencoded"}); a.StatusCode != http.StatusNotFound {
			t.Errorf("%s rates %d", what, a.StatusCode)
		}
	}
	if w.theirs(w.WS, w.conv).RatedID != "" {
		t.Error("it is rated")
	}
}

// flip changes the last letter but one, which carries bits in any case.
func flip(token string) string {
	b := []byte(token)
	if at := len(b) - 2; b[at] == 'A' {
		b[at] = 'B'
	} else {
		b[at] = 'A'
	}
	return string(b)
}
