package search

import (
	"context"
	"encoding/json"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/search"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/ticket"
)

func (s *Source) ticketDocs(ctx context.Context, workspace identity.WorkspaceID, where string, args ...any) ([]search.Document, error) {
	var out []search.Document
	query := `SELECT t.ticket_id, t.number, t.title, t.description, t.fields, t.created_at,
COALESCE(p.name, ''), COALESCE(p.email, ''), COALESCE(p.phone, '') FROM ticket t
LEFT JOIN contact p ON p.workspace_id = t.workspace_id AND p.contact_id = t.contact_id
WHERE t.workspace_id = ? AND t.merged_into = '' AND ` + where
	err := s.db.Rows(ctx, query, append([]any{string(workspace)}, args...), func(sc db.Scanner) error {
		var t ticket.Ticket
		var p search.Person
		var id, fields string
		var number, at int64
		if err := sc.Scan(&id, &number, &t.Title, &t.Description, &fields, &at, &p.Name, &p.Email, &p.Phone); err != nil {
			return err
		}
		t.Number = db.Unsigned(number)
		if fields != "" {
			_ = json.Unmarshal([]byte(fields), &t.Fields) // we wrote it
		}
		out = append(out, document(search.Key{Kind: search.Ticket, ID: id}, at, search.TicketTexts(t, p), p))
		return nil
	})
	return out, err
}

func (s *Source) commentDocs(ctx context.Context, workspace identity.WorkspaceID, from, where string, args ...any) ([]search.Document, error) {
	key := func(id string, seq uint64) search.Key { return search.CommentKey(ticket.ID(id), seq) }
	return s.written(ctx, workspace, said{thing: "ticket_id", from: from, where: where, args: args}, key)
}

// Tickets implements search.Work.
func (s *Source) Tickets(ctx context.Context, workspace identity.WorkspaceID, ids []ticket.ID) (map[ticket.ID]ticket.Ticket, error) {
	found, err := s.tickets.ByID(ctx, workspace, ids)
	for id, t := range found {
		if t.MergedInto != "" {
			delete(found, id)
		}
	}
	return found, err
}

// Comments implements search.Work.
func (s *Source) Comments(ctx context.Context, workspace identity.WorkspaceID, keys []search.Key) ([]ticket.Comment, error) {
	places := make([]any, 0, 2*len(keys))
	for _, k := range keys {
		of, seq := search.OfComment(k.ID)
		places = append(places, string(of), db.Signed(seq))
	}
	return s.tickets.Comments(ctx, workspace, places)
}
