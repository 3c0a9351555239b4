package httpapi_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/internal/spoiled"
)

// keyhole is a door that opens to a secret which its bearer was given.
type keyhole struct {
	good func() string              // a fresh secret that opens it
	ask  func(secret string) answer // what does not change anything, or uses it up
	// over ends a secret: signs out, revokes, uses it; nil = it cannot be ended.
	over func(secret string)
	life time.Duration // after which it is over; 0 = it has no end
}

// keyholes are all doors but those of signed tokens, which TestBadTokens and
// TestBadTokensOfVisitors have. A public route that takes a secret and has no row
// here or in secretless fails TestEveryKeyholeIsTried.
func (k *keyring) keyholes() map[string]keyhole {
	base := "/api/v1/workspaces/" + string(k.WS)
	cookie := func(path string) func(string) answer {
		return func(secret string) answer {
			return k.ask(http.MethodGet, path, "", "Cookie", "patchbay_session="+secret)
		}
	}
	bearer := func(path string) func(string) answer {
		return func(secret string) answer { return k.ask(http.MethodGet, path, "", "Authorization", "Bearer "+secret) }
	}
	body := func(path, rest string) func(string) answer {
		return func(secret string) answer {
			text, _ := json.Marshal(secret)
			return k.ask(http.MethodPost, path, fmt.Sprintf(rest, text))
		}
	}
	page := func(prefix string) func(string) answer {
		return func(secret string) answer { return k.ask(http.MethodGet, prefix+url.PathEscape(secret), "") }
	}
	session := func() string { return strings.TrimPrefix(k.signIn(k.Owner), "patchbay_session=") }
	signOut := func(secret string) {
		k.ask(http.MethodDelete, "/api/v1/session", "", "Cookie", "patchbay_session="+secret)
	}
	return map[string]keyhole{
		"session cookie":          {good: session, ask: cookie("/api/v1/session"), over: signOut, life: identity.SessionLife},
		"session, of a workspace": {good: session, ask: cookie(base + "/events"), over: signOut, life: identity.SessionLife},
		"API key":                 {good: k.newKey, ask: bearer(base), over: k.revoke, life: 48 * time.Hour},
		"sign-in link": {good: k.signInLink, ask: body("/api/v1/session/link", `{"token":%s}`), over: func(secret string) {
			body("/api/v1/session/link", `{"token":%s}`)(secret)
		}, life: identity.LinkLife},
		"invitation, looked up": {good: k.invitation, ask: body("/api/v1/invitations/lookup", `{"token":%s}`), over: k.join, life: identity.InvitationLife},
		"invitation":            {good: k.invitation, ask: body("/api/v1/invitations/accept", `{"token":%s,"name":"New","password":"correct horse battery 9"}`), over: k.join, life: identity.InvitationLife},
		"password reset, looked up": {good: k.reset, ask: body("/api/v1/password-resets/lookup", `{"token":%s}`), over: func(secret string) {
			body("/api/v1/password-resets/use", `{"token":%s,"password":"correct horse battery 9"}`)(secret)
		}, life: identity.ResetLife},
		"password reset": {good: k.reset, ask: body("/api/v1/password-resets/use", `{"token":%s,"password":"correct horse battery 9"}`), over: func(secret string) {
			body("/api/v1/password-resets/use", `{"token":%s,"password":"correct horse battery 9"}`)(secret)
		}, life: identity.ResetLife},
		"second step": {good: k.challenge, ask: func(secret string) answer {
			text, _ := json.Marshal(secret)
			return k.ask(http.MethodPost, "/api/v1/session/second", fmt.Sprintf(`{"challenge":%s,"code":%q}`, text, k.code()))
		}, life: identity.ChallengeLife},
		"visitor": {good: k.newVisitor, ask: bearer("/api/v1/live/" + string(k.Live.ID) + "/changes"), over: func(secret string) {
			k.ask(http.MethodDelete, "/api/v1/live/"+string(k.Live.ID)+"/sessions", "", "Authorization", "Bearer "+secret)
		}, life: 366 * 24 * time.Hour},
		"ticket page": {good: k.ticketLink, ask: page("/t/"), over: k.unlink, life: 366 * 24 * time.Hour},
		"rating page": {good: k.ratingLink, ask: page("/r/"), life: 31 * 24 * time.Hour},
		"hook": {good: func() string { return k.hook(k.Inbox) }, ask: func(secret string) answer {
			return k.ask(http.MethodPost, "/hooks/"+url.PathEscape(secret)+"/", "{}")
		}, over: func(string) { k.hook(k.Inbox) }},
		"provider's way back": {good: k.state, ask: k.back, over: func(secret string) { k.back(secret) }, life: identity.FlowLife},
	}
}

