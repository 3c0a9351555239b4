package webhook_test

import (
	"testing"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/webhook"
)

// An endpoint is told of everything, so nobody makes one, points one elsewhere
// or has one told again who may not read everything; turning to what is there
// already, and taking it away, needs no more than to manage webhooks.
func TestNobodySendsWhatTheyDoNotRead(t *testing.T) {
	w := start(t, nil)
	defer w.stop()
	id, url, star := w.endpoint("https://a.example", "*"), "https://evil.example", []string{"*"}
	member := identity.Scope{Workspace: ws, Actor: identity.Actor{Kind: identity.ActorMember, ID: "mem_1", Role: identity.RoleAdministrator}}
	all := identity.Reach{Kind: identity.ReachAll, Member: "mem_1"}
	sends := []identity.Permission{identity.WebhookRead, identity.WebhookManage}
	reads := append(sends, identity.ConversationRead, identity.TicketRead, identity.ContactRead)
	for name, tt := range map[string]struct {
		scope identity.Scope
		code  string
	}{
		"an administrator":              {member, ""},
		"everything, for all":           {member.With(identity.Rights{Permissions: reads, Reach: all}), ""},
		"no conversations":              {member.With(identity.Rights{Permissions: sends, Reach: all}), "webhook.beyond_yours"},
		"no tickets":                    {member.Only(append(sends, identity.ConversationRead, identity.ContactRead)...), "webhook.beyond_yours"},
		"no contacts":                   {member.Only(append(sends, identity.ConversationRead, identity.TicketRead)...), "webhook.beyond_yours"},
		"their teams' alone":            {member.With(identity.Rights{Permissions: reads, Reach: identity.Reach{Kind: identity.ReachTeam, Member: "mem_1"}}), "webhook.beyond_yours"},
		"a system administrator":        {as(member, identity.RoleSystemAdministrator), "forbidden"},
		"who reads but does not manage": {as(member, identity.RoleSupervisor), "forbidden"},
	} {
		_, _, made := w.service.Create(t.Context(), tt.scope, webhook.Draft{URL: &url, Events: &star})
		_, pointed := w.service.Update(t.Context(), tt.scope, id, webhook.Draft{URL: &url})
		_, again := w.service.Replay(t.Context(), tt.scope, id, webhook.Selection{State: webhook.Dead})
		for what, err := range map[string]error{"makes": made, "points": pointed, "replays": again} {
			if got := code(err); got != tt.code {
				t.Errorf("%s %s: %q, not %q (%v)", name, what, got, tt.code, err)
			}
		}
	}
	plain := member.With(identity.Rights{Permissions: sends, Reach: all})
	if _, err := w.service.Get(t.Context(), plain, id); err != nil {
		t.Errorf("look: %v", err)
	}
	if err := w.service.Delete(t.Context(), plain, id); err != nil {
		t.Errorf("delete: %v", err)
	}
}

func as(s identity.Scope, r identity.Role) identity.Scope {
	s.Actor.Role = r
	return s
}

func code(err error) string {
	if err == nil {
		return ""
	}
	return errs.As(err).Code
}
