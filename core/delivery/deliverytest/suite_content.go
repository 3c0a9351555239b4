package deliverytest

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/delivery"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
)

// say makes somebody write to the customer, with files of theirs.
func (w *world) say(id conversation.ID, by identity.Actor, said conversation.Written, files ...media.ID) {
	w.Helper()
	w.OK(w.F.Store.Within(w.Context(), w.WS, func(ctx context.Context, tx conversation.Tx) error {
		c, err := tx.Conversation(ctx, id)
		if err != nil {
			return err
		}
		turn := w.System()
		turn.Actor = by
		ch, err := c.Send(turn, said)
		if err != nil {
			return err
		}
		if len(files) > 0 {
			taken, err := tx.Media().Take(ctx, media.Uploader{Kind: media.ByMember, ID: by.ID}, files, media.Place{Conversation: string(id), Seq: ch.Seq})
			if err != nil {
				return err
			}
			c.Attach(ch, taken)
		}
		return tx.Save(ctx, c)
	}))
}

func (w *world) owner() identity.Actor {
	return identity.Actor{Kind: identity.ActorMember, ID: string(w.Owner.ID), Name: w.Owner.Name}
}

// upload brings a file of the owner's.
func (w *world) upload(name string) media.ID {
	w.Helper()
	a := media.Attachment{Workspace: w.WS, ID: media.ID(w.IDs.New("att")), Name: name, Size: 4, CreatedAt: w.Tick()}
	by := media.Uploader{Kind: media.ByMember, ID: string(w.Owner.ID)}
	w.OK(w.media.Begin(w.Context(), media.Upload{Attachment: a, By: by, State: media.Uploading, ExpiresAt: a.CreatedAt.Add(time.Hour)}))
	w.OK(w.media.Advance(w.Context(), w.WS, a.ID, 0, 4))
	a.Type, a.Kind, a.SHA256 = "image/png", media.Image, "00"
	w.OK(w.media.Finish(w.Context(), a, media.Due{}))
	return a.ID
}

func testGroupMentions(w *world) {
	c := w.Receive(w.Inbox, "ext", "", "question")
	members := []channel.Member{{External: "1", Name: "Alice"}, {External: "2", Name: "王芳"}}
	w.say(c.ID, w.owner(), conversation.Written{Text: "@Alice @王芳 hello", GroupMentions: members})
	d := w.texts(w.Tick(), "@Alice @王芳 hello")[0]
	conversationtest.Same(w.World, d.Content.Mentions, members)
	w.settle(d, delivery.Sent, channel.Result{Outcome: channel.OutcomeAccepted}, time.Time{})
}

func testContent(w *world) {
	c := w.Receive(w.Inbox, "ext", "", "question")
	asked := w.Timeline(c.ID, 1)[0].Message
	envelope := &channel.Envelope{Subject: "答复 re: \"x\"", To: []channel.Party{{Address: "a@example.com", Name: "王芳"}}, BCC: []channel.Party{{Address: "b@example.com"}}}
	one, two := w.upload("收据.png"), w.upload("b.png")
	w.say(c.ID, w.owner(), conversation.Written{
		Text: "see", ReplyTo: &conversation.Quote{ID: asked.ID, Seq: asked.Seq, Kind: asked.Kind, Sender: asked.Sender, Text: asked.Text},
		Carried: conversation.Carried{Envelope: envelope},
	}, one, two)
	d := w.texts(w.Tick(), "see")[0]
	conversationtest.Same(w.World, d.Content.Files, []channel.File{{ID: one, Name: "收据.png", Type: "image/png", Size: 4}, {ID: two, Name: "b.png", Type: "image/png", Size: 4}})
	conversationtest.Same(w.World, d.Content.Envelope, envelope)
	if d.Quoted != asked.Seq || d.Automatic || d.Author != w.owner() {
		w.Fatalf("due: %+v", d)
	}
	w.settle(d, delivery.Sent, channel.Result{Outcome: channel.OutcomeAccepted}, time.Time{})
	w.say(c.ID, identity.Actor{Kind: identity.ActorBot, ID: "cnn_1", Name: "Ada"}, conversation.Words("", "beep"))
	if d := w.texts(w.Tick(), "beep")[0]; !d.Automatic || d.Author != (identity.Actor{Kind: identity.ActorBot, ID: "cnn_1", Name: "Ada"}) || d.Content.Files != nil || d.Quoted != 0 {
		w.Fatalf("due: %+v", d)
	}
}

