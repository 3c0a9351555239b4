package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/limit"
	"github.com/patchbay-im/patchbay/core/ticket"
	"github.com/patchbay-im/patchbay/core/wire"
)

func visitorForms() limit.Rate { return limit.Rate{Every: 5 * time.Second, Burst: 10} }
func pageReports() limit.Rate  { return limit.Rate{Every: 2 * time.Second, Burst: 30} }

func (s *Server) formRoutes() {
	tags := []string{"visitors"}
	register(s, huma.Operation{
		Method: http.MethodPost, Path: livePath + "/prechat", Summary: "Send the form before the chat", Tags: tags, DefaultStatus: http.StatusNoContent,
		Description: "What it says is not proved. A message in it is sent, idempotent by client_msg_id.",
	},
		accessVisitor, s.preChat)
	register(s, huma.Operation{
		Method: http.MethodPost, Path: livePath + "/offline", Summary: "Leave a message while nobody is there", Tags: tags, DefaultStatus: http.StatusCreated,
		Description: "It becomes a ticket, whose number and page the answer names. Idempotent by client_msg_id.",
	},
		accessVisitor, s.leaveMessage)
	register(s, huma.Operation{Method: http.MethodPost, Path: livePath + "/pageviews", Summary: "Tell which pages the visitor opened", Tags: tags, DefaultStatus: http.StatusNoContent},
		accessVisitor, s.pageViews)
}

type preChatInput struct {
	LivePathInput
	Body struct {
		Name        string            `json:"name,omitempty"`
		Email       string            `json:"email,omitempty"`
		Phone       string            `json:"phone,omitempty"`
		Message     string            `json:"message,omitempty"`
		Attributes  map[string]string `json:"attributes,omitempty" doc:"By the keys that the form asks for."`
		ClientMsgID string            `json:"client_msg_id,omitempty" maxLength:"64" doc:"Of the message."`
	}
}

func (s *Server) preChat(ctx context.Context, in *preChatInput) (*struct{}, error) {
	v, err := s.formOf(ctx)
	if err != nil {
		return nil, err
	}
	b := in.Body
	return nil, s.Conversations.PreChat(ctx, v, conversation.Form{
		ClientID: b.ClientMsgID, Name: b.Name, Email: b.Email, Phone: b.Phone, Message: b.Message, Attributes: b.Attributes,
	})
}

// formOf is visitorIn for forms, which are few.
func (s *Server) formOf(ctx context.Context) (conversation.Visitor, error) {
	v, err := visitorIn(ctx)
	if err != nil {
		return v, err
	}
	return v, s.limits.Allow("visitor-form", string(v.ID), visitorForms())
}

type offlineInput struct {
	LivePathInput
	Body struct {
		Name        string `json:"name"`
		Email       string `json:"email"`
		Phone       string `json:"phone,omitempty"`
		Message     string `json:"message"`
		ClientMsgID string `json:"client_msg_id" minLength:"1" maxLength:"64"`
	}
}

type offlineOutput struct {
	Status   int
	Replayed string `header:"Idempotency-Replayed" doc:"true when the message had been accepted before."`
	Body     offlineBody
}

// offlineBody is an accepted message with the ticket that it became.
type offlineBody struct {
	Change wire.PublicChange `json:"change"`
	Ticket offlineTicket     `json:"ticket"`
}

// offlineTicket is what a visitor keeps of their ticket.
type offlineTicket struct {
	Number string `json:"number" doc:"As people say it: T-12."`
	URL    string `json:"url" doc:"The visitor's own page of it."`
}

func (s *Server) leaveMessage(ctx context.Context, in *offlineInput) (*offlineOutput, error) {
	v, err := s.formOf(ctx)
	if err != nil {
		return nil, err
	}
	b := in.Body
	p, err := s.Conversations.LeaveMessage(ctx, v, conversation.Form{
		ClientID: b.ClientMsgID, Name: b.Name, Email: b.Email, Phone: b.Phone, Message: b.Message,
	})
	if err != nil {
		return nil, err
	}
	change, _ := wire.PublicChangeOf(p.Change)
	out := &offlineOutput{Status: http.StatusCreated, Body: offlineBody{Change: change}}
	t, link, err := s.Tickets.OfMessage(ctx, *p.Change.Message)
	if err != nil {
		return nil, err
	}
	out.Body.Ticket = offlineTicket{Number: ticket.Label(t.Number), URL: link}
	if p.Replayed {
		out.Status, out.Replayed = http.StatusOK, "true"
	}
	return out, nil
}

type pageViewInput struct {
	URL       string    `json:"url" maxLength:"4000"`
	Title     string    `json:"title,omitempty" maxLength:"1000"`
	Referrer  string    `json:"referrer,omitempty" maxLength:"4000"`
	At        time.Time `json:"at"`
	DurationS int       `json:"duration_s,omitempty" minimum:"0" doc:"Whole seconds."`
}

type pageViewsInput struct {
	LivePathInput
	Body struct {
		Views   []pageViewInput `json:"views,omitempty" maxItems:"20"`
		Consent *bool           `json:"consent,omitempty" doc:"true: the visitor agrees; remembered. false: not any more."`
	}
}

func (s *Server) pageViews(ctx context.Context, in *pageViewsInput) (*struct{}, error) {
	v, err := visitorIn(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.limits.Allow("visitor-pages", string(v.ID), pageReports()); err != nil {
		return nil, err
	}
	records, err := s.Conversations.RecordsPages(ctx, v, in.Body.Consent)
	if err != nil || !records || len(in.Body.Views) == 0 {
		return nil, err
	}
	views := make([]contact.PageView, len(in.Body.Views))
	for i, p := range in.Body.Views {
		views[i] = contact.PageView{
			At: p.At, URL: p.URL, Title: p.Title, Referrer: p.Referrer, Duration: time.Duration(min(p.DurationS, 1<<30)) * time.Second,
		}
	}
	return nil, s.Pages.Add(ctx, v.Workspace, string(v.Inbox), v.External(), views)
}
