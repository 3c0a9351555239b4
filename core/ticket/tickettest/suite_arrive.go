package tickettest

import (
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// arrives checks since when a ticket waits, over what happens to one.
func arrives(d *desk) {
	nobody := ticket.Destination{Member: &identity.Member{}}
	t := d.open(d.WS, ticket.Ticket{Title: "Broken"})
	made := t.CreatedAt
	since := func(what string, t ticket.Ticket, want time.Time, waits bool) {
		d.Helper()
		if !t.WaitingSince.Equal(want) || t.Waits() != waits {
			d.Errorf("%s: since %v, waits %v; want %v, %v", what, t.WaitingSince, t.Waits(), want, waits)
		}
	}
	since("made", d.get(t.ID), made, true)
	given := d.work(t.ID, func(t *ticket.Ticket) error {
		return t.Give(d.turn(identity.Actor{Kind: identity.ActorSystem}), d.Owner.ID, d.Owner.Name, ticket.Stream{ID: "que_a", Name: "A"})
	})
	since("given", given, made, false)
	if given.Status != ticket.Open || given.AssigneeName != d.Owner.Name {
		d.Errorf("given: %+v", given)
	}
	if err := d.try(d.WS, t.ID, func(t *ticket.Ticket) error {
		return t.Give(d.turn(d.owner()), d.Owner.ID, "", ticket.Stream{})
	}); err == nil {
		d.Error("a ticket was given twice")
	}
	back := d.work(t.ID, func(t *ticket.Ticket) error {
		if !t.Release(d.turn(identity.Actor{Kind: identity.ActorSystem}), "agent_lost") {
			d.Error("nothing was taken back")
		}
		return nil
	})
	since("taken back", back, made, true)
	status := func(to ticket.Status) ticket.Ticket {
		return d.work(t.ID, func(t *ticket.Ticket) error { return t.SetStatus(d.turn(d.owner()), to, ticket.Type{}) })
	}
	since("pending", status(ticket.Pending), made, false)
	again := status(ticket.Open)
	since("open again", again, again.UpdatedAt, true)
	d.work(t.ID, func(t *ticket.Ticket) error {
		return t.Assign(d.turn(d.owner()), ticket.Destination{Member: &d.Owner})
	})
	dropped := d.work(t.ID, func(t *ticket.Ticket) error { return t.Assign(d.turn(d.owner()), nobody) })
	since("without an assignee again", dropped, dropped.UpdatedAt, true)
}
