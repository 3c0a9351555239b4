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
	return searchtest.Fixture{
		Index: index, Source: s.Searchable(), Conversations: fixture(s),
		Filters: view.NewService(view.Deps{
			Store: s.Views(), Lister: s.Conversations(), Definitions: noDefinitions{}, Teams: s.Teams(), Now: time.Now,
		}),
		Rename: func(t *testing.T, c conversation.Conversation, name, phone string) {
			t.Helper()
			_, err := s.Contacts().Update(t.Context(), c.Workspace, c.Contact, func(p *contact.Contact) ([]event.Event, error) {
				p.Name, p.Phone, p.UpdatedAt = name, phone, c.UpdatedAt
				return []event.Event{{
					ID: id.NewSource(time.Now).New("chg"), Workspace: string(c.Workspace), Type: contact.Changed, Subject: string(c.Contact), At: time.Now(), Data: []byte(`{}`),
				}}, nil
			})
			if err != nil {
				t.Fatal(err)
			}
		},
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
