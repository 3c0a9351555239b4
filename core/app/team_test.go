package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// shift is a member at work: signed in, with a socket that pings.
type shift struct {
	rig.Member
	t    *testing.T
	told chan string // kinds of notifications, as their frames come
	ops  chan string // frames that tell of rights and reach: "rights", "gone <id>", "event <id>"
	stop chan struct{}

	socket *rig.Socket
}

const lin = "lin@badinput.example"

// begin signs a member in and connects.
func (s *site) begin(email string) *shift {
	s.t.Helper()
	m, err := rig.NewAPI(s.server.URL()).SignIn(s.t.Context(), email, ownerPassword)
	if err != nil {
		s.t.Fatal(err)
	}
	sh := &shift{Member: m, t: s.t, told: make(chan string, 100), ops: make(chan string, 1000), stop: make(chan struct{})}
	ready := make(chan struct{}, 1)
	socket, err := rig.Dial(s.t.Context(), rig.Dialing{URL: m.LiveURL(), Header: m.Header, Frame: func(b []byte) {
		var f struct {
			Op           string
			Notification *struct{ Kind string }
			Gone         string `json:"conversation_id"`
			Conversation *struct{ ID string }
		}
		if json.Unmarshal(b, &f) != nil {
			return
		}
		if f.Op == "ready" {
			ready <- struct{}{}
		}
		switch {
		case f.Op == "rights":
			sh.ops <- f.Op
		case f.Op == "gone":
			sh.ops <- "gone " + f.Gone
		case f.Op == "event" && f.Conversation != nil:
			sh.ops <- "event " + f.Conversation.ID
		}
		if f.Op == "notification" && f.Notification != nil {
			sh.told <- f.Notification.Kind
		}
	}})
	if err != nil {
		s.t.Fatal(err)
	}
	if err := socket.SendText([]byte(`{"op":"hello","epoch":"","feed":0}`)); err != nil {
		s.t.Fatal(err)
	}
	sh.socket = socket
	go func() { // until the socket is gone
		for {
			select {
			case <-sh.stop:
				socket.Cut()
				return
			case <-socket.Closed():
				return
			case <-time.After(5 * time.Second):
				_ = socket.SendText([]byte(`{"op":"ping"}`))
			}
		}
	}()
	s.t.Cleanup(socket.Cut)
	select {
	case <-ready:
	case <-time.After(15 * time.Second):
		s.t.Fatal("no ready frame")
	}
	return sh
}

// call asks a route of the workspace.
func (sh *shift) call(method, path string, in, out any) {
	sh.t.Helper()
	if _, err := sh.Call(sh.t.Context(), method, sh.At(path), in, out); err != nil {
		sh.t.Fatalf("%s %s: %v", method, path, err)
	}
}

// hears waits for a notification's frame.
func (sh *shift) hears(kind string) {
	sh.t.Helper()
	for deadline := time.After(15 * time.Second); ; {
		select {
		case got := <-sh.told:
			if got == kind {
				return
			}
		case <-deadline:
			sh.t.Fatalf("nothing is told of %s", kind)
		}
	}
}

// row is as much of a conversation as these tests read.
type row struct {
	ID         string `json:"id"`
	AssigneeID string `json:"assignee_id"`
	Responder  string `json:"responder"`
	TeamID     string `json:"team_id"`
}

// customer lets somebody new write in, and returns their conversation.
func (s *site) customer(m *shift, name string) row {
	s.t.Helper()
	before := m.rows()
	v := s.admit()
	body := map[string]string{"client_msg_id": "00000000-0000-7000-8000-" + name, "text": "I am " + name}
	if _, err := rig.NewAPI(s.server.URL()).As("Authorization", "Bearer "+v.Token).Call(s.t.Context(), http.MethodPost, s.messages(), body, nil); err != nil {
		s.t.Fatal(err)
	}
	for id, c := range m.rows() {
		if _, had := before[id]; !had {
			return c
		}
	}
	s.t.Fatal("the conversation is not there")
	return row{}
}

func (sh *shift) rows() map[string]row {
	sh.t.Helper()
	var list struct{ Items []row }
	sh.call(http.MethodGet, "/conversations", nil, &list)
	out := map[string]row{}
	for _, c := range list.Items {
		out[c.ID] = c
	}
	return out
}

// presence returns a member's entry.
func (sh *shift) presence(member string) (out struct {
	Status      string  `json:"status"`
	Reason      string  `json:"reason"`
	WrapUpUntil *string `json:"wrap_up_until"`
},
) {
	sh.t.Helper()
	var list struct{ Members []json.RawMessage }
	sh.call(http.MethodGet, "/presence", nil, &list)
	for _, raw := range list.Members {
		var id struct {
			MemberID string `json:"member_id"`
		}
		if json.Unmarshal(raw, &id) == nil && id.MemberID == member {
			if err := json.Unmarshal(raw, &out); err != nil {
				sh.t.Fatal(err)
			}
		}
	}
	return out
}

