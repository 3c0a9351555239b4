package conversationtest

import (
	"context"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
)

// Awaited implements conversation.EarlyTx.
func (t *fakeTx) Awaited(_ context.Context, inbox channel.InboxID) (bool, error) {
	for id, messages := range t.space.messages {
		for _, m := range messages {
			if m.Delivery == conversation.DeliveryPending && t.space.conversations[id].Inbox == inbox {
				return true, nil
			}
		}
	}
	return false, nil
}

// KeepEarly implements conversation.EarlyTx.
func (t *fakeTx) KeepEarly(_ context.Context, e conversation.Early, since time.Time, limit int) (bool, error) {
	t.space.early = slices.DeleteFunc(t.space.early, func(x conversation.Early) bool { return x.Inbox == e.Inbox && x.At.Before(since) })
	n, known := 0, false
	for _, x := range t.space.early {
		if x.Inbox == e.Inbox {
			n++
		}
		known = known || x.Inbox == e.Inbox && x.About == e.About && x.Status.State == e.Status.State
	}
	if n >= limit {
		return false, nil
	}
	if !known {
		t.space.early = append(t.space.early, e)
	}
	return true, nil
}

// TakeEarly implements conversation.EarlyTx.
func (t *fakeTx) TakeEarly(_ context.Context, inbox channel.InboxID, about []string, since time.Time) ([]channel.Status, error) {
	var out []channel.Status
	t.space.early = slices.DeleteFunc(t.space.early, func(x conversation.Early) bool {
		mine := x.Inbox == inbox && slices.Contains(about, x.About)
		if mine && !x.At.Before(since) {
			out = append(out, x.Status)
		}
		return mine
	})
	return out, nil
}
