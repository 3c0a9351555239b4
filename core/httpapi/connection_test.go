package httpapi_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/channel/channeltest"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/extension/connectiontest"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/instance"
)

// link is a plugin that can be connected.
const link = extension.PluginID("test/link")

// connecting makes the use cases of connections on the site's fakes.
func (s *site) connecting() *extension.ConnectionService {
	s.linked = connectiontest.NewFake(s.fake.Feed, nil)
	s.fake.Inboxes.OnGrants = func(in channel.Inbox, grants []instance.Grant) {
		s.linked.Grant(in.Workspace, string(in.Plugin), grants)
	}
	s.runner = &connectiontest.Runner{Installed: []extension.Facts{{
		Plugin: link, Version: "1.0.0", Name: map[string]string{"en": "Link"}, Connects: true,
		ConfigSchema: json.RawMessage(`{"type":"object","properties":{"url":{"type":"string"},"key":{"type":"string","x-secret":true},
"account":{"type":"string","x-oauth":{"authorize_url":"https://far.example/authorize","token_url":"https://far.example/token","client_id":"/client_id"}},"client_id":{"type":"string"}}}`),
		Asks: []instance.Asked{{Scope: "state"}, {Scope: "contacts:read", Optional: true}},
	}}}
	return extension.NewConnectionService(extension.Deps{
		Store: s.linked, Grants: s.linked, Tokens: s.linked, Inboxes: noInboxes{}, Runner: s.runner, Sealer: channeltest.Sealer{}, Now: s.now,
	})
}

// noInboxes has none.
type noInboxes struct{}

// InboxInstance implements extension.Inboxes.
func (noInboxes) InboxInstance(context.Context, identity.WorkspaceID, string) (extension.Stored, error) {
	return extension.Stored{}, errs.Absent()
}

// noEndpoint is a far side that nobody reaches.
type noEndpoint struct{}

// Ask implements extension.TokenEndpoint.
func (noEndpoint) Ask(context.Context, extension.TokenRequest) (extension.TokenAnswer, error) {
	return extension.TokenAnswer{}, errs.New(errs.Unavailable, "connection.oauth_unreachable", "Nobody is there.")
}

// A state opens nothing but the sign-in that it was made for, in the session
// that began it, once, and the browser always ends up in the console.
func TestSignInStates(t *testing.T) {
	s := newSite(t, nil)
	cookie, base := s.signIn(s.Owner), "/api/v1/workspaces/"+string(s.WS)
	a := s.ask(http.MethodPost, base+"/connections", `{"plugin":"test/link","name":"Shop","config":{"client_id":"c"},"secrets":{"/key":"never told"}}`, "Cookie", cookie)
	var made struct {
		ID      string
		Secrets map[string]bool
		Config  map[string]any
	}
	if err := json.Unmarshal([]byte(a.text), &made); err != nil || a.StatusCode != http.StatusCreated || !made.Secrets["/key"] || strings.Contains(a.text, "never told") {
		t.Fatalf("made: %d %s", a.StatusCode, a.text)
	}
	begin := func() string {
		a := s.ask(http.MethodPost, base+"/connections/"+made.ID+"/oauth", `{"pointer":"/account"}`, "Cookie", cookie)
		var to struct {
			URL string `json:"authorize_url"`
		}
		if err := json.Unmarshal([]byte(a.text), &to); err != nil || a.StatusCode != http.StatusOK {
			t.Fatalf("begun: %d %s", a.StatusCode, a.text)
		}
		u, err := url.Parse(to.URL)
		s.OK(err)
		q := u.Query()
		if u.Host != "far.example" || q.Get("redirect_uri") != "http://example.com/api/v1/oauth/plugin/callback" || q.Get("code_challenge_method") != "S256" {
			t.Fatalf("to %s", u)
		}
		return q.Get("state")
	}
	come := func(state, with string) string {
		a := s.ask(http.MethodGet, "/api/v1/oauth/plugin/callback?code=x&state="+url.QueryEscape(state), "", "Cookie", with)
		to := a.Header.Get("Location")
		if a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(to, "/settings/") {
			t.Fatalf("back: %d %q", a.StatusCode, to)
		}
		return to
	}
	state, other := begin(), s.signIn(s.Owner)
	for name, tt := range map[string]struct{ state, with, code string }{
		"no state":          {"", cookie, "connection.oauth_state"},
		"a forged state":    {strings.Repeat("A", len(state)), cookie, "connection.oauth_state"},
		"a cut state":       {state[:len(state)-1], cookie, "connection.oauth_state"},
		"another session's": {state, other, "connection.oauth_state"},
		"nobody's":          {state, "", "session.missing"},
	} {
		if to := come(tt.state, tt.with); !strings.Contains(to, "failed="+tt.code) || strings.Contains(to, made.ID) {
			t.Errorf("%s: %s", name, to)
		}
	}
	if to := come(state, cookie); !strings.Contains(to, "failed=connection.oauth_unreachable") || !strings.Contains(to, made.ID) {
		t.Errorf("the right one is asked about at the far side: %s", to)
	}
	if to := come(state, cookie); !strings.Contains(to, "failed=connection.oauth_state") {
		t.Errorf("once more: %s", to)
	}
}
