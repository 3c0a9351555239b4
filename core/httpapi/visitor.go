package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/wire"
)

const livePath = apiPrefix + "/live/{inbox}"

// LivePathInput is the path parameters of a live inbox.
type LivePathInput struct {
	Inbox string `path:"inbox"`
}

// liveBody is what a widget may know before a session.
type liveBody struct {
	InboxID   string         `json:"inbox_id"`
	Settings  map[string]any `json:"settings" doc:"The public part of the inbox's configuration."`
	Available bool           `json:"available" doc:"Whether an agent is there who may answer in this inbox, and it is open."`
	Closed    bool           `json:"closed,omitempty" doc:"Whether it is outside the hours of those who answer here."`
	OpensAt   *time.Time     `json:"opens_at,omitempty" doc:"When it opens, if it is closed; absent: nobody knows."`
}

// visitorSessionBody is an open visitor session.
type visitorSessionBody struct {
	Token     string         `json:"token" doc:"Secret. Keep it where the page keeps its own secrets."`
	SessionID string         `json:"session_id"`
	ExpiresAt time.Time      `json:"expires_at"`
	Resumed   bool           `json:"resumed"`
	Settings  map[string]any `json:"settings"`
	Verified  bool           `json:"verified" doc:"Whether the site vouched for who the visitor is."`
	Contact   *visitorBody   `json:"contact,omitempty" doc:"Who the site says it is."`
}

// visitorBody is a person whom the site vouched for, as they are shown to
// themselves.
type visitorBody struct {
	Name string `json:"name"`
}

func (s *Server) visitorRoutes() {
	register(s, huma.Operation{Method: http.MethodGet, Path: livePath, Summary: "Read the settings of a live inbox", Tags: []string{"visitors"}},
		accessPublic, s.liveSettings)
	register(s, huma.Operation{Method: http.MethodPost, Path: livePath + "/sessions", Summary: "Open or resume a visitor session", Tags: []string{"visitors"}, DefaultStatus: http.StatusCreated},
		accessPublic, s.openSession)
	register(s, huma.Operation{Method: http.MethodDelete, Path: livePath + "/sessions", Summary: "End my visitor session", Tags: []string{"visitors"}, DefaultStatus: http.StatusNoContent},
		accessVisitor, s.endSession)
	register(s, huma.Operation{Method: http.MethodGet, Path: livePath + "/changes", Summary: "Read what the visitor may see", Tags: []string{"visitors"}},
		accessVisitor, s.visitorChanges)
	register(s, huma.Operation{
		Method: http.MethodPost, Path: livePath + "/messages", Summary: "Send a message as a visitor", Tags: []string{"visitors"}, DefaultStatus: http.StatusCreated,
		Description: "Idempotent by client_msg_id.",
	},
		accessVisitor, s.visitorSend)
	register(s, huma.Operation{
		Method: http.MethodPost, Path: livePath + "/read", Summary: "Say how far the visitor has read", Tags: []string{"visitors"}, DefaultStatus: http.StatusNoContent,
	},
		accessVisitor, s.visitorRead)
}

func (s *Server) liveSettings(ctx context.Context, in *LivePathInput) (*body[liveBody], error) {
	inbox, err := s.Conversations.LiveInbox(ctx, channel.InboxID(in.Inbox))
	if err != nil {
		return nil, err
	}
	policy, err := s.Conversations.Policy(ctx, inbox)
	if err != nil {
		return nil, err
	}
	available, err := s.Presence.Available(ctx, inbox.Workspace, inbox.ID)
	if err != nil {
		return nil, err
	}
	hours, err := s.Hours.OfInbox(ctx, inbox.Workspace, string(inbox.ID), s.Now())
	if err != nil {
		return nil, err
	}
	return &body[liveBody]{Body: liveBody{
		InboxID: string(inbox.ID), Settings: jsonObject(policy.Settings), Available: available && !hours.Closed,
		Closed: hours.Closed, OpensAt: wire.StampOrNil(hours.Opens),
	}}, nil
}

type openSessionInput struct {
	LivePathInput
	Body struct {
		PageURL     string `json:"page_url,omitempty" maxLength:"2000"`
		PageTitle   string `json:"page_title,omitempty" maxLength:"500"`
		Referrer    string `json:"referrer,omitempty" maxLength:"2000"`
		Locale      string `json:"locale,omitempty" maxLength:"35"`
		EmbedOrigin string `json:"embed_origin,omitempty" maxLength:"300" doc:"Origin of the page that shows the widget."`
		Token       string `json:"token,omitempty" maxLength:"200" doc:"Of an earlier session, to resume it."`
		Identity    string `json:"identity,omitempty" doc:"A JSON Web Token by which the site vouches for a signed-in user; see docs/widget/identity.md."`
	}
}

