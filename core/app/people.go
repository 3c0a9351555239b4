package app

import (
	"context"
	"fmt"
	"time"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/contact/importing"
	"github.com/patchbay-im/patchbay/core/httpapi"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/journey"
	"github.com/patchbay-im/patchbay/core/store"
)

// people makes the use cases about customers.
func people(s *store.Store, now func() time.Time) httpapi.People {
	contacts, defined := s.Contacts(), definitions{s.Catalog()}
	return httpapi.People{
		Contacts: contact.NewService(contact.Deps{
			Store: contacts, Organisations: contacts, Attributes: defined, Now: now,
		}),
		ContactNotes: contact.NewNotes(contacts, now), Organisations: contact.NewOrganisations(contacts, now),
		Pages: contact.NewPages(contacts, now), Merging: contact.NewMerging(contacts, contacts, now),
		Journeys: journey.NewService(s.Journeys()),
		Imports:  importing.NewService(importing.Deps{Store: s.Imports(), Desk: s.Imports(), Attributes: defined, Now: now}),
	}
}

// definitions implements contact.Attributes with the catalog.
type definitions struct {
	catalog interface {
		Attributes(ctx context.Context, w identity.WorkspaceID, of catalog.Target) ([]catalog.Attribute, error)
	}
}

// Definitions implements contact.Attributes.
func (d definitions) Definitions(ctx context.Context, w identity.WorkspaceID) (contact.Definitions, error) {
	all, err := d.catalog.Attributes(ctx, w, catalog.OfContact)
	if err != nil {
		return nil, fmt.Errorf("read the definitions of attributes: %w", err)
	}
	return ofContacts(all), nil
}

// ofContacts implements contact.Definitions.
type ofContacts catalog.Definitions

// Check implements contact.Definitions.
func (o ofContacts) Check(values map[string]any) (map[string]any, error) {
	return catalog.Definitions(o).Check("/attributes", values) //nolint:wrapcheck // the domain's own error
}

// Type implements contact.Definitions.
func (o ofContacts) Type(key string) string {
	for _, a := range o {
		if a.Key == key {
			return string(a.Type)
		}
	}
	return ""
}

// forgetViews deletes page views that are too old, a batch at a time.
func (s *server) forgetViews(ctx context.Context) error {
	const batch = 1000
	for {
		n, err := s.people.Pages.Forget(ctx, batch)
		if err != nil || n < batch {
			return err //nolint:wrapcheck // the domain's own error
		}
	}
}