// What is of a template says so on every attempt, leaves with nothing else, and
// no later than anything does.
func testTemplate(w *world) {
	id := w.waits(w.owner(), "one", "two")
	of := channel.TemplateUse{ID: "tea", Language: "en", Values: map[string]string{"1": "乌龙"}}
	w.say(id, w.owner(), conversation.Written{Text: "Your 乌龙 is ready", Carried: conversation.Carried{Template: &conversation.Template{TemplateUse: of, Name: "Tea"}}})
	w.writes(id, w.owner(), "three")
	d := w.merged(100)
	if d.Content.Text != "one\ntwo" || d.Template != nil {
		w.Fatalf("before it leaves %q, of %+v", d.Content.Text, d.Template)
	}
	w.settle(d, delivery.Sent, channel.Result{Outcome: channel.OutcomeAccepted}, time.Time{})
	for range 2 {
		d = w.merged(100)
		conversationtest.Same(w.World, d.Template, &of)
		if d.Content.Text != "Your 乌龙 is ready" || d.MergedTo != 0 || !d.ExpiresAt.IsZero() {
			w.Fatalf("it leaves as %+v", d)
		}
		w.settle(d, delivery.Pending, channel.Result{Outcome: channel.OutcomeRetry, Code: "busy"}, w.Tick())
	}
	w.settle(d, delivery.Sent, channel.Result{Outcome: channel.OutcomeAccepted}, time.Time{})
	w.texts(w.Tick(), "three")
}

// What is taken from a window must leave before that closes, sent again, too.
func testDeadline(w *world) {
	declared := []channel.Window{{On: channel.TriggerMessage, Quota: 2, For: time.Hour}}
	c := w.Receive(w.Inbox, "ext", "", "question")
	var m conversation.Message
	opened := w.Tick()
	w.Change(c.ID, func(c *conversation.Conversation) error {
		c.OpenWindows(declared, "", opened)
		ch, err := c.Send(w.Turn(w.Owner), conversation.Words("", "answer"))
		if err != nil {
			return err
		}
		m = *ch.Message
		return c.Spend(declared, ch.At, ch.Seq)
	})
	d := w.texts(w.Tick(), "answer")[0]
	if !d.ExpiresAt.Equal(opened.Add(time.Hour)) {
		w.Fatalf("it expires at %v", d.ExpiresAt)
	}
	w.settle(d, delivery.Unknown, channel.Result{Outcome: channel.OutcomeUnknown, Code: "timeout"}, time.Time{})
	later := opened.Add(30 * time.Minute)
	w.OK(w.tell(m, func(c *conversation.Conversation, m conversation.Message) error {
		turn := w.Turn(w.Owner)
		c.OpenWindows(declared, "", later)
		if _, err := c.ResolveDelivery(turn, m, conversation.SendAgain); err != nil {
			return err
		}
		return c.Spend(declared, later, m.Seq)
	}))
	if d := w.texts(time.Now(), "answer")[0]; !d.ExpiresAt.Equal(later.Add(time.Hour)) {
		w.Fatalf("sent again it expires at %v", d.ExpiresAt)
	}
}

// asks is a message of the customer that the far side knows by an id.
func (w *world) asks(external string) conversation.Message {
	w.Helper()
	c := w.Receive(w.Inbox, "ext", "", external)
	w.OK(w.F.Store.Within(w.Context(), w.WS, func(ctx context.Context, tx conversation.Tx) error {
		return tx.Remember(ctx, w.Inbox.ID, conversation.Dedup{Kind: conversation.InboundMessage, External: external, Conversation: c.ID, Seq: c.LastInboundSeq})
	}))
	return *w.Timeline(c.ID, c.LastInboundSeq-1)[0].Message
}

