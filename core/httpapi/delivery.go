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

func (s *Server) deliveryRoutes() {
	member(s, huma.Operation{
		Method: http.MethodGet, Path: conversationsPath + "/{conversation}/group-members", Summary: "Who writes in a group", Tags: []string{"conversations"},
		Description: "Of a conversation with group: who wrote its last thousand messages, each once, who wrote last first; at most 200. Empty where the customer is a person.",
	},
		identity.ConversationRead, s.groupMembers)
	member(s, huma.Operation{
		Method: http.MethodGet, Path: conversationsPath + "/{conversation}/messages/{message}/versions", Summary: "What a message said before", Tags: []string{"conversations"},
		Description: "What a message said before it was edited or taken back, the oldest first; nothing when it says what it always said. Files are named: those that the message does not have any more are not shown to anybody.",
	},
		identity.ConversationRead, s.versions)
	member(s, huma.Operation{
		Method: http.MethodPatch, Path: conversationsPath + "/{conversation}/messages/{message}", Summary: "Edit a message", Tags: []string{"conversations"},
		Description: "Of one's own messages and notes. Its files stay. To say what it says already changes nothing. Answers with the message; a message.edited change tells everybody. Where the channel has to do it, the message has changing until it has, and stays as it was when that is refused; a later change replaces one that waits.",
	},
		identity.ConversationReply, s.editMessage)
	member(s, huma.Operation{
		Method: http.MethodPost, Path: conversationsPath + "/{conversation}/messages/{message}/recall", Summary: "Take a message back", Tags: []string{"conversations"},
		Description: "Of one's own messages and notes; with team.manage, of colleagues' and bots' messages, too. To take it back twice changes nothing. Answers with the message; a message.recalled change tells everybody.",
	},
		identity.ConversationReply, s.recallMessage)
	member(s, huma.Operation{
		Method: http.MethodGet, Path: conversationsPath + "/{conversation}/messages/{message}/delivery", Summary: "Where is my message?", Tags: []string{"conversations"},
		Description: "What happened to a message on its way to the customer, in order. What never had to leave has no steps.",
	},
		identity.ConversationRead, s.trace)
	member(s, huma.Operation{
		Method: http.MethodPost, Path: conversationsPath + "/{conversation}/messages/{message}/delivery", Summary: "Settle a message by hand", Tags: []string{"conversations"},
		Description: "Of a message whose delivery is unknown: say that the customer has it, or have it sent again. One that failed can be sent again, too. Of a message with changing it is about that change. To say the same twice changes nothing.",
	},
		identity.ConversationReply, s.resolveDelivery)
	member(s, huma.Operation{
		Method: http.MethodPost, Path: conversationsPath + "/{conversation}/messages/{message}/attachments/{attachment}/fetch", Summary: "Ask for a file again", Tags: []string{"conversations"},
		Description: "Of a file that a channel named and that failed: the channel is asked for it again, for another day. Of one that is on its way, or here, nothing changes. Answers with the message; a message.file change tells what becomes of it.",
	},
		identity.ConversationReply, s.refetchFile)
}

// groupMembersBody is who writes in a group.
type groupMembersBody struct {
	Items []wire.GroupMember `json:"items"`
}

func (s *Server) groupMembers(ctx context.Context, scope identity.Scope, in *ConversationPath) (*body[groupMembersBody], error) {
	all, err := s.Conversations.GroupMembers(ctx, scope, in.id())
	if err != nil {
		return nil, err
	}
	out := &body[groupMembersBody]{Body: groupMembersBody{Items: wire.GroupMembersOf(all)}}
	if out.Body.Items == nil {
		out.Body.Items = []wire.GroupMember{}
	}
	return out, nil
}

type refetchFileInput struct {
	ConversationPath
	Message    string `path:"message"`
	Attachment string `path:"attachment"`
}

func (s *Server) refetchFile(ctx context.Context, scope identity.Scope, in *refetchFileInput) (*body[wire.Message], error) {
	return asOne(wire.MessageOf)(s.Conversations.RefetchFile(ctx, scope, in.id(), conversation.MessageID(in.Message), media.ID(in.Attachment)))
}

