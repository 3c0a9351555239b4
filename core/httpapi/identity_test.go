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
)

// opened is the answer to a visitor who knocks.
type opened struct {
	Token    string
	Resumed  bool
	Verified bool
	Contact  *struct{ Name string }
	code     string
	status   int
}

// chat is the live inbox of a site, with its identity secret.
type chat struct {
	*site
	path, secret string
}

func newChat(t *testing.T) *chat {
	t.Helper()
	c := &chat{site: newSite(t, nil)}
	c.path = "/api/v1/live/" + string(c.Live.ID)
	c.secret = c.newSecret(c.Live)
	return c
}

func (c *chat) newSecret(inbox channel.Inbox) string {
	c.Helper()
	a := c.ask(http.MethodPost, "/api/v1/workspaces/"+string(c.WS)+"/inboxes/"+string(inbox.ID)+"/identity-secret", "{}", "Cookie", c.signIn(c.Owner))
	var made struct{ Secret, KID string }
	if err := json.Unmarshal([]byte(a.text), &made); err != nil || a.StatusCode != http.StatusCreated || made.Secret == "" || made.KID == "" {
		c.Fatalf("a secret: %d %s", a.StatusCode, a.text)
	}
	return made.Secret
}

func (c *chat) jwt(subject, jti string, claims map[string]any) string {
	return channeltest.Token(c.secret, c.Live.ID, time.Now(), subject, jti, claims)
}

func (c *chat) knock(before, jwt string) opened {
	c.Helper()
	b, err := json.Marshal(map[string]string{"token": before, "identity": jwt})
	c.OK(err)
	a := c.ask(http.MethodPost, c.path+"/sessions", string(b))
	out := opened{code: a.code, status: a.StatusCode}
	c.OK(json.Unmarshal([]byte(a.text), &out))
	return out
}

func (c *chat) write(token, id, text string) answer {
	c.Helper()
	return c.ask(http.MethodPost, c.path+"/messages", `{"client_msg_id":"`+id+`","text":"`+text+`"}`, "Authorization", "Bearer "+token)
}

func (c *chat) reads(token string) string {
	c.Helper()
	return c.ask(http.MethodGet, c.path+"/changes", "", "Authorization", "Bearer "+token).text
}

