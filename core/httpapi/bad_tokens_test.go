package httpapi_test

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v3"

	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/httpapi"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/internal/openidtest"
	"github.com/patchbay-im/patchbay/core/page"
)

// openID is a site with a real provider.
type openID struct {
	*site
	idp *openidtest.Provider
	id  identity.ProviderID

	asked int
}

func newOpenID(t *testing.T) *openID {
	t.Helper()
	return newOpenIDOn(t, func(*conversationtest.World) func() time.Time { return time.Now })
}

// newOpenIDOn is newOpenID on another clock.
func newOpenIDOn(t *testing.T, clock func(*conversationtest.World) func() time.Time) *openID {
	t.Helper()
	s := newSiteOn(t, clock, func(o *httpapi.Options) { o.Proxies = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")} })
	idp, err := openidtest.Start(t.Context(), "")
	s.OK(err)
	t.Cleanup(idp.Close)
	name, issuer, client, secret, role := "Company", idp.Issuer(), openidtest.ClientID, openidtest.ClientSecret, identity.RoleAgent
	d := identity.ProviderDraft{Name: &name, Issuer: &issuer, ClientID: &client, Secret: &secret, DefaultRole: &role}
	p, err := s.identity.Providers.Create(t.Context(), identity.SystemScope(s.WS), d)
	s.OK(err)
	s.OK(idp.Register("https://example.com/api/v1/oidc/" + string(p.ID) + "/callback"))
	return &openID{site: s, idp: idp, id: p.ID}
}

// ask is site's, each time from another network: who guesses is not slowed
// down, so that every answer is about the token.
func (o *openID) ask(method, path, body string, header ...string) answer {
	o.Helper()
	o.asked++
	from := fmt.Sprintf("203.%d.%d.7", o.asked/250, o.asked%250)
	return o.site.ask(method, path, body, append(header, "X-Forwarded-For", from)...)
}

// trip is one way to the provider and back.
type trip struct {
	browser string // Cookie
	back    *url.URL
}

// trip goes to the provider.
func (o *openID) trip(query string) trip {
	o.Helper()
	a := o.ask(http.MethodGet, "/api/v1/oidc/"+string(o.id)+"/start"+query, "")
	if a.StatusCode != http.StatusSeeOther {
		o.Fatalf("start answers %d %s", a.StatusCode, a.text)
	}
	return o.follow(a.Header.Get("Location"), a.Header.Get("Set-Cookie"))
}

func (o *openID) follow(to, cookie string) trip {
	o.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r, err := http.NewRequestWithContext(o.Context(), http.MethodGet, to, nil)
	o.OK(err)
	res, err := client.Do(r)
	o.OK(err)
	_ = res.Body.Close()
	back, err := url.Parse(res.Header.Get("Location"))
	o.OK(err)
	if e := back.Query().Get("error"); e != "" {
		o.Fatalf("the provider refuses: %s %s %s", e, back.Query().Get("error_description"), back.Query().Get("error_hint"))
	}
	pair, _, _ := strings.Cut(cookie, ";")
	return trip{browser: pair, back: back}
}

// arrive comes back to us; it returns where the browser is sent and the session's cookie.
func (o *openID) arrive(x trip) (to, session string) {
	o.Helper()
	a := o.ask(http.MethodGet, x.back.RequestURI(), "", "Cookie", x.browser)
	for _, c := range a.Header.Values("Set-Cookie") {
		pair, _, _ := strings.Cut(c, ";")
		if value, ok := strings.CutPrefix(pair, "patchbay_session="); ok && value != "" {
			session = pair
		}
	}
	return a.Header.Get("Location"), session
}

func TestOpenIDSignIn(t *testing.T) {
	o := newOpenID(t)
	to, session := o.arrive(o.trip("?return=/contacts"))
	if to != "/contacts" || session == "" {
		t.Fatalf("sent to %s with %q", to, session)
	}
	a := o.ask(http.MethodGet, "/api/v1/session", "", "Cookie", session)
	if a.StatusCode != http.StatusOK || !strings.Contains(a.text, `"pat@example.com"`) || !strings.Contains(a.text, string(o.WS)) {
		t.Fatalf("who am I: %d %s", a.StatusCode, a.text)
	}
	// The second time it is the same account.
	_, again := o.arrive(o.trip("?return=//evil.example"))
	if b := o.ask(http.MethodGet, "/api/v1/session", "", "Cookie", again); b.text != a.text {
		t.Errorf("the second time it is %s, not %s", b.text, a.text)
	}
	// A session of a provider opens that provider's workspace alone.
	abroad, _ := o.Workspace("other@example.com")
	if a := o.ask(http.MethodGet, "/api/v1/workspaces/"+string(abroad), "", "Cookie", session); a.StatusCode != http.StatusNotFound {
		t.Errorf("another workspace answers %d", a.StatusCode)
	}
	// Suspension holds.
	m, err := o.fake.Identities.Members(t.Context(), o.WS, page.Request{})
	o.OK(err)
	for _, x := range m.Items {
		if x.Email == "pat@example.com" {
			o.change(x, func(m *identity.Member) { m.Suspended = true })
		}
	}
	if to, session := o.arrive(o.trip("")); session != "" || to != "/sign-in?failed=not_found" {
		t.Errorf("a suspended member is sent to %s with %q", to, session)
	}
}

// An address that an account has opens nothing by itself.
func TestOpenIDLinksByNoEmail(t *testing.T) {
	o := newOpenID(t)
	m := o.Member(o.WS, "pat@example.com", "Pat", 5)
	if to, session := o.arrive(o.trip("")); session != "" || to != "/sign-in?failed=openid.unlinked" {
		t.Fatalf("sent to %s with %q", to, session)
	}
	// Who signs in to it links the provider, and then it opens.
	mine := o.signIn(m)
	a := o.ask(http.MethodPost, "/api/v1/account/providers/"+string(o.id), `{"return":"/settings/profile"}`, "Cookie", mine)
	var link struct{ URL string }
	o.OK(json.Unmarshal([]byte(a.text), &link))
	if to, session := o.arrive(o.follow(link.URL, a.Header.Get("Set-Cookie"))); session != "" || to != "/settings/profile" {
		t.Fatalf("linking: sent to %s with %q", to, session)
	}
	_, session := o.arrive(o.trip(""))
	if a := o.ask(http.MethodGet, "/api/v1/session", "", "Cookie", session); !strings.Contains(a.text, string(m.ID)) {
		t.Errorf("signed in as %s", a.text)
	}
	// Without a password it is the only way in, until an administrator helps.
	unlink := func() answer {
		return o.ask(http.MethodDelete, "/api/v1/account/providers/"+string(o.id), "", "Cookie", o.signIn(m))
	}
	if a := unlink(); a.StatusCode != http.StatusConflict || !strings.Contains(a.text, "openid.last_way_in") {
		t.Errorf("unlink the only way in: %d %s", a.StatusCode, a.text)
	}
	o.resetPassword(m)
	_, session = o.arrive(o.trip(""))
	if a := unlink(); a.StatusCode != http.StatusNoContent {
		t.Errorf("unlink: %d %s", a.StatusCode, a.text)
	}
	if a := o.ask(http.MethodGet, "/api/v1/session", "", "Cookie", session); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("the session of an unlinked provider: %d", a.StatusCode)
	}
}

// resetPassword gives an account a password, by an administrator's link.
func (o *openID) resetPassword(m identity.Member) {
	o.Helper()
	boss := o.Member(o.WS, "reset.boss@example.com", "Boss", 5)
	o.change(boss, func(m *identity.Member) { m.Role = identity.RoleOwner })
	a := o.ask(http.MethodPost, "/api/v1/workspaces/"+string(o.WS)+"/members/"+string(m.ID)+"/password-reset", "", "Cookie", o.signIn(boss))
	var link struct{ URL string }
	o.OK(json.Unmarshal([]byte(a.text), &link))
	_, token, _ := strings.Cut(link.URL, "token=")
	if a := o.ask(http.MethodPost, "/api/v1/password-resets/use", `{"token":"`+token+`","password":"correct horse battery 9"}`); a.StatusCode != http.StatusNoContent {
		o.Fatalf("use the link: %d %s", a.StatusCode, a.text)
	}
}

// A provider is made, changed and taken away over the API; its secret never comes back.
func TestProvidersOverTheAPI(t *testing.T) {
	o := newOpenID(t)
	boss := o.Member(o.WS, "boss@example.com", "Boss", 5)
	o.change(boss, func(m *identity.Member) { m.Role = identity.RoleSecurityAdministrator })
	base, cookie := "/api/v1/workspaces/"+string(o.WS)+"/sign-in/providers", o.signIn(boss)
	made := o.ask(http.MethodPost, base, `{"name":"Two","issuer":"`+o.idp.Issuer()+`","client_id":"c","client_secret":"hush","email_domains":["Example.com"],"default_role":"agent","second_factor":true,"listed":false}`, "Cookie", cookie)
	var p struct {
		ID           string
		Name         string
		EmailDomains []string `json:"email_domains"`
		DefaultRole  string   `json:"default_role"`
		SecondFactor bool     `json:"second_factor"`
		Listed       bool
		Enabled      bool
	}
	o.OK(json.Unmarshal([]byte(made.text), &p))
	if made.StatusCode != http.StatusCreated || p.Name != "Two" || len(p.EmailDomains) != 1 || p.EmailDomains[0] != "example.com" ||
		p.DefaultRole != "agent" || !p.SecondFactor || p.Listed || !p.Enabled || strings.Contains(made.text, "hush") {
		t.Fatalf("made: %d %s", made.StatusCode, made.text)
	}
	if a := o.ask(http.MethodPatch, base+"/"+p.ID, `{"name":"Zwei","enabled":false}`, "Cookie", cookie); a.StatusCode != http.StatusOK || !strings.Contains(a.text, "Zwei") {
		t.Errorf("changed: %d %s", a.StatusCode, a.text)
	}
	if a := o.ask(http.MethodPost, base, `{"name":"Three","issuer":"http://127.0.0.1:9","client_id":"c","client_secret":"s"}`, "Cookie", cookie); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.text, "discovery") {
		t.Errorf("nothing answers: %d %s", a.StatusCode, a.text)
	}
	if a := o.ask(http.MethodDelete, base+"/"+p.ID, "", "Cookie", cookie); a.StatusCode != http.StatusNoContent {
		t.Errorf("deleted: %d %s", a.StatusCode, a.text)
	}
}

