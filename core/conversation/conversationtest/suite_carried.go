package conversationtest

import (
	"context"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/quote"
)

// everything is what a channel can tell of a message, all at once.
func everything() conversation.Carried {
	return conversation.Carried{
		External: "<a@b>", Cut: true, Quoted: "> 之前\n-- \nsignature",
		Envelope: &channel.Envelope{
			Subject: "Re: 订单 \"5\"", From: channel.Party{Address: "a@example.com", Name: "王 <a>"}, ReplyTo: channel.Party{Address: "r@example.com"},
			To: []channel.Party{{Address: "us@example.com"}, {Address: "two@example.com", Name: "Two"}}, CC: []channel.Party{{Address: "c@example.com"}},
			BCC: []channel.Party{{Address: "b@example.com"}},
		},
		Location:    &channel.Location{Latitude: 39.9087, Longitude: -116.3975, Name: "天安门", Address: "Beijing"},
		Unsupported: &channel.Unsupported{Kind: "poll", Summary: "A or B?"},
		Trust:       channel.Trust{Verdict: channel.Unverified, Reason: "no SPF"},
		Template: &conversation.Template{Name: "订单", TemplateUse: channel.TemplateUse{
			ID: "order", Language: "zh_CN", Values: map[string]string{"1": "茶 & \"so\"", "name": "王"},
		}},
		Automatic: true, Elsewhere: true, WrittenAt: time.UnixMilli(1_779_000_000_001).UTC(), EditedAt: time.UnixMilli(1_780_000_000_001).UTC(), RecalledAt: time.UnixMilli(1_780_000_000_002).UTC(),
	}
}

func testCarried(w *World) {
	c := w.Receive(w.Inbox, "ext", "", "first")
	before, timeline := w.Get(c.ID), w.Timeline(c.ID, 0)
	html := "<p>你好 & \"so\"</p>" + strings.Repeat("<b>长</b>", 30_000)
	w.Change(c.ID, func(c *conversation.Conversation) error {
		c.Receive(w.customer(c), conversation.Written{ClientID: "m2", Text: "second", Carried: everything(), HTML: html})
		c.Receive(w.customer(c), conversation.Written{ClientID: "m3", HTML: "<p>alone</p>", Carried: conversation.Carried{Envelope: &channel.Envelope{Subject: "only"}}})
		c.Receive(w.customer(c), conversation.Words("m4", "plain"))
		return nil
	})
	news := w.Timeline(c.ID, before.LastSeq)
	want := everything()
	want.HTML = true
	Same(w, news[0].Message.Carried, want)
	Same(w, news[2].Message.Carried, conversation.Carried{})
	w.CheckLaw(before, timeline)
	for i, want := range []string{html, "<p>alone</p>"} {
		got, err := w.F.Reader.HTML(w.Context(), w.WS, c.ID, news[i].Message.ID)
		w.OK(err)
		Same(w, got, want)
	}
	other, _ := w.Workspace("html@example.com")
	_, err := w.F.Reader.HTML(w.Context(), other, c.ID, news[0].Message.ID)
	w.Fails(err, errs.NotFound)
	_, err = w.F.Reader.HTML(w.Context(), w.WS, c.ID, news[2].Message.ID)
	w.Fails(err, errs.NotFound)
	w.Fails(w.TryChange(w.WS, c.ID, func(c *conversation.Conversation) error {
		c.Receive(w.customer(c), conversation.Written{Text: "x", HTML: "nul \x00"})
		return nil
	}), errs.Invalid)
	one, err := w.F.Reader.Message(w.Context(), w.WS, c.ID, news[0].Message.ID)
	w.OK(err)
	Same(w, one, *news[0].Message)
}

// customer is a change by the customer.
func (w *World) customer(c *conversation.Conversation) conversation.Turn {
	return conversation.Turn{At: w.Tick(), IDs: w.IDs, Actor: identity.Actor{Kind: identity.ActorContact, ID: string(c.Contact), Name: c.ContactName}}
}

