package realtime_test

import (
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/realtime"
)

// TestWatchingTellsNobody: whoever reads a conversation and has its events on
// their socket, and does not say that they look, is seen by nobody, and has read
// nothing.
func TestWatchingTellsNobody(t *testing.T) {
	w := newWorld(t)
	n := w.node(realtime.Tuning{})
	who := w.welcome()
	said := w.write(who.Visitor, "hello").Change.Conversation
	me := w.agent()
	mine, supervisor, visitor := n.welcomed(me.ID), n.welcomed(w.Owner.ID), n.visitor(who, "", 0)
	visitor.expect("ready")
	if _, _, err := w.service.Timeline(t.Context(), w.scope(w.Owner.ID), said, conversation.Range{Limit: 50}); err != nil {
		t.Fatal(err)
	}
	w.write(who.Visitor, "is anybody there?")
	w.pump(n)
	supervisor.await("event")
	for _, c := range []*client{mine, visitor} {
		c.await("pong", map[string]any{"op": "ping"})
		for _, raw := range c.seen {
			if strings.Contains(raw, `"op":"looking"`) || strings.Contains(raw, `"op":"read"`) {
				t.Errorf("somebody sees %s", raw)
			}
		}
	}
	if far, err := w.fake.ReadFarthest(t.Context(), w.WS, said); err != nil || far != 0 {
		t.Errorf("read up to %d, %v", far, err)
	}
}
