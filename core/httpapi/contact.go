package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/contact/importing"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/journey"
	"github.com/patchbay-im/patchbay/core/wire"
)

// People is the use cases about customers.
type People struct {
	Contacts      *contact.Service
	ContactNotes  *contact.Notes
	Organisations *contact.Organisations
	Pages         *contact.Pages
	Merging       *contact.Merging
	Journeys      *journey.Service
	Imports       *importing.Service
}

// contactBody is a customer.
type contactBody struct {
	ID           string           `json:"id"`
	Name         string           `json:"name"`
	Email        string           `json:"email" doc:"In lower case."`
	Phone        string           `json:"phone" doc:"E.164 when it was written with a country code, else as written."`
	Note         string           `json:"note"`
	ExternalID   string           `json:"external_id,omitempty" doc:"The customer's number in a system of yours."`
	Organisation *organisationRef `json:"organisation,omitempty"`
	Locale       string           `json:"locale,omitempty"`
	Verified     bool             `json:"verified" doc:"Whether the customer proved who they are, in any inbox."`
	Group        bool             `json:"group,omitempty" doc:"Not a person: a group of a channel, which is merged with nobody."`
	MergedInto   string           `json:"merged_into,omitempty" doc:"The contact this one was merged into."`
	LastSeenAt   *time.Time       `json:"last_seen_at,omitempty" doc:"To five minutes."`
	Attributes   map[string]any   `json:"attributes" doc:"Values of the defined attributes, and what channels told as text."`
	Identities   []identityBody   `json:"identities" doc:"How the inboxes know the contact, and those merged into it; empty in lists."`
	CreatedAt    time.Time        `json:"created_at"`
	UpdatedAt    time.Time        `json:"updated_at"`
}

// organisationRef names an organisation.
type organisationRef struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// identityBody is how an inbox knows a contact.
type identityBody struct {
	InboxID    string     `json:"inbox_id"`
	Plugin     string     `json:"plugin"`
	ExternalID string     `json:"external_id"`
	Kind       string     `json:"kind" enum:"visitor,user,account,group"`
	Label      string     `json:"label,omitempty"`
	Verified   bool       `json:"verified"`
	CreatedAt  *time.Time `json:"created_at,omitempty"`
}

func contactOf(c contact.Contact, ids []contact.Identity) contactBody {
	out := contactBody{
		ID: string(c.ID), Name: c.Name, Email: c.Email, Phone: c.Phone, Note: c.Note, ExternalID: c.External, Locale: c.Locale,
		Verified: c.Verified, Group: c.Group, MergedInto: string(c.MergedInto), LastSeenAt: stamp(c.LastSeenAt), Attributes: c.Attributes,
		Identities: make([]identityBody, len(ids)), CreatedAt: wire.Stamp(c.CreatedAt), UpdatedAt: wire.Stamp(c.UpdatedAt),
	}
	if out.Attributes == nil {
		out.Attributes = map[string]any{}
	}
	if c.Organisation != "" {
		out.Organisation = &organisationRef{ID: string(c.Organisation), Name: c.OrganisationName}
	}
	for i, x := range ids {
		out.Identities[i] = identityOf(x)
	}
	return out
}

func identityOf(x contact.Identity) identityBody {
	out := identityBody{
		InboxID: x.Inbox, Plugin: x.Plugin, ExternalID: conversation.AddressOf(x.External), Kind: string(x.Kind), Label: x.Label,
		Verified: !x.VerifiedAt.IsZero(), CreatedAt: stamp(x.CreatedAt),
	}
	if x.Kind == "" {
		out.Kind = string(contact.IdentityAccount)
	}
	return out
}

// stamp is a time as the protocol carries it; nil for none.
func stamp(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	s := wire.Stamp(t)
	return &s
}

const contactsPath = apiPrefix + "/workspaces/{workspace}/contacts"

