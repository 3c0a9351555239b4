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

// Changed is the type of the event that says a contact's details changed.
const Changed = "contact.changed"

// Deps are the ports that the use cases of contacts work on.
type Deps struct {
	Store         Store
	Organisations OrganisationStore
	Attributes    Attributes
	Now           func() time.Time
}

// Service holds the use cases of contacts.
type Service struct {
	Deps
	ids id.Source
}

// NewService returns a Service.
func NewService(d Deps) *Service { return &Service{Deps: d, ids: id.NewSource(d.Now)} }

// Get returns a contact and how the inboxes know them.
func (s *Service) Get(ctx context.Context, scope identity.Scope, id ID) (Contact, []Identity, error) {
	if err := scope.Require(identity.ContactRead); err != nil {
		return Contact{}, nil, err
	}
	if err := Reached(ctx, s.Store, scope, id); err != nil {
		return Contact{}, nil, err
	}
	return s.Store.Get(ctx, scope.Workspace, id)
}

// List returns a page of contacts.
func (s *Service) List(ctx context.Context, scope identity.Scope, f Filter, p page.Request) (page.Page[Contact], error) {
	if err := scope.Require(identity.ContactRead); err != nil {
		return page.Page[Contact]{}, err
	}
	f.Query, f.Reach = strings.TrimSpace(f.Query), scope.Reach()
	return s.Store.List(ctx, scope.Workspace, f, p)
}

// Edit is a change of a contact; nil fields stay.
type Edit struct {
	Name, Email, Phone, Note, External *string
	Locale                             *string // BCP 47; "" = unknown
	Organisation                       *OrganisationID
	Attributes                         map[string]any // nil values remove their keys
	// IfUpdatedAt lets Update change only what was last changed then; zero = in
	// any case.
	IfUpdatedAt time.Time
}

// Create makes a contact that no inbox knows yet.
func (s *Service) Create(ctx context.Context, scope identity.Scope, e Edit) (Contact, error) {
	if err := s.admit(ctx, scope, &e); err != nil {
		return Contact{}, err
	}
	now := s.Now()
	c := Contact{Workspace: scope.Workspace, ID: ID(s.ids.New("con")), CreatedBy: scope.Member(), CreatedAt: now, UpdatedAt: now}
	e.Apply(&c)
	if err := checkCount(c.Attributes); err != nil {
		return Contact{}, err
	}
	if err := nameable(c); err != nil {
		return Contact{}, err
	}
	return c, s.Store.Add(ctx, c, s.changed(c, now))
}

// nameable refuses a contact of whom nothing is known.
func nameable(c Contact) error {
	if c.Name != "" || c.Email != "" || c.Phone != "" || c.External != "" {
		return nil
	}
	return errs.New(errs.Invalid, "contact.invalid", "Some fields are not right.").
		WithFields(errs.Field{Pointer: "/name", Code: "required", Detail: "give a name, an e-mail address or a telephone number"})
}

// Update applies an edit. A contact that was merged into another is not
// changed any more.
func (s *Service) Update(ctx context.Context, scope identity.Scope, id ID, e Edit) (Contact, error) {
	if err := s.admit(ctx, scope, &e); err != nil {
		return Contact{}, err
	}
	if err := Reached(ctx, s.Store, scope, id); err != nil {
		return Contact{}, err
	}
	return s.Store.Update(ctx, scope.Workspace, id, func(c *Contact) ([]event.Event, error) {
		if c.MergedInto != "" {
			return nil, errMerged()
		}
		if !e.IfUpdatedAt.IsZero() && !e.IfUpdatedAt.Equal(c.UpdatedAt) {
			return nil, errs.New(errs.Conflict, "contact.outdated", "The contact was changed meanwhile. Read it again.")
		}
		e.Apply(c)
		c.UpdatedAt = s.Now()
		return []event.Event{s.changed(*c, c.UpdatedAt)}, checkCount(c.Attributes)
	})
}

func (s *Service) changed(c Contact, at time.Time) event.Event {
	return event.Event{
		ID: s.ids.New("chg"), Workspace: string(c.Workspace), Type: Changed, Subject: string(c.ID), At: at, Data: idData(string(c.ID)),
	}
}

// admit checks who edits, and what, and brings the values into their normal form.
func (s *Service) admit(ctx context.Context, scope identity.Scope, e *Edit) error {
	if err := scope.Require(identity.ContactWrite); err != nil {
		return err
	}
	if err := e.Normal(); err != nil {
		return err
	}
	if len(e.Attributes) > 0 {
		defined, err := s.Attributes.Definitions(ctx, scope.Workspace)
		if err != nil {
			return err
		}
		if e.Attributes, err = defined.Check(e.Attributes); err != nil {
			return err
		}
	}
	if e.Organisation == nil || *e.Organisation == "" {
		return nil
	}
	_, err := s.Organisations.Organisation(ctx, scope.Workspace, *e.Organisation)
	if errs.Is(err, errs.NotFound) {
		return errs.New(errs.Invalid, "contact.invalid", "Some fields are not right.").
			WithFields(errs.Field{Pointer: "/organisation_id", Code: "unknown", Detail: "there is no such organisation"})
	}
	return err
}

// Apply makes the change. What it says must be in its normal form.
func (e *Edit) Apply(c *Contact) {
	set(&c.Name, e.Name)
	set(&c.Email, e.Email)
	set(&c.Phone, e.Phone)
	set(&c.Note, e.Note)
	set(&c.External, e.External)
	set(&c.Locale, e.Locale)
	if e.Organisation != nil {
		c.Organisation = *e.Organisation
	}
	c.Attributes = merged(c.Attributes, e.Attributes)
}

// Normal brings the values into their normal form, attributes apart. Errors:
// errs.Invalid with the fields that cannot be stored.
func (e *Edit) Normal() error {
	var c check
	c.text("/name", e.Name, MaxName, false)
	c.text("/email", e.Email, MaxEmail, false)
	c.text("/phone", e.Phone, MaxPhone, false)
	c.text("/note", e.Note, MaxNote, true)
	c.text("/external_id", e.External, MaxExternal, false)
	c.text("/locale", e.Locale, MaxLocale, false)
	if !c.has("/email") {
		e.Email = c.email(e.Email)
	}
	if !c.has("/phone") {
		e.Phone = c.phone(e.Phone)
	}
	return c.err("contact.invalid")
}

func (c *check) has(pointer string) bool {
	for _, f := range c.Fields {
		if f.Pointer == pointer {
			return true
		}
	}
	return false
}
