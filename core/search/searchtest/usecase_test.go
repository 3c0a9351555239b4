package searchtest_test

import (
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/search/searchtest"
	"github.com/patchbay-im/patchbay/core/ticket/tickettest"
	"github.com/patchbay-im/patchbay/core/view"
	"github.com/patchbay-im/patchbay/core/view/viewtest"
)

func TestUseCasesOnTheFake(t *testing.T) {
	searchtest.RunUseCases(t, func(t *testing.T) searchtest.Fixture {
		t.Helper()
		fake := conversationtest.NewFake()
		views, tickets := viewtest.NewFake(fake), tickettest.NewFake(fake)
		return searchtest.Fixture{
			Index: searchtest.NewFake(), Source: searchtest.NewSource(tickets), Conversations: fake.Fixture(), Tickets: tickets,
			Filters: view.NewService(view.Deps{Store: views, Lister: views, Definitions: fake.Catalog, Teams: fake.Teams, Now: time.Now}),
			Rename: func(t *testing.T, c conversation.Conversation, name, phone string) {
				t.Helper()
				_, err := fake.Contacts.Update(t.Context(), c.Workspace, c.Contact, func(p *contact.Contact) ([]event.Event, error) {
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
	})
}
