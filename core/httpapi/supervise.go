package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/wire"
)

func (s *Server) superviseRoutes() {
	op := func(path, summary, description string) huma.Operation {
		return huma.Operation{
			Method: http.MethodPost, Path: conversationsPath + "/{conversation}" + path, Summary: summary, Tags: []string{"conversations"}, Description: description,
		}
	}
	member(s, op("/take-over", "Take a conversation over", "It is yours, and whoever had it is told why. To take over what you have already changes nothing. "+
		"409 conversation.held when another colleague has it than from_id says: the detail of the error's field is the id of who has it."),
		identity.ConversationSupervise, s.takeOver)
	member(s, op("/join", "Join a colleague's conversation", "You take part and answer beside whoever has it, and goes on having it. 409 conversation.nobody_to_join when no colleague has it."),
		identity.ConversationSupervise, s.onSupervised(s.Conversations.Join))
	member(s, op("/leave", "Leave a conversation that you joined", "You take part no more. To leave what you take no part in changes nothing."),
		identity.ConversationSupervise, s.onSupervised(s.Conversations.Leave))
	member(s, op("/watch", "Begin to watch a conversation unseen", "Keeps in the audit log that you do. Neither colleagues nor the customer are told; reading the conversation tells them nothing either."),
		identity.ConversationSupervise, s.onSupervised(s.Conversations.Watch))
}

type takeOverInput struct {
	ConversationPath
	Body struct {
		FromID string `json:"from_id" maxLength:"40" doc:"The member who has it, as far as you know; empty: no colleague."`
		Reason string `json:"reason" doc:"For colleagues, 1 to 200 characters."`
	}
}

func (s *Server) takeOver(ctx context.Context, scope identity.Scope, in *takeOverInput) (*body[wire.Conversation], error) {
	c, err := s.Conversations.TakeOver(ctx, scope, in.id(), conversation.TakingOver{From: identity.MemberID(in.Body.FromID), Why: in.Body.Reason})
	return s.answered(ctx, scope, c, err)
}

// onSupervised is an act of a supervisor that says nothing but on what.
func (s *Server) onSupervised(do func(context.Context, identity.Scope, conversation.ID) (conversation.Conversation, error)) func(context.Context, identity.Scope, *ConversationPath) (*body[wire.Conversation], error) {
	return func(ctx context.Context, scope identity.Scope, in *ConversationPath) (*body[wire.Conversation], error) {
		c, err := do(ctx, scope, in.id())
		return s.answered(ctx, scope, c, err)
	}
}
