package app_test

import (
	"net/http"
	"slices"
	"testing"
	"time"
)

// within2 waits for what an open socket is to be told within two seconds, and
// returns what it was told meanwhile.
func (sh *shift) within2(want string) (before []string) {
	sh.t.Helper()
	for deadline := time.After(2 * time.Second); ; {
		select {
		case got := <-sh.ops:
			if got == want {
				return before
			}
			before = append(before, got)
		case <-deadline:
			sh.t.Fatalf("%q did not come in two seconds; there came %q", want, before)
		}
	}
}

// TestARoleIsNarrowed is the real server: a changed role or team reaches an
// open socket within two seconds, and then it is told of what is in reach and
// of nothing else.
func TestARoleIsNarrowed(t *testing.T) {
	s := open(t)
	if _, err := s.owner.Invite(t.Context(), lin, "Lin", "agent", ownerPassword); err != nil {
		t.Fatal(err)
	}
	boss := s.begin(ownerEmail)
	boss.call(http.MethodPut, "/presence/me", map[string]string{"status": "away"}, nil)
	agent := s.begin(lin)
	agent.call(http.MethodPut, "/presence/me", map[string]string{"status": "away"}, nil)
	first := s.customer(boss, "000000000001")
	agent.within2("event " + first.ID)
	boss.within2("event " + first.ID)

	var role, team struct{ ID string }
	boss.call(http.MethodPost, "/roles", map[string]any{"name": "一线", "reach": "team", "permissions": []string{"conversation.read", "conversation.reply"}}, &role)
	boss.call(http.MethodPatch, "/members/"+agent.ID, map[string]string{"role": role.ID}, nil)
	agent.within2("rights")
	if len(agent.rows()) != 0 {
		t.Errorf("it lists %v", agent.rows())
	}
	second := s.customer(boss, "000000000002")
	boss.within2("event " + second.ID)

	boss.call(http.MethodPost, "/teams", map[string]any{"name": "售前", "member_ids": []string{agent.ID}}, &team)
	if told := agent.within2("rights"); slices.Contains(told, "event "+second.ID) || slices.Contains(told, "event "+first.ID) {
		t.Errorf("told of what is beyond reach: %q", told)
	}
	boss.call(http.MethodPost, "/conversations/"+second.ID+"/assign", map[string]string{"team_id": team.ID}, nil)
	agent.within2("event " + second.ID)
	if rows := agent.rows(); len(rows) != 1 || rows[second.ID].ID == "" {
		t.Errorf("it lists %v", rows)
	}
	boss.call(http.MethodPost, "/conversations/"+second.ID+"/assign", map[string]string{"team_id": ""}, nil)
	agent.within2("gone " + second.ID)
	boss.call(http.MethodPatch, "/roles/"+role.ID, map[string]string{"reach": "all"}, nil)
	agent.within2("rights")
	if len(agent.rows()) != len(boss.rows()) {
		t.Errorf("it lists %v", agent.rows())
	}
	boss.call(http.MethodPatch, "/roles/"+role.ID, map[string]string{"reach": "own"}, nil)
	agent.within2("rights")
	boss.call(http.MethodPost, "/conversations/"+first.ID+"/assign", map[string]string{"member_id": agent.ID}, nil)
	if told := agent.within2("event " + first.ID); slices.Contains(told, "event "+second.ID) {
		t.Errorf("told of what is beyond reach: %q", told)
	}
}
