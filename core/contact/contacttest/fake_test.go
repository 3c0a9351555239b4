package contacttest_test

import (
	"fmt"
	"testing"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/contact/contacttest"
	"github.com/patchbay-im/patchbay/core/event/eventtest"
	"github.com/patchbay-im/patchbay/core/identity"
)

func TestFake(t *testing.T) {
	contacttest.Run(t, func(*testing.T) contacttest.Fixture {
		feed := eventtest.NewFeed()
		fake := contacttest.NewFake(feed)
		n := 0
		return contacttest.Fixture{
			Store: fake, Pages: fake, Notes: fake, Organisations: fake, Merges: fake, Imports: contacttest.NewImports(fake), Log: feed,
			Workspace: func(testing.TB) (identity.WorkspaceID, string) {
				n++
				return identity.WorkspaceID(fmt.Sprint("wsp_", n)), fmt.Sprint("inb_", n)
			},
			Within: func(_ testing.TB, w identity.WorkspaceID, fn func(contact.Tx) error) error {
				tx, commit := fake.Begin(w)
				err := fn(tx)
				if err == nil {
					commit()
				}
				return err
			},
			Create: func(tb testing.TB, c contact.Contact, who contact.Identity) error {
				tb.Helper()
				tx, commit := fake.Begin(c.Workspace)
				err := tx.Create(tb.Context(), c, who)
				if err == nil {
					commit()
				}
				return err
			},
		}
	})
}
