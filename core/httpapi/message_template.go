package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/channel"
	messagetemplate "github.com/patchbay-im/patchbay/core/channel/template"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/wire"
)

// messageTemplateBody is a message that was prepared at a far side.
type messageTemplateBody struct {
	ID       string                     `json:"id" doc:"The far side's name; unique together with language."`
	Language string                     `json:"language,omitempty" doc:"BCP 47."`
	Name     string                     `json:"name" doc:"To show it by."`
	Category string                     `json:"category,omitempty" doc:"The far side's word."`
	Header   string                     `json:"header,omitempty"`
	Text     string                     `json:"text" doc:"In header, text and footer {{name}} stands for the value of a field."`
	Footer   string                     `json:"footer,omitempty"`
	Buttons  []string                   `json:"buttons,omitempty" doc:"Labels of what the customer can press."`
	Fields   []messageTemplateFieldBody `json:"fields" nullable:"false"`
	File     string                     `json:"file,omitempty" enum:"image,audio,file" doc:"The message must have one file of this kind."`
	Unusable string                     `json:"unusable,omitempty" doc:"Why it cannot be sent now: it waits for approval. Absent: it can."`
}

// messageTemplateFieldBody is a value that whoever sends a template gives.
type messageTemplateFieldBody struct {
	Name      string `json:"name"`
	Label     string `json:"label,omitempty"`
	Example   string `json:"example,omitempty"`
	MaxLength int    `json:"max_length,omitempty" doc:"Characters."`
	Optional  bool   `json:"optional,omitempty" doc:"It may be left out."`
}

// messageTemplatesBody is a page of an inbox's templates.
type messageTemplatesBody struct {
	Items      []messageTemplateBody    `json:"items" nullable:"false"`
	NextCursor string                   `json:"next_cursor,omitempty" doc:"Give it as cursor for the next page; absent at the end."`
	Total      int                      `json:"total" doc:"How many match."`
	ListedAt   *time.Time               `json:"listed_at,omitempty" doc:"When the far side said so; absent: never."`
	Error      *messageTemplatesError   `json:"error,omitempty" doc:"Why the far side could not be asked, or not for all. The list is the one of listed_at."`
	Refused    []refusedMessageTemplate `json:"refused,omitempty" doc:"Templates that are left out since they are not sound, at most 100."`
}

// messageTemplatesError is why a far side could not be asked for its templates.
type messageTemplatesError struct {
	Code   string `json:"code" doc:"Stable."`
	Detail string `json:"detail,omitempty" doc:"For administrators."`
}

// refusedMessageTemplate is a template that is left out.
type refusedMessageTemplate struct {
	ID       string `json:"id"`
	Language string `json:"language,omitempty"`
	Reason   string `json:"reason" enum:"id,language,text,too_long,too_many,field,undeclared,file,duplicate" doc:"text: it has none. too_many: fields or buttons. field: a name that is none, or twice. undeclared: a {{name}} without a field. duplicate: another one has its id and language."`
}

func messageTemplateOf(t channel.Template) messageTemplateBody {
	out := messageTemplateBody{
		ID: t.ID, Language: t.Language, Name: t.Title(), Category: t.Category, Header: t.Header, Text: t.Text, Footer: t.Footer,
		Buttons: t.Buttons, Fields: make([]messageTemplateFieldBody, len(t.Fields)), File: t.File, Unusable: t.Unusable,
	}
	for i, f := range t.Fields {
		out.Fields[i] = messageTemplateFieldBody(f)
	}
	return out
}

func (s *Server) messageTemplateRoutes() {
	path, tags := apiPrefix+"/workspaces/{workspace}/inboxes/{inbox}/templates", []string{"inboxes"}
	member(s, huma.Operation{
		Method: http.MethodGet, Path: path, Summary: "List the templates of an inbox", Tags: tags,
		Description: "Messages that were prepared, and mostly approved, at its far side, of a channel that can: templates. They can be sent when no window is open. The list is kept, and asked for anew when it is older than 15 minutes or of other settings.",
	}, identity.InboxRead, s.listMessageTemplates)
	member(s, huma.Operation{
		Method: http.MethodPost, Path: path + "/refresh", Summary: "Ask for the templates of an inbox", Tags: tags,
		Description: "Has the far side asked now, unless it was in the last ten seconds, and answers the first page.",
	}, identity.InboxRead, s.refreshMessageTemplates)
}

type listMessageTemplatesInput struct {
	InboxPath
	Paging
	Q        string `query:"q" maxLength:"200" doc:"A part of the id, the name, the category or the texts."`
	Language string `query:"language" maxLength:"64" doc:"Only these."`
}

func (s *Server) listMessageTemplates(ctx context.Context, scope identity.Scope, in *listMessageTemplatesInput) (*body[messageTemplatesBody], error) {
	return messageTemplatesOf(s.Prepared.Find(ctx, scope, channel.InboxID(in.Inbox), messagetemplate.Search{
		Words: in.Q, Language: in.Language, Request: in.request(),
	}))
}

func (s *Server) refreshMessageTemplates(ctx context.Context, scope identity.Scope, in *InboxPath) (*body[messageTemplatesBody], error) {
	return messageTemplatesOf(s.Prepared.Refresh(ctx, scope, channel.InboxID(in.Inbox)))
}

func messageTemplatesOf(found messagetemplate.Found, err error) (*body[messageTemplatesBody], error) {
	if err != nil {
		return nil, err
	}
	listed := listOf(found.Page, messageTemplateOf).Body
	out := messageTemplatesBody{Items: listed.Items, NextCursor: listed.NextCursor, Total: found.Total, ListedAt: wire.StampOrNil(found.ListedAt)}
	if found.Code != "" {
		out.Error = &messageTemplatesError{Code: found.Code, Detail: found.Detail}
	}
	for _, r := range found.Refused {
		out.Refused = append(out.Refused, refusedMessageTemplate(r))
	}
	return &body[messageTemplatesBody]{Body: out}, nil
}
