package conversationtest

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
)

// testEvent: what a customer does beside writing is kept, opens a window, and
// nobody waits for an answer to it.
func testEvent(w *World) {
	c := w.Receive(w.Inbox, "ext", "m1", "hello")
	w.Change(c.ID, func(c *conversation.Conversation) error { c.Resolve(w.Turn(w.Owner)); return nil })
	before, timeline := w.Get(c.ID), w.Timeline(c.ID, 0)
	at := w.Tick()
	var seq uint64
	w.OK(w.F.Store.Within(w.Context(), w.WS, func(ctx context.Context, tx conversation.Tx) error {
		c, err := tx.Conversation(ctx, c.ID)
		if err != nil {
			return err
		}
		seq = c.Happen(w.customer(c), conversation.Happened{Text: "扫描了二维码 🎫 <b>", Trigger: "scanned"}).Seq
		if err := tx.Save(ctx, c); err != nil {
			return err
		}
		return tx.Remember(ctx, w.Inbox.ID, conversation.Dedup{Kind: conversation.InboundEvent, External: "m1", Conversation: c.ID, Seq: seq})
	}))
	w.CheckLaw(before, timeline)
	w.CheckSequences(c.ID)
	after := w.Get(c.ID)
	if after.State != conversation.Resolved || !after.WaitingSince.IsZero() || after.LastInboundSeq != before.LastInboundSeq || after.Last != before.Last || after.LastPublicSeq != before.LastPublicSeq {
		w.Errorf("it became %s", Show(after))
	}
	got := w.Timeline(c.ID, before.LastSeq)
	if len(got) != 1 || got[0].Type != conversation.CustomerEvent || got[0].Message != nil || conversation.HappenedIn(got[0]) != (conversation.Happened{Text: "扫描了二维码 🎫 <b>", Trigger: "scanned"}) {
		w.Fatalf("kept is %s", Show(got))
	}
	w.OK(w.F.Store.Within(w.Context(), w.WS, func(ctx context.Context, tx conversation.Tx) error {
		d, err := tx.Inbound(ctx, w.Inbox.ID, conversation.InboundEvent, "m1")
		if err == nil && (d == nil || d.Seq != seq) {
			w.Errorf("it is remembered as %+v", d)
		}
		return err
	}))
	w.Change(c.ID, func(c *conversation.Conversation) error {
		c.OpenWindows([]channel.Window{{On: "scanned", Quota: 3, For: time.Minute}}, "scanned", at)
		c.Happen(w.customer(c), conversation.Happened{Text: "again"})
		return nil
	})
	if got := w.Get(c.ID).Windows; len(got) != 1 || got[0].On != "scanned" || got[0].Quota != 3 {
		w.Errorf("open are %+v", got)
	}
}