// TestBadTokensOfVisitors presents fourteen bad identity tokens.
func TestBadTokensOfVisitors(t *testing.T) {
	c := newChat(t)
	elsewhere := c.newSecret(c.NewInbox(c.WS, true))
	good := c.jwt("42", "j", nil)
	parts := strings.Split(good, ".")
	none, _, _ := strings.Cut(channeltest.Sign(`{"alg":"none"}`, `{}`, ""), ".")
	bad := map[string]struct{ token, code string }{
		"rubbish":                {"x", "malformed"},
		"alg none":               {none + "." + parts[1] + ".", "algorithm"},
		"RS256":                  {channeltest.Sign(`{"alg":"RS256"}`, `{"sub":"42"}`, c.secret), "algorithm"},
		"an unknown kid":         {channeltest.Sign(`{"alg":"HS256","kid":"../x"}`, `{"sub":"42"}`, c.secret), "key"},
		"another inbox's secret": {channeltest.Token(elsewhere, c.Live.ID, time.Now(), "42", "j", nil), "signature"},
		"for another inbox":      {c.jwt("42", "j", map[string]any{"aud": "inb_other"}), "audience"},
		"two subjects":           {channeltest.Sign(`{"alg":"HS256"}`, `{"sub":"1","sub":"42"}`, c.secret), "malformed"},
		"expired":                {channeltest.Token(c.secret, c.Live.ID, time.Now().Add(-time.Hour), "42", "j", nil), "expired"},
		"oversized":              {c.jwt("42", "j", map[string]any{"x": strings.Repeat("x", 9000)}), "too_large"},
		"a bad address":          {c.jwt("42", "j", map[string]any{"email": "x"}), "claims"},
		"no subject":             {c.jwt("", "j", nil), "subject"},
		"no name of its own":     {c.jwt("42", "", nil), "id"},
		"the wrong secret":       {channeltest.Token(c.secret[:len(c.secret)-1]+"_", c.Live.ID, time.Now(), "42", "j", nil), "signature"},
		"longer":                 {good + "AAAA", "signature"},
	}
	fmt.Printf("bad tokens: %d identity tokens of visitors\n", len(bad))
	if len(bad) != 14 {
		t.Errorf("%d bad tokens", len(bad))
	}
	for name, tt := range bad {
		if got := c.knock("", tt.token); got.status != http.StatusUnauthorized || got.code != "identity."+tt.code || got.Token != "" {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := c.knock("", good); got.status != http.StatusCreated || !got.Verified {
		t.Errorf("the good one: %+v", got)
	}
}

func TestAVerifiedContactIsNobodyElses(t *testing.T) {
	c := newChat(t)
	wang := c.knock("", c.jwt("用户/1", "a", map[string]any{"name": "王芳", "email": "wang@example.com"}))
	if !wang.Verified || wang.Contact == nil || wang.Contact.Name != "王芳" || wang.Resumed {
		t.Fatalf("signed in as %+v", wang)
	}
	if a := c.write(wang.Token, "m1", "my secret"); a.StatusCode != http.StatusCreated {
		t.Fatalf("a message: %d %s", a.StatusCode, a.text)
	}
	// Another browser of the same person reads and goes on with it.
	phone := c.knock("", c.jwt("用户/1", "b", nil))
	if !strings.Contains(c.reads(phone.Token), "my secret") {
		t.Error("the person's other browser does not see the conversation")
	}
	if a := c.write(phone.Token, "m1", "my secret"); a.StatusCode != http.StatusOK {
		t.Errorf("the same message from the other browser: %d %s", a.StatusCode, a.text)
	}
	// Nobody else does, whatever they call themselves.
	for name, token := range map[string]string{
		"an anonymous visitor": c.knock("", "").Token,
		"another subject":      c.knock("", c.jwt("用户/2", "c", map[string]any{"email": "wang@example.com"})).Token,
		"a longer subject":     c.knock("", c.jwt("用户/1/m1", "d", nil)).Token,
	} {
		if strings.Contains(c.reads(token), "secret") {
			t.Errorf("%s reads it", name)
		}
		if a := c.write(token, "m1", "hello"); a.StatusCode != http.StatusCreated {
			t.Errorf("%s writes: %d %s", name, a.StatusCode, a.text)
		}
		if strings.Contains(c.reads(wang.Token), "hello") {
			t.Errorf("%s writes into it", name)
		}
	}
	// A token is one browser's.
	if got := c.knock("", c.jwt("用户/1", "a", nil)); got.code != "identity.replayed" {
		t.Errorf("replayed: %+v", got)
	}
	if got := c.knock(wang.Token, c.jwt("用户/1", "a", nil)); !got.Resumed || got.Token != wang.Token {
		t.Errorf("the page loaded again: %+v", got)
	}
}

func TestSignInSwapAndOut(t *testing.T) {
	c := newChat(t)
	guest := c.knock("", "")
	c.write(guest.Token, "m1", "before the sign-in")
	in := c.knock(guest.Token, c.jwt("1", "a", nil))
	if in.Resumed || !in.Verified || in.Token == guest.Token || !strings.Contains(c.reads(in.Token), "before the sign-in") {
		t.Errorf("signed in: %+v", in)
	}
	if a := c.write(guest.Token, "m2", "x"); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("the session before: %d", a.StatusCode)
	}
	if a := c.write(in.Token, "m1", "before the sign-in"); a.StatusCode != http.StatusOK {
		t.Errorf("sent again: %d %s", a.StatusCode, a.text)
	}
	// The answer was lost: the browser asks again with what it had.
	if again := c.knock(guest.Token, c.jwt("1", "a", nil)); again.status != http.StatusCreated || !again.Verified {
		t.Errorf("asked again: %+v", again)
	}
	swapped := c.knock(in.Token, c.jwt("2", "b", nil))
	if swapped.Resumed || strings.Contains(c.reads(swapped.Token), "before") {
		t.Errorf("another subject: %+v", swapped)
	}
	if a := c.write(in.Token, "m3", "x"); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("the swapped session: %d", a.StatusCode)
	}
	// The inbox knows 2 by now, so what a guest writes stays the guest's.
	c.write(swapped.Token, "m1", "of two")
	other := c.knock("", "")
	c.write(other.Token, "m1", "of a guest")
	if text := c.reads(c.knock(other.Token, c.jwt("2", "c", nil)).Token); strings.Contains(text, "guest") || !strings.Contains(text, "of two") {
		t.Errorf("2 reads %s", text)
	}
	if a := c.ask(http.MethodDelete, c.path+"/sessions", "", "Authorization", "Bearer "+swapped.Token); a.StatusCode != http.StatusNoContent {
		t.Errorf("out: %d %s", a.StatusCode, a.text)
	}
	if got := c.knock(swapped.Token, ""); got.Resumed || got.Verified {
		t.Errorf("after that: %+v", got)
	}
}