// messageVersion is what a message said before a change.
type messageVersion struct {
	Seq         uint64            `json:"seq" doc:"Of the change that replaced it."`
	At          time.Time         `json:"at" doc:"When that was."`
	Text        string            `json:"text"`
	Quoted      string            `json:"quoted,omitempty"`
	Attachments []wire.Attachment `json:"attachments,omitempty"`
}

type versionsBody struct {
	Items []messageVersion `json:"items"`
}

func (s *Server) versions(ctx context.Context, scope identity.Scope, in *traceInput) (*body[versionsBody], error) {
	all, err := s.Conversations.Versions(ctx, scope, in.id(), conversation.MessageID(in.Message))
	if err != nil {
		return nil, err
	}
	out := versionsBody{Items: make([]messageVersion, len(all))}
	for i, v := range all {
		out.Items[i] = messageVersion{Seq: v.Seq, At: wire.Stamp(v.At), Text: v.Text, Quoted: v.Quoted, Attachments: wire.AttachmentsOf(v.Attachments)}
	}
	return &body[versionsBody]{Body: out}, nil
}

type editMessageInput struct {
	ConversationPath
	Message string `path:"message"`
	Body    struct {
		Text string `json:"text" doc:"May be empty beside attachments."`
	}
}

func (s *Server) editMessage(ctx context.Context, scope identity.Scope, in *editMessageInput) (*body[wire.Message], error) {
	return asOne(wire.MessageOf)(s.Conversations.EditMessage(ctx, scope, in.id(), conversation.MessageID(in.Message), in.Body.Text))
}

func (s *Server) recallMessage(ctx context.Context, scope identity.Scope, in *traceInput) (*body[wire.Message], error) {
	return asOne(wire.MessageOf)(s.Conversations.RecallMessage(ctx, scope, in.id(), conversation.MessageID(in.Message)))
}

type resolveDeliveryInput struct {
	ConversationPath
	Message string `path:"message"`
	Body    struct {
		Resolve string `json:"resolve" enum:"arrived,send_again,dismiss" doc:"dismiss: of a change alone, which was not made and is not to be."`
	}
}

func (s *Server) resolveDelivery(ctx context.Context, scope identity.Scope, in *resolveDeliveryInput) (*body[wire.Message], error) {
	return asOne(wire.MessageOf)(s.Conversations.ResolveDelivery(ctx, scope, in.id(), conversation.MessageID(in.Message), conversation.Resolution(in.Body.Resolve)))
}

type traceInput struct {
	ConversationPath
	Message string `path:"message"`
}

// deliveryStep is one thing that happened to a message on its way.
type deliveryStep struct {
	At         time.Time `json:"at"`
	State      string    `json:"state" enum:"queued,waiting,attempt,sent,delivered,read,failed,unknown"`
	Attempt    int       `json:"attempt,omitempty" doc:"Counted from 1."`
	Code       string    `json:"code,omitempty" doc:"Why an attempt did not get through; stored: a live channel's message is where its customer reads it; plugin_died: the plugin ended during the attempt; account_paused: it waits, since the far side rejects the credentials of the inbox, and leaves when that is mended; said_arrived, send_again, dismissed: a member settled it by hand; edit, recall: of queued, a change of it waits, and what follows is about that."`
	Detail     string    `json:"detail,omitempty"`
	Plugin     string    `json:"plugin,omitempty" doc:"Id and version."`
	ProviderID string    `json:"provider_id,omitempty" doc:"The far side's id of the message."`
}

type traceBody struct {
	Items []deliveryStep `json:"items"`
}

func (s *Server) trace(ctx context.Context, scope identity.Scope, in *traceInput) (*body[traceBody], error) {
	steps, err := s.Deliveries.Trace(ctx, scope, in.id(), conversation.MessageID(in.Message))
	if err != nil {
		return nil, err
	}
	out := traceBody{Items: make([]deliveryStep, len(steps))}
	for i, x := range steps {
		out.Items[i] = deliveryStep{
			At: wire.Stamp(x.At), State: string(x.State), Attempt: x.Attempt, Code: x.Code, Detail: x.Detail, Plugin: x.Plugin, ProviderID: x.Provider,
		}
	}
	return &body[traceBody]{Body: out}, nil
}
