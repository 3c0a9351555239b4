package conversationtest

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// testMergedContacts merges two customers of one inbox: each keeps the
// conversation, which shows who they are now, and what comes later goes where
// the inbox knows them.
func testMergedContacts(w *World) {
	one, two := w.Receive(w.Inbox, "one", "m1", "from one"), w.Receive(w.Inbox, "two", "m2", "from two")
	merges, ok := w.F.Contacts.(contact.MergeStore)
	if !ok {
		w.Fatal("the contacts of the fixture do not merge")
	}
	merging := contact.NewMerging(merges, w.F.Contacts, func() time.Time { return w.Tick() })
	scope := identity.Scope{Workspace: w.WS, Actor: identity.Actor{Kind: identity.ActorMember, ID: string(w.Owner.ID), Role: identity.RoleAgent}}
	m, _, err := merging.Merge(w.Context(), scope, one.Contact, two.Contact)
	w.OK(err)
	of := func(who contact.ID) int {
		w.Helper()
		p, err := w.F.Reader.List(w.Context(), w.WS, conversation.Filter{Reach: identity.Everywhere(), Contact: who}, page.Request{})
		w.OK(err)
		return len(p.Items)
	}
	got := w.Get(one.ID)
	Same(w, got.Contact, two.Contact)
	Same(w, got.ContactName, two.ContactName)
	Same(w, of(one.Contact), 0)
	Same(w, of(two.Contact), 2)
	again := w.Receive(w.Inbox, "one", "m3", "one again")
	Same(w, again.ID, one.ID)
	found, err := w.F.Reader.OfContact(w.Context(), w.WS, w.Inbox.ID, "one")
	w.OK(err)
	Same(w, found.ID, one.ID)
	fresh := w.Receive(w.Live, "new", "m4", "elsewhere")
	Same(w, of(two.Contact), 2)
	w.OK(w.F.Store.Within(w.Context(), w.WS, func(ctx context.Context, tx conversation.Tx) error {
		for _, id := range []string{"m1", "m3"} { // written as one contact and as the other
			if ch, err := tx.Sent(ctx, one.ID, "", id); err != nil || ch == nil {
				w.Errorf("%s is not found again: %v, %v", id, ch, err)
			}
		}
		return nil
	}))
	_, _, err = merging.Undo(w.Context(), scope, m.ID)
	w.OK(err)
	Same(w, w.Get(one.ID).Contact, one.Contact)
	Same(w, w.Get(two.ID).Contact, two.Contact)
	Same(w, of(one.Contact), 1)
	Same(w, of(fresh.Contact), 1)
}
