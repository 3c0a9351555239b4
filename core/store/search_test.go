package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/search/searchtest"
	"github.com/patchbay-im/patchbay/core/store"
	"github.com/patchbay-im/patchbay/core/view"
)

type noDefinitions struct{}

func (noDefinitions) Attributes(context.Context, identity.WorkspaceID, catalog.Target) ([]catalog.Attribute, error) {
	return nil, nil
}

func searchFixture(t *testing.T, c store.Config) searchtest.Fixture {
	t.Helper()
	s := open(t, c)
	epoch, err := s.Epoch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	index, err := store.OpenIndex(t.Context(), c, epoch)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = index.Close(context.WithoutCancel(t.Context())) })
	offices := contact.NewOrganisations(s.Contacts(), time.Now)
	made := make(map[contact.ID]contact.OrganisationID)
	return searchtest.Fixture{
		Index: index, Source: s.Searchable(), Conversations: fixture(s), Tickets: s.Tickets(),
		Filters: view.NewService(view.Deps{
			Store: s.Views(), Lister: s.Conversations(), Definitions: noDefinitions{}, Teams: s.Teams(), Now: time.Now,
		}),
		Rename: func(t *testing.T, c conversation.Conversation, name, phone string) {
			t.Helper()
			change(t, s, c, func(p *contact.Contact) { p.Name, p.Phone = name, phone })
		},
		Organise: func(t *testing.T, c conversation.Conversation, name string) {
			t.Helper()
			system := identity.SystemScope(c.Workspace)
			if known, ok := made[c.Contact]; ok {
				if _, err := offices.Update(t.Context(), system, known, contact.OrganisationEdit{Name: &name}); err != nil {
					t.Fatal(err)
				}
				return
			}
			o, err := offices.Create(t.Context(), system, contact.OrganisationEdit{Name: &name})
			if err != nil {
				t.Fatal(err)
			}
			made[c.Contact] = o.ID
			change(t, s, c, func(p *contact.Contact) { p.Organisation = o.ID })
		},
	}
}

// change changes a conversation's contact, with its event.
func change(t *testing.T, s *store.Store, c conversation.Conversation, set func(*contact.Contact)) {
	t.Helper()
	_, err := s.Contacts().Update(t.Context(), c.Workspace, c.Contact, func(p *contact.Contact) ([]event.Event, error) {
		set(p)
		p.UpdatedAt = c.UpdatedAt
		return []event.Event{{
			ID: id.NewSource(time.Now).New("chg"), Workspace: string(c.Workspace), Type: contact.Changed, Subject: string(c.Contact), At: time.Now(), Data: []byte(`{}`),
		}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestSearchSQLite(t *testing.T) {
	testSearch(t, lite(t))
}

func TestSearchPostgres(t *testing.T) {
	testSearch(t, postgres(t))
}

func testSearch(t *testing.T, s source) {
	t.Helper()
	searchtest.RunUseCases(t, func(t *testing.T) searchtest.Fixture {
		t.Helper()
		return searchFixture(t, s(t))
	})
}
