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

// contactBody is a customer.
type contactBody struct {
	ID         string            `json:"id"`
	Name       string            `json:"name"`
	Email      string            `json:"email"`
	Phone      string            `json:"phone"`
	Note       string            `json:"note"`
	Attributes map[string]string `json:"attributes"`
	Identities []identityBody    `json:"identities" doc:"How the inboxes know the contact; empty in lists."`
	CreatedAt  time.Time         `json:"created_at"`
	UpdatedAt  time.Time         `json:"updated_at"`
}

// identityBody is how an inbox knows a contact.
type identityBody struct {
	InboxID    string `json:"inbox_id"`
	ExternalID string `json:"external_id"`
}

func contactOf(c contact.Contact, ids []contact.Identity) contactBody {
	out := contactBody{
		ID: string(c.ID), Name: c.Name, Email: c.Email, Phone: c.Phone, Note: c.Note, Attributes: c.Attributes,
		Identities: make([]identityBody, len(ids)), CreatedAt: wire.Stamp(c.CreatedAt), UpdatedAt: wire.Stamp(c.UpdatedAt),
	}
	if out.Attributes == nil {
		out.Attributes = map[string]string{}
	}
	for i, x := range ids {
		out.Identities[i] = identityBody{InboxID: x.Inbox, ExternalID: x.External}
	}
	return out
}

func (s *Server) contactRoutes() {
	path := apiPrefix + "/workspaces/{workspace}/contacts"
	member(s, huma.Operation{Method: http.MethodGet, Path: path, Summary: "List contacts", Tags: []string{"contacts"}},
		identity.ContactRead, s.listContacts)
	member(s, huma.Operation{Method: http.MethodGet, Path: path + "/{contact}", Summary: "Get a contact", Tags: []string{"contacts"}},
		identity.ContactRead, s.getContact)
	member(s, huma.Operation{Method: http.MethodPatch, Path: path + "/{contact}", Summary: "Change a contact", Tags: []string{"contacts"}},
		identity.ContactWrite, s.patchContact)
}

type listContactsInput struct {
	Workspace string `path:"workspace"`
	Paging
	Query string `query:"q" maxLength:"100" doc:"A part of name, e-mail or phone."`
}

func (s *Server) listContacts(ctx context.Context, scope identity.Scope, in *listContactsInput) (*body[list[contactBody]], error) {
	p, err := s.Contacts.List(ctx, scope, in.Query, in.request())
	if err != nil {
		return nil, err
	}
	return listOf(p, func(c contact.Contact) contactBody { return contactOf(c, nil) }), nil
}

// ContactPath is the path parameters of one contact.
type ContactPath struct {
	Workspace string `path:"workspace"`
	Contact   string `path:"contact"`
}

func (s *Server) getContact(ctx context.Context, scope identity.Scope, in *ContactPath) (*body[contactBody], error) {
	c, ids, err := s.Contacts.Get(ctx, scope, contact.ID(in.Contact))
	if err != nil {
		return nil, err
	}
	return &body[contactBody]{Body: contactOf(c, ids)}, nil
}

type patchContactInput struct {
	ContactPath
	Body struct {
		Name  *string `json:"name,omitempty"`
		Email *string `json:"email,omitempty"`
		Phone *string `json:"phone,omitempty"`
		Note  *string `json:"note,omitempty"`
	}
}

func (s *Server) patchContact(ctx context.Context, scope identity.Scope, in *patchContactInput) (*body[contactBody], error) {
	id := contact.ID(in.Contact)
	_, err := s.Contacts.Update(ctx, scope, id, contact.Edit{
		Name: in.Body.Name, Email: in.Body.Email, Phone: in.Body.Phone, Note: in.Body.Note,
	})
	if err != nil {
		return nil, err
	}
	return s.getContact(ctx, scope, &in.ContactPath)
}
