package app_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestOnlyWhoAnswersCustomersIsGivenThem is the real server: somebody who is
// there, and whose role answers no customers, is offered to none and given none,
// neither by the queue nor by hand, and that follows their role.
func TestOnlyWhoAnswersCustomersIsGivenThem(t *testing.T) {
	s := open(t)
	if _, err := s.owner.Invite(t.Context(), lin, "Lin", "auditor", ownerPassword); err != nil {
		t.Fatal(err)
	}
	boss := s.begin(ownerEmail)
	boss.call(http.MethodPut, "/presence/me", map[string]string{"status": "away", "reason": "lunch"}, nil)
	s.until("the boss is away", func() bool { return boss.presence(boss.ID).Status == "away" })
	auditor := s.begin(lin)
	first := s.customer(boss, "000000000001")
	if s.hopeful() {
		t.Error("customers are told that somebody is there, and only an auditor is")
	}
	for path, body := range map[string]any{
		"/conversations/" + first.ID + "/assign": map[string]string{"member_id": auditor.ID},
		"/tickets":                               map[string]string{"title": "Look into it", "assignee_id": auditor.ID},
	} {
		_, err := boss.Call(t.Context(), http.MethodPost, boss.At(path), body, nil)
		if err == nil || !strings.Contains(err.Error(), "member.no_customers") {
			t.Errorf("%s gives work to an auditor: %v", path, err)
		}
	}

	var role struct{ ID string }
	write := map[string]any{"name": "Night", "description": "", "reach": "all", "permissions": []string{"conversation.read", "conversation.reply"}}
	boss.call(http.MethodPost, "/roles", write, &role)
	boss.call(http.MethodPatch, "/members/"+auditor.ID, map[string]string{"role": role.ID}, nil)
	s.until("who answers customers now is given them", func() bool { return boss.rows()[first.ID].AssigneeID == auditor.ID })
	boss.call(http.MethodPatch, "/roles/"+role.ID, map[string]any{"permissions": []string{"conversation.read"}}, nil)
	s.until("they wait again when the role loses that", func() bool { return boss.rows()[first.ID].Responder == "queue" })
}
