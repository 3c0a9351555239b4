package app

import (
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// newTickets makes the use cases of tickets.
func (s *server) newTickets() *ticket.Service {
	return ticket.NewService(ticket.Deps{
		Store: s.store.Tickets(), Reader: s.store.Tickets(), Beside: s.store.Tickets().Beside, Conversations: s.conversations, Contacts: s.store.Contacts(),
		Members: colleagues{s.identity, identity.TicketRead}, Teams: s.store.Teams(), Labels: s.store.Catalog(), Tongues: s.tongues(), Houses: s.tongues(),
		Key: s.box.Derive("ticket links"), BaseURL: s.config.BaseURL(), Now: s.now, Log: s.log,
	})
}