// keyring is a site on a clock that can be moved on.
type keyring struct {
	*openID
	clock   *time.Time
	admin   identity.Member
	secret  string // of the second factor
	seat    identity.Member
	numbers int
	whose   map[string]string // by secret: what it is of
	trips   map[string]trip   // by state
}

func newKeyring(t *testing.T) *keyring {
	t.Helper()
	now := time.Now() // the provider's is the machine's
	k := &keyring{clock: &now, whose: map[string]string{}}
	k.openID = newOpenIDOn(t, func(*conversationtest.World) func() time.Time { return func() time.Time { return *k.clock } })
	k.plugins.OnWebhook = func(context.Context, channel.Inbox, channel.WebhookRequest) (channel.WebhookAnswer, error) {
		return channel.WebhookAnswer{Status: http.StatusOK}, nil
	}
	k.admin = k.Member(k.WS, "admin@example.com", "Admin", 5)
	k.change(k.admin, func(m *identity.Member) { m.Role = identity.RoleOwner })
	return k
}

// TestBadTokensAtEveryKeyhole damages a good secret of each kind in each way, and
// presents it: nobody is let in, and the good one still opens.
func TestBadTokensAtEveryKeyhole(t *testing.T) {
	k := newKeyring(t)
	all, cases := k.keyholes(), 0
	ways := slices.Sorted(maps.Keys(spoiled.Ways()))
	for _, door := range slices.Sorted(maps.Keys(all)) {
		h := all[door]
		if a := h.ask(h.good()); a.StatusCode >= http.StatusBadRequest || strings.Contains(a.Header.Get("Location"), "failed=") {
			t.Errorf("%s: the good one answers %d %s %s", door, a.StatusCode, a.Header.Get("Location"), a.text)
			continue
		}
		refused := func(name, secret string) {
			cases++
			a := h.ask(secret)
			away := a.StatusCode == http.StatusSeeOther && strings.Contains(a.Header.Get("Location"), "failed=")
			if cookies := strings.Join(a.Header.Values("Set-Cookie"), " "); !away && (a.StatusCode < 400 || a.StatusCode >= 500 || a.StatusCode == http.StatusTooManyRequests) || strings.Contains(cookies, "patchbay_session=") {
				t.Errorf("%s, %s: %d %s %s", door, name, a.StatusCode, a.text, cookies)
			}
		}
		for _, name := range ways {
			refused(name, spoiled.Ways()[name](h.good()))
		}
		for _, other := range []string{"session cookie", "invitation"} { // another door's
			if other != strings.Split(door, ",")[0] && !strings.HasPrefix(door, strings.Split(other, " ")[0]) {
				refused("another door's", all[other].good())
				break
			}
		}
		if h.over != nil {
			used := h.good()
			h.over(used)
			refused("over", used)
		}
		if h.life > 0 {
			old, was := h.good(), *k.clock
			*k.clock = was.Add(h.life + time.Minute)
			refused("expired", old)
			*k.clock = was
		}
		if a := h.ask(h.good()); a.StatusCode >= http.StatusBadRequest {
			t.Errorf("%s: after that the good one answers %d %s", door, a.StatusCode, a.text)
		}
	}
	fmt.Printf("bad tokens: %d kinds x %d keyholes = %d cases\n", len(ways)+3, len(all), cases)
	if len(ways)+3 != 14 {
		t.Errorf("%d kinds of bad tokens", len(ways)+3)
	}
}

