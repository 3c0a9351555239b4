package app_test

import (
	"fmt"
	"net/http"
	"reflect"
	"testing"
)

// workDone is what figures say of what happened today, by queue and by member.
type workDone struct {
	Queues []struct {
		QueueID        string `json:"queue_id"`
		InHand         int    `json:"in_hand"`
		Arrived        int
		Answered       int
		Resolved       int
		WaitS          map[string]float64 `json:"wait_s"`
		FirstResponseS map[string]float64 `json:"first_response_s"`
		HandleS        map[string]float64 `json:"handle_s"`
	}
	Agents []struct {
		MemberID       string `json:"member_id"`
		InHand         int    `json:"in_hand"`
		Given          int
		Resolved       int
		FirstResponseS map[string]float64 `json:"first_response_s"`
		HandleS        map[string]float64 `json:"handle_s"`
	}
}

func (s *site) figures() (out workDone) {
	s.t.Helper()
	if _, err := s.owner.Call(s.t.Context(), http.MethodGet, s.owner.At("/figures"), nil, &out); err != nil {
		s.t.Fatal(err)
	}
	return out
}

// TestFiguresAreTheSameAfterAKill: what was followed while it happened is what is
// folded anew from the events after a start.
func TestFiguresAreTheSameAfterAKill(t *testing.T) {
	s := open(t)
	s.figures() // from here on it is followed
	one := s.owner.At("/conversations/" + s.chat)
	for _, call := range []struct {
		path string
		body map[string]string
	}{
		{"/messages", map[string]string{"client_msg_id": "f1", "kind": "text", "text": "Good morning"}},
		{"/state", map[string]string{"state": "resolved"}},
	} {
		if _, err := s.owner.Call(t.Context(), http.MethodPost, one+call.path, call.body, nil); err != nil {
			t.Fatal(err)
		}
	}
	s.say()
	live := s.figures()
	last := live.Queues[len(live.Queues)-1]
	if last.QueueID != "" || last.Arrived != 2 || last.Answered != 1 || last.Resolved != 1 || last.FirstResponseS == nil || last.WaitS == nil {
		t.Errorf("in no queue: %+v", last)
	}
	if a := live.Agents[0]; a.Given != 1 || a.Resolved != 1 || a.HandleS == nil {
		t.Errorf("the owner: %+v", a)
	}
	s.server.Kill()
	s.start()
	var again workDone // dispatch reads who is there after the start
	eventually(t, "the same figures", func() bool {
		again = s.figures()
		return reflect.DeepEqual(again, live)
	}, func() string { return fmt.Sprintf("followed\n%+v\nfolded anew\n%+v", live, again) })
}
