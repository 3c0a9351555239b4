package deliverytest

import (
	"context"
	"fmt"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/delivery"
	"github.com/patchbay-im/patchbay/core/errs"
)

// byItsClock is a turn by the ledger's clock, which is not the world's: it dates what
// settlements do.
func byItsClock(t conversation.Turn) conversation.Turn {
	t.At = time.Now().UTC().Truncate(time.Microsecond)
	return t
}

// tell changes a conversation by what is told of a message.
func (w *world) tell(m conversation.Message, fn func(c *conversation.Conversation, m conversation.Message) error) error {
	w.Helper()
	return w.F.Store.Within(w.Context(), w.WS, func(ctx context.Context, tx conversation.Tx) error {
		c, err := tx.Conversation(ctx, m.Conversation)
		if err != nil {
			return err
		}
		now, err := tx.Message(ctx, m.Conversation, m.Seq)
		if err != nil {
			return err
		}
		if err := fn(c, *now); err != nil {
			return err
		}
		return tx.Save(ctx, c)
	})
}

func (w *world) resolve(m conversation.Message, r conversation.Resolution) (changed bool, err error) {
	w.Helper()
	turn := byItsClock(w.Turn(w.Owner))
	err = w.tell(m, func(c *conversation.Conversation, m conversation.Message) (err error) {
		changed, err = c.ResolveDelivery(turn, m, r)
		return err
	})
	return changed, err
}

func (w *world) report(m conversation.Message, s channel.Status) (changed bool) {
	w.Helper()
	turn := byItsClock(w.System())
	w.OK(w.tell(m, func(c *conversation.Conversation, m conversation.Message) error {
		changed = c.SetStatus(turn, m, s)
		return nil
	}))
	return changed
}

// path checks the steps of a message, as "state code".
func (w *world) path(m conversation.Message, want ...string) {
	w.Helper()
	steps, err := w.history.Steps(w.Context(), m.Workspace, string(m.Conversation), m.Seq)
	w.OK(err)
	var got []string
	for _, s := range steps {
		got = append(got, fmt.Sprint(s.State, " ", s.Code))
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		w.Fatalf("the steps are %q, want %q", got, want)
	}
}

func testByHand(w *world) {
	m := w.post(w.Inbox, "ext", "answer")
	next := w.answer(m.Conversation, "another")
	if _, err := w.resolve(m, conversation.SendAgain); err != nil {
		w.Fatal(err) // it is on its way: nothing to do
	}
	_, err := w.resolve(m, conversation.SaidArrived)
	w.Fails(err, errs.Conflict)

	d := w.texts(time.Now(), "answer")[0]
	w.settle(d, delivery.Unknown, channel.Result{Outcome: channel.OutcomeUnknown, Code: "timeout"}, time.Time{})
	w.texts(time.Now(), "another")
	for _, want := range []bool{true, false} {
		if changed, err := w.resolve(m, conversation.SendAgain); err != nil || changed != want {
			w.Fatalf("send again: %v, %v", changed, err)
		}
	}
	again := w.texts(time.Now(), "answer")[0] // before what follows it
	if again.ID != d.ID || again.Attempts != 1 || !again.CreatedAt.After(d.CreatedAt) || again.State != delivery.Pending {
		w.Fatalf("sent again: %+v", again)
	}
	w.settle(again, delivery.Unknown, channel.Result{Outcome: channel.OutcomeUnknown, Code: "timeout"}, time.Time{})
	for _, want := range []bool{true, false} {
		if changed, err := w.resolve(m, conversation.SaidArrived); err != nil || changed != want {
			w.Fatalf("arrived: %v, %v", changed, err)
		}
	}
	_, err = w.resolve(m, conversation.SendAgain)
	w.Fails(err, errs.Conflict)
	if got := w.Timeline(m.Conversation, m.Seq-1)[0].Message; got.Delivery != conversation.DeliverySent || got.DeliveryError != "" {
		w.Fatalf("the agent sees %+v", got)
	}
	w.path(m, "attempt ", "unknown timeout", "queued send_again", "attempt ", "unknown timeout", "sent said_arrived")

	d = w.texts(time.Now(), "another")[0]
	w.settle(d, delivery.Dead, channel.Result{Outcome: channel.OutcomeRejected, Code: "blocked"}, time.Time{})
	if _, err := w.resolve(next, conversation.SaidArrived); !errs.Is(err, errs.Conflict) {
		w.Fatalf("what was refused did not arrive: %v", err)
	}
	if changed, err := w.resolve(next, conversation.SendAgain); err != nil || !changed {
		w.Fatalf("send again: %v, %v", changed, err)
	}
	w.texts(time.Now(), "another")
	w.CheckSequences(m.Conversation)
}

func testReported(w *world) {
	m := w.post(w.Inbox, "ext", "answer")
	if w.report(m, channel.Status{State: channel.StatusDelivered}) {
		w.Fatal("a status counts before its attempt is answered")
	}
	w.settle(w.texts(time.Now(), "answer")[0], delivery.Sent, channel.Result{Outcome: channel.OutcomeAccepted}, time.Time{})
	before, timeline := w.Get(m.Conversation), w.Timeline(m.Conversation, 0)
	for _, x := range []struct {
		status channel.Status
		want   bool
	}{
		{channel.Status{State: channel.StatusSent}, false},
		{channel.Status{State: channel.StatusDelivered}, true},
		{channel.Status{State: channel.StatusFailed, Code: "bounced"}, false},
		{channel.Status{State: channel.StatusRead}, true},
		{channel.Status{State: channel.StatusDelivered}, false},
	} {
		if got := w.report(m, x.status); got != x.want {
			w.Fatalf("%s changed: %v", x.status.State, got)
		}
	}
	w.CheckLaw(before, timeline)
	w.CheckSequences(m.Conversation)
	w.path(m, "attempt ", "sent ", "delivered ", "read ")

	bounced := w.answer(m.Conversation, "another")
	w.settle(w.texts(time.Now(), "another")[0], delivery.Sent, channel.Result{Outcome: channel.OutcomeAccepted}, time.Time{})
	w.report(bounced, channel.Status{State: channel.StatusFailed, Code: "bounced", Detail: "没有这个信箱"})
	if got := w.Timeline(m.Conversation, bounced.Seq-1)[0].Message; got.Delivery != conversation.DeliveryFailed || got.DeliveryError != "没有这个信箱" {
		w.Fatalf("the agent sees %+v", got)
	}
	w.path(bounced, "attempt ", "sent ", "failed bounced")
	if changed, err := w.resolve(bounced, conversation.SendAgain); err != nil || !changed {
		w.Fatalf("send again: %v, %v", changed, err)
	}
	w.texts(time.Now(), "another")
}