func testAcknowledgements(w *World) {
	c, other := w.Receive(w.Inbox, "ext", "", "first"), w.Receive(w.Inbox, "other", "", "first")
	told := func(inbox channel.InboxID, external string, id conversation.ID, since time.Time) (at time.Time, n int) {
		w.Helper()
		w.OK(w.F.Store.Within(w.Context(), w.WS, func(ctx context.Context, tx conversation.Tx) (err error) {
			at, n, err = tx.Acknowledged(ctx, inbox, external, id, since)
			return err
		}))
		return at, n
	}
	if at, n := told(w.Inbox.ID, "ext", c.ID, time.Time{}); !at.IsZero() || n != 0 {
		w.Errorf("before any it says %v, %d", at, n)
	}
	before, timeline := w.Get(c.ID), w.Timeline(c.ID, 0)
	at := w.Tick()
	w.OK(w.F.Store.Within(w.Context(), w.WS, func(ctx context.Context, tx conversation.Tx) error {
		c, err := tx.Conversation(ctx, c.ID)
		w.check(err)
		if ch := c.Acknowledge(conversation.Turn{At: at, IDs: w.IDs}, conversation.Words("k1", "it has arrived")); ch.Message.Delivery != conversation.DeliveryPending {
			w.Errorf("it is %s", ch.Message.Delivery)
		}
		w.check(tx.Acknowledge(ctx, w.Inbox.ID, "ext", at))
		return tx.Save(ctx, c)
	}))
	w.CheckLaw(before, timeline)
	if got := w.Get(c.ID); got.WaitingSince.IsZero() || got.Assignee != "" || got.Last.Text != "it has arrived" {
		w.Errorf("it makes of the conversation %s", Show(got))
	}
	for name, is := range map[string]struct {
		inbox    channel.InboxID
		external string
		id       conversation.ID
		since    time.Time
		at       time.Time
		n        int
	}{
		"both":          {w.Inbox.ID, "ext", c.ID, at, at, 1},
		"before it":     {w.Inbox.ID, "ext", c.ID, at.Add(time.Second), at, 0},
		"another":       {w.Inbox.ID, "other", other.ID, time.Time{}, time.Time{}, 0},
		"other inbox":   {w.Live.ID, "ext", c.ID, time.Time{}, time.Time{}, 1},
		"who is absent": {w.Inbox.ID, "nobody", other.ID, time.Time{}, time.Time{}, 0},
	} {
		if last, n := told(is.inbox, is.external, is.id, is.since); !last.Equal(is.at) || n != is.n {
			w.Errorf("%s: %v, %d", name, last, n)
		}
	}
}

func testAutomatic(w *World) {
	reply := conversation.Written{Text: "I am away", Carried: conversation.Carried{Automatic: true}}
	c := w.Receive(w.Inbox, "ext", "", "first")
	step := func(fn func(c *conversation.Conversation)) conversation.Conversation {
		w.Helper()
		before, timeline := w.Get(c.ID), w.Timeline(c.ID, 0)
		w.Change(c.ID, func(c *conversation.Conversation) error { fn(c); return nil })
		w.CheckLaw(before, timeline)
		return w.Get(c.ID)
	}
	receive := func(c *conversation.Conversation) { c.Receive(w.customer(c), reply) }
	step(func(c *conversation.Conversation) { c.Resolve(w.Turn(w.Owner)) })
	if got := step(receive); got.State != conversation.Resolved || !got.WaitingSince.IsZero() || got.Last.Text != "I am away" {
		w.Errorf("a machine's answer makes of what is resolved %s", Show(got))
	}
	step(func(c *conversation.Conversation) { c.Reopen(w.Turn(w.Owner)) })
	step(func(c *conversation.Conversation) { w.check(c.Snooze(w.Turn(w.Owner), w.Tick().Add(time.Hour))) })
	if got := step(receive); got.State != conversation.Snoozed {
		w.Errorf("a machine wakes %s", Show(got))
	}
	// One that a machine begins waits for people, not for a bot.
	w.OK(w.F.Store.Within(w.Context(), w.WS, func(ctx context.Context, tx conversation.Tx) error {
		who := contact.Contact{Workspace: w.WS, ID: contact.ID(w.IDs.New("con")), Name: "robot", CreatedAt: w.Tick()}
		w.check(tx.Contacts().Create(ctx, who, contact.Identity{Workspace: w.WS, Inbox: string(w.Inbox.ID), External: "robot", Contact: who.ID}))
		begun := conversation.Start(w.System(), w.Inbox, who, "robot")
		begun.ReceiveFor(w.customer(begun), reply, &conversation.Bot{ID: "pin_1", Name: "Bot"})
		if begun.Responder != conversation.ResponderQueue || !begun.WaitingSince.IsZero() {
			w.Errorf("a machine begins %s", Show(*begun))
		}
		return tx.Save(ctx, begun)
	}))
}

func testSaid(w *World) {
	c := w.Receive(w.Inbox, "ext", "m1", "first")
	other := w.Receive(w.Inbox, "other", "m1", "elsewhere")
	w.Change(c.ID, func(c *conversation.Conversation) error {
		c.Receive(w.customer(c), conversation.Written{ClientID: "m2", Text: "second", Carried: conversation.Carried{Quoted: "> 之前"}})
		c.AddNote(w.Turn(w.Owner), conversation.Words("n1", "a note"))
		c.Receive(w.customer(c), conversation.Written{ClientID: "m3", Text: "taken back"})
		return nil
	})
	w.Change(c.ID, func(c *conversation.Conversation) error {
		last := w.Timeline(c.ID, 0)
		c.Recall(w.customer(c), *last[len(last)-1].Message)
		return nil
	})
	said := func(id conversation.ID, limit int) (out []quote.Folded) {
		w.Helper()
		w.OK(w.within(func(ctx context.Context, tx conversation.Tx) (err error) {
			out, err = tx.Said(ctx, id, limit)
			return err
		}))
		return out
	}
	Same(w, said(c.ID, 9), []quote.Folded{{New: "second", Rest: "> 之前"}, {New: "first"}})
	Same(w, said(other.ID, 9), []quote.Folded{{New: "elsewhere"}})
	if n := len(said(c.ID, 2)); n != 1 {
		w.Errorf("of two messages, one of them taken back, %d say something", n)
	}
}
