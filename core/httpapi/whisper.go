package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/wire"
)

func (s *Server) whisperRoutes() {
	path := conversationsPath + "/{conversation}/whispers"
	member(s, huma.Operation{
		Method: http.MethodGet, Path: path, Summary: "List what was whispered in a conversation", Tags: []string{"conversations"},
		Description: "The newest first, at most 200. Those to you, and with conversation.supervise all of them.",
	}, identity.ConversationRead, s.listWhispers)
	member(s, huma.Operation{
		Method: http.MethodPost, Path: path, Summary: "Whisper to whoever has a conversation", Tags: []string{"conversations"}, DefaultStatus: http.StatusCreated,
		Description: "That member and those with conversation.supervise read it; the customer and other colleagues do not learn of it. Sent again with the same client_msg_id, it is the one from before. 409 whisper.nobody when no colleague has the conversation.",
	}, identity.ConversationSupervise, s.postWhisper)
}

func (s *Server) listWhispers(ctx context.Context, scope identity.Scope, in *ConversationPath) (*body[list[wire.Whisper]], error) {
	all, err := s.Conversations.Whispers(ctx, scope, in.id())
	if err != nil {
		return nil, err
	}
	out := &body[list[wire.Whisper]]{Body: list[wire.Whisper]{Items: make([]wire.Whisper, len(all))}}
	for i, w := range all {
		out.Body.Items[i] = wire.WhisperOf(w)
	}
	return out, nil
}

type postWhisperInput struct {
	ConversationPath
	Body struct {
		ClientMsgID string `json:"client_msg_id" minLength:"1" maxLength:"64" doc:"Made by the client for each whisper, a UUID."`
		Text        string `json:"text"`
	}
}

func (s *Server) postWhisper(ctx context.Context, scope identity.Scope, in *postWhisperInput) (*body[wire.Whisper], error) {
	return asOne(wire.WhisperOf)(s.Conversations.Whisper(ctx, scope, conversation.Whispering{Conversation: in.id(), ClientID: in.Body.ClientMsgID, Text: in.Body.Text}))
}
