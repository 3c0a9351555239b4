package app

import (
	"time"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/httpapi"
	"github.com/patchbay-im/patchbay/core/journey"
	"github.com/patchbay-im/patchbay/core/store"
)

// people makes the use cases about customers.
func people(s *store.Store, now func() time.Time) httpapi.People {
	contacts := s.Contacts()
	return httpapi.People{
		Contacts: contact.NewService(contact.Deps{
			Store: contacts, Organisations: contacts, Attributes: contact.PlainAttributes{}, Now: now,
		}),
		ContactNotes: contact.NewNotes(contacts, now), Organisations: contact.NewOrganisations(contacts, now),
		Pages: contact.NewPages(contacts, now), Merging: contact.NewMerging(contacts, contacts, now),
		Journeys: journey.NewService(s.Journeys()),
	}
}
