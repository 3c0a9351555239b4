package conversation

import (
	"context"
	"slices"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// CodeNobodyToJoin is the code of joining where no colleague answers: an answer
// there would take the conversation over.
const CodeNobodyToJoin = "conversation.nobody_to_join"

// AsJoin is how, in the data of ParticipantsChanged, who comes or goes did not
// only follow: a supervisor answers beside whoever has the conversation.
const AsJoin = "join"

// Join makes a member who supervises a participant, who answers beside whoever
// has the conversation and goes on having it. It changes nothing for who takes
// part already.
func (c *Conversation) Join(t Turn, member identity.MemberID) error {
	switch {
	case c.State == Resolved:
		return errs.New(errs.Conflict, "conversation.resolved", "The conversation is resolved. Reopen it before you join it.")
	case c.Assignee == "" || c.Assignee == member:
		return errs.New(errs.Conflict, CodeNobodyToJoin, "No colleague has the conversation whom you could join. Take it over.")
	}
	return c.setParticipants(t, slices.Concat(c.Participants, []identity.MemberID{member}), map[string]any{"as": AsJoin})
}

// Part ends a member's part in a conversation.
func (c *Conversation) Part(t Turn, member identity.MemberID) error {
	left := slices.DeleteFunc(slices.Clone(c.Participants), func(id identity.MemberID) bool { return id == member })
	return c.setParticipants(t, left, map[string]any{"as": AsJoin})
}

// Join makes the acting member take part in the conversation of a colleague, who
// goes on having it. Needs ConversationSupervise. Errors: errs.Conflict
// CodeNobodyToJoin when no colleague has it.
func (s *Service) Join(ctx context.Context, scope identity.Scope, id ID) (Conversation, error) {
	if err := s.supervises(ctx, scope); err != nil {
		return Conversation{}, err
	}
	return s.change(ctx, scope, id, func(t Turn, c *Conversation) error { return c.Join(t, scope.Member()) })
}

// Leave ends the acting member's part in a conversation; who has none changes
// nothing. Needs ConversationSupervise.
func (s *Service) Leave(ctx context.Context, scope identity.Scope, id ID) (Conversation, error) {
	if err := s.supervises(ctx, scope); err != nil {
		return Conversation{}, err
	}
	return s.change(ctx, scope, id, func(t Turn, c *Conversation) error { return c.Part(t, scope.Member()) })
}
