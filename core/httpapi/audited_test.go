package httpapi_test

import (
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
)

// recordedRoutes names the action that each administrative or security route
// leaves in the audit log. core/app's tests ask each of them on a real server.
func recordedRoutes(t *testing.T) map[string]string {
	t.Helper()
	var out map[string]string
	text, err := os.ReadFile("testdata/audited.json")
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// daily says whether a route is daily work: it has its own history in the
// conversation, the ticket or the contact, or concerns nobody but the caller.
func daily(path string) bool {
	const w = "/api/v1/workspaces/{workspace}"
	if !strings.HasPrefix(path, w) { // customers, webhooks of channels, reading an invitation
		for _, p := range []string{"/api/v1/live/", "/hooks/", "/x/", "/r/", "/t/", "/api/v1/invitations/lookup", "/api/v1/password-resets/lookup"} {
			if strings.HasPrefix(path, p) {
				return true
			}
		}
		// The beginnings of what is recorded when it is done.
		return path == "/api/v1/account/totp" || path == "/api/v1/account/providers/{provider}" ||
			strings.HasPrefix(path, "/api/v1/account/push") // how one's own browser tells, as /notification-preferences
	}
	if strings.HasPrefix(path, w+"/templates/") && strings.HasSuffix(path, "/plan") || path == w+"/inboxes/{inbox}/rules/try" || path == w+"/routing/try" || path == w+"/calendars/{calendar}/import/preview" || path == w+"/dispatch-policy/compare" || path == w+"/inboxes/{inbox}/templates/refresh" {
		return true // changes nothing
	}
	for _, p := range []string{
		"/conversations", "/tickets/", "/contacts", "/organisations", "/notification", "/presence/", "/uploads", "/canned/{canned}/use", "/findings/",
		"/connections/validate", "/inboxes/validate", "/connections/{connection}/oauth", "/inboxes/{inbox}/oauth", // of what is recorded when it is done
		// What plugins do for members; buttons in the settings, records and agreeing to a tool leave a record of their own.
		"/alerts/", // who takes care of what stands now: it goes with the alert
		"/connections/{connection}/panels/", "/connections/{connection}/records", "/tools/", "/approvals/",
		"/imports", // uploading and checking change no contact; running is recorded
	} {
		if strings.HasPrefix(strings.TrimPrefix(path, w), p) || path == w+strings.TrimSuffix(p, "/") {
			return true
		}
	}
	return false
}

// TestEveryRouteIsAuditedOrDaily fails for a route that changes something and
// is on neither list, and for an action that nothing records.
func TestEveryRouteIsAuditedOrDaily(t *testing.T) {
	recorded, written := recordedRoutes(t), readHouse(t).actions()
	for _, r := range server(t).Routes() {
		if r.Method == http.MethodGet {
			continue
		}
		action, ok := recorded[r.Method+" "+r.Path]
		delete(recorded, r.Method+" "+r.Path)
		switch {
		case !ok && !daily(r.Path):
			t.Errorf("%s %s changes something: it leaves an audit record (name its action in testdata/audited.json), or it is daily work (say so above)", r.Method, r.Path)
		case ok && !slices.Contains(written, action):
			t.Errorf("%s %s: nothing records %s", r.Method, r.Path, action)
		}
	}
	for r := range recorded {
		t.Errorf("%s is listed and not served", r)
	}
}
