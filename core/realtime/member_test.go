package realtime_test

import (
	"context"
	"maps"
	"math"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/realtime"
)

func TestMemberHello(t *testing.T) {
	forms(t, func(t *testing.T, tuning realtime.Tuning) {
		w := newWorld(t)
		n := w.node(tuning)
		w.write(w.welcome().Visitor, "hi")
		m := w.agent()
		c := n.member(m.ID, "", 0)
		f := c.expect("ready")
		equal(t, f.Epoch, epoch)
		equal(t, f.Feed, w.head())
		equal(t, f.MemberID, string(m.ID))
		equal(t, f.HeartbeatMS, 10_000)
		equal(t, f.LeaseMS, 30_000)
		equal(t, f.Resync, true)
		f = c.expect("presence")
		equal(t, f.Members[0].MemberID, string(m.ID))
		c.quiet()
		c.say(`{"op":"ping","ref":"r1"}`) // the long way
		c.expect("pong")
		c.say(`{"op":"hello","epoch":"","feed":0}`)
		c.refused("frame.invalid")
	})
}

// TestMemberResume: what was missed comes after ready, in order, and then what
// is published.
func TestMemberResume(t *testing.T) {
	forms(t, func(t *testing.T, tuning realtime.Tuning) {
		w := newWorld(t)
		n := w.node(tuning)
		v := w.welcome().Visitor
		id := w.write(v, "1").Change.Conversation
		for range 300 { // more than a page
			w.write(v, "more")
		}
		m, head := w.agent(), w.head()
		for _, test := range []struct {
			name   string
			epoch  string
			after  func(head uint64) uint64
			resync bool
		}{
			{"nothing missed", epoch, func(head uint64) uint64 { return head }, false},
			{"one missed", epoch, func(head uint64) uint64 { return head - 1 }, false},
			{"all missed", epoch, func(uint64) uint64 { return 0 }, false},
			{"another epoch", "epoch-0", func(head uint64) uint64 { return head - 1 }, true},
			{"no epoch", "", func(uint64) uint64 { return 0 }, true},
			{"from the future", epoch, func(head uint64) uint64 { return head + 1 }, true},
			{"from the end of time", epoch, func(uint64) uint64 { return math.MaxUint64 }, true},
		} {
			after := test.after(head)
			c := n.member(m.ID, test.epoch, after)
			f := c.expect("ready")
			if f.Resync != test.resync || f.Feed != head {
				t.Fatalf("%s: got %s", test.name, f.raw)
			}
			c.expect("presence")
			if !test.resync {
				c.events(after, int(head-after))
			}
			w.write(v, "live")
			w.pump(n)
			c.events(head, int(w.head()-head))
			head = w.head()
		}
		equal(t, w.Get(id).LastSeq, uint64(int(head)))
	})
}

// TestMemberTooFarBehind: 2,000 events are resumed, 2,001 are not.
func TestMemberTooFarBehind(t *testing.T) {
	forms(t, func(t *testing.T, tuning realtime.Tuning) {
		w := newWorld(t)
		n := w.node(tuning)
		v := w.welcome().Visitor
		for w.head() < 2005 {
			w.write(v, "x")
		}
		m, head := w.agent(), w.head()
		c := n.member(m.ID, epoch, head-2000)
		equal(t, c.expect("ready").Resync, false)
		c.expect("presence")
		c.events(head-2000, 2000)
		c.quiet()
		c = n.member(m.ID, epoch, head-2001)
		equal(t, c.expect("ready").Resync, true)
		c.expect("presence")
		c.quiet()
	})
}

// TestPublishLoses: whatever a pump loses, repeats or brings late, a session
// gets every event once and in order.
func TestPublishLoses(t *testing.T) {
	forms(t, func(t *testing.T, tuning realtime.Tuning) {
		w := newWorld(t)
		n := w.node(tuning)
		v := w.welcome().Visitor
		w.write(v, "first")
		w.pump(n)
		head := w.head()
		c := n.ready(w.agent().ID)
		for range 20 {
			w.write(v, "x")
		}
		n.Publish(w.WS, w.items(head, 2))   // 1 2
		n.Publish(w.WS, w.items(head, 2))   // again
		n.Publish(w.WS, w.items(head+5, 3)) // 6 7 8: 3 to 5 are lost
		n.Publish(w.WS, w.items(head+3, 3)) // late
		n.Publish(w.WS, w.items(head+7, 4)) // overlapping: 8 to 11
		c.events(head, 11)
		some := w.items(head+11, 9)
		n.Publish(w.WS, append(some[:2:2], some[5:]...)) // a hole within one call
		c.events(head+11, 9)
		c.quiet()
	})
}

