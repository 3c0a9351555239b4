package oidc_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/internal/openidtest"
	"github.com/patchbay-im/patchbay/core/oidc"
)

func client() *oidc.Client {
	return oidc.New(http.DefaultClient, time.Now, func(err error) (string, string) { return "connection", "explained: " + err.Error() })
}

// A real provider is good: where people go, its keys, and of its algorithms
// those that are believed.
func TestExamineFindsAProvider(t *testing.T) {
	p, err := openidtest.Start(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	x := client().Examine(t.Context(), p.Issuer())
	want := identity.Examination{Authorization: p.Issuer() + "/authorize", Token: p.Issuer() + "/token", Keys: 1, Algorithms: []string{"RS256"}}
	if x.Trouble != "" || x.Authorization != want.Authorization || x.Token != want.Token || x.Keys != 1 || !slices.Equal(x.Algorithms, want.Algorithms) {
		t.Errorf("found %+v, want %+v", x, want)
	}
	p.Close()
	if x := client().Examine(t.Context(), p.Issuer()); x.Trouble != "connection" || !strings.HasPrefix(x.Detail, "explained: ") {
		t.Errorf("of one that is gone: %+v", x)
	}
}

// What is wrong with an answer is named, with where.
func TestExamineNamesTheTrouble(t *testing.T) {
	const whole = `{"issuer":%q,"authorization_endpoint":"%[1]s/a","token_endpoint":"%[1]s/t","jwks_uri":"%[1]s/keys","id_token_signing_alg_values_supported":["RS256"]}`
	for name, tt := range map[string]struct {
		said, keys string
		status     int
		code, word string
	}{
		"a page that is not there":          {"", "", http.StatusNotFound, identity.TroubleStatus, "404"},
		"a page for people":                 {"<html>", "", 0, identity.TroubleDocument, "not the JSON"},
		"another name":                      {strings.Replace(whole, "%q", `"https://other.example"`, 1), "", 0, identity.TroubleIssuer, "https://other.example"},
		"no place to sign in":               {`{"issuer":%q}`, "", 0, identity.TroubleDocument, "where people sign in"},
		"an address that is none":           {strings.Replace(whole, `"%[1]s/a"`, `"javascript:alert(1)"`, 1), "", 0, identity.TroubleDocument, "where people sign in"},
		"a shared secret signs":             {strings.Replace(whole, "RS256", "HS256", 1), "", 0, identity.TroubleAlgorithm, "key pair"},
		"no keys":                           {whole, `{"keys":[]}`, 0, identity.TroubleKeys, "no keys"},
		"keys that cannot be read":          {whole, `nothing`, 0, identity.TroubleKeys, "not the JSON"},
		"keys that are refused to a reader": {whole, "", http.StatusForbidden, identity.TroubleStatus, "403"},
	} {
		t.Run(name, func(t *testing.T) {
			var site *httptest.Server
			site = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body := tt.keys
				if r.URL.Path != "/keys" {
					body = tt.said
					if strings.Contains(body, "%") {
						body = fmt.Sprintf(body, site.URL)
					}
				}
				if tt.status != 0 && (tt.said == "" || r.URL.Path == "/keys") {
					w.WriteHeader(tt.status)
				}
				_, _ = fmt.Fprint(w, body)
			}))
			t.Cleanup(site.Close)
			x := client().Examine(t.Context(), site.URL)
			if x.Trouble != tt.code || !strings.Contains(x.Detail, tt.word) {
				t.Errorf("found %+v, want %s with %q", x, tt.code, tt.word)
			}
		})
	}
}
