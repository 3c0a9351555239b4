package app_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// TestScheduledMessagesSurviveACrash schedules messages, kills the server
// before their time and again while they are being sent, and finds each sent
// once.
func TestScheduledMessagesSurviveACrash(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	const many = 8
	begin := time.Now()
	for n := range many {
		body := map[string]any{
			"client_msg_id": fmt.Sprint("later-", n), "text": fmt.Sprint("later ", n),
			"send_at": begin.Add(2500*time.Millisecond + time.Duration(n)*400*time.Millisecond).UTC().Format(time.RFC3339Nano),
		}
		if _, err := s.owner.Call(ctx, http.MethodPost, s.owner.At("/conversations/"+s.chat+"/scheduled"), body, nil); err != nil {
			t.Fatal(err)
		}
	}
	s.server.Kill() // before any is due
	s.start()
	s.awaitSent(1)
	s.server.Kill() // while they are being sent
	s.start()
	s.awaitSent(many)
	s.server.Kill()
	s.start()
	s.say() // the server serves, and so do its chores
	for n, times := range s.sentLater() {
		if times != 1 {
			t.Errorf("%s was sent %d times", n, times)
		}
	}
	var left struct{ Items []any }
	if _, err := s.owner.Call(ctx, http.MethodGet, s.owner.At("/conversations/"+s.chat+"/scheduled"), nil, &left); err != nil || len(left.Items) != 0 {
		t.Errorf("still waiting: %v, %v", left.Items, err)
	}
	s.sound()
}

// awaitSent waits until at least so many scheduled messages were sent.
func (s *site) awaitSent(want int) {
	s.t.Helper()
	s.until(fmt.Sprintf("%d scheduled messages are sent", want), func() bool { return len(s.sentLater()) >= want })
}

// sentLater counts, by client id, the messages of the owner in the chat.
func (s *site) sentLater() map[string]int {
	s.t.Helper()
	var page struct {
		Items []rig.Change `json:"items"`
	}
	if _, err := s.owner.Call(s.t.Context(), http.MethodGet, s.owner.At("/conversations/"+s.chat+"/timeline?limit=200"), nil, &page); err != nil {
		s.t.Fatal(err)
	}
	out := make(map[string]int)
	for _, c := range page.Items {
		if c.Type == "message.created" && c.Actor.Kind == "agent" {
			out[c.Message.ClientMsgID]++
		}
	}
	return out
}
