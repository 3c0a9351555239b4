package conversationtest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
)

// crowd is how many try the same thing at once.
const crowd = 32

// atOnce runs fn crowd times concurrently and fails the case on an error.
func (w *World) atOnce(fn func(n int) error) {
	w.Helper()
	start := make(chan struct{})
	var wg sync.WaitGroup
	for n := range crowd {
		wg.Go(func() {
			<-start
			if err := fn(n); err != nil {
				w.Errorf("number %d: %v", n, err)
			}
		})
	}
	close(start)
	wg.Wait()
	if w.Failed() {
		w.FailNow()
	}
}

func testSent(w *World) {
	c, other := w.Receive(w.Inbox, "ext", "x", "first"), w.Receive(w.Inbox, "other", "x", "first")
	w.Change(c.ID, func(c *conversation.Conversation) error {
		_, err := c.Send(w.Turn(w.Owner), conversation.Words("one", "answer"))
		return err
	})
	w.OK(w.F.Store.Within(w.Context(), w.WS, func(ctx context.Context, tx conversation.Tx) error {
		got, err := tx.Sent(ctx, c.ID, string(w.Owner.ID), "one")
		w.check(err)
		changes := w.timelineOf(ctx, c.ID)
		if got == nil || Show(*got) != Show(changes[len(changes)-1]) {
			w.Errorf("got %+v, want the last of %+v", got, changes)
		}
		for _, miss := range [][3]string{
			{string(c.ID), string(w.Owner.ID), "two"},
			{string(c.ID), "mem_other", "one"},
			{string(other.ID), string(w.Owner.ID), "one"},
			{string(c.ID), string(w.Owner.ID), ""},
			{string(c.ID), string(w.Owner.ID), "ONE"},
		} {
			if got, err := tx.Sent(ctx, conversation.ID(miss[0]), miss[1], miss[2]); err != nil || got != nil {
				w.Errorf("%v finds %+v, %v", miss, got, err)
			}
		}
		return nil
	}))
	// A store refuses a second message under one client id, even unasked.
	err := w.TryChange(w.WS, c.ID, func(c *conversation.Conversation) error {
		_, err := c.Send(w.Turn(w.Owner), conversation.Words("one", "another"))
		return err
	})
	w.Fails(err, errs.Conflict)
	// The other sender's ids are a space of their own.
	w.Receive(w.Inbox, "ext", "one", "from the customer")
	w.CheckSequences(c.ID)
}

// timelineOf reads from inside a transaction, which a reader never waits for.
func (w *World) timelineOf(ctx context.Context, id conversation.ID) []conversation.Change {
	w.Helper()
	after := uint64(0)
	changes, err := w.F.Reader.Timeline(ctx, w.WS, id, conversation.Range{After: &after, Limit: 1000})
	w.check(err)
	return changes
}

func testSentOnce(w *World) {
	c := w.Receive(w.Inbox, "ext", "", "first")
	turn := w.Turn(w.Owner)
	seqs := make([]uint64, crowd)
	w.atOnce(func(n int) error {
		return w.F.Store.Within(w.Context(), w.WS, func(ctx context.Context, tx conversation.Tx) error {
			got, err := tx.Conversation(ctx, c.ID)
			if err != nil {
				return err
			}
			before, err := tx.Sent(ctx, c.ID, turn.Actor.ID, "the one")
			if err != nil {
				return err
			}
			if before != nil {
				seqs[n] = before.Seq
				return nil
			}
			ch, err := got.Send(turn, conversation.Words("the one", "answer"))
			if err != nil {
				return err
			}
			seqs[n] = ch.Seq
			return tx.Save(ctx, got)
		})
	})
	messages := 0
	for _, ch := range w.Timeline(c.ID, 0) {
		if ch.Message != nil && ch.Message.ClientID == "the one" {
			messages++
			for _, seq := range seqs {
				Same(w, seq, ch.Seq)
			}
		}
	}
	Same(w, messages, 1)
	w.CheckSequences(c.ID)
}

func testInbound(w *World) {
	c := w.Receive(w.Inbox, "ext", "", "first")
	d := conversation.Dedup{Kind: conversation.InboundMessage, External: "消息/1", Hash: "h", Conversation: c.ID, Seq: 2}
	remember := func() error {
		return w.F.Store.Within(w.Context(), w.WS, func(ctx context.Context, tx conversation.Tx) error {
			return tx.Remember(ctx, w.Inbox.ID, d)
		})
	}
	w.OK(remember())
	w.Fails(remember(), errs.Conflict)
	w.OK(w.F.Store.Within(w.Context(), w.WS, func(ctx context.Context, tx conversation.Tx) error {
		got, err := tx.Inbound(ctx, w.Inbox.ID, conversation.InboundMessage, "消息/1")
		w.check(err)
		if got == nil || *got != d {
			w.Errorf("got %+v, want %+v", got, d)
		}
		for _, miss := range []func() (*conversation.Dedup, error){
			func() (*conversation.Dedup, error) {
				return tx.Inbound(ctx, w.Inbox.ID, conversation.InboundVisitor, "消息/1")
			},
			func() (*conversation.Dedup, error) {
				return tx.Inbound(ctx, w.Live.ID, conversation.InboundMessage, "消息/1")
			},
			func() (*conversation.Dedup, error) {
				return tx.Inbound(ctx, w.Inbox.ID, conversation.InboundMessage, "消息/2")
			},
		} {
			if got, err := miss(); err != nil || got != nil {
				w.Errorf("found %+v, %v", got, err)
			}
		}
		return nil
	}))
}

