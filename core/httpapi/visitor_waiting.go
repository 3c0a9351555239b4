package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/conversation"
)

func (s *Server) waitingRoutes() {
	tags := []string{"visitors"}
	register(s, huma.Operation{
		Method: http.MethodGet, Path: livePath + "/waiting", Summary: "Read what a visitor can do instead of waiting", Tags: tags,
	},
		accessVisitor, s.visitorWaiting)
	register(s, huma.Operation{
		Method: http.MethodPost, Path: livePath + "/waiting/leave", Summary: "Leave the queue as a visitor", Tags: tags, DefaultStatus: http.StatusNoContent,
		Description: "The conversation is resolved; writing again waits anew. Saying it again changes nothing.",
	},
		accessVisitor, s.visitorLeaves)
	register(s, huma.Operation{
		Method: http.MethodPost, Path: livePath + "/waiting/callback", Summary: "Ask to be called back instead of waiting", Tags: tags,
		Description: "It becomes a ticket, or is added to the open one that was made of the conversation, and the conversation is resolved. Idempotent by client_msg_id.",
	},
		accessVisitor, s.visitorCallback)
}

// waitingBody is what a visitor can do instead of waiting.
type waitingBody struct {
	Waiting  bool   `json:"waiting"`
	Callback string `json:"callback,omitempty" enum:"phone,email,either" doc:"What to leave to be called back; absent: that is not offered now."`
}

func (s *Server) visitorWaiting(ctx context.Context, _ *LivePathInput) (*body[waitingBody], error) {
	v, err := visitorIn(ctx)
	if err != nil {
		return nil, err
	}
	w, err := s.Conversations.VisitorWaiting(ctx, v)
	if err != nil {
		return nil, err
	}
	return &body[waitingBody]{Body: waitingBody{Waiting: w.Waits, Callback: string(w.Callback)}}, nil
}

func (s *Server) visitorLeaves(ctx context.Context, _ *LivePathInput) (*struct{}, error) {
	v, err := s.formOf(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.Conversations.VisitorLeaves(ctx, v)
}

type callbackInput struct {
	LivePathInput
	Body struct {
		Phone       string `json:"phone,omitempty"`
		Email       string `json:"email,omitempty"`
		When        string `json:"when,omitempty" doc:"When it suits, in the visitor's own words; at most 200 characters."`
		Note        string `json:"note,omitempty" doc:"At most 2000 characters."`
		ClientMsgID string `json:"client_msg_id" minLength:"1" maxLength:"50"`
	}
}

// notedBody is a callback as its customer keeps it.
type notedBody struct {
	Ticket string `json:"ticket,omitempty" doc:"Its number as people say it: T-12."`
	Before bool   `json:"before" doc:"There was an open ticket of the conversation already, and it has this now."`
}

func (s *Server) visitorCallback(ctx context.Context, in *callbackInput) (*body[notedBody], error) {
	v, err := s.formOf(ctx)
	if err != nil {
		return nil, err
	}
	b := in.Body
	n, err := s.Conversations.VisitorCallback(ctx, v, conversation.Callback{
		ClientID: b.ClientMsgID, Phone: b.Phone, Email: b.Email, When: b.When, Note: b.Note,
	})
	if err != nil {
		return nil, err
	}
	return &body[notedBody]{Body: notedBody{Ticket: n.Ticket, Before: n.Before}}, nil
}
