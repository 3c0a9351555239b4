package httpapi_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// recordedRoutes names the action that each administrative or security route
// leaves in the audit log.
func recordedRoutes() map[string]string {
	const w = "/api/v1/workspaces/{workspace}"
	return map[string]string{
		"POST /api/v1/setup": "workspace.founded", "POST /api/v1/session": "session.started", "POST /api/v1/session/link": "session.started",
		"DELETE /api/v1/session": "session.ended", "POST /api/v1/session/password": "password.updated", "PATCH /api/v1/session": "account.renamed",
		"POST /api/v1/invitations/accept": "member.joined",
		"POST /api/v1/session/second":     "session.started", "POST /api/v1/password-resets/use": "password_reset.used",
		"DELETE /api/v1/account/sessions": "sessions.ended", "DELETE /api/v1/account/sessions/{session}": "sessions.ended",
		"POST /api/v1/account/totp/confirm": "two_factor.enabled", "POST /api/v1/account/totp/disable": "two_factor.disabled",
		"POST /api/v1/account/totp/recovery-codes": "recovery_codes.replaced", "DELETE /api/v1/account/providers/{provider}": "sign_in_provider.unlinked",
		"PATCH " + w + "/sign-in/policy": "sign_in_policy.updated", "POST " + w + "/sign-in/providers": "sign_in_provider.created",
		"PATCH " + w + "/sign-in/providers/{provider}": "sign_in_provider.updated", "DELETE " + w + "/sign-in/providers/{provider}": "sign_in_provider.deleted",
		"DELETE " + w + "/members/{member}/sessions": "sessions.ended", "DELETE " + w + "/members/{member}/sessions/{session}": "sessions.ended",
		"DELETE " + w + "/members/{member}/second-factor": "two_factor.reset", "POST " + w + "/members/{member}/password-reset": "password_reset.created",
		"PATCH " + w: "workspace.updated", "POST " + w + "/invitations": "invitation.created", "DELETE " + w + "/invitations/{invitation}": "invitation.revoked",
		"PATCH " + w + "/members/{member}": "member.updated",
		"POST " + w + "/roles":             "role.created", "PATCH " + w + "/roles/{role}": "role.updated", "DELETE " + w + "/roles/{role}": "role.deleted",
		"POST " + w + "/inboxes": "inbox.created", "PATCH " + w + "/inboxes/{inbox}": "inbox.updated", "POST " + w + "/inboxes/{inbox}/rotate-hook": "inbox.hook_rotated",
		"POST " + w + "/inboxes/{inbox}/identity-secret": "identity_secret.created", "DELETE " + w + "/inboxes/{inbox}/identity-secret/{kid}": "identity_secret.deleted",
		"POST " + w + "/plugins/{publisher}/{name}/restart": "plugin.restarted",
		"POST " + w + "/api-keys":                           "api_key.created", "DELETE " + w + "/api-keys/{key}": "api_key.revoked",
		"POST " + w + "/ticket-types": "ticket_type.created", "PATCH " + w + "/ticket-types/{type}": "ticket_type.updated", "DELETE " + w + "/ticket-types/{type}": "ticket_type.deleted",
		"POST " + w + "/teams": "team.created", "PATCH " + w + "/teams/{team}": "team.updated", "DELETE " + w + "/teams/{team}": "team.deleted",
		"POST " + w + "/webhooks": "webhook.created", "PATCH " + w + "/webhooks/{webhook}": "webhook.updated", "DELETE " + w + "/webhooks/{webhook}": "webhook.deleted",
		"POST " + w + "/webhooks/{webhook}/secrets": "webhook.secret_rotated", "DELETE " + w + "/webhooks/{webhook}/secrets/{kid}": "webhook.secret_expired",
		"POST " + w + "/webhooks/{webhook}/replay": "webhook.replayed", "POST " + w + "/webhooks/{webhook}/test": "webhook.tested",
		"PATCH " + w + "/retention": "retention.updated",
		"POST " + w + "/labels":     "label.created", "PATCH " + w + "/labels/{label}": "label.updated", "DELETE " + w + "/labels/{label}": "label.deleted",
		"PUT " + w + "/audit/retention": "audit.retention_updated",
		"POST " + w + "/attributes": "attribute.created", "PATCH " + w + "/attributes/{attribute}": "attribute.updated", "DELETE " + w + "/attributes/{attribute}": "attribute.deleted",
		"POST " + w + "/canned": "canned.created", "PATCH " + w + "/canned/{canned}": "canned.updated", "DELETE " + w + "/canned/{canned}": "canned.deleted",
		"POST " + w + "/views": "view.created", "PATCH " + w + "/views/{view}": "view.updated", "DELETE " + w + "/views/{view}": "view.deleted",
		"POST " + w + "/contacts/{contact}/erase": "contact.erased", "POST " + w + "/contacts/{contact}/merge": "contact.merged", "POST " + w + "/merges/{merge}/undo": "contact.unmerged", "POST " + w + "/imports/{import}/run": "contacts.imported",
	}
}

// daily says whether a route is daily work: it has its own history in the
// conversation, the ticket or the contact, or concerns nobody but the caller.
func daily(path string) bool {
	const w = "/api/v1/workspaces/{workspace}"
	if !strings.HasPrefix(path, w) { // customers, webhooks of channels, reading an invitation
		for _, p := range []string{"/api/v1/live/", "/hooks/", "/r/", "/t/", "/api/v1/invitations/lookup", "/api/v1/password-resets/lookup"} {
			if strings.HasPrefix(path, p) {
				return true
			}
		}
		// The beginnings of what is recorded when it is done.
		return path == "/api/v1/account/totp" || path == "/api/v1/account/providers/{provider}"
	}
	for _, p := range []string{
		"/conversations", "/tickets/", "/contacts", "/organisations", "/notification", "/presence/", "/uploads", "/canned/{canned}/use",
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
	recorded, written := recordedRoutes(), readHouse(t).actions()
	for _, r := range server(t).Routes() {
		if r.Method == http.MethodGet {
			continue
		}
		action, ok := recorded[r.Method+" "+r.Path]
		delete(recorded, r.Method+" "+r.Path)
		switch {
		case !ok && !daily(r.Path):
			t.Errorf("%s %s changes something: it leaves an audit record (name its action above), or it is daily work (say so above)", r.Method, r.Path)
		case ok && !slices.Contains(written, action):
			t.Errorf("%s %s: nothing records %s", r.Method, r.Path, action)
		}
	}
	for r := range recorded {
		t.Errorf("%s is listed and not served", r)
	}
}
