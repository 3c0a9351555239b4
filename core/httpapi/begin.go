package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/team"
	"github.com/patchbay-im/patchbay/core/wire"
)

func (s *Server) beginRoutes() {
	member(s, huma.Operation{
		Method: http.MethodPost, Path: conversationsPath, Summary: "Begin a conversation", Tags: []string{"conversations"}, DefaultStatus: http.StatusCreated,
		Description: "For inboxes whose capabilities can begin. Idempotent by inbox and client_msg_id: the same id with the same content answers 200 with what was made the first time. To give it to somebody else needs conversation.assign, too.",
	},
		identity.ConversationReply, s.beginConversation)
}

type beginInput struct {
	Workspace string `path:"workspace"`
	Body      struct {
		ClientMsgID string `json:"client_msg_id" minLength:"1" maxLength:"64" doc:"Made by the client for each conversation, a UUID."`
		InboxID     string `json:"inbox_id" maxLength:"40"`
		ContactID   string `json:"contact_id,omitempty" maxLength:"40" doc:"Whom it is with, at the address of envelope.to that is theirs, or at their own where that is empty. Absent: whoever is at the first address of envelope.to; somebody unknown becomes a contact."`

		Envelope      wire.Addressed `json:"envelope" doc:"With a subject."`
		Text          string         `json:"text" doc:"May be empty beside attachments."`
		AttachmentIDs []string       `json:"attachment_ids,omitempty" maxItems:"10" doc:"Finished uploads of yours, which the message takes."`

		AssigneeID *string `json:"assignee_id,omitempty" maxLength:"40" doc:"Who has the conversation. Absent: you. Empty: nobody; it is resolved until the customer answers."`
		TeamID     *string `json:"team_id,omitempty" maxLength:"40" doc:"Whose queue it waits in when nobody has it. Absent: the inbox's team. Empty: everybody's."`
	}
}

type beginOutput struct {
	Status   int
	Replayed string `header:"Idempotency-Replayed" doc:"true when the conversation had been begun before."`
	Body     begunBody
}

// begunBody is a conversation that was begun.
type begunBody struct {
	Conversation wire.Conversation `json:"conversation"`
	Message      wire.Message      `json:"message"`
	Change       wire.Change       `json:"change"`
}

func (s *Server) beginConversation(ctx context.Context, scope identity.Scope, in *beginInput) (*beginOutput, error) {
	b, err := s.Conversations.Begin(ctx, scope, conversation.Opening{
		ClientID: in.Body.ClientMsgID, Inbox: channel.InboxID(in.Body.InboxID), Contact: contact.ID(in.Body.ContactID),
		Text: in.Body.Text, Attachments: wire.IDs[media.ID](in.Body.AttachmentIDs), Envelope: in.Body.Envelope.Domain(),
		Assignee: (*identity.MemberID)(in.Body.AssigneeID), Team: (*team.ID)(in.Body.TeamID),
	})
	if err != nil {
		return nil, err
	}
	shown, err := s.answer(ctx, scope, b.Conversation)
	if err != nil {
		return nil, err
	}
	change := wire.ChangeOf(b.Change)
	out := &beginOutput{Status: http.StatusCreated, Body: begunBody{Conversation: shown.Body, Message: *change.Message, Change: change}}
	if b.Replayed {
		out.Status, out.Replayed = http.StatusOK, "true"
	}
	return out, nil
}