// What the bearer of an invitation is told of how to come in.
func TestInvitationNamesTheProviders(t *testing.T) {
	o := newOpenID(t)
	boss := o.Member(o.WS, "boss@example.com", "Boss", 5)
	o.change(boss, func(m *identity.Member) { m.Role = identity.RoleOwner })
	base, cookie := "/api/v1/workspaces/"+string(o.WS), o.signIn(boss)
	type preview struct {
		RoleName     string `json:"role_name"`
		Providers    []struct{ ID, Name string }
		ProviderOnly bool `json:"provider_only"`
	}
	var role struct{ ID string }
	o.OK(json.Unmarshal([]byte(o.ask(http.MethodPost, base+"/roles", `{"name":"一线"}`, "Cookie", cookie).text), &role))
	look := func() (p preview) {
		var made struct{ Link string }
		o.OK(json.Unmarshal([]byte(o.ask(http.MethodPost, base+"/invitations", `{"email":"new@example.com","role":"`+role.ID+`"}`, "Cookie", cookie).text), &made))
		_, token, _ := strings.Cut(made.Link, "token=")
		o.OK(json.Unmarshal([]byte(o.ask(http.MethodPost, "/api/v1/invitations/lookup", `{"token":"`+token+`"}`).text), &p))
		return p
	}
	if p := look(); p.RoleName != "一线" || len(p.Providers) != 1 || p.Providers[0].ID != string(o.id) || p.ProviderOnly {
		t.Errorf("the invited is told %+v", p)
	}
	if a := o.ask(http.MethodPatch, base+"/sign-in/policy", `{"password":"oidc_only"}`, "Cookie", cookie); a.StatusCode != http.StatusOK {
		t.Fatalf("policy: %d %s", a.StatusCode, a.text)
	}
	if p := look(); !p.ProviderOnly {
		t.Errorf("by the provider alone: the invited is told %+v", p)
	}
}

