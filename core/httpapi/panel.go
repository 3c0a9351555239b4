package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/wire"
)

// PluginWork is what plugins do for members, beside their channels.
type PluginWork struct {
	Panels     *extension.PanelService
	Routing    *extension.RouteService
	Connectors *extension.ConnectorService
	Tools      *extension.ToolBroker
}

// maxCallBody bounds a page's call: 256 KiB of value, and what is around it.
const maxCallBody = 300 << 10

func (s *Server) panelRoutes() {
	at := apiPrefix + "/workspaces/{workspace}"
	of := at + "/connections/{connection}/panels/{panel}"
	tags := []string{"panels"}
	member(s, huma.Operation{
		Method: http.MethodGet, Path: at + "/panels", Summary: "List the panels of plugins", Tags: tags,
		Description: "Those that the caller may see in a place of the console. Some places need more than others: tickets, settings and reports their own permission.",
	}, identity.WorkspaceRead, s.listPanels)
	member(s, huma.Operation{
		Method: http.MethodPost, Path: of + "/render", Summary: "Draw a panel's card", Tags: tags,
		Description: "The card is JSON in a subset of Adaptive Cards 1.5, checked. While the plugin does not run the state is unavailable; retry_after then says when to ask again.",
	}, identity.WorkspaceRead, s.renderPanel)
	member(s, huma.Operation{Method: http.MethodPost, Path: of + "/act", Summary: "Press a button of a card", Tags: tags},
		identity.WorkspaceRead, s.actOnPanel)
	member(s, huma.Operation{
		Method: http.MethodPost, Path: of + "/frame", Summary: "Open a panel's page", Tags: tags,
		Description: "src goes into an iframe with sandbox=\"allow-scripts allow-forms\". The token is for calls of this page, in this session, about this subject, and ends after ten minutes: ask again in time.",
	}, identity.WorkspaceRead, s.openPanel)
	member(s, huma.Operation{Method: http.MethodPost, Path: of + "/call", Summary: "Bring a page's call to its plugin", Tags: tags, MaxBodyBytes: maxCallBody},
		identity.WorkspaceRead, s.callPanel)
}

// PanelPath names a panel.
type PanelPath struct {
	Workspace  string `path:"workspace"`
	Connection string `path:"connection"`
	Panel      string `path:"panel" maxLength:"64"`
}

// PanelLook is how a panel is looked at.
type PanelLook struct {
	ConversationID string `json:"conversation_id,omitempty" maxLength:"64"`
	TicketID       string `json:"ticket_id,omitempty" maxLength:"64"`
	Locale         string `json:"locale,omitempty" maxLength:"35" pattern:"^[A-Za-z0-9-]*$" doc:"BCP 47; the reader's."`
	Theme          string `json:"theme,omitempty" enum:"light,dark" default:"light"`
}

func (p PanelPath) ask(l PanelLook) extension.Ask {
	return extension.Ask{
		Connection: extension.ConnectionID(p.Connection), Panel: p.Panel, Locale: l.Locale, Theme: l.Theme,
		Subject: extension.Subject{Conversation: l.ConversationID, Ticket: l.TicketID},
	}
}

type listPanelsInput struct {
	Workspace    string `path:"workspace"`
	Slot         string `query:"slot" enum:"settings.page,conversation.sidebar,ticket.sidebar,composer.action,report.page,navigation" doc:"One place; without it, every place that fits what is named."`
	Conversation string `query:"conversation" maxLength:"64"`
	Ticket       string `query:"ticket" maxLength:"64"`
}

// panelBody is a panel that the caller may see.
type panelBody struct {
	Connection     string            `json:"connection"`
	ConnectionName string            `json:"connection_name"`
	Plugin         string            `json:"plugin"`
	Panel          string            `json:"panel"`
	Slot           string            `json:"slot" enum:"settings.page,conversation.sidebar,ticket.sidebar,composer.action,report.page,navigation"`
	Title          map[string]string `json:"title" doc:"By locale; \"en\" is always there."`
	Kind           string            `json:"kind" enum:"card,page"`
}

func (s *Server) listPanels(ctx context.Context, scope identity.Scope, in *listPanelsInput) (*body[list[panelBody]], error) {
	found, err := s.Panels.List(ctx, scope, extension.Slot(in.Slot), extension.Subject{Conversation: in.Conversation, Ticket: in.Ticket})
	if err != nil {
		return nil, err
	}
	out := &body[list[panelBody]]{Body: list[panelBody]{Items: make([]panelBody, len(found))}}
	for i, f := range found {
		kind := "card"
		if f.Panel.Page != "" {
			kind = "page"
		}
		out.Body.Items[i] = panelBody{
			Connection: string(f.Connection.ID), ConnectionName: f.Connection.Name, Plugin: string(f.Panel.Plugin), Panel: f.Panel.Name,
			Slot: string(f.Panel.Slot), Title: f.Panel.Title, Kind: kind,
		}
	}
	return out, nil
}

