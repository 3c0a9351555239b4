package httpapi_test

import (
	"net/http"
	"testing"

	"github.com/patchbay-im/patchbay/core/httpapi"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Who signs in gets, beside the session, what their browser is known again by;
// it opens nothing, and is not given twice.
func TestABrowserIsKnownAgain(t *testing.T) {
	s := newSite(t, func(o *httpapi.Options) { o.SecureCookies = true })
	cookies := func(a answer) map[string]*http.Cookie {
		out := map[string]*http.Cookie{}
		for _, c := range (&http.Response{Header: a.Header}).Cookies() {
			out[c.Name] = c
		}
		return out
	}
	o := newOpenID(t)
	if to, session := o.arrive(o.trip("")); to != "/" || session == "" {
		t.Errorf("by a provider: sent to %s with %q", to, session)
	}
	signIn := func(header ...string) map[string]*http.Cookie {
		token, err := s.identity.Sessions.CreateLink(t.Context(), s.Owner.Account, 0)
		s.OK(err)
		return cookies(s.ask(http.MethodPost, "/api/v1/session/link", `{"token":"`+token+`"}`, header...))
	}
	first := signIn()
	session, mark := first["__Host-patchbay_session"], first["__Host-patchbay_browser"]
	if len(first) != 2 || session == nil || mark == nil {
		t.Fatalf("the cookies are %v", first)
	}
	if !mark.HttpOnly || !mark.Secure || mark.SameSite != http.SameSiteLaxMode || mark.Path != "/" || mark.MaxAge != int(identity.MarkLife.Seconds()) {
		t.Errorf("the mark is %s", mark)
	}
	if again := signIn("Cookie", mark.Name+"="+mark.Value); len(again) != 1 || again[session.Name] == nil {
		t.Errorf("with the mark the cookies are %v", again)
	}
	for _, name := range []string{session.Name, mark.Name} {
		if a := s.ask(http.MethodGet, "/api/v1/session", "", "Cookie", name+"="+mark.Value); a.StatusCode != http.StatusUnauthorized {
			t.Errorf("the mark as %s answers %d", name, a.StatusCode)
		}
	}
	if wrong := s.ask(http.MethodPost, "/api/v1/session", `{"email":"`+s.Owner.Email+`","password":"wrong"}`); len(cookies(wrong)) != 0 {
		t.Errorf("a wrong password gets cookies: %v", wrong.Header)
	}
}
