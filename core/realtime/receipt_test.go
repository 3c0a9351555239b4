package realtime_test

import (
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/realtime"
	"github.com/patchbay-im/patchbay/core/wire"
)

// TestReadingManyMessagesIsFewChanges: a visitor who says of each message that
// they have seen it makes one change at once and one when that is over.
func TestReadingManyMessagesIsFewChanges(t *testing.T) {
	w := newWorld(t)
	n := w.node(realtime.Tuning{})
	who := w.welcome()
	id := w.write(who.Visitor, "hello").Change.Conversation
	agent := w.agent().ID
	var last conversation.Posted
	for range 30 {
		last = w.post(agent, id, conversation.Text, "answer")
	}
	v := n.visitor(who, "", 0)
	v.expect("ready")
	before := w.Get(id)
	for seq := uint64(1); seq <= last.Change.PublicSeq; seq++ {
		v.say(map[string]any{"op": "read", "seq": seq})
	}
	v.settled()
	w.pass(3 * time.Second)
	for deadline := time.Now().Add(patience); w.Get(id).ContactReadSeq < last.Change.Seq; {
		if time.Now().After(deadline) {
			t.Fatalf("the mark is at %d, want %d", w.Get(id).ContactReadSeq, last.Change.Seq)
		}
	}
	if made := w.Get(id).LastSeq - before.LastSeq; made > 2 {
		t.Errorf("thirty messages read made %d changes", made)
	}
	v.say(map[string]any{"op": "read", "seq": "many"})
	v.refused("frame.invalid")
}

// settled waits until the server has done what was asked; a ping is answered
// before its turn.
func (c *client) settled() {
	c.await("error", map[string]any{"op": "nothing"})
}

// TestTheLastMarkIsKept: who reads and leaves has read.
func TestTheLastMarkIsKept(t *testing.T) {
	w := newWorld(t)
	n := w.node(realtime.Tuning{})
	who := w.welcome()
	id := w.write(who.Visitor, "hello").Change.Conversation
	agent := w.agent().ID
	first := w.post(agent, id, conversation.Text, "one")
	second := w.post(agent, id, conversation.Text, "two")
	v := n.visitor(who, "", 0)
	v.expect("ready")
	v.say(map[string]any{"op": "read", "seq": first.Change.PublicSeq})
	v.say(map[string]any{"op": "read", "seq": second.Change.PublicSeq})
	v.settled()
	_ = v.conn.CloseNow()
	for deadline := time.Now().Add(patience); w.Get(id).ContactReadSeq < second.Change.Seq; {
		if time.Now().After(deadline) {
			t.Fatalf("the mark is at %d, want %d", w.Get(id).ContactReadSeq, second.Change.Seq)
		}
	}
}

// TestAgentsReadIsShown to the visitor, and at their next visit.
func TestAgentsReadIsShown(t *testing.T) {
	w := newWorld(t)
	n := w.node(realtime.Tuning{})
	who := w.welcome()
	said := w.write(who.Visitor, "hello")
	v := n.visitor(who, "", 0)
	if f := v.expect("ready"); !strings.Contains(f.raw, `"read_seq":0`) {
		t.Errorf("unread: %s", f.raw)
	}
	w.publish(event.SubjectRead, realtime.ReadNews{Inbox: who.Visitor.Inbox, Recipient: string(who.Visitor.ID), Seq: 1})
	if f := v.await("read"); f.raw != `{"op":"read","seq":1}` {
		t.Errorf("the visitor hears %s", f.raw)
	}
	w.OK(w.service.MarkRead(t.Context(), w.scope(w.agent().ID), said.Change.Conversation, said.Change.Seq))
	if f := n.visitor(who, "", 0).expect("ready"); !strings.Contains(f.raw, `"read_seq":1`) {
		t.Errorf("at the next visit: %s", f.raw)
	}
}

// TestADraftGoesToItsWriterAlone.
func TestADraftGoesToItsWriterAlone(t *testing.T) {
	w := newWorld(t)
	n := w.node(realtime.Tuning{})
	me := w.agent().ID
	one, two, colleague := n.ready(me), n.ready(me), n.ready(w.Owner.ID)
	w.publish(event.SubjectDraft, realtime.DraftNews{Member: string(me), Draft: wire.Draft{ConversationID: "cnv_1", Text: "half", Kind: "text", Rev: 2}})
	w.publish(event.SubjectDraft, realtime.DraftNews{Member: string(me), Draft: wire.Draft{ConversationID: "cnv_1", Kind: "text", Rev: 3}})
	for _, c := range []*client{one, two} {
		if f := c.await("draft"); f.ConversationID != "cnv_1" || !strings.Contains(f.raw, `"rev":2,"draft":{`) || !strings.Contains(f.raw, `"half"`) {
			t.Errorf("got %s", f.raw)
		}
		if f := c.await("draft"); !strings.Contains(f.raw, `"rev":3,"draft":null`) {
			t.Errorf("got %s", f.raw)
		}
	}
	colleague.await("pong", map[string]any{"op": "ping"})
	for _, raw := range colleague.seen {
		if strings.Contains(raw, `"op":"draft"`) {
			t.Errorf("a colleague sees %s", raw)
		}
	}
}
