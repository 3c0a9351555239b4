package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/extension/mirrortest"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store"
)

// mirrorFixture is the store as the suite of copies of records sees it.
func mirrorFixture(t *testing.T, s *store.Store) mirrortest.Fixture {
	t.Helper()
	people := contactFixture(t, s)
	inboxes := make(map[identity.WorkspaceID]string)
	n, at := 0, time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)
	ok := func(tb testing.TB, err error) {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
	}
	return mirrortest.Fixture{
		Mirror: s.Mirrors(),
		Workspace: func(tb testing.TB) identity.WorkspaceID {
			tb.Helper()
			w, inbox := people.Workspace(tb)
			inboxes[w] = inbox
			return w
		},
		Connect: func(tb testing.TB, w identity.WorkspaceID) extension.Connection {
			tb.Helper()
			n++
			c := extension.Connection{
				Workspace: w, ID: extension.ConnectionID(fmt.Sprint("pin_mirror", n)), Plugin: "acme/crm", Name: "CRM", Config: []byte(`{}`),
				Revision: 1, Enabled: true, CreatedAt: at, UpdatedAt: at,
			}
			ok(tb, s.Extensions().CreateConnection(tb.Context(), c, nil))
			return c
		},
		Disconnect: func(tb testing.TB, c extension.Connection) {
			tb.Helper()
			ok(tb, s.Extensions().DeleteConnection(tb.Context(), c.Workspace, c.ID))
		},
		Contact: func(tb testing.TB, w identity.WorkspaceID, email, phone string) string {
			tb.Helper()
			n++
			id := contact.ID(fmt.Sprint("con_mirror", n))
			ok(tb, people.Create(tb, contact.Contact{Workspace: w, ID: id, Name: "Somebody", Email: email, Phone: phone, CreatedAt: at, UpdatedAt: at},
				contact.Identity{Workspace: w, Inbox: inboxes[w], External: string(id), Contact: id, CreatedAt: at}))
			return string(id)
		},
		Merge: func(tb testing.TB, w identity.WorkspaceID, source, into string) {
			tb.Helper()
			_, err := s.Contacts().Merge(tb.Context(), w, contact.ID(source), contact.ID(into), func(contact.Contact, *contact.Contact) (contact.Merge, []event.Event, error) {
				n++
				return contact.Merge{Workspace: w, ID: contact.MergeID(fmt.Sprint("mrg_", n)), Source: contact.ID(source), Target: contact.ID(into), At: at}, nil, nil
			})
			ok(tb, err)
		},
	}
}
