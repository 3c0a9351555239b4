package conversationtest

import (
	"context"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Threaded begins a conversation in a thread of the far side, with a message of
// a new customer.
func (w *World) Threaded(external, thread string) conversation.Conversation {
	w.Helper()
	var out conversation.Conversation
	w.OK(w.F.Store.Within(w.Context(), w.WS, func(ctx context.Context, tx conversation.Tx) error {
		t := w.System()
		who := contact.Contact{Workspace: w.WS, ID: contact.ID(w.IDs.New("con")), Name: "Customer " + external, CreatedAt: t.At, UpdatedAt: t.At}
		known := contact.Identity{Workspace: w.WS, Inbox: string(w.Inbox.ID), External: external, Contact: who.ID}
		if err := tx.Contacts().Create(ctx, who, known); err != nil {
			return err
		}
		t.Actor = identity.Actor{Kind: identity.ActorContact, ID: string(who.ID), Name: who.Name}
		c := conversation.Start(t, w.Inbox, who, external).In(thread, false)
		c.Receive(t, conversation.Words("", "question"))
		if err := tx.Save(ctx, c); err != nil {
			return err
		}
		out = *c
		return nil
	}))
	return out
}
