package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/wire"
)

// organisationBody is a company or group that contacts belong to.
type organisationBody struct {
	ID         string         `json:"id"`
	Name       string         `json:"name"`
	Domains    []string       `json:"domains" doc:"Of e-mail addresses; each belongs to one organisation."`
	Note       string         `json:"note"`
	Attributes map[string]any `json:"attributes"`
	Contacts   int            `json:"contacts" doc:"How many contacts belong to it."`
	CreatedAt  time.Time      `json:"created_at"`
	UpdatedAt  time.Time      `json:"updated_at"`
}

func organisationOf(o contact.Organisation) organisationBody {
	out := organisationBody{
		ID: string(o.ID), Name: o.Name, Domains: o.Domains, Note: o.Note, Attributes: o.Attributes, Contacts: o.Contacts,
		CreatedAt: wire.Stamp(o.CreatedAt), UpdatedAt: wire.Stamp(o.UpdatedAt),
	}
	if out.Domains == nil {
		out.Domains = []string{}
	}
	if out.Attributes == nil {
		out.Attributes = map[string]any{}
	}
	return out
}

func (s *Server) organisationRoutes() {
	path := apiPrefix + "/workspaces/{workspace}/organisations"
	tags := []string{"contacts"}
	member(s, huma.Operation{Method: http.MethodGet, Path: path, Summary: "List organisations", Tags: tags},
		identity.ContactRead, s.listOrganisations)
	member(s, huma.Operation{Method: http.MethodPost, Path: path, Summary: "Make an organisation", Tags: tags, DefaultStatus: http.StatusCreated},
		identity.ContactWrite, s.createOrganisation)
	member(s, huma.Operation{Method: http.MethodGet, Path: path + "/{organisation}", Summary: "Get an organisation", Tags: tags},
		identity.ContactRead, s.getOrganisation)
	member(s, huma.Operation{Method: http.MethodPatch, Path: path + "/{organisation}", Summary: "Change an organisation", Tags: tags},
		identity.ContactWrite, s.patchOrganisation)
	member(s, huma.Operation{Method: http.MethodDelete, Path: path + "/{organisation}", Summary: "Delete an organisation; its contacts stay", Tags: tags, DefaultStatus: http.StatusNoContent},
		identity.ContactWrite, s.deleteOrganisation)
	member(s, huma.Operation{Method: http.MethodGet, Path: contactsPath + "/{contact}/organisation-suggestion", Summary: "Suggest the organisation of a contact by the domain of the e-mail address", Tags: tags},
		identity.ContactRead, s.suggestOrganisation)
}

type listOrganisationsInput struct {
	Workspace string `path:"workspace"`
	Paging
	Query string `query:"q" maxLength:"100" doc:"A part of the name."`
}

func (s *Server) listOrganisations(ctx context.Context, scope identity.Scope, in *listOrganisationsInput) (*body[list[organisationBody]], error) {
	return asList(organisationOf)(s.Organisations.List(ctx, scope, in.Query, in.request()))
}

// OrganisationPath is the path parameters of one organisation.
type OrganisationPath struct {
	Workspace    string `path:"workspace"`
	Organisation string `path:"organisation"`
}

func (p OrganisationPath) id() contact.OrganisationID { return contact.OrganisationID(p.Organisation) }

func (s *Server) getOrganisation(ctx context.Context, scope identity.Scope, in *OrganisationPath) (*body[organisationBody], error) {
	return asOne(organisationOf)(s.Organisations.Get(ctx, scope, in.id()))
}

// organisationEdit is what can be said of an organisation.
type organisationEdit struct {
	Name       *string        `json:"name,omitempty"`
	Domains    *[]string      `json:"domains,omitempty"`
	Note       *string        `json:"note,omitempty"`
	Attributes map[string]any `json:"attributes,omitempty" doc:"Text by key; null removes."`
}

func (e organisationEdit) domain() contact.OrganisationEdit {
	return contact.OrganisationEdit{Name: e.Name, Note: e.Note, Domains: e.Domains, Attributes: e.Attributes}
}

type createOrganisationInput struct {
	Workspace string `path:"workspace"`
	Body      organisationEdit
}

func (s *Server) createOrganisation(ctx context.Context, scope identity.Scope, in *createOrganisationInput) (*body[organisationBody], error) {
	return asOne(organisationOf)(s.Organisations.Create(ctx, scope, in.Body.domain()))
}

type patchOrganisationInput struct {
	OrganisationPath
	Body organisationEdit
}

func (s *Server) patchOrganisation(ctx context.Context, scope identity.Scope, in *patchOrganisationInput) (*body[organisationBody], error) {
	return asOne(organisationOf)(s.Organisations.Update(ctx, scope, in.id(), in.Body.domain()))
}

func (s *Server) deleteOrganisation(ctx context.Context, scope identity.Scope, in *OrganisationPath) (*struct{}, error) {
	return nil, s.Organisations.Delete(ctx, scope, in.id())
}

// suggestionBody is an organisation to offer.
type suggestionBody struct {
	Organisation *organisationRef `json:"organisation,omitempty" doc:"Absent when there is none: no such domain, or one at which anybody gets an address."`
}

func (s *Server) suggestOrganisation(ctx context.Context, scope identity.Scope, in *ContactPath) (*body[suggestionBody], error) {
	c, _, err := s.Contacts.Get(ctx, scope, in.id())
	if err != nil {
		return nil, err
	}
	out := &body[suggestionBody]{}
	o, err := s.Organisations.Suggest(ctx, scope, c.Email)
	if err == nil && o != nil && o.ID != c.Organisation {
		out.Body.Organisation = &organisationRef{ID: string(o.ID), Name: o.Name}
	}
	return out, err
}
