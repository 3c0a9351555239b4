package mailtest_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/rig"
	"github.com/patchbay-im/patchbay/plugins/email/mailcorpus"
	"github.com/patchbay-im/patchbay/plugins/email/mailrig"
)

// TestMailReachesTheScreen measures how long a mail takes from Dovecot, where
// IDLE announces it, to the socket of an agent's console.
func TestMailReachesTheScreen(t *testing.T) {
	n := 20
	if long() {
		n = 200
	}
	o := openOffice(t)
	seen := make(chan string, n)
	o.watch(func(text string) { seen <- text })
	var took []time.Duration
	for i := range n {
		text := fmt.Sprintf("Where is order %d?", i)
		raw := mailrig.Message(fmt.Sprint("screen-", i), "My order", text)
		began := time.Now()
		o.must(o.mail.Deliver(t.Context(), "ann@world.test", mailcorpus.Mailbox, raw))
		deadline := time.After(patience)
		for shown := ""; shown != text; {
			select {
			case shown = <-seen:
			case <-deadline:
				t.Fatalf("mail %d never came to the screen\n%s", i, o.out.Tail())
			}
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	p50, p95 := took[n/2], took[n*95/100]
	fmt.Printf("mail: %d mails from Dovecot to an agent's socket: p50 %v, p95 %v, longest %v\n", n, p50.Round(time.Millisecond), p95.Round(time.Millisecond), took[n-1].Round(time.Millisecond))
	if long() && p95 > 2*time.Second {
		t.Errorf("p95 is %v; 2 s are the most", p95)
	}
}

// watch tells of every message that the owner's console is told of.
func (o *office) watch(tell func(text string)) {
	o.Helper()
	ready := make(chan struct{})
	socket, err := rig.Dial(o.Context(), rig.Dialing{URL: o.owner.LiveURL(), Header: o.owner.Header, Frame: func(frame []byte) {
		var f struct {
			Op     string
			Change struct {
				Type    string
				Message *rig.Message
			}
		}
		switch err := json.Unmarshal(frame, &f); {
		case err != nil:
			o.Errorf("a frame that cannot be read: %v", err)
		case f.Op == "ready":
			close(ready)
		case f.Change.Type == "message.created" && f.Change.Message != nil:
			tell(f.Change.Message.Text)
		}
	}})
	o.must(err)
	o.Cleanup(socket.Close)
	o.must(socket.Send(map[string]any{"op": "hello", "epoch": "", "feed": 0}))
	select {
	case <-ready:
	case <-time.After(patience):
		o.Fatal("the socket is never ready")
	}
	go func() { // a member who is there says so
		for tick := time.NewTicker(5 * time.Second); ; {
			select {
			case <-socket.Closed():
				tick.Stop()
				return
			case <-tick.C:
				_ = socket.SendText([]byte(`{"op":"ping"}`)) // a closed one is seen by its reader
			}
		}
	}()
}
