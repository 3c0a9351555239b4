package realtime_test

import (
	"context"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/realtime"
)

// Who waits and has a window open is there, by every window, and was when the
// last one closed; who waits no more is nothing to that.
func TestWhoWaitsIsThere(t *testing.T) {
	w := newWorld(t)
	n := w.node(realtime.Tuning{})
	attended := make(chan struct{}, 100)
	w.calls.on(func(_ context.Context, what string) error {
		if what == "attend" {
			attended <- struct{}{}
		}
		return nil
	})
	until := func() time.Time {
		t.Helper()
		awaitValue(t, attended, "that the visitor is there")
		found, err := w.fake.Absences(t.Context(), w.Now().Add(time.Hour), 10)
		w.OK(err)
		if len(found) != 1 {
			t.Fatalf("there are %v", found)
		}
		return found[0].Until
	}
	who := w.welcome()
	id := w.write(who.Visitor, "hi").Change.Conversation
	v := n.visitor(who, epoch, 1)
	v.expect("ready")
	tell := func(position int) {
		w.publish(event.SubjectQueue, realtime.QueueNews{Places: []realtime.QueuePlace{
			{Conversation: id, Inbox: w.Live.ID, Recipient: string(who.Visitor.ID), Position: position, Available: true},
		}})
		equal(t, v.expect("queue").Position, position)
	}
	tell(2)
	w.pass(15 * time.Second)
	first := until()
	equal(t, first, w.Now().Add(conversation.LeftAfter))
	w.pass(15 * time.Second)
	equal(t, until(), first.Add(15*time.Second))
	_ = v.conn.CloseNow()
	until()

	v = n.visitor(who, epoch, 1)
	v.expect("ready")
	tell(1)
	tell(0)
	w.pass(15 * time.Second)
	v.quiet()
	select {
	case <-attended:
		t.Fatal("who does not wait is there")
	default:
	}
}
