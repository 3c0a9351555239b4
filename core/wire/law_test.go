package wire_test

import (
	"errors"
	"maps"
	"reflect"
	"strconv"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/wire"
)

// told makes a conversation in which everything happens that can.
func told(w *conversationtest.World) conversation.ID {
	agent := w.Member(w.WS, "lin@example.com", "Lin", 5)
	c := w.Receive(w.Inbox, "ext", "m1", "hello")
	step := func(fn func(c *conversation.Conversation) error) { w.Helper(); w.Change(c.ID, fn) }
	var sent conversation.Message
	offer := func(c *conversation.Conversation) error {
		return c.Offer(w.System(), agent.ID, agent.Name, w.Tick().Add(20*time.Second))
	}
	step(offer)
	step(func(c *conversation.Conversation) error {
		c.TakeBack(w.System(), conversation.OfferUnanswered)
		return nil
	})
	step(func(c *conversation.Conversation) error { c.Abandon(w.System()); return nil })
	step(offer)
	step(func(c *conversation.Conversation) error {
		return c.Assign(w.System(), agent.ID, agent.Name, "dispatch")
	})
	step(func(c *conversation.Conversation) error { return c.Release(w.System(), conversation.QueuedAgentLost) })
	step(func(c *conversation.Conversation) error {
		c.AddNote(w.Turn(agent), conversation.Words("n1", "private"))
		return nil
	})
	step(func(c *conversation.Conversation) error {
		ch, err := c.Send(w.Turn(w.Owner), conversation.Words("a1", "answer"))
		if err == nil {
			sent = *ch.Message
		}
		return err
	})
	step(func(c *conversation.Conversation) error {
		c.SetDelivery(w.System(), sent, conversation.DeliveryFailed, "blocked")
		return nil
	})
	step(func(c *conversation.Conversation) error {
		sent.Delivery, sent.DeliveryError = conversation.DeliveryFailed, "blocked"
		c.Edit(w.Turn(w.Owner), sent, conversation.Words("", "the answer"), nil)
		return nil
	})
	step(func(c *conversation.Conversation) error {
		now, err := w.F.Reader.Message(w.Context(), w.WS, c.ID, sent.ID)
		if err == nil {
			c.Ask(w.Turn(w.Owner), now, conversation.Changing{Act: conversation.ActEdit, Text: "an answer", Target: "far"})
		}
		return err
	})
	asked := w.Receive(w.Inbox, "ext", "m1a", "forget this")
	taken := *w.Timeline(c.ID, 0)[asked.LastSeq-1].Message
	step(func(c *conversation.Conversation) error { c.Recall(w.System(), taken); return nil })
	step(func(c *conversation.Conversation) error { c.ReadByContact(w.System(), sent.Seq); return nil })
	step(func(c *conversation.Conversation) error {
		c.ChangeFile(w.System(), sent, media.Attachment{ID: "att_1", Name: "a.png", Kind: media.Image})
		return nil
	})
	later := conversation.Scheduled{
		ID: "sch_1", Author: w.Turn(agent).Actor, ClientID: "later", Text: "how was it?", SendAt: w.Tick(), State: conversation.ScheduledWaits,
	}
	step(func(c *conversation.Conversation) error { c.Schedule(w.Turn(agent), later); return nil })
	step(func(c *conversation.Conversation) error { c.Reschedule(w.Turn(agent), later); return nil })
	w.Receive(w.Inbox, "ext", "m1b", "anybody there?") // asks: what was written before is no answer
	step(func(c *conversation.Conversation) error {
		_, err := c.SendScheduled(w.System(), later, conversation.Passed{Text: later.Text})
		return err
	})
	later.State = conversation.ScheduledHasFailed
	step(func(c *conversation.Conversation) error { c.Unschedule(w.System(), later); return nil })
	later.State = conversation.ScheduledIsCancelled
	step(func(c *conversation.Conversation) error { c.Unschedule(w.Turn(agent), later); return nil })
	step(func(c *conversation.Conversation) error { return c.Snooze(w.Turn(agent), w.Tick().Add(time.Hour)) })
	step(func(c *conversation.Conversation) error { c.Reopen(w.System()); return nil })
	step(func(c *conversation.Conversation) error { c.Resolve(w.Turn(agent)); return nil })
	step(func(c *conversation.Conversation) error { c.Reopen(w.Turn(agent)); return nil })
	step(func(c *conversation.Conversation) error { c.Resolve(w.Turn(agent)); return nil })
	step(func(c *conversation.Conversation) error {
		c.RequestRating(w.Turn(agent), conversation.ViaWidget, agent.ID)
		return nil
	})
	step(func(c *conversation.Conversation) error {
		return c.Rate(w.System(), conversation.RatingAnswer{Rating: c.Rating, Score: 4, Comment: "不错", Via: conversation.ViaLink})
	})
	bot := conversation.Bot{ID: "pin_1", Name: "Bot"}
	step(func(c *conversation.Conversation) error {
		c.ReceiveFor(w.Turn(w.Owner), conversation.Words("m1c", "to the bot"), &bot)
		return c.HandOff(w.System(), "", "asked_for_agent")
	})
	step(func(c *conversation.Conversation) error {
		c.Raise(w.System(), conversation.Finding{ID: "fnd_1", Message: sent.ID, Seq: sent.Seq, Code: "rude", Level: conversation.FindingWarning, Title: map[string]string{"en": "Rude"}})
		c.Dismiss(w.System(), "fnd_1")
		c.Resolve(w.System())
		return nil
	})
	w.Receive(w.Inbox, "ext", "m2", "one more thing")
	step(func(c *conversation.Conversation) error { c.MarkOffline(w.System(), "a@example.com", ""); return nil })
	step(func(c *conversation.Conversation) error { c.Identify(w.System(), "sub:42"); return nil })
	step(func(c *conversation.Conversation) error {
		c.Happen(w.System(), conversation.Happened{Text: "Followed us", Trigger: "followed"})
		return nil
	})
	return c.ID
}

