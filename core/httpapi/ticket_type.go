package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/ticket"
	"github.com/patchbay-im/patchbay/core/wire"
)

func (s *Server) ticketTypeRoutes() {
	types, tags := apiPrefix+"/workspaces/{workspace}/ticket-types", []string{"tickets"}
	member(s, huma.Operation{Method: http.MethodGet, Path: types, Summary: "List ticket types", Tags: tags, Description: "Archived ones too."},
		identity.TicketRead, s.listTicketTypes)
	member(s, huma.Operation{Method: http.MethodPost, Path: types, Summary: "Make a ticket type", Tags: tags, DefaultStatus: http.StatusCreated},
		identity.TicketManage, s.createTicketType)
	member(s, huma.Operation{Method: http.MethodPatch, Path: types + "/{type}", Summary: "Change a ticket type", Tags: tags},
		identity.TicketManage, s.patchTicketType)
	member(s, huma.Operation{
		Method: http.MethodDelete, Path: types + "/{type}", Summary: "Delete a ticket type", Tags: tags, DefaultStatus: http.StatusNoContent,
		Description: "One that tickets are of is archived instead.",
	},
		identity.TicketManage, s.deleteTicketType)
}

// ticketTypeBody is a ticket type.
type ticketTypeBody struct {
	ID          string            `json:"id"`
	Name        string            `json:"name"`
	Description string            `json:"description"`
	Fields      []ticketFieldBody `json:"fields" nullable:"false"`
	Default     bool              `json:"default" doc:"Whether new tickets that name none are of this type."`
	Archived    bool              `json:"archived" doc:"Whether it takes no new tickets."`
	CreatedAt   time.Time         `json:"created_at"`
}

type ticketFieldBody struct {
	Key      string   `json:"key" doc:"A lower-case letter, then letters, digits and _. A key has one kind of value in all types."`
	Name     string   `json:"name"`
	Type     string   `json:"type" enum:"text,number,boolean,date,list,link"`
	Options  []string `json:"options,omitempty" doc:"Of a list."`
	Required bool     `json:"required,omitempty" doc:"Needed before a ticket is solved or closed."`
	Public   bool     `json:"public,omitempty" doc:"Shown on the customer's page."`
}

func ticketTypeOf(t ticket.Type) ticketTypeBody {
	out := ticketTypeBody{
		ID: string(t.ID), Name: t.Name, Description: t.Description, Fields: make([]ticketFieldBody, len(t.Fields)),
		Default: t.Default, Archived: !t.ArchivedAt.IsZero(), CreatedAt: wire.Stamp(t.CreatedAt),
	}
	for i, f := range t.Fields {
		out.Fields[i] = ticketFieldBody{Key: f.Key, Name: f.Name, Type: string(f.Type), Options: f.Options, Required: f.Required, Public: f.Public}
	}
	return out
}

func (s *Server) listTicketTypes(ctx context.Context, scope identity.Scope, _ *WorkspacePath) (*body[list[ticketTypeBody]], error) {
	all, err := s.Tickets.Types(ctx, scope)
	if err != nil {
		return nil, err
	}
	return wholeList(all, ticketTypeOf), nil
}

// ticketTypeDraft is a type to be saved; absent members stay as they are.
type ticketTypeDraft struct {
	Name        *string            `json:"name,omitempty"`
	Description *string            `json:"description,omitempty"`
	Fields      *[]ticketFieldBody `json:"fields,omitempty" maxItems:"50"`
	Default     *bool              `json:"default,omitempty"`
	Archived    *bool              `json:"archived,omitempty"`
}

func (d ticketTypeDraft) domain() ticket.TypeDraft {
	out := ticket.TypeDraft{Name: d.Name, Description: d.Description, Default: d.Default, Archived: d.Archived}
	if d.Fields != nil {
		fields := make([]ticket.Field, len(*d.Fields))
		for i, f := range *d.Fields {
			fields[i] = ticket.Field{Key: f.Key, Name: f.Name, Type: catalog.Type(f.Type), Options: f.Options, Required: f.Required, Public: f.Public}
		}
		out.Fields = &fields
	}
	return out
}

type createTicketTypeInput struct {
	Workspace string `path:"workspace"`
	Body      ticketTypeDraft
}

func (s *Server) createTicketType(ctx context.Context, scope identity.Scope, in *createTicketTypeInput) (*body[ticketTypeBody], error) {
	return asOne(ticketTypeOf)(s.Tickets.CreateType(ctx, scope, in.Body.domain()))
}

// TicketTypePath is the path parameters of one ticket type.
type TicketTypePath struct {
	Workspace string `path:"workspace"`
	Type      string `path:"type"`
}

type patchTicketTypeInput struct {
	TicketTypePath
	Body ticketTypeDraft
}

func (s *Server) patchTicketType(ctx context.Context, scope identity.Scope, in *patchTicketTypeInput) (*body[ticketTypeBody], error) {
	return asOne(ticketTypeOf)(s.Tickets.UpdateType(ctx, scope, ticket.TypeID(in.Type), in.Body.domain()))
}

func (s *Server) deleteTicketType(ctx context.Context, scope identity.Scope, in *TicketTypePath) (*struct{}, error) {
	return nil, s.Tickets.DeleteType(ctx, scope, ticket.TypeID(in.Type))
}
