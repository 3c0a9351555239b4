package httpapi_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

func TestRatingByLinkAndWidget(t *testing.T) {
	c := newChat(t)
	cookie := c.signIn(c.Owner)
	v := c.knock("", "")
	c.write(v.Token, "m1", "hello")
	conv := c.conversationOf(v)
	link := c.linkOf(conv.ID)
	if a := c.ask(http.MethodPost, link, "{}", "Cookie", cookie); a.code != "rating.not_due" {
		t.Errorf("before an answer: %d %s", a.StatusCode, a.text)
	}
	c.answer(conv.ID)
	path := c.newLink(conv.ID)
	if !strings.Contains(c.reads(v.Token), `"rating_requested"`) {
		t.Error("the widget is not asked")
	}
	form := []string{"Content-Type", "application/x-www-form-urlencoded", "Origin", "null", "Accept-Language", "zh-CN"}
	c.speaks("", "fr") // no texts for these: the browser's language decides
	shown := c.ask(http.MethodGet, path, "", "Accept-Language", "zh-CN")
	if shown.StatusCode != http.StatusOK || !strings.Contains(shown.text, `lang="zh-CN"`) || strings.Contains(shown.text, "<script") ||
		!strings.Contains(shown.Header.Get("Content-Security-Policy"), "default-src 'none'; style-src 'sha256-") {
		t.Errorf("the page: %d %v %s", shown.StatusCode, shown.Header, shown.text)
	}
	post := func(body string) answer { t.Helper(); return c.form(path, body, form) }
	if a := post("comment=%3Cb%3E"); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.text, "&lt;b&gt;") || strings.Contains(a.text, "<b>") {
		t.Errorf("without a score: %d %s", a.StatusCode, a.text)
	}
	if a := post("score=5&comment=%E8%B0%A2"); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != path+"?thanks=1" {
		t.Errorf("rated: %d %s", a.StatusCode, a.text)
	}
	if a := c.ask(http.MethodGet, path+"?thanks=1", ""); !strings.Contains(a.text, "Thank you for your rating") {
		t.Errorf("thanks: %s", a.text)
	}
	if a := c.ask(http.MethodGet, path, ""); !strings.Contains(a.text, "already") {
		t.Errorf("already: %s", a.text)
	}
	if a := post("score=1"); a.StatusCode != http.StatusConflict {
		t.Errorf("a second time: %d %s", a.StatusCode, a.text)
	}
	if a := c.ask(http.MethodGet, path[:len(path)-1]+"x", ""); a.StatusCode != http.StatusNotFound {
		t.Errorf("a forged link: %d", a.StatusCode)
	}
	if a := c.ask(http.MethodPost, c.path+"/rating", `{"score":1}`, "Authorization", "Bearer "+v.Token); a.code != "rating.given" {
		t.Errorf("by the widget, too: %d %s", a.StatusCode, a.text)
	}
	if a := c.ask(http.MethodPost, link, "{}", "Cookie", cookie); a.code != "rating.given" {
		t.Errorf("another link: %d %s", a.StatusCode, a.text)
	}
	a := c.ask(http.MethodGet, "/api/v1/workspaces/"+string(c.WS)+"/ratings", "", "Cookie", cookie)
	if !strings.Contains(a.text, `"score":5`) || !strings.Contains(a.text, `"average":5`) || !strings.Contains(a.text, `"via":"link"`) {
		t.Errorf("the list: %s", a.text)
	}
}

// conversationOf returns a visitor's.
func (c *chat) conversationOf(v opened) conversation.Conversation {
	c.Helper()
	conv, err := c.fake.OfContact(c.Context(), c.WS, c.Live.ID, strings.Split(v.Token, ".")[0])
	c.OK(err)
	return *conv
}

func (c *chat) linkOf(id conversation.ID) string {
	return "/api/v1/workspaces/" + string(c.WS) + "/conversations/" + string(id) + "/rating-link"
}

// newLink makes a link by which a conversation is rated, and returns its path.
func (c *chat) newLink(id conversation.ID) string {
	c.Helper()
	var made struct{ URL string }
	a := c.ask(http.MethodPost, c.linkOf(id), "{}", "Cookie", c.signIn(c.Owner))
	if err := json.Unmarshal([]byte(a.text), &made); err != nil || a.StatusCode != http.StatusOK {
		c.Fatalf("a link: %d %s", a.StatusCode, a.text)
	}
	return strings.TrimPrefix(made.URL, "http://example.com")
}

