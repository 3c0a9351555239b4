package httpapi_test

import (
	"context"
	"strings"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// ticketBody is a body that a route of tickets accepts.
func ticketBody(path string) string {
	for suffix, body := range map[string]string{
		"/tickets": `{"title":"x"}`, "/tickets/bulk": `{"ids":["tkt_none"],"action":"priority","priority":"high"}`, "/{ticket}": `{"title":"y"}`,
		"/comments": `{"client_id":"x","text":"hi","public":false}`, "/assign": `{"assignee_id":""}`,
		"/links": `{"kind":"relates","ticket_id":"tkt_none"}`, "/labels": `{"label_ids":[]}`, "/merge": `{"into":"tkt_none"}`,
		"/ticket-types": `{"name":"x"}`, "/{type}": `{"description":"y"}`,
	} {
		if strings.HasSuffix(path, suffix) {
			return body
		}
	}
	return ""
}

// ticketThings makes a ticket in a workspace and names what belongs to it.
func (s *site) ticketThings(places map[string]string, w identity.WorkspaceID) ticket.Ticket {
	s.Helper()
	t := s.ticket(w, "Broken")
	places["ticket"], places["link"], places["type"] = string(t.ID), "tlk_none", "tty_none"
	return t
}

// ticket makes a ticket of nobody.
func (s *site) ticket(w identity.WorkspaceID, title string) ticket.Ticket {
	s.Helper()
	var out ticket.Ticket
	s.OK(s.tickets.Within(s.Context(), w, func(ctx context.Context, tx ticket.Tx) error {
		turn := s.System()
		types, err := tx.Types(ctx)
		if err != nil {
			return err
		}
		t := ticket.Start(ticket.Turn{Actor: turn.Actor, At: turn.At, IDs: turn.IDs}, ticket.Ticket{Workspace: w, Type: types[0].ID, Title: title})
		if err := tx.Save(ctx, t); err != nil {
			return err
		}
		out = *t
		return nil
	}))
	return out
}
