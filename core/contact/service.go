package contact

import (
	"context"
	"encoding/json"
	"net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// Changed is the type of the event that says a contact's details changed.
const Changed = "contact.changed"

// Service holds the use cases of contacts.
type Service struct {
	store Store
	now   func() time.Time
	ids   id.Source
}

// NewService returns a Service.
func NewService(store Store, now func() time.Time) *Service {
	return &Service{store: store, now: now, ids: id.NewSource(now)}
}

// Get returns a contact and how the inboxes know them.
func (s *Service) Get(ctx context.Context, scope identity.Scope, id ID) (Contact, []Identity, error) {
	if err := scope.Require(identity.ContactRead); err != nil {
		return Contact{}, nil, err
	}
	return s.store.Get(ctx, scope.Workspace, id)
}

// List returns a page of contacts, filtered by a part of name, e-mail or phone.
func (s *Service) List(ctx context.Context, scope identity.Scope, query string, p page.Request) (page.Page[Contact], error) {
	if err := scope.Require(identity.ContactRead); err != nil {
		return page.Page[Contact]{}, err
	}
	return s.store.List(ctx, scope.Workspace, strings.TrimSpace(query), p)
}

// Edit is a change of a contact; nil fields stay.
type Edit struct {
	Name, Email, Phone, Note *string
}

// Update applies an edit.
func (s *Service) Update(ctx context.Context, scope identity.Scope, id ID, e Edit) (Contact, error) {
	if err := scope.Require(identity.ContactWrite); err != nil {
		return Contact{}, err
	}
	if err := e.check(); err != nil {
		return Contact{}, err
	}
	return s.store.Update(ctx, scope.Workspace, id, func(c *Contact) ([]event.Event, error) {
		set(&c.Name, e.Name)
		set(&c.Email, e.Email)
		set(&c.Phone, e.Phone)
		set(&c.Note, e.Note)
		c.UpdatedAt = s.now()
		data, err := json.Marshal(map[string]string{"id": string(c.ID)})
		if err != nil {
			return nil, err
		}
		return []event.Event{{
			ID: s.ids.New("chg"), Workspace: string(c.Workspace), Type: Changed,
			Subject: string(c.ID), At: c.UpdatedAt, Data: data,
		}}, nil
	})
}

func set(to *string, from *string) {
	if from != nil {
		*to = strings.TrimSpace(*from)
	}
}

func (e Edit) check() error {
	var wrong []errs.Field
	text := func(pointer string, v *string, limit int, lines bool) {
		if v == nil {
			return
		}
		switch {
		case utf8.RuneCountInString(*v) > limit:
			wrong = append(wrong, errs.Field{Pointer: pointer, Code: "too_long", Detail: "is too long"})
		case !utf8.ValidString(*v) || strings.ContainsFunc(*v, func(r rune) bool { return unicode.IsControl(r) && (!lines || r != '\n' && r != '\r' && r != '\t') }):
			wrong = append(wrong, errs.Field{Pointer: pointer, Code: "characters", Detail: "holds characters that cannot be stored"})
		}
	}
	text("/name", e.Name, MaxName, false)
	text("/email", e.Email, MaxEmail, false)
	text("/phone", e.Phone, MaxPhone, false)
	text("/note", e.Note, MaxNote, true)
	if e.Email != nil && strings.TrimSpace(*e.Email) != "" {
		// The bare address, without a name, brackets or a comment around it.
		if a, err := mail.ParseAddress(*e.Email); err != nil || a.Address != strings.TrimSpace(*e.Email) {
			wrong = append(wrong, errs.Field{Pointer: "/email", Code: "format", Detail: "is not an e-mail address"})
		}
	}
	if len(wrong) > 0 {
		return errs.New(errs.Invalid, "contact.invalid", "Some fields are not right.").WithFields(wrong...)
	}
	return nil
}