// TestMemberSees what an event carries.
func TestMemberSees(t *testing.T) {
	w := newWorld(t)
	n := w.node(realtime.Tuning{})
	m := w.agent()
	c := n.ready(m.ID)
	posted := w.write(w.welcome().Visitor, "你好 👋 <b>")
	w.pump(n)
	equal(t, c.expect("event").Type, "conversation.created")
	f := c.expect("event")
	equal(t, f.Type, "message.created")
	equal(t, f.Change.Message.Text, "你好 👋 <b>")
	equal(t, f.Change.ID, string(posted.Change.ID))
	if !strings.Contains(string(f.Conversation), `"state":"open"`) {
		t.Errorf("no conversation in %s", f.raw)
	}
	equal(t, c.expect("event").Type, "conversation.queued")
}

func TestMemberSends(t *testing.T) {
	forms(t, func(t *testing.T, tuning realtime.Tuning) {
		w := newWorld(t)
		n := w.node(tuning)
		cnv := string(w.write(w.welcome().Visitor, "hi").Change.Conversation)
		m := w.agent()
		c := n.ready(m.ID)
		send := map[string]any{"op": "send", "ref": "r1", "conversation_id": cnv, "client_msg_id": uuid.NewString(), "kind": "text", "text": "hello 您好"}
		c.say(send)
		ack := c.expect("ack")
		equal(t, ack.Ref, "r1")
		equal(t, ack.Replayed, false)
		equal(t, ack.Message.Text, "hello 您好")
		equal(t, ack.Message.ClientMsgID, send["client_msg_id"].(string))
		equal(t, ack.Change.Type, "message.created")
		equal(t, w.Get(conversation.ID(cnv)).LastSeq, ack.Change.Seq)

		c.say(send) // again
		again := c.expect("ack")
		equal(t, again.Replayed, true)
		equal(t, again.Change.ID, ack.Change.ID)
		equal(t, again.Change.Seq, ack.Change.Seq)

		send["text"] = "something else"
		c.say(send)
		equal(t, c.refused("message.client_id_reused").Ref, "r1")

		for code, bad := range map[string]map[string]any{
			"message.text_empty":    {"text": " "},
			"message.text_too_long": {"text": strings.Repeat("长", conversation.MaxText+1)},
			"message.text_control":  {"text": "nul\x00byte"},
			"message.kind":          {"kind": "shout"},
			"message.client_id":     {"client_msg_id": ""},
			"message.envelope":      {"envelope": map[string]any{"subject": "x"}},
			"not_found":             {"conversation_id": w.IDs.New("cnv")},
		} {
			f := map[string]any{"op": "send", "ref": code, "conversation_id": cnv, "client_msg_id": uuid.NewString(), "kind": "note", "text": "x"}
			maps.Copy(f, bad)
			c.say(f)
			equal(t, c.refused(code).Ref, code)
		}
		c.say(map[string]any{"op": "send", "conversation_id": "cnv_'; DROP TABLE \x00", "text": "x"})
		c.refused("not_found")
	})
}

// TestAckAfterCommit: there is no answer before the use case returned, and
// frames of one connection are done in order.
func TestAckAfterCommit(t *testing.T) {
	forms(t, func(t *testing.T, tuning realtime.Tuning) {
		w := newWorld(t)
		n := w.node(tuning)
		cnv := string(w.write(w.welcome().Visitor, "hi").Change.Conversation)
		entered, commit := make(chan string, 10), make(chan struct{})
		w.calls.on(func(_ context.Context, what string) error {
			if what == "post" {
				entered <- what
				<-commit
			}
			return nil
		})
		c := n.ready(w.agent().ID)
		for _, text := range []string{"one", "two"} {
			c.say(map[string]any{"op": "send", "ref": text, "conversation_id": cnv, "client_msg_id": uuid.NewString(), "kind": "text", "text": text})
		}
		awaitValue(t, entered, "the first post")
		c.quiet() // a ping is answered, the send is not
		equal(t, len(entered), 0)
		commit <- struct{}{}
		equal(t, c.expect("ack").Ref, "one")
		awaitValue(t, entered, "the second post")
		c.quiet()
		commit <- struct{}{}
		equal(t, c.expect("ack").Ref, "two")
	})
}
