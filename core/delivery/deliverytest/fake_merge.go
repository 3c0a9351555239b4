package deliverytest

import (
	"cmp"
	"context"
	"slices"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/delivery"
)

var _ delivery.Merger = (*Fake)(nil)

// Merge implements delivery.Merger.
func (f *Fake) Merge(ctx context.Context, d *delivery.Delivery, textLimit int) error {
	f.settling.Lock()
	defer f.settling.Unlock()
	c, err := f.conversations.Get(ctx, d.Workspace, conversation.ID(d.Conversation))
	if err != nil {
		return err
	}
	left, ok := c.Left(d.ExpiresAt)
	if !ok {
		return nil
	}
	var waiting []delivery.Delivery
	for _, m := range f.conversations.Outbound() {
		if m.Conversation == c.ID {
			waiting = append(waiting, f.delivery(ctx, c, m))
		}
	}
	slices.SortFunc(waiting, func(a, b delivery.Delivery) int { return cmp.Compare(a.Seq, b.Seq) })
	n := delivery.Run(waiting, left, textLimit)
	if n == 0 || waiting[0].ID != d.ID {
		return nil
	}
	seqs := make([]uint64, n)
	for i, one := range waiting[:n] {
		seqs[i] = one.Seq
		if i > 0 {
			d.Content.Text += delivery.Between + one.Content.Text
		}
	}
	d.MergedTo = seqs[n-1]
	f.conversations.Join(c.ID, seqs)
	return nil
}

// textOf is the text of another message of a message's conversation.
func (f *Fake) textOf(ctx context.Context, m conversation.Message, seq uint64) string {
	after := seq - 1
	changes, _ := f.conversations.Timeline(ctx, m.Workspace, m.Conversation, conversation.Range{After: &after, Limit: 1}) // what is in memory is there
	if len(changes) == 0 || changes[0].Message == nil {
		return ""
	}
	return changes[0].Message.Text
}