// follows checks what the delivery that is due now answers and follows.
func (w *world) follows(replyTo string, references ...string) delivery.Delivery {
	w.Helper()
	due := w.due(time.Now(), 1)
	w.OK(w.store.(delivery.Completer).Complete(w.Context(), due, true))
	if d := due[0]; d.ReplyTo != replyTo || !slices.Equal(d.References, references) {
		w.Fatalf("it answers %q and follows %q, want %q and %q", d.ReplyTo, d.References, replyTo, references)
	}
	return due[0]
}

func (w *world) sent(d delivery.Delivery, ids ...string) {
	w.Helper()
	w.OK(w.store.Settle(w.Context(), []delivery.Settlement{{
		Delivery: d, State: delivery.Sent, Attempts: d.Attempts + 1, Result: channel.Result{Outcome: channel.OutcomeAccepted}, Provider: ids[0], More: ids[1:],
	}}))
}

// inThread checks that a delivery names the far side's thread, and whom it is for.
func (w *world) inThread(thread string) {
	w.Helper()
	c := w.Threaded("unverified:t", thread)
	w.answer(c.ID, "threaded")
	d := w.follows("")
	if d.Thread != thread || d.Recipient != "t" {
		w.Fatalf("it is in %q for %q", d.Thread, d.Recipient)
	}
	w.sent(d, "t1")
}

func testContext(w *world) {
	w.inThread("thr-1")
	before := w.Receive(w.Inbox, "somebody else", "", "hello")
	w.OK(w.F.Store.Within(w.Context(), w.WS, func(ctx context.Context, tx conversation.Tx) error {
		return tx.Remember(ctx, w.Inbox.ID, conversation.Dedup{Kind: conversation.InboundMessage, External: "other", Conversation: before.ID, Seq: before.LastInboundSeq})
	}))
	asked := w.asks("q1")
	w.answer(asked.Conversation, "a1")
	w.sent(w.follows("", "q1"), "s1", "s2")
	w.asks("q2")
	w.answer(asked.Conversation, "a2")
	w.sent(w.follows("", "q1", "s1", "s2", "q2"), "s3")
	w.say(asked.Conversation, w.owner(), conversation.Written{Text: "a3", ReplyTo: &conversation.Quote{ID: asked.ID, Seq: asked.Seq}})
	w.sent(w.follows("q1", "q1", "s1", "s2", "q2", "s3"), "s4")

	want := []string{"q1"}
	for n := range delivery.MaxReferences {
		want = append(want, fmt.Sprintf("later-%02d", n))
		w.asks(want[n+1])
	}
	w.answer(asked.Conversation, "a4")
	w.follows("", want...)
}

