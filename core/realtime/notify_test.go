package realtime_test

import (
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/realtime"
	"github.com/patchbay-im/patchbay/core/wire"
)

// TestNotifications: a member's own sockets are told, on every node, and
// nobody else's.
func TestNotifications(t *testing.T) {
	forms(t, func(t *testing.T, tuning realtime.Tuning) {
		w := newWorld(t)
		one, two := w.node(tuning), w.node(tuning)
		me, colleague := w.agent(), w.agent()
		other, stranger := w.Workspace("other@example.com")
		w.homes[stranger.ID] = other
		w.unread.set(me.ID, 3)
		here, there := one.member(me.ID, epoch, 0), two.member(me.ID, epoch, 0)
		for _, c := range []*client{here, there} {
			if f := c.expect("ready"); !strings.Contains(f.raw, `"notifications_unread":3`) {
				t.Errorf("got %s", f.raw)
			}
			c.await("presence")
		}
		colleagues, abroad := one.ready(colleague.ID), two.ready(stranger.ID)

		w.publish(event.SubjectNotify, realtime.NotificationNews{
			Member: me.ID, Unread: 4, Notification: &wire.Notification{ID: "ntf_1", Kind: "mention", ConversationID: "cnv_1", Text: "看 <b>"},
		})
		w.publish(event.SubjectNotify, realtime.NotificationNews{Member: me.ID, Unread: 0})
		for _, c := range []*client{here, there} {
			f := c.expect("notification")
			if !strings.Contains(f.raw, `"unread":4`) || !strings.Contains(f.raw, `"id":"ntf_1"`) {
				t.Errorf("got %s", f.raw)
			}
			if f := c.expect("notification"); f.raw != `{"op":"notification","unread":0}` {
				t.Errorf("got %s", f.raw)
			}
			c.quiet()
		}
		colleagues.quiet()
		abroad.quiet()

		// Rubbish on the bus, and news for nobody.
		w.OK(w.bus.Publish(event.SubjectNotify+string(w.WS), []byte("{")))
		w.publish(event.SubjectNotify, realtime.NotificationNews{Unread: 9})
		here.quiet()
	})
}

// TestUnreadIsNotKnown: a member is sent away to come back, not told a guess.
func TestUnreadIsNotKnown(t *testing.T) {
	w := newWorld(t)
	n := w.node(realtime.Tuning{})
	w.unread.fail(errBoom)
	c := n.member(w.agent().ID, epoch, 0)
	c.expect("bye")
	c.ends(1012)
}
