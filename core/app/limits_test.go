package app_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// TestOneVisitorBudget: what a visitor says over the socket and by REST comes
// out of one budget.
func TestOneVisitorBudget(t *testing.T) {
	s := open(t, func(o *rig.Options) {
		o.Env = append(o.Env, "PATCHBAY_LIMITS_VISITOR=10", "PATCHBAY_LIMITS_VISITOR_BURST=6")
	}) // one message was sent
	c := s.enter("visitor")
	for i := range 5 {
		frame := fmt.Sprintf(`{"op":"send","ref":"r%d","client_msg_id":"00000000-0000-7000-9000-%012d","text":"hi"}`, i, i)
		if err := c.SendText([]byte(frame)); err != nil {
			t.Fatal(err)
		}
		if f, ok := c.next("ack"); !ok {
			t.Fatalf("message %d: %+v", i, f)
		}
	}
	if err := c.SendText([]byte(`{"op":"send","ref":"r9","client_msg_id":"00000000-0000-7000-9000-000000000009","text":"hi"}`)); err != nil {
		t.Fatal(err)
	}
	if f, ok := c.next("error"); !ok || f.Ref != "r9" || f.Code != "request.rate" {
		t.Errorf("the socket answers %+v", f)
	}
	p := rig.ProblemOf(s.try("by REST"))
	if p == nil || p.Status != http.StatusTooManyRequests || p.Code != "request.rate" || p.RetryAfter < time.Second {
		t.Errorf("REST answers %+v", p)
	}
}

// TestOnceOverACrash: a request whose server was killed before the answer came
// is done once, whenever the kill fell.
func TestOnceOverACrash(t *testing.T) {
	s := open(t)
	at := s.owner.At("/contacts")
	for round := range 2 {
		body := map[string]string{"name": fmt.Sprintf("Crash %d", round)}
		key := s.owner.As("Idempotency-Key", fmt.Sprintf("crash-%d", round))
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, _ = key.Call(t.Context(), http.MethodPost, at, body, nil) // killed on the way, or not
		}()
		<-time.After(time.Duration(1+3*round) * time.Millisecond) // another moment each time
		s.server.Kill()
		<-done
		s.start()
		settled := false
		for deadline := time.Now().Add(50 * time.Second); !settled && time.Now().Before(deadline); {
			_, err := key.Call(t.Context(), http.MethodPost, at, body, nil)
			p := rig.ProblemOf(err)
			switch {
			case err == nil, p != nil && p.Code == "idempotency.answer_lost":
				settled = true
			case p != nil && p.Code == "idempotency.in_flight":
				<-time.After(time.Second)
			default:
				t.Fatalf("round %d: %v", round, err)
			}
		}
		var list struct{ Items []struct{ Name string } }
		if _, err := s.owner.Call(t.Context(), http.MethodGet, s.owner.At("/contacts?q=")+fmt.Sprintf("Crash%%20%d", round), nil, &list); err != nil {
			t.Fatal(err)
		}
		if !settled || len(list.Items) != 1 {
			t.Errorf("round %d: settled %t, contacts %v", round, settled, list.Items)
		}
	}
}

// TestErasureTakesAnswers: an answer that is kept for a repetition goes with the
// contact that it is about; the request is not done again.
func TestErasureTakesAnswers(t *testing.T) {
	s := open(t)
	body := map[string]string{"name": "Forgotten Soon"}
	keyed := s.owner.As("Idempotency-Key", "of the forgotten")
	var made struct{ ID string }
	if _, err := keyed.Call(t.Context(), http.MethodPost, s.owner.At("/contacts"), body, &made); err != nil {
		t.Fatal(err)
	}
	if a, err := keyed.Call(t.Context(), http.MethodPost, s.owner.At("/contacts"), body, nil); err != nil || !a.Replayed() {
		t.Fatalf("before the erasure: %v, %v", a.Header, err)
	}
	confirm := map[string]string{"confirm": "Forgotten Soon"}
	if _, err := s.owner.Call(t.Context(), http.MethodPost, s.owner.At("/contacts/"+made.ID+"/erase"), confirm, nil); err != nil {
		t.Fatal(err)
	}
	_, err := keyed.Call(t.Context(), http.MethodPost, s.owner.At("/contacts"), body, nil)
	if p := rig.ProblemOf(err); p == nil || p.Code != "idempotency.answer_lost" {
		t.Errorf("after the erasure: %v", err)
	}
}
