package httpapi_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/identity"
)

// keyAnswer is a key as the API tells of it.
type keyAnswer struct {
	ID         string     `json:"id"`
	Prefix     string     `json:"prefix"`
	Secret     string     `json:"secret"`
	LastUsedAt *time.Time `json:"last_used_at"`
	RevokedAt  *time.Time `json:"revoked_at"`
}

// makeKey makes a key with the scopes given.
func (s *site) makeKey(cookie string, scopes ...string) keyAnswer {
	s.Helper()
	list, err := json.Marshal(scopes)
	s.OK(err)
	a := s.ask(http.MethodPost, "/api/v1/workspaces/"+string(s.WS)+"/api-keys", `{"name":"CI","scopes":`+string(list)+`}`, "Cookie", cookie)
	var k keyAnswer
	if a.StatusCode != http.StatusCreated {
		s.Fatalf("a key: %d %s", a.StatusCode, a.text)
	}
	s.OK(json.Unmarshal([]byte(a.text), &k))
	return k
}

func TestAPIKey(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	s := newSiteOn(t, func(*conversationtest.World) func() time.Time { return func() time.Time { return now } }, nil)
	m := s.Member(s.WS, "admin@example.com", "Admin", 5)
	s.change(m, func(m *identity.Member) { m.Role = identity.RoleAdministrator })
	cookie := s.signIn(m)
	base := "/api/v1/workspaces/" + string(s.WS)
	k := s.makeKey(cookie, "contact.read", "workspace.read")
	if !strings.HasPrefix(k.Secret, k.Prefix+"_") || len(k.Secret) != len("pbk_")+26+1+43 {
		t.Fatalf("the key is %+v", k)
	}
	bearer := "Bearer " + k.Secret
	for name, tt := range map[string]struct {
		method, path, body, bearer, cookie string
		status                             int
		code                               string
	}{
		"what it names":                     {http.MethodGet, base + "/contacts", "", bearer, "", 200, ""},
		"what it does not name":             {http.MethodGet, base + "/members", "", bearer, "", 403, "forbidden"},
		"the cookie beside it is ignored":   {http.MethodGet, base + "/members", "", bearer, cookie, 403, "forbidden"},
		"another workspace":                 {http.MethodGet, "/api/v1/workspaces/wsp_01JD3X4Z5Y6W7V8T9S0R1Q2P3N/contacts", "", bearer, "", 404, "not_found"},
		"an account's own matter":           {http.MethodGet, "/api/v1/session", "", bearer, cookie, 403, "key.not_here"},
		"a wrong secret":                    {http.MethodGet, base + "/contacts", "", "Bearer " + k.Prefix + "_" + strings.Repeat("A", 43), "", 401, "key.not_valid"},
		"rubbish":                           {http.MethodGet, base + "/contacts", "", "Bearer pbk_x", cookie, 401, "key.not_valid"},
		"an unknown key":                    {http.MethodGet, base + "/contacts", "", "Bearer pbk_01JD3X4Z5Y6W7V8T9S0R1Q2P3N_" + strings.Repeat("A", 43), "", 401, "key.not_valid"},
		"a scope that its maker lacks":      {http.MethodPost, base + "/api-keys", `{"name":"x","scopes":["audit.read"]}`, "", cookie, 422, "identity.invalid"},
		"a scope that does not exist":       {http.MethodPost, base + "/api-keys", `{"name":"x","scopes":["root"]}`, "", cookie, 422, "identity.invalid"},
		"no scope":                          {http.MethodPost, base + "/api-keys", `{"name":"x","scopes":[]}`, "", cookie, 422, "identity.invalid"},
		"an end in the past":                {http.MethodPost, base + "/api-keys", `{"name":"x","scopes":["contact.read"],"expires_at":"2020-01-01T00:00:00Z"}`, "", cookie, 422, "identity.invalid"},
		"the live connection is not for it": {http.MethodGet, base + "/live", "", bearer, "", 401, "session.missing"},
	} {
		t.Run(name, func(t *testing.T) {
			a := s.ask(tt.method, tt.path, tt.body, "Authorization", tt.bearer, "Cookie", tt.cookie)
			if a.StatusCode != tt.status || tt.code != "identity.invalid" && a.code != tt.code {
				t.Errorf("%d %s, want %d %s", a.StatusCode, a.text, tt.status, tt.code)
			}
		})
	}
	maker := s.makeKey(cookie, "apikey.own", "apikey.manage")
	if a := s.ask(http.MethodPost, base+"/api-keys", `{"name":"x","scopes":["apikey.own"]}`, "Authorization", "Bearer "+maker.Secret); a.code != "key.not_here" {
		t.Errorf("a key makes a key: %d %s", a.StatusCode, a.text)
	}
	a := s.ask(http.MethodGet, base+"/api-keys", "", "Cookie", cookie)
	if !strings.Contains(a.text, "last_used_at") || strings.Contains(a.text, k.Secret) {
		t.Errorf("the list is %s", a.text)
	}
	use := func() answer { return s.ask(http.MethodGet, base+"/contacts", "", "Authorization", bearer) }
	s.change(m, func(m *identity.Member) { m.Suspended = true })
	now = now.Add(2 * time.Second)
	if a := use(); a.StatusCode != http.StatusNotFound {
		t.Errorf("of a suspended member: %d", a.StatusCode)
	}
	s.change(m, func(m *identity.Member) { m.Suspended, m.Role = false, identity.RoleAuditor })
	now = now.Add(2 * time.Second)
	if a := use(); a.StatusCode != http.StatusForbidden {
		t.Errorf("of a member who is an auditor now: %d", a.StatusCode)
	}
	s.change(m, func(m *identity.Member) { m.Role = identity.RoleAdministrator })
	now = now.Add(2 * time.Second)
	other := s.Member(s.WS, "agent@example.com", "Agent", 5)
	if a := s.ask(http.MethodDelete, base+"/api-keys/"+k.ID, "", "Cookie", s.signIn(other)); a.StatusCode != http.StatusNotFound {
		t.Errorf("an agent revokes another's key: %d", a.StatusCode)
	}
	if a := s.ask(http.MethodDelete, base+"/api-keys/"+k.ID, "", "Cookie", cookie); a.StatusCode != http.StatusNoContent {
		t.Errorf("revoking: %d %s", a.StatusCode, a.text)
	}
	if a := use(); a.code != "key.not_valid" {
		t.Errorf("a revoked key: %d %s", a.StatusCode, a.text)
	}
}