// secretless are the public routes that take no secret, and those of chats,
// which TestBadTokensOfVisitors and core/internal/authz try.
func secretless() []string {
	return strings.Fields(`/livez /readyz /openapi.json /docs /docs/api /docs/api/:guide /docs/errors /docs/errors/:code /docs/files/:name /w/:inbox/* /chat/:inbox /*
/frames/:publisher/:name/:version/* /x/{publisher}/{name}/{instance}/*
/api/v1/setup /api/v1/session /api/v1/sign-in/providers /api/v1/oidc/{provider}/start /api/v1/live/{inbox} /api/v1/live/{inbox}/socket /api/v1/live/{inbox}/sessions`)
}

// tried are the public routes with a secret, each with where it is tried.
func tried() map[string]string {
	return map[string]string{
		"/t/:token": "ticket page", "/t/:token/comments": "ticket page", "/t/:token/rating": "ticket page", "/t/:token/uploads": "ticket page",
		"/t/:token/uploads/:upload": "ticket page", "/t/:token/files/:attachment": "ticket page", "/r/:token": "rating page",
		"/api/v1/media/:attachment": "TestMediaTickets", "/api/v1/media/:attachment/preview": "TestMediaTickets",
		"/api/v1/session/link": "sign-in link", "/api/v1/session/second": "second step", "/api/v1/oidc/{provider}/callback": "provider's way back",
		"/api/v1/invitations/accept": "invitation", "/api/v1/invitations/lookup": "invitation, looked up",
		"/api/v1/password-resets/lookup": "password reset, looked up", "/api/v1/password-resets/use": "password reset",
		"/api/v1/oauth/plugin/callback": "TestSignInStates", "/api/v1/trial/{pass}": "core/system", "/api/v1/trial/{pass}/socket": "core/system",
	}
}

// TestEveryKeyholeIsTried holds the public routes against the table: a new one
// that takes a secret has to be tried.
func TestEveryKeyholeIsTried(t *testing.T) {
	k := newKeyring(t)
	where, all := tried(), k.keyholes()
	for _, r := range k.Routes() {
		if r.Access != "public" {
			continue
		}
		door, ok := where[r.Path]
		switch {
		case slices.Contains(secretless(), r.Path):
		case !ok:
			t.Errorf("%s %s is open to all: say in damaged_tokens_test.go which secret opens it, or that none does", r.Method, r.Path)
		case !strings.Contains(door, "/") && !strings.HasPrefix(door, "Test") && all[door].good == nil:
			t.Errorf("%s %s is tried nowhere", r.Method, r.Path)
		}
	}
}

func (k *keyring) next() int {
	k.numbers++
	return k.numbers
}

// post asks as the workspace's owner, and decodes the answer.
func (k *keyring) post(path, body string, out any) {
	k.Helper()
	a := k.ask(http.MethodPost, path, body, "Cookie", k.signIn(k.admin))
	if a.StatusCode >= http.StatusBadRequest {
		k.Fatalf("POST %s: %d %s", path, a.StatusCode, a.text)
	}
	k.OK(json.Unmarshal([]byte(a.text), out))
}

func (k *keyring) base() string { return "/api/v1/workspaces/" + string(k.WS) }

func (k *keyring) newKey() string {
	var made struct{ ID, Secret string }
	k.post(k.base()+"/api-keys", fmt.Sprintf(`{"name":"k","scopes":["workspace.read"],"expires_at":%q}`, k.clock.Add(47*time.Hour).UTC().Format(time.RFC3339)), &made)
	k.whose[made.Secret] = made.ID
	return made.Secret
}

func (k *keyring) revoke(secret string) {
	k.ask(http.MethodDelete, k.base()+"/api-keys/"+k.whose[secret], "", "Cookie", k.signIn(k.admin))
}

func (k *keyring) signInLink() string {
	token, err := k.identity.Sessions.CreateLink(k.Context(), k.Owner.Account, 0)
	k.OK(err)
	return token
}

