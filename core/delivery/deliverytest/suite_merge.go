package deliverytest

import (
	"context"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/delivery"
	"github.com/patchbay-im/patchbay/core/identity"
)

// few is a channel that takes four messages an hour.
func few() []channel.Window {
	return []channel.Window{{On: channel.TriggerMessage, Quota: 4, For: time.Hour}}
}

// waits makes members write texts that are taken from a window of few.
func (w *world) waits(by identity.Actor, texts ...string) conversation.ID {
	w.Helper()
	c := w.Receive(w.Inbox, "ext", "", "question")
	w.Change(c.ID, func(c *conversation.Conversation) error {
		at := w.Tick()
		c.OpenWindows(few(), "", at)
		return c.SetPriority(w.System(), conversation.High)
	})
	w.writes(c.ID, by, texts...)
	return c.ID
}

func (w *world) writes(id conversation.ID, by identity.Actor, texts ...string) {
	w.Helper()
	for _, text := range texts {
		w.Change(id, func(c *conversation.Conversation) error {
			turn := w.System()
			turn.Actor = by
			ch, err := c.Send(turn, conversation.Words("", text))
			if err != nil {
				return err
			}
			return c.Spend(few(), ch.At, ch.Seq)
		})
	}
}

// merged is what is due of a conversation once what waits was looked at.
func (w *world) merged(limit int) delivery.Delivery {
	w.Helper()
	due := w.due(w.Tick(), 10)
	if len(due) != 1 {
		w.Fatalf("%d are due", len(due))
	}
	w.OK(w.store.(delivery.Merger).Merge(w.Context(), &due[0], limit)) //nolint:forcetypeassert // the suite is about it
	return due[0]
}

// states are those of what the company wrote, in order.
func (w *world) states(id conversation.ID) string {
	w.Helper()
	var out []string
	seen := make(map[conversation.MessageID]int)
	for _, ch := range w.Timeline(id, 0) {
		if ch.Message == nil || ch.Message.Delivery == "" {
			continue
		}
		at, ok := seen[ch.Message.ID]
		if !ok {
			at = len(out)
			seen[ch.Message.ID] = at
			out = append(out, "")
		}
		out[at] = string(ch.Message.Delivery)
	}
	return strings.Join(out, "/")
}

func (w *world) used(id conversation.ID) int {
	w.Helper()
	c, err := w.F.Reader.Get(w.Context(), w.WS, id)
	w.OK(err)
	return c.Windows[0].Used
}

func testMerge(w *world) {
	id := w.waits(w.owner(), "one", "two", "three")
	d := w.merged(100)
	if d.Content.Text != "one\ntwo\nthree" {
		w.Fatalf("it leaves as %q", d.Content.Text)
	}
	// Whoever is killed now finds the same, under the same key; what is written
	// meanwhile does not join it.
	w.writes(id, w.owner(), "four")
	again := w.merged(100)
	conversationtest.Same(w.World, again.ID, d.ID)
	conversationtest.Same(w.World, again.Content, d.Content)
	conversationtest.Same(w.World, again.MergedTo, d.MergedTo)
	w.settle(again, delivery.Pending, channel.Result{Outcome: channel.OutcomeRetry, Code: "busy"}, w.Tick())
	conversationtest.Same(w.World, w.merged(100).Content, d.Content)
	conversationtest.Same(w.World, w.states(id), "pending/pending/pending/pending")
	conversationtest.Same(w.World, w.used(id), 4)

	x := delivery.Settlement{Delivery: w.merged(100), State: delivery.Sent, Attempts: 2, Result: channel.Result{Outcome: channel.OutcomeAccepted}, Provider: "far-1"}
	w.OK(w.store.Settle(w.Context(), []delivery.Settlement{x}))
	w.OK(w.store.Settle(w.Context(), []delivery.Settlement{x}))
	conversationtest.Same(w.World, w.states(id), "sent/sent/sent/pending")
	conversationtest.Same(w.World, w.used(id), 2)
	w.texts(w.Tick(), "four")
	w.OK(w.F.Store.Within(w.Context(), w.WS, func(ctx context.Context, tx conversation.Tx) error {
		known, err := tx.Inbound(ctx, w.Inbox.ID, conversation.InboundSent, "far-1")
		if err != nil {
			return err
		}
		conversationtest.Same(w.World, known.Seq, d.Seq)
		all, err := tx.LeftWith(ctx, id, d.MergedTo)
		conversationtest.Same(w.World, len(all), 3)
		if err != nil {
			return err
		}
		alone, err := tx.LeftWith(ctx, id, d.MergedTo+100)
		conversationtest.Same(w.World, alone, []uint64{d.MergedTo + 100})
		return err
	}))
	for _, seq := range []uint64{d.Seq, d.MergedTo} {
		steps, err := w.history.Steps(w.Context(), w.WS, string(id), seq)
		w.OK(err)
		if len(steps) < 2 || steps[len(steps)-1].State != delivery.StepSent {
			w.Fatalf("the history of %d is %+v", seq, steps)
		}
	}
}

// What failed as one is sent again as one, and spent once.
func testMergeByHand(w *world) {
	id := w.waits(w.owner(), "one", "two", "three")
	d := w.merged(100)
	w.settle(d, delivery.Dead, channel.Result{Outcome: channel.OutcomeRejected, Code: "no"}, time.Time{})
	conversationtest.Same(w.World, w.states(id), "failed/failed/failed")
	conversationtest.Same(w.World, w.used(id), 1)
	w.OK(w.F.Store.Within(w.Context(), w.WS, func(ctx context.Context, tx conversation.Tx) error {
		c, err := tx.Conversation(ctx, id)
		if err != nil {
			return err
		}
		turn := w.Turn(w.Owner)
		all, err := tx.LeftWith(ctx, id, d.Seq)
		if err != nil {
			return err
		}
		for _, seq := range all {
			m, err := tx.Message(ctx, id, seq)
			if err != nil {
				return err
			}
			if _, err := c.ResolveDelivery(turn, *m, conversation.SendAgain); err != nil {
				return err
			}
		}
		if err := c.Spend(few(), turn.At, d.Seq); err != nil {
			return err
		}
		return tx.Save(ctx, c)
	}))
	again := w.texts(time.Now(), "one\ntwo\nthree")[0]
	w.settle(again, delivery.Sent, channel.Result{Outcome: channel.OutcomeAccepted}, time.Time{})
	conversationtest.Same(w.World, w.states(id), "sent/sent/sent")
	if got := w.due(time.Now().Add(time.Hour), 10); len(got) != 0 {
		w.Fatalf("%+v is due", got)
	}
}

// With plenty left, by another author or beyond what one message holds, each
// leaves by itself.
func testApart(w *world) {
	plenty := w.waits(w.owner(), "one", "two")
	if d := w.merged(100); d.Content.Text != "one" || d.MergedTo != 0 {
		w.Fatalf("with plenty left it leaves as %q", d.Content.Text)
	}
	bot := identity.Actor{Kind: identity.ActorBot, ID: "cnn_1", Name: "Ada"}
	w.writes(plenty, bot, "beep")
	if d := w.merged(6); d.Content.Text != "one" {
		w.Fatalf("where no more fits it leaves as %q", d.Content.Text)
	}
	if d := w.merged(7); d.Content.Text != "one\ntwo" {
		w.Fatalf("before another's it leaves as %q", d.Content.Text)
	}
}
