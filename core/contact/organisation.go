package contact

import (
	"context"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// OrganisationID names an organisation: org_.
type OrganisationID string

// OrganisationChanged is the type of the event that says an organisation was
// made, changed or deleted.
const OrganisationChanged = "organisation.changed"

// MaxDomains bounds the domains of an organisation.
const MaxDomains = 50

// Organisation is a company or group that contacts belong to.
type Organisation struct {
	Workspace  identity.WorkspaceID
	ID         OrganisationID
	Name       string
	Domains    []string // of e-mail addresses, lower case, sorted; each belongs to one organisation
	Note       string
	Attributes map[string]any // text only; nothing defines them
	CreatedAt  time.Time
	UpdatedAt  time.Time

	Contacts int // how many contacts belong to it; read-only, counted by the store
}

// DomainTaken is the error for a domain that another organisation has.
func DomainTaken() *errs.Error {
	return errs.New(errs.Conflict, "organisation.domain_taken", "One of the domains belongs to another organisation. Remove it there first.").
		WithFields(errs.Field{Pointer: "/domains", Code: "taken", Detail: "a domain belongs to another organisation"})
}

// OrganisationEdit is a change of an organisation; nil fields stay.
type OrganisationEdit struct {
	Name, Note *string
	Domains    *[]string
	Attributes map[string]any // nil values remove their keys
}

// Organisations is the use cases of organisations.
type Organisations struct {
	store OrganisationStore
	now   func() time.Time
	ids   id.Source
}

// NewOrganisations returns an Organisations.
func NewOrganisations(store OrganisationStore, now func() time.Time) *Organisations {
	return &Organisations{store: store, now: now, ids: id.NewSource(now)}
}

// Get returns an organisation.
func (o *Organisations) Get(ctx context.Context, scope identity.Scope, id OrganisationID) (Organisation, error) {
	if err := scope.Require(identity.ContactRead); err != nil {
		return Organisation{}, err
	}
	return o.store.Organisation(ctx, scope.Workspace, id)
}

// List returns organisations by name.
func (o *Organisations) List(ctx context.Context, scope identity.Scope, query string, p page.Request) (page.Page[Organisation], error) {
	if err := scope.Require(identity.ContactRead); err != nil {
		return page.Page[Organisation]{}, err
	}
	return o.store.Organisations(ctx, scope.Workspace, strings.TrimSpace(query), p)
}

// Suggest returns the organisation of an e-mail address's domain; nil when
// there is none, or when the domain is one at which anybody gets an address.
func (o *Organisations) Suggest(ctx context.Context, scope identity.Scope, email string) (*Organisation, error) {
	if err := scope.Require(identity.ContactRead); err != nil {
		return nil, err
	}
	domain := DomainOf(email)
	if domain == "" || FreeMail(domain) {
		return nil, nil //nolint:nilnil // nil means none
	}
	return o.store.OrganisationOf(ctx, scope.Workspace, domain)
}

// Create makes an organisation.
func (o *Organisations) Create(ctx context.Context, scope identity.Scope, e OrganisationEdit) (Organisation, error) {
	if err := scope.Require(identity.ContactWrite); err != nil {
		return Organisation{}, err
	}
	if e.Name == nil {
		e.Name = new("")
	}
	if err := e.check(); err != nil {
		return Organisation{}, err
	}
	now := o.now()
	org := Organisation{
		Workspace: scope.Workspace, ID: OrganisationID(o.ids.New("org")), Attributes: map[string]any{}, CreatedAt: now, UpdatedAt: now,
	}
	e.apply(&org)
	return org, o.store.AddOrganisation(ctx, org, o.changed(org.Workspace, org.ID))
}

// Update applies an edit.
func (o *Organisations) Update(ctx context.Context, scope identity.Scope, id OrganisationID, e OrganisationEdit) (Organisation, error) {
	if err := scope.Require(identity.ContactWrite); err != nil {
		return Organisation{}, err
	}
	if err := e.check(); err != nil {
		return Organisation{}, err
	}
	return o.store.ChangeOrganisation(ctx, scope.Workspace, id, func(org *Organisation) error {
		e.apply(org)
		org.UpdatedAt = o.now()
		return checkCount(org.Attributes)
	}, o.changed(scope.Workspace, id))
}

// Delete removes an organisation. Its contacts stay.
func (o *Organisations) Delete(ctx context.Context, scope identity.Scope, id OrganisationID) error {
	if err := scope.Require(identity.ContactWrite); err != nil {
		return err
	}
	return o.store.RemoveOrganisation(ctx, scope.Workspace, id, o.changed(scope.Workspace, id))
}

func (o *Organisations) changed(w identity.WorkspaceID, id OrganisationID) event.Event {
	return event.Event{
		ID: o.ids.New("chg"), Workspace: string(w), Type: OrganisationChanged, Subject: string(id), At: o.now(), Data: idData(string(id)),
	}
}

func (e *OrganisationEdit) check() error {
	var c check
	c.text("/name", e.Name, MaxName, false)
	c.text("/note", e.Note, MaxNote, true)
	if e.Name != nil && strings.TrimSpace(*e.Name) == "" {
		c.Refuse("/name", "required", "Give the organisation a name.")
	}
	if e.Domains != nil {
		normal := c.domains(*e.Domains)
		e.Domains = &normal
	}
	c.plain(e.Attributes)
	return c.err("organisation.invalid")
}

func (e *OrganisationEdit) apply(o *Organisation) {
	set(&o.Name, e.Name)
	set(&o.Note, e.Note)
	if e.Domains != nil {
		o.Domains = *e.Domains
	}
	o.Attributes = merged(o.Attributes, e.Attributes)
}