func (k *keyring) invitation() string {
	issued, err := k.identity.Invitations.Create(k.Context(), identity.SystemScope(k.WS), fmt.Sprintf("new%d@example.com", k.next()), identity.RoleAgent)
	k.OK(err)
	return issued.Token
}

func (k *keyring) join(secret string) {
	k.ask(http.MethodPost, "/api/v1/invitations/accept", fmt.Sprintf(`{"token":%q,"name":"New","password":"correct horse battery 9"}`, secret))
}

func (k *keyring) reset() string {
	if k.seat.ID == "" {
		k.seat = k.Member(k.WS, "seat@example.com", "Seat", 5)
	}
	issued, err := k.identity.Resets.CreateFor(k.Context(), "seat@example.com")
	k.OK(err)
	return issued.Token
}

// challenge signs in to an account with a second factor, half way.
func (k *keyring) challenge() string {
	email := "careful@example.com"
	if k.secret == "" {
		m := k.Member(k.WS, email, "Careful", 5)
		k.whose[email] = string(m.Account)
		cookie := k.signIn(m)
		var made struct{ Secret string }
		k.OK(json.Unmarshal([]byte(k.ask(http.MethodPost, "/api/v1/account/totp", `{"password":""}`, "Cookie", cookie).text), &made))
		k.secret = made.Secret
		if a := k.ask(http.MethodPost, "/api/v1/account/totp/confirm", fmt.Sprintf(`{"code":%q}`, k.code()), "Cookie", cookie); a.StatusCode >= http.StatusBadRequest {
			k.Fatalf("confirm: %d %s", a.StatusCode, a.text)
		}
	}
	token, err := k.identity.Sessions.CreateLink(k.Context(), identity.AccountID(k.whose[email]), 0)
	k.OK(err)
	var half struct{ Challenge struct{ Token string } }
	k.OK(json.Unmarshal([]byte(k.ask(http.MethodPost, "/api/v1/session/link", fmt.Sprintf(`{"token":%q}`, token)).text), &half))
	return half.Challenge.Token
}

// code is one of the app's, a new one each time: RFC 6238 over RFC 4226.
func (k *keyring) code() string {
	*k.clock = k.clock.Add(31 * time.Second)
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ReplaceAll(k.secret, " ", ""))
	k.OK(err)
	mac := hmac.New(sha1.New, secret)
	_ = binary.Write(mac, binary.BigEndian, k.clock.Unix()/30)
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 15
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:])&0x7fffffff%1_000_000)
}

func (k *keyring) ticketLink() string {
	var made struct{ ID string }
	k.post(k.base()+"/tickets", `{"title":"Broken"}`, &made)
	var link struct{ URL string }
	k.post(k.base()+"/tickets/"+made.ID+"/link", "", &link)
	token := link.URL[strings.LastIndexByte(link.URL, '/')+1:]
	k.whose[token] = made.ID
	return token
}

func (k *keyring) unlink(secret string) {
	k.ask(http.MethodDelete, k.base()+"/tickets/"+k.whose[secret]+"/link", "", "Cookie", k.signIn(k.admin))
}

func (k *keyring) ratingLink() string {
	n := k.next()
	c := k.Receive(k.Inbox, fmt.Sprint("ext", n), fmt.Sprint("m", n), "hello")
	at := k.base() + "/conversations/" + string(c.ID)
	k.post(at+"/messages", fmt.Sprintf(`{"client_msg_id":"r%d","kind":"text","text":"hi"}`, n), &struct{}{})
	var link struct{ URL string }
	k.post(at+"/rating-link", "", &link)
	return link.URL[strings.LastIndexByte(link.URL, '/')+1:]
}

// state goes to the provider; back comes back with it or with another.
func (k *keyring) state() string {
	x := k.trip("")
	state := x.back.Query().Get("state")
	k.trips = map[string]trip{state: x}
	return state
}

func (k *keyring) back(state string) answer {
	for _, x := range k.trips {
		u := *x.back
		q := u.Query()
		q.Set("state", state)
		u.RawQuery = q.Encode()
		return k.ask(http.MethodGet, u.RequestURI(), "", "Cookie", x.browser)
	}
	return answer{}
}