// A message that was passed on to somebody else, and what they answered, are in
// no reference of an answer to the customer; in what goes to them they are.
func testContextApart(w *world) {
	parties := func(address string) []channel.Party { return []channel.Party{{Address: address}} }
	asked := w.asks("q1")
	w.say(asked.Conversation, w.owner(), conversation.Written{Text: "do you know?", Carried: conversation.Carried{
		Forwards: &conversation.Forwarded{ID: asked.ID, Seq: asked.Seq}, Envelope: &channel.Envelope{To: parties("supplier@example.com")},
	}})
	w.sent(w.follows("", "q1"), "forward")
	answers := func(external string, to ...channel.Party) conversation.Change {
		var out conversation.Change
		w.OK(w.F.Store.Within(w.Context(), w.WS, func(ctx context.Context, tx conversation.Tx) error {
			c, err := tx.Conversation(ctx, asked.Conversation)
			if err != nil {
				return err
			}
			out = *c.ReceiveFor(w.System(), conversation.Written{Text: external, ClientID: external, Carried: conversation.Carried{
				Participant: true, Envelope: &channel.Envelope{From: channel.Party{Address: "supplier@example.com"}, To: to},
			}}, nil)
			if err := tx.Save(ctx, c); err != nil {
				return err
			}
			return tx.Remember(ctx, w.Inbox.ID, conversation.Dedup{Kind: conversation.InboundMessage, External: external, Conversation: c.ID, Seq: out.Seq})
		}))
		return out
	}
	secret := answers("between-us")
	answers("to-all", channel.Party{Address: "Ext"})
	w.say(asked.Conversation, w.owner(), conversation.Written{Text: "a1", ReplyTo: &conversation.Quote{ID: secret.Message.ID, Seq: secret.Seq}})
	w.sent(w.follows("", "q1", "to-all"), "s1")
	w.say(asked.Conversation, w.owner(), conversation.Written{Text: "thanks", Carried: conversation.Carried{Envelope: &channel.Envelope{To: parties("supplier@example.com")}}})
	w.sent(w.follows("", "q1", "forward", "between-us", "to-all", "s1"), "s2")
	w.say(asked.Conversation, w.owner(), conversation.Written{Text: "to both", Carried: conversation.Carried{
		Envelope: &channel.Envelope{To: parties("ext"), CC: parties("supplier@example.com")},
	}})
	w.follows("", "q1", "to-all", "s1", "s2")
}

func testExternals(w *world) {
	m := w.post(w.Inbox, "ext", "answer")
	if d := w.follows(""); len(d.References) != 0 {
		w.Fatalf("it follows %q", d.References)
	}
	w.sent(w.due(time.Now(), 1)[0], "s1", "s2")
	other := w.post(w.Inbox, "else", "answer")
	w.sent(w.due(time.Now(), 1)[0], "s1", "s3") // an id twice: the first stays
	w.OK(w.F.Store.Within(w.Context(), w.WS, func(ctx context.Context, tx conversation.Tx) error {
		for external, want := range map[string]conversation.Message{"s1": m, "s2": m, "s3": other} {
			got, err := tx.Inbound(ctx, w.Inbox.ID, conversation.InboundSent, external)
			if err != nil || got == nil || got.Conversation != want.Conversation || got.Seq != want.Seq {
				w.Errorf("%s: %+v, %v", external, got, err)
			}
		}
		return nil
	}))
}

// What is passed on takes the files of the message along, goes to whom its
// author named alone, and is no answer: who was answered before still is.
func testForward(w *world) {
	c := w.Receive(w.Inbox, "ext", "", "question")
	picture, scan := w.upload("a.png"), w.upload("b.png")
	w.say(c.ID, w.owner(), conversation.Written{Text: "see"}, picture)
	first := w.texts(w.Tick(), "see")[0]
	w.settle(first, delivery.Sent, channel.Result{Outcome: channel.OutcomeAccepted}, time.Time{})
	to := &channel.Envelope{Subject: "Fwd: x", To: []channel.Party{{Address: "supplier@example.com"}}}
	w.say(c.ID, w.owner(), conversation.Written{
		Text:    "can you help?",
		Carried: conversation.Carried{Envelope: to, Forwards: &conversation.Forwarded{ID: conversation.MessageID(first.Message), Seq: first.Seq}},
	}, scan)
	d := w.texts(w.Tick(), "can you help?")
	w.OK(w.store.(delivery.Completer).Complete(w.Context(), d, true)) //nolint:forcetypeassert // the port says so
	conversationtest.Same(w.World, d[0].Content.Envelope, to)
	conversationtest.Same(w.World, d[0].Content.Files, []channel.File{{ID: scan, Name: "b.png", Type: "image/png", Size: 4}, {ID: picture, Name: "a.png", Type: "image/png", Size: 4}})
	if d[0].Forwards != first.Seq {
		w.Fatalf("it passes on %d, not %d", d[0].Forwards, first.Seq)
	}
}
