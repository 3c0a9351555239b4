package deliverytest

import (
	"maps"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/delivery"
	"github.com/patchbay-im/patchbay/core/identity"
)

// arrived is an answer that the far side knows as far-1.
func (w *world) arrived(text string) conversation.Message {
	w.Helper()
	m := w.post(w.Inbox, "ext", text)
	w.settle(w.texts(w.Tick(), text)[0], delivery.Sent, channel.Result{Outcome: channel.OutcomeAccepted}, time.Time{})
	return w.now(m)
}

// now is a message as it is now.
func (w *world) now(m conversation.Message) conversation.Message {
	w.Helper()
	got, err := w.F.Reader.Message(w.Context(), w.WS, m.Conversation, m.ID)
	w.OK(err)
	return got
}

// ask has the owner ask for an act.
func (w *world) ask(m conversation.Message, act conversation.Act, text string) {
	w.Helper()
	before, timeline := w.Get(m.Conversation), w.Timeline(m.Conversation, 0)
	w.Change(m.Conversation, func(c *conversation.Conversation) error {
		c.Ask(w.Turn(w.Owner), w.now(m), conversation.Changing{Act: act, Text: text, Target: "far-1"})
		return nil
	})
	w.CheckLaw(before, timeline)
}

// the is the one delivery that is due.
func (w *world) the(act delivery.Act, text string) delivery.Delivery {
	w.Helper()
	got := w.texts(w.Tick(), text)[0]
	if got.Act != act || got.Target != "far-1" {
		w.Fatalf("it is to %q %q", got.Act, got.Target)
	}
	return got
}

func (w *world) accepted(d delivery.Delivery) {
	w.Helper()
	id := conversation.ID(d.Conversation)
	before, timeline := w.Get(id), w.Timeline(id, 0)
	w.settle(d, delivery.Sent, channel.Result{Outcome: channel.OutcomeAccepted}, time.Time{})
	w.CheckLaw(before, timeline)
	w.CheckSequences(id)
}

func testActs(w *world) {
	m := w.arrived("helo")
	w.ask(m, conversation.ActEdit, "hello")
	w.answer(m.Conversation, "more")
	if got := w.now(m); got.Text != "helo" || got.Changing == nil || got.Changing.Text != "hello" || got.Changing.By.ID != string(w.Owner.ID) || got.Delivery != conversation.DeliverySent {
		w.Fatalf("it is %+v, changing %+v", got, got.Changing)
	}
	d := w.the(delivery.Edit, "hello")
	if d.Seq != m.Seq || d.Place <= m.Seq || len(d.ID) != len("dlv_")+26 || d.Attempts != 0 {
		w.Errorf("it leaves as %+v", d)
	}
	w.settle(d, delivery.Pending, channel.Result{Outcome: channel.OutcomeRetry, Code: "busy"}, w.Tick())
	d = w.the(delivery.Edit, "hello") // what follows waits for it
	if d.Attempts != 1 {
		w.Errorf("tried %d times", d.Attempts)
	}
	w.accepted(d)
	w.accepted(d) // recorded twice
	got := w.now(m)
	last := w.Timeline(m.Conversation, 0)
	edits := 0
	for _, ch := range last {
		if ch.Type == conversation.MessageEdited {
			edits++
			if ch.Actor.Kind != identity.ActorMember || ch.Actor.ID != string(w.Owner.ID) || ch.PublicSeq == 0 {
				w.Errorf("changed by %+v", ch)
			}
		}
	}
	if got.Text != "hello" || got.Changing != nil || got.EditedAt.IsZero() || edits != 1 {
		w.Fatalf("accepted %d times it is %+v", edits, got)
	}
	w.settle(w.texts(w.Tick(), "more")[0], delivery.Sent, channel.Result{Outcome: channel.OutcomeAccepted}, time.Time{})

	w.ask(m, conversation.ActEdit, "HELLO")
	w.settle(w.the(delivery.Edit, "HELLO"), delivery.Dead, channel.Result{Outcome: channel.OutcomeRejected, Code: "too_old", Detail: "too late"}, time.Time{})
	if got := w.now(m); got.Text != "hello" || got.Changing == nil || got.Changing.State != conversation.DeliveryFailed || got.Changing.Error != "too late" || got.Delivery != conversation.DeliverySent {
		w.Fatalf("refused it is %+v, changing %+v", got, got.Changing)
	}
	w.ask(m, conversation.ActRecall, "")
	w.accepted(w.the(delivery.Recall, ""))
	if got := w.now(m); got.Text != "" || got.RecalledAt.IsZero() || got.Changing != nil {
		w.Fatalf("taken back it is %+v", got)
	}
	w.texts(w.Tick())
	versions, err := w.F.Reader.Versions(w.Context(), w.WS, m.Conversation, m.ID)
	w.OK(err)
	if len(versions) != 2 || versions[0].Text != "helo" || versions[1].Text != "hello" {
		w.Errorf("it said %+v", versions)
	}
}

