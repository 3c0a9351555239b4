package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/wire"
)

// noticedBody is something that an analyzer noticed in a message.
type noticedBody struct {
	ID             string            `json:"id"`
	ConversationID string            `json:"conversation_id"`
	MessageID      string            `json:"message_id"`
	MessageSeq     uint64            `json:"message_seq"`
	ConnectionID   string            `json:"connection_id" doc:"Of the analyzer."`
	Analyzer       string            `json:"analyzer" doc:"What the connection was called then."`
	Code           string            `json:"code"`
	Level          string            `json:"level" enum:"notice,warning,critical"`
	Title          map[string]string `json:"title" doc:"By locale; en is always there."`
	Advice         map[string]string `json:"advice,omitempty" doc:"What to do, by locale."`
	Start          int               `json:"start" doc:"Characters of the message's text that it is about, from start up to end; both 0: all of it."`
	End            int               `json:"end"`
	Score          float64           `json:"score,omitempty" doc:"0 to 1; absent when it is not known."`
	CreatedAt      time.Time         `json:"created_at"`
	DismissedAt    *time.Time        `json:"dismissed_at,omitempty"`
	DismissedBy    string            `json:"dismissed_by,omitempty" doc:"Name of who settled it."`
}

func findingView(f conversation.Finding) noticedBody {
	out := noticedBody{
		ID: string(f.ID), ConversationID: string(f.Conversation), MessageID: string(f.Message), MessageSeq: f.Seq,
		ConnectionID: f.Connection, Analyzer: f.Analyzer, Code: f.Code, Level: string(f.Level), Title: f.Title, Advice: f.Advice,
		Start: f.Start, End: f.End, Score: f.Score, CreatedAt: wire.Stamp(f.CreatedAt),
	}
	if !f.DismissedAt.IsZero() {
		at := wire.Stamp(f.DismissedAt)
		out.DismissedAt, out.DismissedBy = &at, f.DismissedBy.Name
	}
	return out
}

func (s *Server) findingRoutes() {
	base := apiPrefix + "/workspaces/{workspace}"
	member(s, huma.Operation{Method: http.MethodGet, Path: base + "/conversations/{conversation}/findings", Summary: "List what analyzers noticed", Tags: []string{"conversations"}},
		identity.ConversationRead, s.listFindings)
	member(s, huma.Operation{Method: http.MethodPost, Path: base + "/findings/{finding}/dismiss", Summary: "Settle what an analyzer noticed", Tags: []string{"conversations"}},
		identity.ConversationReply, s.dismissFinding)
}

func (s *Server) listFindings(ctx context.Context, scope identity.Scope, in *ConversationPath) (*body[list[noticedBody]], error) {
	all, err := s.Conversations.FindingsOf(ctx, scope, conversation.ID(in.Conversation))
	if err != nil {
		return nil, err
	}
	out := &body[list[noticedBody]]{Body: list[noticedBody]{Items: make([]noticedBody, len(all))}}
	for i, f := range all {
		out.Body.Items[i] = findingView(f)
	}
	return out, nil
}

// FindingPath is the path parameters of one finding.
type FindingPath struct {
	Workspace string `path:"workspace"`
	Finding   string `path:"finding"`
}

func (s *Server) dismissFinding(ctx context.Context, scope identity.Scope, in *FindingPath) (*body[noticedBody], error) {
	return asOne(findingView)(s.Conversations.DismissFinding(ctx, scope, conversation.FindingID(in.Finding)))
}
