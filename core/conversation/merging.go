package conversation

import (
	"context"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/team"
)

// Merge lets a conversation go on in another one and returns that one. Needs
// ConversationMerge; see MergeInto for what does not merge.
func (s *Service) Merge(ctx context.Context, scope identity.Scope, id, into ID) (Conversation, error) {
	if err := scope.Require(identity.ConversationMerge); err != nil {
		return Conversation{}, err
	}
	var out Conversation
	err := s.Store.Within(ctx, scope.Workspace, func(ctx context.Context, tx Tx) error {
		source, target, err := reachedPair(ctx, tx, scope, id, into)
		if err != nil {
			return err
		}
		of, err := tx.Extent(ctx, id)
		if err != nil {
			return err
		}
		if err := source.MergeInto(s.turn(scope), target, of); err != nil {
			return err
		}
		return saveBoth(ctx, tx, source, target, &out)
	})
	return out, err
}

// Unmerge undoes a merge and returns the conversation that was merged. Needs
// ConversationMerge.
func (s *Service) Unmerge(ctx context.Context, scope identity.Scope, id ID) (Conversation, error) {
	if err := scope.Require(identity.ConversationMerge); err != nil {
		return Conversation{}, err
	}
	before, err := s.get(ctx, scope, id)
	if err != nil {
		return Conversation{}, err
	}
	able, err := s.able(ctx, identity.SystemScope(scope.Workspace), before.Assignee)
	if err != nil {
		return Conversation{}, err
	}
	var out Conversation
	err = s.Store.Within(ctx, scope.Workspace, func(ctx context.Context, tx Tx) error {
		source, target, err := reachedPair(ctx, tx, scope, id, before.MergedInto)
		if err != nil {
			return err
		}
		if err := source.Unmerge(s.turn(scope), target, able); err != nil {
			return err
		}
		return saveBoth(ctx, tx, target, source, &out)
	})
	return out, err
}

// able reports whether a member may take work.
func (s *Service) able(ctx context.Context, scope identity.Scope, member identity.MemberID) (bool, error) {
	if member == "" {
		return false, nil
	}
	_, err := s.Members.Member(ctx, scope, member)
	switch {
	case err == nil:
		return true, nil
	case errs.Is(err, errs.NotFound), errs.Is(err, errs.Conflict), errs.Is(err, errs.Invalid), errs.Is(err, errs.Forbidden):
		return false, nil
	default:
		return false, err
	}
}

// pair loads two conversations, whose rows are locked in the order of their
// ids so that transactions that want the same two never wait for each other.
func pair(ctx context.Context, tx Tx, source, target ID) (a, b *Conversation, err error) {
	if target == "" {
		return nil, nil, errs.New(errs.Conflict, "conversation.not_merged", "The conversation is not merged.")
	}
	if source == target {
		a, err = tx.Conversation(ctx, source)
		return a, a, err
	}
	if source > target {
		b, a, err = pair(ctx, tx, target, source)
		return a, b, err
	}
	if a, err = tx.Conversation(ctx, source); err != nil {
		return nil, nil, err
	}
	b, err = tx.Conversation(ctx, target)
	return a, b, err
}

// reachedPair is pair for two conversations that the actor reaches.
func reachedPair(ctx context.Context, tx Tx, scope identity.Scope, source, target ID) (a, b *Conversation, err error) {
	a, b, err = pair(ctx, tx, source, target)
	if err == nil {
		err = Reached(scope, a)
	}
	if err == nil {
		err = Reached(scope, b)
	}
	return a, b, err
}

// saveBoth saves both sides and returns the second as it is then.
func saveBoth(ctx context.Context, tx Tx, other, wanted *Conversation, out *Conversation) error {
	if err := tx.Save(ctx, other); err != nil {
		return err
	}
	if err := tx.Save(ctx, wanted); err != nil {
		return err
	}
	*out = *wanted
	return nil
}

// start returns a new conversation, which waits where its inbox says.
func (s *Service) start(ctx context.Context, t Turn, inbox channel.Inbox, who contact.Contact, recipient string, first first) (*Conversation, error) {
	in, to, err := s.standsIn(ctx, inbox)
	if err != nil {
		return nil, err
	}
	if first.routed {
		in, to = "", first.team
	}
	c := Start(t, inbox, who, recipient)
	if first.routed {
		c.teamChosen()
	}
	t.Actor = identity.Actor{Kind: identity.ActorSystem}
	c.Enter(t, in, to)
	return c, nil
}

// standsIn returns where new conversations of an inbox wait: in its queue, with
// the queue's team, or without one for its team.
func (s *Service) standsIn(ctx context.Context, inbox channel.Inbox) (queue.ID, team.ID, error) {
	if s.Queues != nil {
		in, of, err := s.Queues.QueueOfInbox(ctx, inbox.Workspace, string(inbox.ID))
		if err != nil || in != "" {
			return in, of, err
		}
	}
	of, err := s.Teams.TeamOfInbox(ctx, inbox.Workspace, string(inbox.ID))
	return "", of, err
}

// back undoes the merge of a conversation whose customer writes again; of any
// other it is nothing. The workspace's lock keeps the two from others.
func (s *Service) back(ctx context.Context, tx Tx, t Turn, c *Conversation) error {
	if c.MergedInto == "" {
		return nil
	}
	target, err := tx.Conversation(ctx, c.MergedInto)
	if err != nil {
		return err
	}
	if err := c.Unmerge(t, target, true); err != nil { // an agent who is gone is found out when the message is there
		return err
	}
	return tx.Save(ctx, target)
}