// kinds counts a member's notifications by kind.
func (sh *shift) kinds() map[string]int {
	sh.t.Helper()
	var list struct{ Items []struct{ Kind string } }
	sh.call(http.MethodGet, "/notifications", nil, &list)
	out := map[string]int{}
	for _, n := range list.Items {
		out[n.Kind]++
	}
	return out
}

// crash kills the server and starts it again.
func (s *site) crash() {
	s.t.Helper()
	s.server.Kill()
	<-s.server.Exited()
	s.start()
}

// hopeful reports whether a visitor is told that somebody is there.
func (s *site) hopeful() bool {
	s.t.Helper()
	var live struct{ Available bool }
	if _, err := rig.NewAPI(s.server.URL()).Call(s.t.Context(), http.MethodGet, rig.Prefix+"/live/"+s.live.ID, nil, &live); err != nil {
		s.t.Fatal(err)
	}
	return live.Available
}

// TestATeamsDay is the real server: a team's customers go to its members, a
// member is told once and a crash changes nothing of it, a wrap-up outlives a
// crash, and what waits for a deleted team is everybody's.
func TestATeamsDay(t *testing.T) {
	s := open(t)
	if _, err := s.owner.Invite(t.Context(), lin, "Lin", "agent", ownerPassword); err != nil {
		t.Fatal(err)
	}
	// The owner is away: what is left to everybody waits.
	boss := s.begin(ownerEmail)
	boss.call(http.MethodPut, "/presence/me", map[string]string{"status": "away", "reason": "lunch"}, nil)
	boss.call(http.MethodPatch, "", map[string]any{"settings": map[string]int{"wrap_up_seconds": 600}}, nil)
	agent := s.begin(lin)
	var team struct{ ID string }
	boss.call(http.MethodPost, "/teams", map[string]any{"name": "售前", "member_ids": []string{agent.ID}, "inbox_ids": []string{s.live.ID}}, &team)

	first := s.customer(boss, "000000000001")
	if first.TeamID != team.ID {
		t.Fatalf("it waits for %q", first.TeamID)
	}
	agent.hears("assigned")
	s.until("the team's customer goes to its member", func() bool { return boss.rows()[first.ID].AssigneeID == agent.ID })
	assigned := agent.kinds()["assigned"]

	s.crash()
	boss, agent = s.begin(ownerEmail), s.begin(lin)
	s.until("away is kept", func() bool { p := boss.presence(boss.ID); return p.Status == "away" && p.Reason == "lunch" })
	agent.call(http.MethodPost, "/conversations/"+first.ID+"/state", map[string]string{"state": "resolved"}, nil)
	s.until("the wrap-up is told", func() bool { return boss.presence(agent.ID).WrapUpUntil != nil })
	second := s.customer(boss, "000000000002")

	s.crash()
	boss, agent = s.begin(ownerEmail), s.begin(lin)
	s.until("the wrap-up outlives the crash", func() bool { return boss.presence(agent.ID).WrapUpUntil != nil })
	if got := boss.rows()[second.ID]; got.AssigneeID != "" || got.Responder != "queue" {
		t.Fatalf("given during a wrap-up: %+v", got)
	}
	agent.call(http.MethodPost, "/presence/me/ready", nil, nil)
	s.until("work comes after the wrap-up", func() bool { return boss.rows()[second.ID].AssigneeID == agent.ID })
	s.until("told once of each", func() bool { return agent.kinds()["assigned"] == assigned+1 })

	agent.call(http.MethodPut, "/presence/me", map[string]string{"status": "away"}, nil)
	third := s.customer(boss, "000000000003")
	boss.call(http.MethodPut, "/presence/me", map[string]string{"status": "available"}, nil)
	s.until("somebody is there", func() bool { return boss.presence(boss.ID).Status == "available" })
	if s.hopeful() {
		t.Error("the team's inbox is told that somebody is there, and nobody of the team is")
	}
	boss.call(http.MethodDelete, "/teams/"+team.ID, nil, nil)
	s.until("an inbox of no team is everybody's", s.hopeful)
	s.until("what waited for a deleted team is everybody's", func() bool {
		got := boss.rows()[third.ID]
		return got.TeamID == "" && got.AssigneeID == boss.ID
	})
	if n := agent.kinds()["assigned"]; n != assigned+1 {
		t.Errorf("told %d times, want %d: %s", n, assigned+1, fmt.Sprint(agent.kinds()))
	}
}
