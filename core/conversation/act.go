package conversation

import (
	"context"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
)

// EditMessage has a message of the actor's own say something else. Its files
// stay. To say what it says already changes nothing. Where a far side has it, the
// message is changed when that has done it (Changing). It returns the message
// after it.
func (s *Service) EditMessage(ctx context.Context, scope identity.Scope, id ID, message MessageID, text string) (Message, error) {
	if err := scope.Require(identity.ConversationReply); err != nil {
		return Message{}, err
	}
	known, err := s.Message(ctx, scope, id, message)
	if err != nil {
		return Message{}, err
	}
	c, err := s.get(ctx, scope, id)
	if err != nil {
		return Message{}, err
	}
	if err := s.mayAct(scope, &c, &known, ActEdit); err != nil {
		return Message{}, err
	}
	if err := checkWritten(text, idsOf(known.Attachments), s.limitOf(&c, &known)); err != nil {
		return Message{}, err
	}
	as := Passed{Text: text}
	if known.Kind == Text && !known.saysOrWill(text) && s.asks(ctx, scope.Workspace) {
		if as, err = s.intercepted(ctx, scope.Workspace, scope.Actor, Outgoing{
			Key: scope.Actor.ID + "/" + string(message) + "/" + hashOf(text), Conversation: id,
			Text: text, Files: idsOf(known.Attachments), Limit: s.limitOf(&c, &known),
		}); err != nil {
			return Message{}, err
		}
	}
	return s.onMessage(ctx, scope, id, message, func(ctx context.Context, tx Tx, c *Conversation, m Message) (Message, error) {
		if err := s.mayAct(scope, c, &m, ActEdit); err != nil {
			return m, err
		}
		if m.saysOrWill(text) {
			return m, nil
		}
		if !c.leaves(&m) {
			ch := c.Edit(s.turn(scope), m, Written{Text: as.Text, Altered: as.Altered}, m.Attachments)
			return *ch.Message, tx.Save(ctx, c)
		}
		return s.ask(ctx, tx, scope, c, m, Changing{Act: ActEdit, Text: as.Text, Altered: as.Altered})
	})
}

// saysOrWill reports whether a message says a text, or will once its far side
// has done what it was asked for last.
func (m *Message) saysOrWill(text string) bool {
	if ch := m.Changing; ch != nil {
		return ch.Act == ActEdit && ch.State == DeliveryPending && ch.wrote() == text
	}
	return m.wrote() == text
}

// leaves reports whether a message is at a far side, which has to change it.
func (c *Conversation) leaves(m *Message) bool { return !c.Live && m.Kind != Note }

// ask has the far side of a message do an act.
func (s *Service) ask(ctx context.Context, tx Tx, scope identity.Scope, c *Conversation, m Message, what Changing) (Message, error) {
	together, err := tx.LeftWith(ctx, c.ID, m.Seq)
	if err != nil {
		return m, err
	}
	if len(together) > 1 {
		return m, errs.New(errs.Conflict, "message.merged_text", "The message left as one with others, which would change as well.")
	}
	known, err := tx.SentAs(ctx, c.ID, m.Seq)
	if err != nil {
		return m, err
	}
	if len(known) != 1 {
		return m, errs.New(errs.Conflict, "message.untraceable", "The far side gave no name to this message, or made several of it.")
	}
	what.Target = known[0]
	ch := c.Ask(s.turn(scope), m, what)
	out := *ch.Message
	c.expire(ch.Seq, deadline(s.capabilities(c.Plugin), &m, what.Act))
	return out, tx.Save(ctx, c)
}

// RecallMessage takes a message back: the actor's own, or, of who leads
// (TeamManage), a colleague's or a bot's. To take it back twice changes nothing.
// It returns the message after it.
func (s *Service) RecallMessage(ctx context.Context, scope identity.Scope, id ID, message MessageID) (Message, error) {
	return s.onMessage(ctx, scope, id, message, func(ctx context.Context, tx Tx, c *Conversation, m Message) (Message, error) {
		err := s.mayAct(scope, c, &m, ActRecall)
		if err != nil || !m.RecalledAt.IsZero() {
			return m, err
		}
		if c.leaves(&m) {
			if ch := m.Changing; ch != nil && ch.Act == ActRecall && ch.State == DeliveryPending {
				return m, nil
			}
			return s.ask(ctx, tx, scope, c, m, Changing{Act: ActRecall})
		}
		ch := c.Recall(s.turn(scope), m)
		return *ch.Message, tx.Save(ctx, c)
	})
}

// mayAct refuses what the actor may not do to a message, and what its channel
// or its state does not allow. A note goes nowhere, so its channel has no say.
func (s *Service) mayAct(scope identity.Scope, c *Conversation, m *Message, act Act) error {
	own := m.Sender.Kind == scope.Actor.Kind && m.Sender.ID == scope.Actor.ID
	switch {
	case m.Sender.Kind == identity.ActorContact || m.Elsewhere:
		return errs.New(errs.Forbidden, "message.not_yours", "Only what was written here by the company can be changed here.")
	case act == ActEdit && !own:
		return errs.New(errs.Forbidden, "message.not_yours", "Only its author changes a message.")
	case act == ActEdit && m.Template != nil:
		return errs.New(errs.Conflict, "message.template_edit", "A template says what was prepared, so it cannot be edited.")
	case !own && (m.Kind == Note || !scope.May(identity.TeamManage)):
		return errs.New(errs.Forbidden, "message.not_yours", "Only its author takes this message back.")
	case c.MergedInto != "":
		return errMerged(c)
	case !m.RecalledAt.IsZero():
		if act == ActRecall {
			return nil
		}
		return errs.New(errs.Conflict, "message.recalled", "The message was taken back.")
	case m.Kind == Note:
		return nil
	}
	if err := s.maySend(c.Plugin); err != nil {
		return err
	}
	if !c.leaves(m) {
		return nil
	}
	return checkAct(s.capabilities(c.Plugin), m, act, s.Now())
}

func errCannot(act Act) error {
	if act == ActRecall {
		return errs.New(errs.Conflict, "message.recall_unsupported", "This channel cannot take back what was sent.")
	}
	return errs.New(errs.Conflict, "message.edit_unsupported", "This channel cannot change what was sent.")
}

// limitOf is how many characters a message may have.
func (s *Service) limitOf(c *Conversation, m *Message) int {
	if m.Kind == Note {
		return MaxText
	}
	return s.textLimit(c.Plugin)
}

func idsOf(all []media.Attachment) []media.ID {
	out := make([]media.ID, len(all))
	for i, a := range all {
		out[i] = a.ID
	}
	return out
}
