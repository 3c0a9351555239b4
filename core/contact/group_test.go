package contact_test

import (
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
)

// A group is no person: nobody takes it for one, and nobody for it.
func TestAGroupIsMergedWithNobody(t *testing.T) {
	b := newBook(t)
	b.add(home, "con_1", "Tea")
	b.add(home, "con_2", "Tea")
	merging := contact.NewMerging(b.store, b.store, func() time.Time { return b.at })
	duplicates := func(id contact.ID) int {
		t.Helper()
		found, err := merging.Duplicates(t.Context(), as(identity.RoleOwner), id)
		b.ok(err)
		return len(found)
	}
	if duplicates("con_1") != 1 || duplicates("con_2") != 1 {
		t.Fatal("two people of one name are no duplicates")
	}
	tx, commit := b.store.Begin(home)
	c, err := tx.Gather(t.Context(), "inb_1", "ext-con_2", "Tea", b.at, func(c contact.Contact) event.Event {
		return event.Event{ID: "chg_1", Workspace: string(c.Workspace), Type: contact.Changed, Subject: string(c.ID), At: c.UpdatedAt}
	})
	b.ok(err)
	commit()
	if c == nil || !c.Group {
		t.Fatalf("a group is %+v", c)
	}
	if duplicates("con_1") != 0 || duplicates("con_2") != 0 {
		t.Error("a group is somebody's duplicate")
	}
	for source, into := range map[contact.ID]contact.ID{"con_1": "con_2", "con_2": "con_1"} {
		if _, _, err := merging.Merge(t.Context(), as(identity.RoleOwner), source, into); err == nil || errs.As(err).Code != "contact.merge_group" {
			t.Errorf("%s into %s: %v", source, into, err)
		}
	}
}
