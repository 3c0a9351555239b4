package conversationtest

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
)

// testWindows checks that windows are kept, and that whoever sends at the same
// time gets no more out of one than its quota.
func testWindows(w *World) {
	const quota, senders = 5, 20
	declared := []channel.Window{{On: channel.TriggerMessage, Quota: quota, For: time.Hour}, {On: "关注", For: time.Minute}}
	c := w.Receive(w.Inbox, "ext", "", "question")
	if got := w.Get(c.ID).Windows; got != nil {
		w.Fatalf("before any was opened: %+v", got)
	}
	at := w.Tick()
	w.Change(c.ID, func(c *conversation.Conversation) error {
		c.AddNote(w.Turn(w.Owner), conversation.Words("", "a note"))
		c.OpenWindows(declared, "", at)
		return nil
	})
	want := []conversation.Window{{On: channel.TriggerMessage, OpenedAt: at, ExpiresAt: at.Add(time.Hour), Quota: quota}}
	Same(w, w.Get(c.ID).Windows, want)

	var left, refused atomic.Int64
	var all sync.WaitGroup
	turn := w.Turn(w.Owner)
	for range senders {
		all.Go(func() {
			err := w.TryChange(w.WS, c.ID, func(c *conversation.Conversation) error {
				ch, err := c.Send(turn, conversation.Words("", "answer"))
				if err != nil {
					return err
				}
				return c.Spend(declared, turn.At, ch.Seq)
			})
			switch {
			case err == nil:
				left.Add(1)
			case errs.Is(err, errs.Conflict) && errs.As(err).Code == "message.window_quota":
				refused.Add(1)
			default:
				w.Error(err)
			}
		})
	}
	all.Wait()
	if left.Load() != quota || refused.Load() != senders-quota {
		w.Fatalf("%d left and %d were refused, of %d with a quota of %d", left.Load(), refused.Load(), senders, quota)
	}
	want[0].Used = quota
	Same(w, w.Get(c.ID).Windows, want)
	w.CheckSequences(c.ID)

	w.Change(c.ID, func(c *conversation.Conversation) error {
		c.AddNote(w.Turn(w.Owner), conversation.Words("", "another"))
		c.OpenWindows(declared, "关注", turn.At)
		return nil
	})
	want = append(want, conversation.Window{On: "关注", OpenedAt: turn.At, ExpiresAt: turn.At.Add(time.Minute)})
	Same(w, w.Get(c.ID).Windows, want)
}