// testActReplaced holds a later act to take the place of one that waits, also
// while that is under way.
func testActReplaced(w *world) {
	m := w.arrived("one")
	w.ask(m, conversation.ActEdit, "two")
	first := w.the(delivery.Edit, "two") // handed over
	w.ask(m, conversation.ActEdit, "three")
	w.settle(first, delivery.Dead, channel.Result{Outcome: channel.OutcomeRejected, Code: "no"}, time.Time{})
	if got := w.now(m); got.Changing == nil || got.Changing.State != conversation.DeliveryPending || got.Changing.Text != "three" {
		w.Fatalf("the end of what was replaced is told: %+v", got.Changing)
	}
	second := w.the(delivery.Edit, "three")
	w.ask(m, conversation.ActEdit, "four")
	w.accepted(second) // done all the same
	if got := w.now(m); got.Text != "three" || got.Changing == nil || got.Changing.Text != "four" {
		w.Fatalf("it says %q, changing %+v", got.Text, got.Changing)
	}
	w.ask(m, conversation.ActRecall, "")
	w.accepted(w.the(delivery.Recall, ""))
	if got := w.now(m); got.RecalledAt.IsZero() || got.Changing != nil {
		w.Fatalf("taken back it is %+v", got)
	}
	w.texts(w.Tick())
}

func testActByHand(w *world) {
	m := w.arrived("one")
	resolve := func(r conversation.Resolution) {
		w.Helper()
		before, timeline := w.Get(m.Conversation), w.Timeline(m.Conversation, 0)
		w.Change(m.Conversation, func(c *conversation.Conversation) error {
			_, err := c.ResolveDelivery(w.Turn(w.Owner), w.now(m), r)
			return err
		})
		w.CheckLaw(before, timeline)
		w.CheckSequences(m.Conversation)
	}
	unknown := func(text string) {
		w.Helper()
		w.settle(w.the(delivery.Edit, text), delivery.Unknown, channel.Result{Outcome: channel.OutcomeUnknown, Code: "in_doubt"}, time.Time{})
		w.texts(w.Tick())
		if got := w.now(m); got.Changing == nil || got.Changing.State != conversation.DeliveryUnknown {
			w.Fatalf("in doubt it is %+v", got.Changing)
		}
	}
	w.ask(m, conversation.ActEdit, "two")
	unknown("two")
	resolve(conversation.SendAgain)
	unknown("two")
	resolve(conversation.SaidArrived)
	if got := w.now(m); got.Text != "two" || got.Changing != nil {
		w.Fatalf("it arrived, and is %+v", got)
	}
	w.ask(m, conversation.ActEdit, "three")
	unknown("three")
	resolve(conversation.Dismissed)
	if got := w.now(m); got.Text != "two" || got.Changing != nil {
		w.Fatalf("dismissed it is %+v", got)
	}
	w.texts(w.Tick())
	steps, err := w.history.Steps(w.Context(), w.WS, string(m.Conversation), m.Seq)
	w.OK(err)
	told := make(map[string]int)
	for _, s := range steps { // in order of clocks that differ here
		told[string(s.State)+" "+s.Code]++
	}
	want := map[string]int{
		"attempt ": 4, "sent ": 1, "queued edit": 2, "queued send_again": 1, "unknown in_doubt": 3, "sent said_arrived": 1, "failed dismissed": 1,
	}
	if !maps.Equal(told, want) {
		w.Errorf("its steps are %v, want %v", told, want)
	}
}
