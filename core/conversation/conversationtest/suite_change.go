package conversationtest

import (
	"context"
	"errors"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

func testNew(w *World) {
	c := w.Receive(w.Inbox, "ext", "client-1", "hello 你好 🙂")
	got := w.Get(c.ID)
	Same(w, got, c)
	if got.LastSeq != 3 || got.LastPublicSeq != 1 || !got.InQueue() || got.ContactName != "Customer ext" {
		w.Fatalf("got %+v", got)
	}
	changes := w.Timeline(c.ID, 0)
	var types []conversation.ChangeType
	for _, ch := range changes {
		types = append(types, ch.Type)
	}
	Same(w, types, []conversation.ChangeType{conversation.Created, conversation.MessageCreated, conversation.Queued})
	if m := changes[1].Message; m.Text != "hello 你好 🙂" || m.ClientID != "client-1" || m.Seq != 2 || m.Sender.ID != string(c.Contact) {
		w.Fatalf("the message is %+v", m)
	}
	w.CheckSequences(c.ID)
	_, err := w.F.Reader.Get(w.Context(), w.WS, "cnv_none")
	w.Fails(err, errs.NotFound)
}

// testLaw goes through every type of change.
func testLaw(w *World) {
	a, b := w.Owner, w.Member(w.WS, "b@example.com", "小李", 5)
	id := w.Receive(w.Inbox, "ext", "", "first").ID
	steps := []func(c *conversation.Conversation) error{
		func(c *conversation.Conversation) error {
			c.AddNote(w.Turn(a), conversation.Words("n1", "a note"))
			return nil
		},
		func(c *conversation.Conversation) error {
			_, err := c.Send(w.Turn(a), conversation.Words("s1", "an answer"))
			return err
		},
		func(c *conversation.Conversation) error { return c.Assign(w.Turn(a), b.ID, b.Name, "member") },
		func(c *conversation.Conversation) error { return c.Snooze(w.Turn(b), w.now.Add(time.Hour)) },
		func(c *conversation.Conversation) error { c.Reopen(w.System()); return nil },
		func(c *conversation.Conversation) error { return c.Release(w.Turn(b), conversation.QueuedReleased) },
		func(c *conversation.Conversation) error { return c.Snooze(w.Turn(b), w.now.Add(time.Hour)) },
		nil, // the customer writes: wakes it
		func(c *conversation.Conversation) error { c.Resolve(w.Turn(b)); return nil },
		nil, // and again: reopens it
		func(c *conversation.Conversation) error { c.Resolve(w.Turn(a)); return nil },
		func(c *conversation.Conversation) error { c.Reopen(w.Turn(a)); return nil },
		func(c *conversation.Conversation) error {
			ch, err := c.Send(w.Turn(a), conversation.Words("s2", "one more"))
			if err == nil {
				c.SetDelivery(w.System(), *ch.Message, conversation.DeliveryFailed, "no such number")
			}
			return err
		},
	}
	seen := make(map[conversation.ChangeType]bool)
	for _, step := range steps {
		before, timeline := w.Get(id), w.Timeline(id, 0)
		if step == nil {
			w.Receive(w.Inbox, "ext", "", "and again")
		} else {
			w.Change(id, step)
		}
		if w.Get(id).LastSeq == before.LastSeq {
			w.Fatal("a step changed nothing")
		}
		w.CheckLaw(before, timeline)
		w.CheckSequences(id)
		for _, ch := range w.Timeline(id, 0) {
			seen[ch.Type] = true
		}
	}
	if len(seen) != 10 {
		w.Fatalf("only %v were seen", seen)
	}
}

func testEvents(w *World) {
	one := w.Receive(w.Inbox, "one", "", "a")
	two := w.Receive(w.Live, "two", "", "b")
	w.Change(one.ID, func(c *conversation.Conversation) error {
		c.AddNote(w.Turn(w.Owner), conversation.Words("n", "note"))
		return nil
	})
	events, err := w.F.Log.Since(w.Context(), string(w.WS), 0, 100)
	w.OK(err)
	head, err := w.F.Log.Head(w.Context(), string(w.WS))
	w.OK(err)
	if len(events) != 7 || head != 7 {
		w.Fatalf("%d events, head %d, want 7", len(events), head)
	}
	all := map[conversation.ID][]conversation.Change{one.ID: w.Timeline(one.ID, 0), two.ID: w.Timeline(two.ID, 0)}
	for i, e := range events {
		ch := all[conversation.ID(e.Subject)][e.Seq-1]
		if e.Feed != uint64(i+1) || e.ID != string(ch.ID) || e.Type != string(ch.Type) || e.PublicSeq != ch.PublicSeq ||
			!e.At.Equal(ch.At) || e.Workspace != string(w.WS) {
			w.Fatalf("event %+v tells of %+v", e, ch)
		}
	}
	some, err := w.F.Log.Since(w.Context(), string(w.WS), 2, 3)
	w.OK(err)
	if len(some) != 3 || some[0].Feed != 3 {
		w.Fatalf("3 events after 2 are %+v", some)
	}
	none, err := w.F.Log.Since(w.Context(), "wsp_none", 0, 10)
	w.OK(err)
	Same(w, len(none), 0)
}

func testRollback(w *World) {
	c := w.Receive(w.Inbox, "ext", "", "first")
	boom := errors.New("boom")
	before, head := w.Timeline(c.ID, 0), w.head()
	err := w.F.Store.Within(w.Context(), w.WS, func(ctx context.Context, tx conversation.Tx) error {
		got, err := tx.Conversation(ctx, c.ID)
		w.check(err)
		got.AddNote(w.Turn(w.Owner), conversation.Words("n", "never"))
		w.check(tx.Save(ctx, got))
		w.check(tx.Remember(ctx, w.Inbox.ID, conversation.Dedup{Kind: conversation.InboundMessage, External: "x", Conversation: c.ID, Seq: 2}))
		seen, err := tx.Sent(ctx, c.ID, string(w.Owner.ID), "n")
		w.check(err)
		if seen == nil {
			w.Error("a transaction does not see what it wrote")
		}
		return boom
	})
	if !errors.Is(err, boom) {
		w.Fatalf("got %v, want the error of the function", err)
	}
	Same(w, w.Get(c.ID), c)
	Same(w, w.Timeline(c.ID, 0), before)
	Same(w, w.head(), head)
	w.Change(c.ID, func(c *conversation.Conversation) error {
		c.AddNote(w.Turn(w.Owner), conversation.Words("n", "now"))
		return nil
	})
	w.CheckSequences(c.ID)
	Same(w, w.head(), head+1)
}

// check fails the case from inside a transaction, which must end normally.
func (w *World) check(err error) {
	w.Helper()
	if err != nil {
		w.Error(err)
	}
}

func (w *World) head() uint64 {
	w.Helper()
	head, err := w.F.Log.Head(w.Context(), string(w.WS))
	w.OK(err)
	return head
}

func testCancelled(w *World) {
	c := w.Receive(w.Inbox, "ext", "", "first")
	ctx, cancel := context.WithCancel(w.Context())
	cancel()
	err := w.F.Store.Within(ctx, w.WS, func(ctx context.Context, tx conversation.Tx) error {
		got, err := tx.Conversation(ctx, c.ID)
		if err != nil {
			return err
		}
		got.AddNote(w.System(), conversation.Words("", "never"))
		return tx.Save(ctx, got)
	})
	if err == nil || !errors.Is(err, context.Canceled) {
		w.Fatalf("got %v, want that it was cancelled", err)
	}
	Same(w, w.Get(c.ID), c)
}

func testNothing(w *World) {
	c := w.Receive(w.Inbox, "ext", "", "first")
	head := w.head()
	w.Change(c.ID, func(*conversation.Conversation) error { return nil })
	Same(w, w.Get(c.ID), c)
	Same(w, w.head(), head)
	w.OK(w.F.Store.Within(w.Context(), w.WS, func(context.Context, conversation.Tx) error { return nil }))
	Same(w, w.head(), head)
}

func testDelivery(w *World) {
	id := w.Receive(w.Inbox, "ext", "", "first").ID
	live := w.Receive(w.Live, "ext", "", "first").ID
	var sent, direct conversation.Message
	w.Change(id, func(c *conversation.Conversation) error {
		ch, err := c.Send(w.Turn(w.Owner), conversation.Words("s", "answer"))
		sent = *ch.Message
		return err
	})
	w.Change(live, func(c *conversation.Conversation) error {
		ch, err := c.Send(w.Turn(w.Owner), conversation.Words("s", "answer"))
		direct = *ch.Message
		return err
	})
	Same(w, w.Timeline(id, sent.Seq-1)[0].Message.Delivery, conversation.DeliveryPending)
	Same(w, w.Timeline(live, direct.Seq-1)[0].Message.Delivery, "")
	w.Change(id, func(c *conversation.Conversation) error {
		c.SetDelivery(w.System(), sent, conversation.DeliveryFailed, "unknown number")
		return nil
	})
	changes := w.Timeline(id, sent.Seq-1)
	last := changes[len(changes)-1]
	if last.Type != conversation.MessageDelivery || last.PublicSeq != 0 {
		w.Fatalf("the change is %+v", last)
	}
	for _, ch := range []conversation.Change{changes[0], last} {
		m := ch.Message
		if m.ID != sent.ID || m.Delivery != conversation.DeliveryFailed || m.DeliveryError != "unknown number" || m.Text != "answer" {
			w.Fatalf("the message in %s is %+v", ch.Type, m)
		}
	}
}

func testNames(w *World) {
	b := w.Member(w.WS, "b@example.com", "小李", 5)
	c := w.Receive(w.Inbox, "ext", "", "first")
	w.Change(c.ID, func(c *conversation.Conversation) error { return c.Assign(w.Turn(b), b.ID, b.Name, "member") })
	_, err := w.F.Identities.Members.ChangeMember(w.Context(), w.WS, b.ID, func(m *identity.Member) error { m.Name = "李雷"; return nil })
	w.OK(err)
	if got := w.Get(c.ID); got.AssigneeName != "李雷" || got.Plugin != w.Inbox.Plugin || got.Live {
		w.Fatalf("got %+v", got)
	}
	w.OK(w.F.Store.Within(w.Context(), w.WS, func(ctx context.Context, tx conversation.Tx) error {
		got, err := tx.Conversation(ctx, c.ID)
		if err == nil && got.AssigneeName != "李雷" {
			w.Errorf("a transaction sees %q", got.AssigneeName)
		}
		return err
	}))
}