func (s *Server) openSession(ctx context.Context, in *openSessionInput) (*body[visitorSessionBody], error) {
	if err := s.limits.Allow("visitor-session", network(clientOf(ctx).Address), visitorSessions()); err != nil {
		return nil, err
	}
	b := in.Body
	w, err := s.Conversations.OpenSession(ctx, channel.InboxID(in.Inbox), conversation.Knock{
		Token: b.Token, Identity: b.Identity,
		Request: channel.SessionRequest{
			EmbedOrigin: b.EmbedOrigin, PageURL: b.PageURL, PageTitle: b.PageTitle, Referrer: b.Referrer,
			Locale: b.Locale, UserAgent: clientOf(ctx).UserAgent,
		},
	})
	if err != nil {
		return nil, err
	}
	out := visitorSessionBody{
		Token: w.Token, SessionID: string(w.Visitor.ID), ExpiresAt: wire.Stamp(w.Visitor.ExpiresAt),
		Resumed: w.Resumed, Settings: jsonObject(w.Policy.Settings), Verified: w.Visitor.Verified(),
	}
	if out.Verified && w.Visitor.Name != "" {
		out.Contact = &visitorBody{Name: w.Visitor.Name}
	}
	return &body[visitorSessionBody]{Body: out}, nil
}

func (s *Server) endSession(ctx context.Context, _ *LivePathInput) (*struct{}, error) {
	v, err := visitorIn(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.Conversations.LogOut(ctx, v)
}

func visitorIn(ctx context.Context) (conversation.Visitor, error) {
	v, ok := ctx.Value(keyVisitor).(conversation.Visitor)
	if !ok {
		return v, errs.New(errs.Internal, "route.visitor", "The route has no visitor.")
	}
	return v, nil
}

type visitorChangesInput struct {
	LivePathInput
	After uint64 `query:"after" doc:"The last public seq seen."`
	Limit int    `query:"limit" minimum:"1" maximum:"200" default:"100"`
}

// publicChangesBody is what the visitor may see of their conversation.
type publicChangesBody struct {
	Epoch         string              `json:"epoch"`
	Items         []wire.PublicChange `json:"items"`
	LastPublicSeq uint64              `json:"last_public_seq"`
	HasMore       bool                `json:"has_more"`
}

func (s *Server) visitorChanges(ctx context.Context, in *visitorChangesInput) (*body[publicChangesBody], error) {
	v, err := visitorIn(ctx)
	if err != nil {
		return nil, err
	}
	changes, c, err := s.Conversations.VisitorChanges(ctx, v, in.After, in.Limit)
	if err != nil {
		return nil, err
	}
	out := publicChangesBody{Epoch: s.Feed.Epoch(), Items: []wire.PublicChange{}}
	for _, ch := range changes {
		if p, ok := wire.PublicChangeOf(ch); ok {
			out.Items = append(out.Items, p)
		}
	}
	if c != nil {
		s.attends(ctx, *c)
		out.LastPublicSeq = c.LastPublicSeq
		if n := len(out.Items); n > 0 {
			out.HasMore = out.Items[n-1].Seq < c.LastPublicSeq
		}
	}
	return &body[publicChangesBody]{Body: out}, nil
}

// attends keeps that a customer who waits is there: sockets may not get through.
func (s *Server) attends(ctx context.Context, c conversation.Conversation) {
	if !c.Waits() {
		return
	}
	if err := s.Conversations.VisitorsAttend(ctx, c.Workspace, []conversation.ID{c.ID}); err != nil && ctx.Err() == nil {
		s.Log.WarnContext(ctx, "that a visitor who waits is there could not be kept", "error", err)
	}
}

type visitorSendInput struct {
	LivePathInput
	Body struct {
		ClientMsgID string `json:"client_msg_id" minLength:"1" maxLength:"64"`
		Text        string `json:"text" doc:"May be empty beside attachments."`

		AttachmentIDs []string `json:"attachment_ids,omitempty" maxItems:"10" doc:"Finished uploads of yours, which the message takes."`
		ReplyTo       string   `json:"reply_to,omitempty" maxLength:"40" doc:"Id of the message that this one answers."`
	}
}

type visitorSendOutput struct {
	Status   int
	Replayed string `header:"Idempotency-Replayed" doc:"true when the message had been accepted before."`
	Body     visitorSentBody
}

// visitorSentBody is an accepted message of a visitor.
type visitorSentBody struct {
	Change wire.PublicChange `json:"change"`
}

func (s *Server) visitorSend(ctx context.Context, in *visitorSendInput) (*visitorSendOutput, error) {
	v, err := visitorIn(ctx)
	if err != nil {
		return nil, err
	}
	p, err := s.Conversations.VisitorSend(ctx, v, conversation.VisitorPost{
		ClientID: in.Body.ClientMsgID, Text: in.Body.Text,
		Attachments: wire.IDs[media.ID](in.Body.AttachmentIDs), ReplyTo: conversation.MessageID(in.Body.ReplyTo),
	})
	if err != nil {
		return nil, err
	}
	change, _ := wire.PublicChangeOf(p.Change)
	out := &visitorSendOutput{Status: http.StatusCreated, Body: visitorSentBody{Change: change}}
	if p.Replayed {
		out.Status, out.Replayed = http.StatusOK, "true"
	}
	return out, nil
}

type visitorReadInput struct {
	LivePathInput
	Body struct {
		Seq uint64 `json:"seq" doc:"The last public seq seen."`
	}
}

func (s *Server) visitorRead(ctx context.Context, in *visitorReadInput) (*struct{}, error) {
	v, err := visitorIn(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.Conversations.VisitorRead(ctx, v, in.Body.Seq)
}