// forge signs claims, starting from those of a good token.
func forge(t *testing.T, good string, key jose.SigningKey, kid string, change func(claims map[string]any)) string {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(good, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	claims := map[string]any{}
	if err := json.Unmarshal(raw, &claims); err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(claims)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := jose.NewSigner(key, (&jose.SignerOptions{}).WithHeader("kid", kid).WithType("JWT"))
	if err != nil {
		t.Fatal(err)
	}
	object, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	text, err := object.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// unsigned is a token with an algorithm of the attacker's choice.
func unsigned(good, header string, sign func(text string) string) string {
	text := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + strings.Split(good, ".")[1]
	return text + "." + sign(text)
}

// badTokens are ID tokens that sign nobody in; each starts from a good one.
func badTokens(t *testing.T, o *openID) map[string]func(good string) string {
	t.Helper()
	const bits = 2048
	stranger, err := rsa.GenerateKey(rand.Reader, bits)
	o.OK(err)
	public, err := x509.MarshalPKIXPublicKey(&o.idp.Key.PublicKey)
	o.OK(err)
	own := jose.SigningKey{Algorithm: jose.RS256, Key: o.idp.Key}
	with := func(change func(map[string]any)) func(string) string {
		return func(good string) string { return forge(t, good, own, openidtest.KeyID, change) }
	}
	put := func(claim string, value any) func(string) string {
		return with(func(c map[string]any) { c[claim] = value })
	}
	now := time.Now().Unix()
	return map[string]func(string) string{
		"alg none": func(good string) string {
			return unsigned(good, `{"alg":"none","typ":"JWT"}`, func(string) string { return "" })
		},
		"HS256 with the public key": func(good string) string {
			return unsigned(good, `{"alg":"HS256","kid":"`+openidtest.KeyID+`"}`, func(text string) string {
				mac := hmac.New(sha256.New, public)
				mac.Write([]byte(text))
				return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
			})
		},
		"wrong key": func(good string) string {
			return forge(t, good, jose.SigningKey{Algorithm: jose.RS256, Key: stranger}, openidtest.KeyID, nil)
		},
		"unknown kid": func(good string) string {
			return forge(t, good, jose.SigningKey{Algorithm: jose.RS256, Key: stranger}, "another", nil)
		},
		"wrong issuer":   put("iss", "https://evil.example"),
		"wrong audience": put("aud", []string{"somebody else"}),
		"expired":        put("exp", now-600),
		"not yet valid":  put("nbf", now+3600),
		"no nonce":       with(func(c map[string]any) { delete(c, "nonce") }),
		"wrong nonce":    put("nonce", "another"),
		"missing sub":    with(func(c map[string]any) { delete(c, "sub") }),
		"e-mail unverified": with(func(c map[string]any) {
			c["email_verified"], c["sub"] = false, "newcomer"
		}),
		"malformed": func(string) string { return "not.a.token" },
	}
}

// TestBadTokens presents every kind of bad token at every sign-in, and prints
// what each answered.
func TestBadTokens(t *testing.T) {
	o := newOpenID(t)
	if _, session := o.arrive(o.trip("")); session == "" {
		t.Fatal("a good token does not sign in")
	}
	var good string
	o.idp.Tamper(func(token string) string { good = token; return token })
	_, _ = o.arrive(o.trip(""))
	forgers := badTokens(t, o)
	cases := 0
	for _, name := range append(slices.Sorted(maps.Keys(forgers)), "replayed state") {
		row := o.openIDRow(name, forgers[name])
		token := good
		if forge := forgers[name]; forge != nil {
			token = forge(good)
		}
		maps.Copy(row, o.otherRows(token))
		var line strings.Builder
		for _, door := range slices.Sorted(maps.Keys(row)) {
			cases++
			fmt.Fprintf(&line, " %s=%s", door, row[door])
			if !strings.HasPrefix(row[door], "refused") {
				t.Errorf("%s at %s: %s", name, door, row[door])
			}
		}
		t.Logf("%-26s%s", name, line.String())
	}
	t.Logf("%d bad tokens, %d cases", len(forgers)+1, cases)
	if len(forgers)+1 != 14 {
		t.Errorf("%d bad tokens", len(forgers)+1)
	}
}

// openIDRow signs in, links and accepts an invitation with a bad token.
func (o *openID) openIDRow(name string, forge func(string) string) map[string]string {
	o.Helper()
	defer o.idp.Tamper(nil)
	verdict := func(to, session string) string {
		if session != "" || !strings.Contains(to, "failed=") {
			return "LET IN to " + to
		}
		return "refused(" + to[strings.Index(to, "failed=")+len("failed="):] + ")"
	}
	if forge == nil { // a state that was used already
		x := o.trip("")
		_, _ = o.arrive(x)
		return map[string]string{"oidc": verdict(o.arrive(x))}
	}
	o.idp.Tamper(forge)
	out := map[string]string{"oidc": verdict(o.arrive(o.trip("")))}
	issued, err := o.identity.Invitations.Create(o.Context(), identity.SystemScope(o.WS), fmt.Sprintf("new%d@example.com", o.asked), identity.RoleAgent)
	o.OK(err)
	out["oidc-invitation"] = verdict(o.arrive(o.trip("?invitation=" + issued.Token)))
	if name == "e-mail unverified" {
		return out // linking asks for no address: who links has signed in
	}
	mine := o.signIn(o.Owner)
	a := o.ask(http.MethodPost, "/api/v1/account/providers/"+string(o.id), `{"return":"/settings/profile"}`, "Cookie", mine)
	var link struct{ URL string }
	o.OK(json.Unmarshal([]byte(a.text), &link))
	out["oidc-link"] = verdict(o.arrive(o.follow(link.URL, a.Header.Get("Set-Cookie"))))
	return out
}

// otherRows presents a token where another kind of secret is asked for.
func (o *openID) otherRows(token string) map[string]string {
	o.Helper()
	text, err := json.Marshal(token)
	o.OK(err)
	out := map[string]string{}
	for door, x := range map[string]struct{ path, body string }{
		"password":   {"/api/v1/session", fmt.Sprintf(`{"email":"owner%d@example.com","password":`, o.asked) + string(text) + `}`},
		"link":       {"/api/v1/session/link", `{"token":` + string(text) + `}`},
		"second":     {"/api/v1/session/second", `{"challenge":` + string(text) + `,"code":"123456"}`},
		"invitation": {"/api/v1/invitations/accept", `{"token":` + string(text) + `,"name":"x","password":"correct horse 1"}`},
		"reset":      {"/api/v1/password-resets/use", `{"token":` + string(text) + `,"password":"correct horse 1"}`},
	} {
		a := o.ask(http.MethodPost, x.path, x.body)
		out[door] = refusal(a, a.Header.Get("Set-Cookie") == "")
	}
	a := o.ask(http.MethodGet, "/api/v1/session", "", "Cookie", "patchbay_session="+token)
	out["session-cookie"] = refusal(a, true)
	a = o.ask(http.MethodGet, "/api/v1/workspaces/"+string(o.WS), "", "Authorization", "Bearer "+token)
	out["api-key"] = refusal(a, true)
	a = o.ask(http.MethodGet, "/api/v1/live/"+string(o.Live.ID)+"/changes", "", "Authorization", "Bearer "+token)
	out["visitor"] = refusal(a, true)
	a = o.ask(http.MethodPost, "/api/v1/live/"+string(o.Live.ID)+"/sessions", `{"identity":`+string(text)+`}`)
	out["visitor-identity"] = refusal(a, true)
	return out
}

func refusal(a answer, clean bool) string {
	if a.StatusCode >= 400 && a.StatusCode < 500 && a.StatusCode != http.StatusTooManyRequests && clean {
		return fmt.Sprintf("refused(%d)", a.StatusCode)
	}
	return fmt.Sprintf("ANSWERS %d %s", a.StatusCode, a.text)
}
