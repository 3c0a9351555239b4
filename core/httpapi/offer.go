package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/wire"
)

func (s *Server) offerRoutes(one string) {
	member(s, huma.Operation{
		Method: http.MethodPost, Path: one + "/accept", Summary: "Accept a conversation that is offered to you", Tags: []string{"conversations"},
		Description: "It is yours, however late you are, as long as the offer stands. To accept what you have already changes nothing. " +
			"An offer that is over is conversation.offer_over: the code of the error's field is assigned, offered (to somebody else), waiting or done, its detail the id of who has it.",
	},
		identity.ConversationReply, s.acceptOffer)
	member(s, huma.Operation{
		Method: http.MethodPost, Path: one + "/reject", Summary: "Reject a conversation that is offered to you", Tags: []string{"conversations"}, DefaultStatus: http.StatusNoContent,
		Description: "It goes to the next member, and is kept from you for a minute.",
	},
		identity.ConversationReply, s.rejectOffer)
}

func (s *Server) acceptOffer(ctx context.Context, scope identity.Scope, in *ConversationPath) (*body[wire.Conversation], error) {
	c, err := s.Conversations.Accept(ctx, scope, in.id())
	if err != nil {
		return nil, err
	}
	return s.answer(ctx, scope, c)
}

type rejectOfferInput struct {
	ConversationPath
	Body struct {
		Reason string `json:"reason,omitempty" doc:"For colleagues, at most 200 characters."`
	}
}

func (s *Server) rejectOffer(ctx context.Context, scope identity.Scope, in *rejectOfferInput) (*struct{}, error) {
	_, err := s.Conversations.Reject(ctx, scope, in.id(), in.Body.Reason)
	return nil, err
}
