package deliverytest

import (
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/delivery"
)

// testPaused: what an inbox has to send waits while it is paused, untouched, and
// is due in its order when that is over. Other inboxes do not notice.
func testPaused(w *world) {
	other := w.NewInbox(w.WS, false)
	one := w.post(w.Inbox, "one", "1a")
	w.answer(one.Conversation, "1b")
	w.settle(w.texts(w.Tick(), "1a")[0], delivery.Pending, channel.Result{Outcome: channel.OutcomeRetry, Code: "auth_expired"}, w.Tick())
	w.pause(w, w.Inbox)
	w.texts(w.Tick())
	if at := w.next(); !at.IsZero() {
		w.Fatalf("something is due at %v", at)
	}
	w.post(w.Inbox, "two", "2a") // written meanwhile
	w.post(other, "three", "3a")
	w.texts(w.Tick(), "3a")
	if at := w.next(); at.IsZero() {
		w.Fatal("the other inbox waits too")
	}
	resumed := w.Tick().Add(48 * time.Hour)
	w.resume(w, w.Inbox, resumed)
	due := w.texts(resumed, "1a", "2a", "3a")
	if d := due[0]; d.Attempts != 1 || d.LastCode != "auth_expired" || !d.ResumedAt.Equal(resumed) || !due[2].ResumedAt.IsZero() {
		w.Fatalf("afterwards: %+v", due)
	}
	w.settle(due[0], delivery.Sent, channel.Result{Outcome: channel.OutcomeAccepted}, time.Time{})
	w.texts(resumed, "1b", "2a", "3a")
}