// The law of resume: fetch(t0) + changes(t0..t1) == fetch(t1), in the shapes
// that clients hold, for every type of change there is.
func TestLaw(t *testing.T) {
	seen := lawOfTalk(t)
	maps.Copy(seen, lawOfOrder(t))
	conversations, _ := changeTypes(t)
	for _, typ := range conversations {
		if !seen[conversation.ChangeType(typ)] {
			t.Errorf("the stories have no %s", typ)
		}
	}
}

func lawOfTalk(t *testing.T) map[conversation.ChangeType]bool {
	t.Helper()
	fake := conversationtest.NewFake()
	w := conversationtest.NewWorld(t, fake.Fixture())
	id := told(w)
	now, timeline := w.Get(id), w.Timeline(id, 0)
	seen := make(map[conversation.ChangeType]bool)
	held := conversation.Conversation{
		Workspace: now.Workspace, ID: now.ID, Inbox: now.Inbox, Contact: now.Contact, ContactName: now.ContactName, State: conversation.Open, CreatedAt: timeline[0].At,
		Organised: conversation.Organised{Number: now.Number},
	}
	for _, ch := range timeline {
		seen[ch.Type] = true
		held = conversationtest.Apply(held, ch)
	}
	if got, want := wire.ConversationOf(held), wire.ConversationOf(now); !reflect.DeepEqual(got, want) {
		t.Errorf("changes give\n%s\nthe row says\n%s", conversationtest.Show(got), conversationtest.Show(want))
	}
	return seen
}

// The same for what people keep in order with, merges included.
func lawOfOrder(t *testing.T) map[conversation.ChangeType]bool {
	t.Helper()
	w := conversationtest.NewWorld(t, conversationtest.NewFake().Fixture())
	c, target := w.Receive(w.Inbox, "ext", "m1", "hello"), w.Receive(w.Live, "other", "m1", "hello")
	vip, sales := w.Label(w.WS, "VIP"), w.Team(w.WS, "sales")
	w.Change(c.ID, func(c *conversation.Conversation) error {
		c.Route(w.Turn(w.Owner), sales)
		c.SetAttributes(w.Turn(w.Owner), map[string]any{"plan": "专业", "seats": 12.5, "paid": true})
		c.SetAttributes(w.Turn(w.Owner), map[string]any{"seats": nil})
		return errors.Join(c.AddLabels(w.Turn(w.Owner), []catalog.LabelID{vip}), c.SetPriority(w.Turn(w.Owner), conversation.High),
			c.Follow(w.Turn(w.Owner), w.Owner.ID, true), c.Assign(w.Turn(w.Owner), w.Owner.ID, w.Owner.Name, "member"))
	})
	apply := func(before, now conversation.Conversation) map[conversation.ChangeType]bool {
		t.Helper()
		seen := make(map[conversation.ChangeType]bool)
		for _, ch := range w.Timeline(now.ID, before.LastSeq) {
			seen[ch.Type] = true
			before = conversationtest.Apply(before, ch)
		}
		if got, want := wire.ConversationOf(before), wire.ConversationOf(now); !reflect.DeepEqual(got, want) {
			t.Errorf("changes give\n%s\nthe row says\n%s", conversationtest.Show(got), conversationtest.Show(want))
		}
		return seen
	}
	seen := apply(c, w.Get(c.ID))
	w.OK(w.TryMerge(w.Turn(w.Owner), c.ID, target.ID))
	merged := w.Get(c.ID)
	apply(c, merged)
	w.OK(w.TryUnmerge(w.Turn(w.Owner), c.ID, target.ID, true))
	maps.Copy(seen, apply(merged, w.Get(c.ID)))
	maps.Copy(seen, apply(c, w.Get(c.ID)))
	maps.Copy(seen, apply(target, w.Get(target.ID)))
	return seen
}

// Whichever way a client gets a change, it is the same thing.
func TestFeedAndTimelineAgree(t *testing.T) {
	fake := conversationtest.NewFake()
	w := conversationtest.NewWorld(t, fake.Fixture())
	id := told(w)
	events, err := fake.Feed.Since(t.Context(), string(w.WS), 0, 1000)
	w.OK(err)
	changed, current, err := fake.Hydrate(t.Context(), w.WS, events)
	w.OK(err)
	timeline := w.Timeline(id, 0)
	var last uint64
	for _, e := range events {
		ch, ok := changed[e.ID]
		if !ok {
			continue
		}
		c := current[ch.Conversation]
		got := wire.FeedEventOf(e, &ch, &c)
		if !reflect.DeepEqual(*got.Change, wire.ChangeOf(timeline[ch.Seq-1])) || got.Data != nil || got.Feed != e.Feed || got.Type != string(ch.Type) {
			t.Errorf("event %d: %s", e.Feed, conversationtest.Show(got))
		}
		if got.Conversation.Unread != nil || got.Conversation.LastSeq < got.Change.Seq {
			t.Errorf("event %d comes with the conversation %s", e.Feed, conversationtest.Show(got.Conversation))
		}
		if last++; got.Change.Seq != last {
			t.Errorf("event %d is number %d, want %d", e.Feed, got.Change.Seq, last)
		}
	}
	if last != uint64(len(timeline)) {
		t.Errorf("the feed tells %s of %d changes", strconv.FormatUint(last, 10), len(timeline))
	}
}
