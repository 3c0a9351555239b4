package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/wire"
)

func (s *Server) draftRoutes() {
	path := conversationsPath + "/{conversation}/draft"
	member(s, huma.Operation{
		Method: http.MethodGet, Path: path, Summary: "Read your draft in a conversation", Tags: []string{"conversations"},
		Description: "204 when you are writing nothing.",
		Responses:   map[string]*huma.Response{"204": {Description: "You are writing nothing here."}},
	},
		identity.ConversationReply, s.getDraft)
	member(s, huma.Operation{
		Method: http.MethodPut, Path: path, Summary: "Keep your draft in a conversation", Tags: []string{"conversations"},
		Description: "Without text and attachments the draft is gone. 409 draft.stale when a newer version than rev is kept; it is in fields[0].detail, as JSON.",
	},
		identity.ConversationReply, s.putDraft)
	member(s, huma.Operation{Method: http.MethodGet, Path: apiPrefix + "/workspaces/{workspace}/drafts", Summary: "List your drafts", Tags: []string{"conversations"}},
		identity.ConversationReply, s.listDrafts)
}

// draftOutput is a draft, or 204.
type draftOutput struct {
	Status int
	Body   *wire.Draft
}

func (s *Server) getDraft(ctx context.Context, scope identity.Scope, in *ConversationPath) (*draftOutput, error) {
	d, err := s.Conversations.Draft(ctx, scope, in.id())
	if err != nil {
		return nil, err
	}
	if d.Empty() {
		return &draftOutput{Status: http.StatusNoContent}, nil
	}
	v := wire.DraftOf(d)
	return &draftOutput{Status: http.StatusOK, Body: &v}, nil
}

type putDraftInput struct {
	ConversationPath
	Body struct {
		Text          string          `json:"text"`
		Kind          string          `json:"kind" enum:"text,note"`
		AttachmentIDs []string        `json:"attachment_ids,omitempty" maxItems:"10"`
		ReplyTo       string          `json:"reply_to,omitempty" maxLength:"40"`
		Envelope      *wire.Addressed `json:"envelope,omitempty" doc:"As far as it is written. Leave it out while the member has not touched it."`
		Rev           uint64          `json:"rev" doc:"Of the version that this one follows; 0 = none."`
	}
}

// draftSavedBody says which version a draft is now.
type draftSavedBody struct {
	Rev       uint64    `json:"rev"`
	UpdatedAt time.Time `json:"updated_at"`
}

func (s *Server) putDraft(ctx context.Context, scope identity.Scope, in *putDraftInput) (*body[draftSavedBody], error) {
	d, err := s.Conversations.SaveDraft(ctx, scope, conversation.DraftPatch{
		Conversation: in.id(), Kind: conversation.MessageKind(in.Body.Kind), Text: in.Body.Text,
		Attachments: wire.IDs[media.ID](in.Body.AttachmentIDs), ReplyTo: conversation.MessageID(in.Body.ReplyTo), Envelope: in.Body.Envelope.Domain(), Rev: in.Body.Rev,
	})
	if e := errs.As(err); err != nil && e.Code == "draft.stale" {
		newer, _ := json.Marshal(wire.DraftOf(d)) // structs of ours always marshal
		return nil, errs.New(errs.Conflict, e.Code, e.Message).
			WithFields(errs.Field{Pointer: "/rev", Code: "stale", Detail: string(newer)})
	}
	if err != nil {
		return nil, err
	}
	return &body[draftSavedBody]{Body: draftSavedBody{Rev: d.Rev, UpdatedAt: wire.Stamp(d.UpdatedAt)}}, nil
}

type workspaceInput struct {
	Workspace string `path:"workspace"`
}

// draftItem is a draft in the list.
type draftItem struct {
	ConversationID string    `json:"conversation_id"`
	Text           string    `json:"text" doc:"At most 140 characters."`
	Kind           string    `json:"kind" enum:"text,note"`
	Attachments    int       `json:"attachments,omitempty"`
	UpdatedAt      time.Time `json:"updated_at"`
}

type draftsBody struct {
	Items []draftItem `json:"items"`
}

func (s *Server) listDrafts(ctx context.Context, scope identity.Scope, _ *workspaceInput) (*body[draftsBody], error) {
	all, err := s.Conversations.Drafts(ctx, scope)
	if err != nil {
		return nil, err
	}
	out := draftsBody{Items: make([]draftItem, len(all))}
	for i, d := range all {
		text := []rune(d.Text)
		out.Items[i] = draftItem{
			ConversationID: string(d.Conversation), Text: string(text[:min(len(text), conversation.PreviewLength)]), Kind: string(d.Kind),
			Attachments: len(d.Attachments), UpdatedAt: wire.Stamp(d.UpdatedAt),
		}
	}
	return &body[draftsBody]{Body: out}, nil
}
