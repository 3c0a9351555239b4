package tickettest

import (
	"context"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// openOf: of a conversation's tickets, the last that was made by itself and is
// neither done nor merged.
func openOf(d *desk) {
	talk, other := d.Receive(d.Inbox, "ext", "m1", "broken"), d.Receive(d.Inbox, "else", "m2", "broken")
	found := func(w conversation.ID) ticket.ID {
		var id ticket.ID
		d.OK(d.f.Store.Within(d.Context(), d.WS, func(ctx context.Context, tx ticket.Tx) error {
			t, err := tx.OpenOf(ctx, w)
			if t != nil {
				id = t.ID
			}
			return err
		}))
		return id
	}
	d.open(d.WS, ticket.Ticket{Title: "by hand", Conversation: talk.ID, Inbox: talk.Inbox})
	if got := found(talk.ID); got != "" {
		d.Errorf("found %s, which somebody made", got)
	}
	first := d.open(d.WS, ticket.Ticket{Title: "first", Conversation: talk.ID, Inbox: talk.Inbox, Source: "msg_1"})
	last := d.open(d.WS, ticket.Ticket{Title: "last", Conversation: talk.ID, Inbox: talk.Inbox, Source: "msg_2"})
	if got := found(talk.ID); got != last.ID {
		d.Errorf("found %s, want the last, %s", got, last.ID)
	}
	d.work(last.ID, func(t *ticket.Ticket) error {
		return t.SetStatus(d.turn(d.owner()), ticket.Solved, ticket.Type{})
	})
	if got := found(talk.ID); got != first.ID {
		d.Errorf("found %s, want the open one, %s", got, first.ID)
	}
	if got := found(other.ID); got != "" {
		d.Errorf("found %s of another conversation", got)
	}
}