// testInboundOnce brings each of several items by several at once, as a far
// side does that has had no answer in time.
func testInboundOnce(w *World) {
	at := w.Tick()
	w.atOnce(func(n int) error {
		external := fmt.Sprint("item", n%4)
		return w.F.Store.Within(w.Context(), w.WS, func(ctx context.Context, tx conversation.Tx) error {
			known, err := tx.Inbound(ctx, w.Inbox.ID, conversation.InboundMessage, external)
			if err != nil || known != nil {
				return err
			}
			c, err := w.receiveIn(ctx, tx, "the customer", external, at)
			if err != nil {
				return err
			}
			return tx.Remember(ctx, w.Inbox.ID, conversation.Dedup{
				Kind: conversation.InboundMessage, External: external, Conversation: c.ID, Seq: c.LastInboundSeq,
			})
		})
	})
	c, err := w.F.Reader.OfContact(w.Context(), w.WS, w.Inbox.ID, "the customer")
	w.OK(err)
	found := make(map[string]int)
	for _, ch := range w.Timeline(c.ID, 0) {
		if ch.Message != nil {
			found[ch.Message.ClientID]++
		}
	}
	Same(w, found, map[string]int{"item0": 1, "item1": 1, "item2": 1, "item3": 1})
	w.CheckSequences(c.ID)
}

// testGapless writes to few conversations by many, while others fail.
func testGapless(w *World) {
	const each, customers = 12, 5
	base := w.Tick()
	w.atOnce(func(n int) error {
		for i := range each {
			at := base.Add(time.Duration(n*each+i) * time.Millisecond)
			external := fmt.Sprint("customer", (n+i)%customers)
			if _, err := w.TryReceive(w.Inbox, external, fmt.Sprintf("%d-%d", n, i), "text", at); err != nil {
				return err
			}
			_ = w.F.Store.Within(w.Context(), w.WS, func(ctx context.Context, tx conversation.Tx) error {
				if _, err := w.receiveIn(ctx, tx, external, "failing", at); err != nil {
					return err
				}
				return errs.New(errs.Conflict, "test", "no")
			})
		}
		return nil
	})
	messages := 0
	for n := range customers {
		c, err := w.F.Reader.OfContact(w.Context(), w.WS, w.Inbox.ID, fmt.Sprint("customer", n))
		w.OK(err)
		w.CheckSequences(c.ID)
		for _, ch := range w.Timeline(c.ID, 0) {
			if ch.Message != nil {
				messages++
			}
		}
	}
	Same(w, messages, crowd*each)
	w.checkFeed(messages + 2*customers)
}

// checkFeed checks that the feed is 1..n, holds each change once, and keeps
// the order of each conversation.
func (w *World) checkFeed(want int) {
	w.Helper()
	events, err := w.F.Log.Since(w.Context(), string(w.WS), 0, 100_000)
	w.OK(err)
	Same(w, len(events), want)
	Same(w, w.head(), uint64(len(events)))
	last := make(map[string]uint64)
	for i, e := range events {
		if e.Feed != uint64(i+1) || e.Seq != last[e.Subject]+1 {
			w.Fatalf("event %d is %+v, after seq %d of its conversation", i+1, e, last[e.Subject])
		}
		last[e.Subject] = e.Seq
	}
}

func testText(w *World) {
	c := w.Receive(w.Inbox, "ext", "", "first")
	head := w.head()
	for _, bad := range []string{"nul \x00", "\x00", "broken \xff", "half \xe4\xbd", "surrogate \xed\xa0\x80"} {
		w.Fails(w.TryChange(w.WS, c.ID, func(c *conversation.Conversation) error {
			c.AddNote(w.Turn(w.Owner), conversation.Words("", bad))
			return nil
		}), errs.Invalid)
		w.Fails(w.TryChange(w.WS, c.ID, func(c *conversation.Conversation) error {
			c.AddNote(w.Turn(w.Owner), conversation.Words(bad, "text"))
			return nil
		}), errs.Invalid)
	}
	Same(w, w.Get(c.ID), c)
	Same(w, w.head(), head)
}

func testLong(w *World) {
	c := w.Receive(w.Live, "访客", "", "first")
	texts := []string{
		strings.Repeat("长", conversation.MaxText), strings.Repeat("👩‍👩‍👧‍👦", 900), "a\r\n\tb", "العربية עברית", "'; DROP TABLE message; --", "\u2028\ufeff\u202e",
		"e\u0301 ≠ é", " leading and trailing ", "{\"json\":\"\\u0000\"}", "100% ? $1 :name",
	}
	for _, text := range texts {
		w.Change(c.ID, func(c *conversation.Conversation) error {
			c.AddNote(w.Turn(w.Owner), conversation.Words("", text))
			return nil
		})
	}
	changes := w.Timeline(c.ID, c.LastSeq)
	for i, text := range texts {
		if got := changes[i].Message.Text; got != text {
			w.Fatalf("%.40q came back as %.40q", text, got)
		}
	}
	before := w.Get(c.ID)
	Same(w, before.Recipient, "访客")
	w.CheckLaw(c, w.Timeline(c.ID, 0)[:c.LastSeq])
}
