package conversation

import (
	"context"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/identity"
)

// codeEarly is the code of what a far side says of a message whose attempt is
// not answered yet, and that cannot be kept: it is to be said again.
const codeEarly = "status_early"

// receiveStatus takes what the far side says of a message of ours. It moves the
// message forward only, so it may be said any number of times.
func (s *Service) receiveStatus(ctx context.Context, scope identity.Scope, in channel.Inbound) (channel.Result, error) {
	if reported(in.Status.State) == "" {
		return rejected("status", "a status is sent, delivered, read or failed"), nil
	}
	inbox, err := s.inboxOf(ctx, scope, in.Inbox)
	if err != nil {
		return channel.Result{}, err
	}
	if inbox == nil {
		return noInbox(), nil
	}
	var out channel.Result
	err = s.Store.Within(ctx, inbox.Workspace, func(ctx context.Context, tx Tx) error {
		d, err := sentAs(ctx, tx, inbox.ID, in)
		if err != nil {
			return err
		}
		if d == nil {
			out, err = s.keepUnknown(ctx, tx, inbox.ID, in)
			return err
		}
		out, err = s.tellStatus(ctx, tx, inbox.ID, *d, scope.Actor, in)
		return err
	})
	return out, err
}

// sentAs finds the message of ours that an item is about, by the delivery or by
// the far side's id.
func sentAs(ctx context.Context, tx Tx, inbox channel.InboxID, in channel.Inbound) (*Dedup, error) {
	if in.Delivery != "" {
		if d, err := tx.OfDelivery(ctx, inbox, in.Delivery); err != nil || d != nil {
			return d, err
		}
	}
	if !nameable(in.Target) {
		return nil, nil //nolint:nilnil // no id of anything
	}
	return tx.Inbound(ctx, inbox, InboundSent, in.Target)
}

func (s *Service) tellStatus(ctx context.Context, tx Tx, inbox channel.InboxID, d Dedup, by identity.Actor, in channel.Inbound) (channel.Result, error) {
	st := in.Status
	c, err := tx.Conversation(ctx, d.Conversation)
	if err != nil {
		return channel.Result{}, err
	}
	m, err := tx.Message(ctx, c.ID, d.Seq)
	if err != nil {
		return channel.Result{}, err
	}
	if m.Delivery == DeliveryPending {
		about := AboutTarget(in.Target)
		if in.Delivery == d.External {
			about = AboutDelivery(in.Delivery)
		}
		return s.keepEarly(ctx, tx, inbox, about, st)
	}
	t := Turn{Actor: by, At: s.Now(), IDs: s.ids}
	if !c.SetStatus(t, *m, st) {
		return channel.Result{Outcome: channel.OutcomeDuplicate}, nil
	}
	others, err := leftWith(ctx, tx, c, d.Seq)
	if err != nil {
		return channel.Result{}, err
	}
	for _, m := range others {
		c.SetStatus(t, m, st)
	}
	return channel.Result{Outcome: channel.OutcomeAccepted}, tx.Save(ctx, c)
}

// leftWith returns the other messages that left as one with a message.
func leftWith(ctx context.Context, tx Tx, c *Conversation, seq uint64) ([]Message, error) {
	all, err := tx.LeftWith(ctx, c.ID, seq)
	if err != nil {
		return nil, err
	}
	var out []Message
	for _, other := range all {
		if other == seq {
			continue
		}
		m, err := tx.Message(ctx, c.ID, other)
		if err != nil {
			return nil, err
		}
		out = append(out, *m)
	}
	return out, nil
}
