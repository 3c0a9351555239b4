package conversation

import (
	"context"
	"slices"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
)

// place returns the conversation that takes an item, or what became of the
// item when that turns out to be there already. In order: the one that it
// answers, the far side's thread, and the one that the person has, or a new one
// where the channel's talks are apart (docs/adr/0050-what-channels-carry.md).
func (s *Service) place(ctx context.Context, tx Tx, t Turn, a arrival) (*Conversation, *Posted, error) {
	c, err := s.answered(ctx, tx, a)
	if err != nil || c != nil {
		return c, nil, err
	}
	if c, err = s.standing(ctx, tx, a); err != nil {
		return nil, nil, err
	}
	if c == nil {
		c, err = s.begun(ctx, t, a)
		return c, nil, err
	}
	if again, err := s.again(ctx, tx, c, a.item); err != nil || again != nil {
		return nil, again, err
	}
	if err := s.back(ctx, tx, t, c); err != nil || !c.unsaid() {
		return c, nil, err
	}
	return c, nil, a.first.late(t, c)
}

// standing returns the conversation of the far side's thread, or the one that the
// person has; nil when there is none, or where the channel's talks are apart.
func (s *Service) standing(ctx context.Context, tx Tx, a arrival) (*Conversation, error) {
	key := s.talkOf(a)
	if key == "" {
		return nil, nil //nolint:nilnil // each is a new one
	}
	return tx.Current(ctx, a.inbox.ID, key)
}

// talkOf returns the key of the conversation that standing looks for; "" = none.
func (s *Service) talkOf(a arrival) string {
	thread, apart := s.threadOf(a)
	switch {
	case apart:
		return ""
	case thread != "":
		return ThreadKey(thread)
	default:
		return a.item.known()
	}
}

// begun returns a new conversation.
func (s *Service) begun(ctx context.Context, t Turn, a arrival) (*Conversation, error) {
	c, err := s.start(ctx, t, a.inbox, a.who, a.item.known(), a.first)
	if err != nil {
		return nil, err
	}
	return c.In(s.threadOf(a)), a.first.rule.apply(t, c)
}

// threadOf says how the channel tells talks from each other: by its thread, or
// each apart.
func (s *Service) threadOf(a arrival) (thread string, apart bool) {
	switch s.capabilities(a.inbox.Plugin).Threads {
	case channel.ThreadsKey:
		return a.item.thread, false
	case channel.ThreadsReply:
		return "", true
	default:
		return "", false
	}
}

// maxReferences is how many messages that an item answers are looked for, the
// nearest first.
const maxReferences = 50

// answered returns the conversation that an item is an answer in; nil when it
// answers nothing that the sender may answer.
func (s *Service) answered(ctx context.Context, tx Tx, a arrival) (*Conversation, error) {
	if a.item.answers != "" {
		d, err := tx.OfDelivery(ctx, a.inbox.ID, a.item.answers)
		if err != nil {
			return nil, err
		}
		if d != nil {
			return stands(ctx, tx, d.Conversation)
		}
	}
	refs := a.item.references
	for _, ref := range slices.Backward(refs[max(0, len(refs)-maxReferences):]) {
		c, err := s.referred(ctx, tx, a, ref)
		if err != nil || c != nil {
			return c, err
		}
	}
	return nil, nil //nolint:nilnil // nothing
}

// referred returns the conversation in which the inbox knows a far side's id, if
// the sender takes part in it: an id is no secret, and whoever knows one must
// not speak for another.
func (s *Service) referred(ctx context.Context, tx Tx, a arrival, ref string) (*Conversation, error) {
	if !nameable(ref) {
		return nil, nil //nolint:nilnil // no id of anything
	}
	for _, kind := range []InboundKind{InboundSent, InboundMessage} {
		d, err := tx.Inbound(ctx, a.inbox.ID, kind, ref)
		if err != nil {
			return nil, err
		}
		if d == nil {
			continue
		}
		c, err := tx.Conversation(ctx, d.Conversation)
		if err != nil {
			return nil, err
		}
		ok, err := takesPart(ctx, tx, c, a)
		if err != nil {
			return nil, err
		}
		if ok {
			return stands(ctx, tx, c.ID)
		}
	}
	return nil, nil //nolint:nilnil // nothing that is theirs
}

// takesPart reports whether the sender of an item is the customer of a
// conversation, or has proven to be at an address of its envelopes. Who is not
// proven is the customer only of a conversation that such a one began, and whom
// something speaks against is nobody.
func takesPart(ctx context.Context, tx Tx, c *Conversation, a arrival) (bool, error) {
	switch {
	case a.item.trust.Verdict == channel.Failed:
		return false, nil
	case c.Recipient == a.item.known():
		return true, nil
	case !a.item.trust.Proven():
		return false, nil
	case c.Contact == a.who.ID:
		return true, nil
	}
	return tx.TakesPart(ctx, c.ID, a.item.sender.External)
}

// stands returns the conversation that stands for one: itself, or the one it was
// merged into.
func stands(ctx context.Context, tx Tx, id ID) (*Conversation, error) {
	c, err := tx.Conversation(ctx, id)
	if err != nil || c.MergedInto == "" {
		return c, err
	}
	into, err := tx.Conversation(ctx, c.MergedInto)
	if errs.Is(err, errs.NotFound) {
		return c, nil
	}
	return into, err
}
