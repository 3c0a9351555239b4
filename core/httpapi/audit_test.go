package httpapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/identity"
)

func TestAuditLog(t *testing.T) {
	s := newSite(t, nil)
	m := s.Member(s.WS, "auditor@example.com", "=1+1", 5)
	s.change(m, func(m *identity.Member) { m.Role = identity.RoleAuditor })
	cookie := s.signIn(m)
	base := "/api/v1/workspaces/" + string(s.WS) + "/audit"
	ask := func(path string) string {
		t.Helper()
		a := s.ask(http.MethodGet, base+path, "", "Cookie", cookie)
		if a.StatusCode != http.StatusOK {
			t.Fatalf("%s: %d %s", path, a.StatusCode, a.text)
		}
		return a.text
	}
	if got := ask(""); !strings.Contains(got, `"action":"audit.read"`) || !strings.Contains(got, `"via":"ses_`) {
		t.Errorf("reading leaves %s", got)
	}
	for query, want := range map[string]bool{
		"?action=audit.": true, "?action=member.": false, "?actor=" + string(m.ID): true, "?actor=mem_none": false,
		"?from=2000-01-01T00:00:00Z": true, "?to=2000-01-01T00:00:00Z": false, "?q=AUDIT": true, "?q=nothing": false,
	} {
		if got := ask(query); strings.Contains(got, `"aud_`) != want {
			t.Errorf("%s answers %s", query, got)
		}
	}
	if got := ask("/export?format=csv&action=audit."); !strings.HasPrefix(got, "\ufeffseq,id,at,action") || !strings.Contains(got, ",'=1+1,") {
		t.Errorf("the table is %s", got)
	}
	if got := ask("/export?format=jsonl"); strings.Count(got, "\n") != 3 {
		t.Errorf("the lines are %s", got)
	}
	if got := ask("/verification"); !strings.Contains(got, `"whole":true`) {
		t.Errorf("verification says %s", got)
	}
}
