package conversation

import (
	"context"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
)

// codeEcho is the code of an echo that may be of something that is on its way:
// it is to come again when that is known.
const codeEcho = "echo_pending"

// receiveEcho takes what the company wrote to a customer beyond this server: it
// is what we sent ourselves, by its delivery or the far side's id, or else a
// message of the company's.
func (s *Service) receiveEcho(ctx context.Context, scope identity.Scope, in channel.Inbound) (channel.Result, error) {
	said := s.brought(in)
	said.Carried.Trust = channel.Trust{} // nobody's word: the account itself tells
	switch {
	case !nameable(in.External):
		return rejected("external_id", "an echo needs the far side's id: 1 to 512 bytes of UTF-8 without control characters"), nil
	case !nameable(in.Recipient) || Unverified(in.Recipient):
		return rejected("recipient", "an echo needs its recipient's id: 1 to 512 bytes of UTF-8 without control characters"), nil
	case !said.says() && len(said.brought) == 0:
		return rejected("empty", "an echo needs text, HTML, a file, a place or the name of what it is"), nil
	}
	inbox, err := s.inboxOf(ctx, scope, in.Inbox)
	if err != nil {
		return channel.Result{}, err
	}
	if inbox == nil {
		return noInbox(), nil
	}
	a := arrival{inbox: *inbox, item: accepted{
		kind: InboundMessage, external: in.External, sender: channel.Person{External: in.Recipient}, said: said,
		by: media.Uploader{Kind: media.ByPlugin, ID: string(inbox.ID)}, answers: in.Answers, references: in.References, thread: in.Thread,
	}}
	author := identity.Actor{Kind: identity.ActorPlugin, ID: string(inbox.Plugin), Name: cut(clean(in.Sender.Name), contact.MaxName)}
	var out channel.Result
	err = s.Store.Within(ctx, inbox.Workspace, func(ctx context.Context, tx Tx) error {
		known, err := s.echoed(ctx, tx, in)
		if err != nil {
			return err
		}
		if known {
			out = channel.Result{Outcome: channel.OutcomeDuplicate}
			return nil
		}
		out, err = s.keepEcho(ctx, tx, author, a)
		return err
	})
	if err == nil {
		s.toFetch(&said)
	}
	return refusedOr(out, err)
}

// echoed reports whether an echo is of what we sent, or came before.
func (s *Service) echoed(ctx context.Context, tx Tx, in channel.Inbound) (bool, error) {
	if in.Delivery != "" {
		if d, err := tx.OfDelivery(ctx, in.Inbox, in.Delivery); err != nil || d != nil {
			return d != nil, err
		}
	}
	for _, kind := range []InboundKind{InboundSent, InboundMessage} {
		if d, err := tx.Inbound(ctx, in.Inbox, kind, in.External); err != nil || d != nil {
			return d != nil, err
		}
	}
	return false, nil
}

// keepEcho appends what the company wrote elsewhere to the customer's
// conversation. One that it begins needs nobody: it is resolved.
func (s *Service) keepEcho(ctx context.Context, tx Tx, author identity.Actor, a arrival) (channel.Result, error) {
	c, err := s.echoOf(ctx, tx, a)
	if err != nil {
		return channel.Result{}, err
	}
	t := Turn{Actor: author, At: s.Now(), IDs: s.ids}
	begins := c == nil
	if begins {
		if a.who, err = s.contactOf(ctx, tx, t, a.inbox, a.item); err != nil {
			return channel.Result{}, err
		}
		if c, err = s.begun(ctx, t, a); err != nil {
			return channel.Result{}, err
		}
	} else {
		way, err := tx.UnderWay(ctx, c.ID)
		if err != nil {
			return channel.Result{}, err
		}
		if way {
			return channel.Result{Outcome: channel.OutcomeRetry, Code: codeEcho, Detail: "something of this conversation is on its way"}, nil
		}
	}
	if a.item.said, err = folded(ctx, tx, c, a.item.said); err != nil {
		return channel.Result{}, err
	}
	ch := c.Echo(t, a.item.said)
	if err := s.bring(ctx, tx, c, ch, a.item); err != nil {
		return channel.Result{}, err
	}
	if begins {
		t.Actor = identity.Actor{Kind: identity.ActorSystem}
		c.Resolve(t)
	}
	if err := tx.Save(ctx, c); err != nil {
		return channel.Result{}, err
	}
	return channel.Result{Outcome: channel.OutcomeAccepted}, tx.Remember(ctx, a.inbox.ID, Dedup{
		Kind: InboundMessage, External: a.item.external, Hash: a.item.hash(), Conversation: c.ID, Seq: ch.Seq,
	})
}

// echoOf returns the conversation that an echo belongs to; nil when it begins
// one. The far side does not say whether it knows whom the company writes to:
// somebody unproven may be meant.
func (s *Service) echoOf(ctx context.Context, tx Tx, a arrival) (*Conversation, error) {
	for _, verdict := range []channel.Verdict{"", channel.Unverified} {
		a.item.trust.Verdict = verdict
		c, err := s.answered(ctx, tx, a)
		if err == nil && c == nil {
			c, err = s.standing(ctx, tx, a)
		}
		if err != nil {
			return nil, err
		}
		if c != nil {
			return stands(ctx, tx, c.ID)
		}
	}
	return nil, nil //nolint:nilnil // a new one
}