func (s *Server) contactRoutes() {
	member(s, huma.Operation{Method: http.MethodGet, Path: contactsPath, Summary: "List contacts", Tags: []string{"contacts"}},
		identity.ContactRead, s.listContacts)
	member(s, huma.Operation{Method: http.MethodPost, Path: contactsPath, Summary: "Make a contact", Tags: []string{"contacts"}, DefaultStatus: http.StatusCreated},
		identity.ContactWrite, s.createContact)
	member(s, huma.Operation{Method: http.MethodGet, Path: contactsPath + "/{contact}", Summary: "Get a contact", Tags: []string{"contacts"}},
		identity.ContactRead, s.getContact)
	member(s, huma.Operation{Method: http.MethodPatch, Path: contactsPath + "/{contact}", Summary: "Change a contact", Tags: []string{"contacts"}},
		identity.ContactWrite, s.patchContact)
	member(s, huma.Operation{Method: http.MethodGet, Path: contactsPath + "/{contact}/pages", Summary: "List the pages a contact looked at", Tags: []string{"contacts"}},
		identity.ContactRead, s.listPages)
	s.contactNoteRoutes()
	s.organisationRoutes()
	s.mergeRoutes()
	s.journeyRoutes()
	s.importRoutes()
}

type listContactsInput struct {
	Workspace string `path:"workspace"`
	Paging
	Query        string `query:"q" maxLength:"100" doc:"A part of name, e-mail or phone."`
	Organisation string `query:"organisation" maxLength:"40"`
	Sort         string `query:"sort" enum:"created_desc,name_asc,seen_desc" default:"created_desc"`
}

func (s *Server) listContacts(ctx context.Context, scope identity.Scope, in *listContactsInput) (*body[list[contactBody]], error) {
	f := contact.Filter{Query: in.Query, Organisation: contact.OrganisationID(in.Organisation), Sort: contact.Sort(in.Sort)}
	p, err := s.Contacts.List(ctx, scope, f, in.request())
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

func (p ContactPath) id() contact.ID { return contact.ID(p.Contact) }

func (s *Server) getContact(ctx context.Context, scope identity.Scope, in *ContactPath) (*body[contactBody], error) {
	c, ids, err := s.Contacts.Get(ctx, scope, in.id())
	if err != nil {
		return nil, err
	}
	return &body[contactBody]{Body: contactOf(c, ids)}, nil
}

// contactEdit is what can be said of a contact.
type contactEdit struct {
	Name           *string        `json:"name,omitempty"`
	Email          *string        `json:"email,omitempty"`
	Phone          *string        `json:"phone,omitempty"`
	Note           *string        `json:"note,omitempty"`
	ExternalID     *string        `json:"external_id,omitempty"`
	OrganisationID *string        `json:"organisation_id,omitempty" doc:"Empty: none."`
	Attributes     map[string]any `json:"attributes,omitempty" doc:"By key; null removes. Checked against the definitions."`
}

func (e contactEdit) domain() contact.Edit {
	out := contact.Edit{Name: e.Name, Email: e.Email, Phone: e.Phone, Note: e.Note, External: e.ExternalID, Attributes: e.Attributes}
	if e.OrganisationID != nil {
		out.Organisation = new(contact.OrganisationID(*e.OrganisationID))
	}
	return out
}

type createContactInput struct {
	Workspace string `path:"workspace"`
	Body      contactEdit
}

func (s *Server) createContact(ctx context.Context, scope identity.Scope, in *createContactInput) (*body[contactBody], error) {
	c, err := s.Contacts.Create(ctx, scope, in.Body.domain())
	if err != nil {
		return nil, err
	}
	return s.getContact(ctx, scope, &ContactPath{Workspace: in.Workspace, Contact: string(c.ID)})
}

type patchContactInput struct {
	ContactPath
	Body contactEdit
}

func (s *Server) patchContact(ctx context.Context, scope identity.Scope, in *patchContactInput) (*body[contactBody], error) {
	if _, err := s.Contacts.Update(ctx, scope, in.id(), in.Body.domain()); err != nil {
		return nil, err
	}
	return s.getContact(ctx, scope, &in.ContactPath)
}

// pageViewBody is a page that a visitor looked at.
type pageViewBody struct {
	URL      string    `json:"url"`
	Title    string    `json:"title"`
	Referrer string    `json:"referrer"`
	At       time.Time `json:"at"`
	Duration int       `json:"duration_s" doc:"Seconds in front of the visitor; 0 = not known."`
}

func pageViewOf(v contact.PageView) pageViewBody {
	return pageViewBody{URL: v.URL, Title: v.Title, Referrer: v.Referrer, At: wire.Stamp(v.At), Duration: int(v.Duration / time.Second)}
}

type listOfContactInput struct {
	ContactPath
	Paging
}

func (s *Server) listPages(ctx context.Context, scope identity.Scope, in *listOfContactInput) (*body[list[pageViewBody]], error) {
	return asList(pageViewOf)(s.Pages.List(ctx, scope, in.id(), in.request()))
}
