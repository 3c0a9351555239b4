package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/wire"
)

func (s *Server) scheduledRoutes() {
	all := conversationsPath + "/{conversation}/scheduled"
	one := all + "/{scheduled}"
	member(s, huma.Operation{
		Method: http.MethodPost, Path: all, Summary: "Write a message to be sent later", Tags: []string{"conversations"}, DefaultStatus: http.StatusCreated,
		Description: "Idempotent by client_msg_id, which the message carries once it is sent.",
	},
		identity.ConversationReply, s.schedule)
	member(s, huma.Operation{Method: http.MethodGet, Path: all, Summary: "List the messages that wait to be sent, or could not be", Tags: []string{"conversations"}},
		identity.ConversationRead, s.listScheduled)
	member(s, huma.Operation{Method: http.MethodPatch, Path: one, Summary: "Edit a message that waits, or try one that failed at another time", Tags: []string{"conversations"}},
		identity.ConversationReply, s.reschedule)
	member(s, huma.Operation{Method: http.MethodDelete, Path: one, Summary: "Give up a message that waits", Tags: []string{"conversations"}, DefaultStatus: http.StatusNoContent},
		identity.ConversationReply, s.cancelScheduled)
}

// ScheduledPath is the path parameters of a scheduled message.
type ScheduledPath struct {
	ConversationPath
	Scheduled string `path:"scheduled"`
}

type scheduleInput struct {
	ConversationPath
	Body struct {
		ClientMsgID   string          `json:"client_msg_id" minLength:"1" maxLength:"64" doc:"Made by the client for each message, a UUID."`
		Text          string          `json:"text" doc:"May be empty beside attachments."`
		AttachmentIDs []string        `json:"attachment_ids,omitempty" maxItems:"10"`
		ReplyTo       string          `json:"reply_to,omitempty" maxLength:"40"`
		Envelope      *wire.Addressed `json:"envelope,omitempty" doc:"For channels whose content has envelope."`
		SendAt        time.Time       `json:"send_at" doc:"Within a year."`
		UnlessReply   bool            `json:"unless_reply,omitempty" doc:"Cancel it when the customer writes meanwhile."`
	}
}

type scheduleOutput struct {
	Status   int
	Replayed string `header:"Idempotency-Replayed" doc:"true when the message had been accepted before."`
	Body     wire.Scheduled
}

func (s *Server) schedule(ctx context.Context, scope identity.Scope, in *scheduleInput) (*scheduleOutput, error) {
	b := in.Body
	m, replayed, err := s.Conversations.Schedule(ctx, scope, conversation.Schedule{
		Conversation: in.id(), ClientID: b.ClientMsgID, Text: b.Text, Attachments: wire.IDs[media.ID](b.AttachmentIDs),
		ReplyTo: conversation.MessageID(b.ReplyTo), SendAt: b.SendAt, UnlessReply: b.UnlessReply, Envelope: b.Envelope.Domain(),
	})
	if err != nil {
		return nil, err
	}
	out := &scheduleOutput{Status: http.StatusCreated, Body: wire.ScheduledOf(m)}
	if replayed {
		out.Status, out.Replayed = http.StatusOK, "true"
	}
	return out, nil
}

type scheduledBody struct {
	Items []wire.Scheduled `json:"items"`
}

func (s *Server) listScheduled(ctx context.Context, scope identity.Scope, in *ConversationPath) (*body[scheduledBody], error) {
	all, err := s.Conversations.Scheduled(ctx, scope, in.id())
	if err != nil {
		return nil, err
	}
	out := scheduledBody{Items: make([]wire.Scheduled, len(all))}
	for i, m := range all {
		out.Items[i] = wire.ScheduledOf(m)
	}
	return &body[scheduledBody]{Body: out}, nil
}

type rescheduleInput struct {
	ScheduledPath
	Body struct {
		Text   *string    `json:"text,omitempty"`
		SendAt *time.Time `json:"send_at,omitempty"`
	}
}

func (s *Server) reschedule(ctx context.Context, scope identity.Scope, in *rescheduleInput) (*body[wire.Scheduled], error) {
	m, err := s.Conversations.Reschedule(ctx, scope, in.id(), conversation.ScheduledID(in.Scheduled), conversation.ScheduledPatch{
		Text: in.Body.Text, SendAt: in.Body.SendAt,
	})
	if err != nil {
		return nil, err
	}
	return &body[wire.Scheduled]{Body: wire.ScheduledOf(m)}, nil
}

func (s *Server) cancelScheduled(ctx context.Context, scope identity.Scope, in *ScheduledPath) (*struct{}, error) {
	return nil, s.Conversations.CancelScheduled(ctx, scope, in.id(), conversation.ScheduledID(in.Scheduled))
}
