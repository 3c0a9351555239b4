package deliverytest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/delivery"
)

// early keeps a status of the inbox, at a time of the ledger's clock.
func (w *world) early(about string, state channel.StatusState, at time.Time, limit int) (kept bool) {
	w.Helper()
	w.OK(w.F.Store.Within(w.Context(), w.WS, func(ctx context.Context, tx conversation.Tx) (err error) {
		e := conversation.Early{Inbox: w.Inbox.ID, About: about, Status: channel.Status{State: state, Code: "code"}, At: at.Truncate(time.Microsecond)}
		kept, err = tx.KeepEarly(ctx, e, time.Now().Add(-conversation.EarlyFor), limit)
		return err
	}))
	return kept
}

func (w *world) awaited() (is bool) {
	w.Helper()
	w.OK(w.F.Store.Within(w.Context(), w.WS, func(ctx context.Context, tx conversation.Tx) (err error) {
		is, err = tx.Awaited(ctx, w.Inbox.ID)
		return err
	}))
	return is
}

// testEarly: what the far side says before it answers the attempt counts when it
// does, in its order and forward only, once; not after a day; not without bound.
func testEarly(w *world) {
	if w.awaited() {
		w.Fatal("an empty ledger awaits something")
	}
	m := w.post(w.Inbox, "ext", "answer")
	if !w.awaited() {
		w.Fatal("nothing is awaited")
	}
	d := w.texts(time.Now(), "answer")[0]
	about, now := conversation.AboutDelivery(string(d.ID)), time.Now()
	for i, x := range []struct {
		about string
		state channel.StatusState
		at    time.Time
		limit int
		want  bool
	}{
		{about, channel.StatusFailed, now.Add(-25 * time.Hour), 9, true}, // forgotten with the next
		{about, channel.StatusDelivered, now.Add(-2 * time.Minute), 9, true},
		{about, channel.StatusDelivered, now, 9, true},
		{about, channel.StatusSent, now.Add(-time.Minute), 9, true},
		{conversation.AboutTarget("far-1"), channel.StatusRead, now, 9, true},
		{conversation.AboutTarget("far-2"), channel.StatusFailed, now, 9, true},
		{conversation.AboutTarget("far-3"), channel.StatusRead, now, 4, false},
	} {
		if got := w.early(x.about, x.state, x.at, x.limit); got != x.want {
			w.Fatalf("%d is kept: %v", i, got)
		}
	}
	before, timeline := w.Get(m.Conversation), w.Timeline(m.Conversation, 0)
	w.settle(d, delivery.Pending, channel.Result{Outcome: channel.OutcomeRetry, Code: "busy"}, now)
	if got := w.Timeline(m.Conversation, m.Seq-1)[0].Message; got.Delivery != conversation.DeliveryPending {
		w.Fatalf("it counts before its time: %s", got.Delivery)
	}
	w.settle(w.texts(time.Now(), "answer")[0], delivery.Sent, channel.Result{Outcome: channel.OutcomeAccepted}, time.Time{})
	if got := w.Timeline(m.Conversation, m.Seq-1)[0].Message; got.Delivery != conversation.DeliveryRead || got.DeliveryError != "" {
		w.Fatalf("the agent sees %+v", got)
	}
	w.path(m, "attempt busy", "attempt ", "sent ", "delivered ", "read ")
	w.CheckLaw(before, timeline)
	w.CheckSequences(m.Conversation)
	w.OK(w.F.Store.Within(w.Context(), w.WS, func(ctx context.Context, tx conversation.Tx) error {
		left, err := tx.TakeEarly(ctx, w.Inbox.ID, []string{about, conversation.AboutTarget("far-1")}, time.Time{})
		if len(left) > 0 {
			w.Errorf("kept after it counted: %+v", left)
		}
		left, e := tx.TakeEarly(ctx, w.Inbox.ID, []string{conversation.AboutTarget("far-2")}, time.Time{})
		if len(left) != 1 || left[0] != (channel.Status{State: channel.StatusFailed, Code: "code"}) {
			w.Errorf("of another message: %+v", left)
		}
		if err == nil {
			err = e
		}
		return err
	}))
}

// testEarlyAtOnce: statuses that come while attempts are settled are kept or
// find their message: none is lost.
func testEarlyAtOnce(w *world) {
	const n = 16
	var messages []conversation.Message
	for i := range n {
		messages = append(messages, w.post(w.Inbox, fmt.Sprint("ext", i), fmt.Sprint("answer ", i)))
	}
	due := w.due(time.Now(), n)
	found := make(map[conversation.MessageID]bool) // whose message was there
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i, d := range due {
		far := fmt.Sprint("far-", i)
		wg.Go(func() {
			err := w.store.Settle(w.Context(), []delivery.Settlement{{
				Delivery: d, State: delivery.Sent, Attempts: 1, Result: channel.Result{Outcome: channel.OutcomeAccepted}, Provider: far,
			}})
			if err != nil {
				w.Error(err)
			}
		})
		wg.Go(func() {
			there := false
			err := w.F.Store.Within(w.Context(), w.WS, func(ctx context.Context, tx conversation.Tx) error {
				there = false
				if _, err := tx.Awaited(ctx, w.Inbox.ID); err != nil {
					return err
				}
				known, err := tx.Inbound(ctx, w.Inbox.ID, conversation.InboundSent, far)
				if there = known != nil; there || err != nil {
					return err
				}
				_, err = tx.KeepEarly(ctx, conversation.Early{
					Inbox: w.Inbox.ID, About: conversation.AboutTarget(far), Status: channel.Status{State: channel.StatusDelivered}, At: time.Now(),
				}, time.Time{}, 100)
				return err
			})
			if err != nil {
				w.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			found[conversation.MessageID("msg_"+strings.TrimPrefix(string(d.ID), "dlv_"))] = there
		})
	}
	wg.Wait()
	for _, m := range messages {
		got := w.Timeline(m.Conversation, m.Seq-1)[0].Message
		want := conversation.DeliveryDelivered
		if found[m.ID] {
			want = conversation.DeliverySent
		}
		if got.Delivery != want {
			w.Errorf("%s is %s, want %s", m.Text, got.Delivery, want)
		}
	}
}