// answer lets the owner answer.
func (c *chat) answer(id conversation.ID) {
	c.Helper()
	c.Change(id, func(conv *conversation.Conversation) error {
		_, err := conv.Send(c.Turn(c.Owner), conversation.Words("", "hi"))
		return err
	})
}

// speaks sets the languages of the one contact and of the workspace.
func (c *chat) speaks(customer, workspace string) {
	c.Helper()
	_, err := c.fake.Identities.ChangeWorkspace(c.Context(), c.WS, func(w *identity.Workspace) error { w.Locale = workspace; return nil })
	c.OK(err)
	all, err := c.fake.Contacts.List(c.Context(), c.WS, contact.Filter{Reach: identity.Everywhere()}, page.Request{})
	c.OK(err)
	for _, one := range all.Items {
		_, err := c.fake.Contacts.Update(c.Context(), c.WS, one.ID, func(p *contact.Contact) ([]event.Event, error) { p.Locale = customer; return nil, nil })
		c.OK(err)
	}
}

// The page speaks what its address says, else the customer's language, the
// workspace's, and the browser's last.
func TestRatingPageLanguage(t *testing.T) {
	c := newChat(t)
	v := c.knock("", "")
	c.write(v.Token, "m1", "hello")
	conv := c.conversationOf(v)
	c.answer(conv.ID)
	path := c.newLink(conv.ID)
	zh, en := []string{`lang="zh-CN"`, "您对这次服务满意吗？", "非常不满意", "提交"}, []string{`lang="en"`, "How did we do?", "Very poor", "Send"}
	for name, tt := range map[string]struct {
		query, customer, workspace, browser string
		want                                []string
	}{
		"the address":                {"?lang=zh-CN", "en-GB", "en", "en", zh},
		"the address, in short":      {"?lang=en", "zh-Hans-CN", "zh-CN", "zh", en},
		"an address of no language":  {"?lang=%22%3E%3Cscript%3E", "", "zh-CN", "en", zh},
		"the customer":               {"", "zh-TW", "en", "en", zh},
		"the customer, in English":   {"", "en-GB", "zh-CN", "zh-CN,zh;q=0.9", en},
		"a customer of other tongue": {"", "fr-FR", "zh-CN", "en", zh},
		"the workspace":              {"", "", "en", "zh-CN", en},
		"the browser":                {"", "", "", "zh-CN,en;q=0.5", zh},
		"nothing":                    {"", "", "", "", en},
	} {
		c.speaks(tt.customer, tt.workspace)
		a := c.ask(http.MethodGet, path+tt.query, "", "Accept-Language", tt.browser)
		for _, want := range tt.want {
			if a.StatusCode != http.StatusOK || !strings.Contains(a.text, want) {
				t.Errorf("%s: %d, without %q:\n%s", name, a.StatusCode, want, a.text)
			}
		}
		if strings.Contains(a.text, "<script") {
			t.Errorf("%s: a script of the address", name)
		}
	}
	// It stays in that language from the form on.
	form := []string{"Content-Type", "application/x-www-form-urlencoded", "Accept-Language", "en"}
	c.speaks("en", "en")
	if a := c.ask(http.MethodGet, path+"?lang=zh-CN", ""); !strings.Contains(a.text, `action="`+path+`?lang=zh-CN"`) {
		t.Errorf("the form: %s", a.text)
	}
	if a := c.form(path+"?lang=zh-CN", "score=9", form); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.text, "请选择一个评分。") {
		t.Errorf("a wrong score: %d %s", a.StatusCode, a.text)
	}
	a := c.form(path+"?lang=zh-CN", "score=5", form)
	if to := a.Header.Get("Location"); to != path+"?lang=zh-CN&thanks=1" || !strings.Contains(c.ask(http.MethodGet, to, "").text, "感谢您的评价！") {
		t.Errorf("rated: %d to %s", a.StatusCode, to)
	}
	if a := c.form(path, "score=4", form); a.StatusCode != http.StatusConflict || !strings.Contains(a.text, "You have rated this conversation already.") {
		t.Errorf("again: %d %s", a.StatusCode, a.text)
	}
	c.speaks("zh", "en")
	if a := c.ask(http.MethodGet, path, "", "Accept-Language", "en"); !strings.Contains(a.text, "您已经评价过这次服务") {
		t.Errorf("already: %s", a.text)
	}
}

// form posts as a browser does.
func (c *chat) form(path, body string, header []string) answer {
	c.Helper()
	r, err := http.NewRequestWithContext(c.Context(), http.MethodPost, "http://example.com"+path, strings.NewReader(body))
	c.OK(err)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := c.Test(r)
	c.OK(err)
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	c.OK(err)
	return answer{Response: res, text: string(b)}
}
