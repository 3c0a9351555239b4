package deliverytest

import (
	"context"
	"math"
	"strings"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/delivery"
)

// acts lists the acts of a plugin that wait.
func (f *Fake) acts(ctx context.Context, plugin channel.PluginID) []delivery.Delivery {
	var out []delivery.Delivery
	for _, m := range f.conversations.Revising() {
		c, err := f.conversations.Get(ctx, m.Workspace, m.Conversation)
		if err != nil || c.Plugin != plugin {
			continue
		}
		out = append(out, f.act(ctx, c, m))
	}
	return out
}

func (f *Fake) act(ctx context.Context, c conversation.Conversation, m conversation.Message) delivery.Delivery {
	what := m.Changing
	d := delivery.Delivery{
		Workspace: c.Workspace, ID: f.idOf(ctx, m, what.Seq), Inbox: c.Inbox, Plugin: c.Plugin, Conversation: string(c.ID), Message: string(m.ID),
		Seq: m.Seq, Place: what.Seq, Recipient: c.Address(), Content: channel.Content{Text: what.Text}, State: delivery.Pending,
		NextAt: what.At, CreatedAt: what.At, ExpiresAt: f.conversations.Deadline(c.Workspace, c.ID, what.Seq), Act: delivery.Act(what.Act), Target: what.Target,
	}
	d.Author.Kind, d.Author.ID, d.Author.Name = m.Sender.Kind, m.Sender.ID, m.Sender.Name
	if d.Act == delivery.Edit {
		d.Content.Envelope, d.Content.Mentions = m.Envelope, m.GroupMentions
		if len(m.Attachments) > 0 {
			d.Content.Files = delivery.FilesOf(m.Attachments)
		}
		if m.ReplyTo != nil {
			d.Quoted = m.ReplyTo.Seq
		}
	}
	return f.newest(c, d)
}

// idOf is the id of the delivery that a change made.
func (f *Fake) idOf(ctx context.Context, m conversation.Message, seq uint64) delivery.ID {
	changes, _ := f.conversations.Timeline(ctx, m.Workspace, m.Conversation, conversation.Range{Limit: math.MaxInt32}) // what is in memory is there
	for _, ch := range changes {
		if ch.Seq == seq {
			return delivery.ID("dlv_" + strings.TrimPrefix(string(ch.ID), "chg_"))
		}
	}
	return ""
}

// settleAct is settle for an act.
func (f *Fake) settleAct(ctx context.Context, x delivery.Settlement) error {
	d := x.Delivery
	m, err := f.conversations.Message(ctx, d.Workspace, conversation.ID(d.Conversation), conversation.MessageID(d.Message))
	if err != nil {
		return err
	}
	f.mu.Lock()
	before, tried := f.tried[d.ID]
	f.mu.Unlock()
	waits := m.Changing != nil && m.Changing.Seq == d.Place && m.Changing.State == conversation.DeliveryPending
	if !waits && (x.State != delivery.Sent || tried && before.State != delivery.Pending) {
		return nil
	}
	f.try(x)
	f.add(d, x.Steps(f.now())...)
	if x.State == delivery.Pending {
		return nil
	}
	return f.conversations.Within(ctx, d.Workspace, func(ctx context.Context, tx conversation.Tx) error {
		c, err := tx.Conversation(ctx, m.Conversation)
		if err != nil {
			return err
		}
		m, err := tx.Message(ctx, c.ID, d.Seq)
		if err != nil {
			return err
		}
		x.Acts(c, *m, f.now(), f.ids)
		return tx.Save(ctx, c)
	})
}