type renderInput struct {
	PanelPath
	Body PanelLook
}

// cardBody is what a panel shows now.
type cardBody struct {
	State      string          `json:"state" enum:"ok,empty,unavailable"`
	Card       json.RawMessage `json:"card,omitempty" doc:"With the state ok."`
	Fresh      int             `json:"fresh" doc:"Seconds for which it need not be asked for again."`
	Code       string          `json:"code,omitempty" doc:"With the state unavailable: why."`
	Detail     string          `json:"detail,omitempty" doc:"A sentence that may be shown."`
	RetryAfter int             `json:"retry_after,omitempty" doc:"Seconds; with the state unavailable."`
}

func (s *Server) renderPanel(ctx context.Context, scope identity.Scope, in *renderInput) (*body[cardBody], error) {
	card, err := s.Panels.Render(ctx, scope, in.ask(in.Body))
	if e := errs.As(err); e != nil && e.Kind == errs.Unavailable {
		return &body[cardBody]{Body: cardBody{
			State: "unavailable", Code: e.Code, Detail: e.Message, RetryAfter: inSeconds(max(e.RetryAfter, time.Second)),
		}}, nil
	}
	if err != nil {
		return nil, err
	}
	out := cardBody{State: "ok", Card: card.JSON, Fresh: int(card.Fresh.Seconds())}
	if card.JSON == nil {
		out.State = "empty"
	}
	return &body[cardBody]{Body: out}, nil
}

func inSeconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

type actInput struct {
	PanelPath
	Body struct {
		PanelLook
		ActionID string          `json:"action_id" minLength:"1" maxLength:"64" doc:"Of this press: the same when it is sent again."`
		Action   string          `json:"action" minLength:"1" maxLength:"200"`
		Data     json.RawMessage `json:"data,omitempty" doc:"An object: the action's data and the card's inputs."`
	}
}

// pressedBody is what a press led to.
type pressedBody struct {
	Card       json.RawMessage `json:"card,omitempty" doc:"As it is now; absent: it stays as it is."`
	Message    string          `json:"message,omitempty"`
	Failed     bool            `json:"failed" doc:"The message tells of a failure."`
	InsertText string          `json:"insert_text,omitempty"`
}

func (s *Server) actOnPanel(ctx context.Context, scope identity.Scope, in *actInput) (*body[pressedBody], error) {
	data, err := objectOr(in.Body.Data, "/data")
	if err != nil {
		return nil, err
	}
	done, err := s.Panels.Act(ctx, scope, in.ask(in.Body.PanelLook), extension.PanelAction{ID: in.Body.ActionID, Action: in.Body.Action, Data: data})
	if err != nil {
		return nil, err
	}
	return &body[pressedBody]{Body: pressedBody(done)}, nil
}

// objectOr returns a JSON object of a request, {} when there is none.
func objectOr(raw json.RawMessage, pointer string) (json.RawMessage, error) {
	if len(raw) == 0 {
		return json.RawMessage("{}"), nil
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(raw, &object) != nil || object == nil {
		return nil, errs.New(errs.Invalid, "request.invalid", "The request is not right.").WithFields(errs.Field{Pointer: pointer, Code: "type", Detail: "This must be a JSON object."})
	}
	return raw, nil
}

type openInput struct {
	PanelPath
	Body PanelLook
}

// openedBody is a page, ready to be shown.
type openedBody struct {
	Src       string    `json:"src"`
	Token     string    `json:"token"`
	ExpiresAt time.Time `json:"expires_at"`
}

func (s *Server) openPanel(ctx context.Context, scope identity.Scope, in *openInput) (*body[openedBody], error) {
	f, err := s.Panels.Open(ctx, scope, in.ask(in.Body))
	if err != nil {
		return nil, err
	}
	src, err := s.frameAddress(f.Plugin, f.Page)
	if err != nil {
		return nil, err
	}
	return &body[openedBody]{Body: openedBody{Src: src, Token: f.Token, ExpiresAt: wire.Stamp(f.Expires)}}, nil
}

type callInput struct {
	PanelPath
	Body struct {
		Token  string          `json:"token" minLength:"1" maxLength:"2048"`
		Method string          `json:"method" minLength:"1" maxLength:"100"`
		Params json.RawMessage `json:"params,omitempty" doc:"Any JSON value, at most 256 KiB."`
	}
}

// calledBody is a plugin's answer to a page.
type calledBody struct {
	Value json.RawMessage `json:"value"`
}

func (s *Server) callPanel(ctx context.Context, scope identity.Scope, in *callInput) (*body[calledBody], error) {
	value, err := s.Panels.Call(ctx, scope, in.ask(PanelLook{}), in.Body.Token, in.Body.Method, in.Body.Params)
	if err != nil {
		return nil, err
	}
	return &body[calledBody]{Body: calledBody{Value: value}}, nil
}
