package app_test

import (
	"net/http"
	"testing"
)

// work is as much of a ticket as this test reads.
type work struct {
	ID           string  `json:"id"`
	AssigneeID   string  `json:"assignee_id"`
	Status       string  `json:"status"`
	WaitingSince *string `json:"waiting_since"`
}

func (sh *shift) ticket(id string) (out work) {
	sh.t.Helper()
	sh.call(http.MethodGet, "/tickets/"+id, nil, &out)
	return out
}

// TestTicketsAreGivenOut is the real server: a queue gives the tickets of its team
// to who is there, what waits outlives a crash, and the tickets of who may not
// work any more wait again.
func TestTicketsAreGivenOut(t *testing.T) {
	s := open(t)
	if _, err := s.owner.Invite(t.Context(), lin, "Lin", "agent", ownerPassword); err != nil {
		t.Fatal(err)
	}
	boss, agent := s.begin(ownerEmail), s.begin(lin)
	boss.call(http.MethodPut, "/presence/me", map[string]string{"status": "away"}, nil)
	var team, queue struct{ ID string }
	boss.call(http.MethodPost, "/teams", map[string]any{"name": "工单组", "member_ids": []string{agent.ID}}, &team)
	made := func() (out work) {
		boss.call(http.MethodPost, "/tickets", map[string]any{"title": "Broken", "team_id": team.ID}, &out)
		return out
	}
	before := made() // it waits in nothing yet
	boss.call(http.MethodPost, "/queues", map[string]any{"name": "工单", "team_id": team.ID, "tickets": true}, &queue)
	agent.hears("ticket_assigned")
	s.until("what was there before the switch is given", func() bool { return boss.ticket(before.ID).AssigneeID == agent.ID })
	if got := boss.ticket(before.ID); got.Status != "open" || got.WaitingSince != nil {
		t.Fatalf("%+v", got)
	}

	agent.call(http.MethodPut, "/presence/me", map[string]string{"status": "away"}, nil)
	second := made()
	if second.WaitingSince == nil || second.AssigneeID != "" {
		t.Fatalf("%+v", second)
	}
	s.until("the board counts it", func() bool {
		var board struct {
			Queues []struct {
				QueueID string `json:"queue_id"`
				Tickets int    `json:"tickets"`
				Waiting int    `json:"waiting"`
			}
		}
		boss.call(http.MethodGet, "/figures", nil, &board)
		for _, q := range board.Queues {
			if q.QueueID == queue.ID {
				return q.Tickets == 1 && q.Waiting == 0
			}
		}
		return false
	})
	s.crash()
	boss, agent = s.begin(ownerEmail), s.begin(lin)
	if got := boss.ticket(before.ID); got.AssigneeID != agent.ID {
		t.Fatalf("who went keeps their ticket: %+v", got)
	}
	agent.call(http.MethodPut, "/presence/me", map[string]string{"status": "available"}, nil)
	s.until("what waited before the crash is given after it", func() bool { return boss.ticket(second.ID).AssigneeID == agent.ID })

	boss.call(http.MethodPatch, "/members/"+agent.ID, map[string]any{"suspended": true}, nil)
	s.until("the tickets of who may not work wait again", func() bool {
		a, b := boss.ticket(before.ID), boss.ticket(second.ID)
		return a.AssigneeID == "" && b.AssigneeID == "" && a.WaitingSince != nil && b.WaitingSince != nil
	})
}
