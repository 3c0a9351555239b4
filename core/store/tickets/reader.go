package tickets

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// Get implements ticket.Reader.
func (s *Store) Get(ctx context.Context, workspace identity.WorkspaceID, id ticket.ID) (ticket.Ticket, error) {
	return s.one(ctx, `WHERE t.workspace_id = ? AND t.ticket_id = ?`, string(workspace), string(id))
}

// OfLink implements ticket.Reader.
func (s *Store) OfLink(ctx context.Context, id ticket.ID) (ticket.Ticket, error) {
	return s.one(ctx, `WHERE t.ticket_id = ?`, string(id))
}

func (s *Store) one(ctx context.Context, where string, args ...any) (ticket.Ticket, error) {
	var r row
	err := s.db.Row(ctx, selectTicket+where, args, r.dest()...)
	if errors.Is(err, sql.ErrNoRows) {
		return ticket.Ticket{}, errs.Absent()
	}
	if err != nil {
		return ticket.Ticket{}, err
	}
	t := r.domain()
	return t, fetchLinks(ctx, s.db, t.Workspace, &t)
}

// fetchLinks fills in the links of tickets, the oldest first.
func fetchLinks(ctx context.Context, q db.Querier, workspace identity.WorkspaceID, tickets ...*ticket.Ticket) error {
	if len(tickets) == 0 {
		return nil
	}
	of := make(map[ticket.ID]*ticket.Ticket, len(tickets))
	args := []any{string(workspace)}
	for _, t := range tickets {
		if of[t.ID] == nil {
			of[t.ID] = t
			args = append(args, string(t.ID))
		}
	}
	args = db.Padded(args, len(of))
	query := `SELECT l.ticket_id, l.link_id, l.kind, l.other_id, o.number, o.title, o.status FROM ticket_link l
JOIN ticket o ON o.workspace_id = l.workspace_id AND o.ticket_id = l.other_id
WHERE l.workspace_id = ? AND l.ticket_id IN (?` + strings.Repeat(`, ?`, len(args)-2) + `) ORDER BY l.ticket_id, l.link_id`
	return q.Rows(ctx, query, args, func(sc db.Scanner) error {
		var of1, id, kind, other, title, status string
		var number int64
		if err := sc.Scan(&of1, &id, &kind, &other, &number, &title, &status); err != nil {
			return err
		}
		t := of[ticket.ID(of1)]
		t.Links = append(t.Links, ticket.Link{
			ID: ticket.LinkID(id), Kind: ticket.LinkKind(kind), Ticket: ticket.ID(other), Number: db.Unsigned(number), Title: title, Status: ticket.Status(status),
		})
		return nil
	})
}

// Timeline implements ticket.Reader.
func (s *Store) Timeline(ctx context.Context, workspace identity.WorkspaceID, id ticket.ID, r conversation.Range) ([]ticket.Change, error) {
	query, args := db.History(selectChanges, r, string(workspace), string(id))
	out, err := s.changes(ctx, workspace, query, args)
	if r.After == nil {
		slices.Reverse(out)
	}
	return out, err
}

func (s *Store) changes(ctx context.Context, workspace identity.WorkspaceID, query string, args []any) ([]ticket.Change, error) {
	var out []ticket.Change
	err := s.db.Rows(ctx, query, args, func(sc db.Scanner) error {
		var r changeRow
		if err := sc.Scan(r.dest()...); err != nil {
			return err
		}
		out = append(out, r.domain(workspace))
		return nil
	})
	if err != nil {
		return nil, err
	}
	comments := make([]*ticket.Comment, len(out))
	for i := range out {
		comments[i] = out[i].Comment
	}
	return out, fetchFiles(ctx, s.db, workspace, comments...)
}

// HydrateTickets implements ticket.Reader.
func (s *Store) HydrateTickets(ctx context.Context, workspace identity.WorkspaceID, events []event.Event) (map[string]ticket.Change, map[ticket.ID]ticket.Ticket, error) {
	changes, tickets := make(map[string]ticket.Change), make(map[ticket.ID]ticket.Ticket)
	keys, ids := []any{string(workspace)}, []any{string(workspace)}
	for _, e := range events {
		if e.Workspace != string(workspace) || e.Seq == 0 || !ticket.Is(e.Type) {
			continue
		}
		keys = append(keys, e.Subject, db.Signed(e.Seq))
		if id := ticket.ID(e.Subject); !slices.Contains(ids, any(e.Subject)) {
			ids = append(ids, string(id))
		}
	}
	if len(ids) == 1 {
		return changes, tickets, nil
	}
	found, err := s.changesAt(ctx, workspace, keys)
	if err != nil {
		return nil, nil, err
	}
	for _, ch := range found {
		changes[string(ch.ID)] = ch
	}
	rows, err := s.byIDs(ctx, workspace, ids)
	for _, t := range rows {
		tickets[t.ID] = t
	}
	return changes, tickets, err
}

// changesAt reads the changes at (ticket, seq) pairs.
func (s *Store) changesAt(ctx context.Context, workspace identity.WorkspaceID, args []any) ([]ticket.Change, error) {
	n := (len(args) - 1) / 2
	size := 1
	for size < n {
		size *= 2
	}
	for ; n < size; n++ {
		args = append(args, args[len(args)-2], args[len(args)-1])
	}
	query := `SELECT ` + changeColumns + ` FROM ticket_change h` + commentJoin +
		`WHERE h.workspace_id = ? AND (h.ticket_id, h.seq) IN (VALUES (?, ?)` + strings.Repeat(`, (?, ?)`, size-1) + `)`
	if s.db.Driver() == db.Postgres {
		query = strings.Replace(query, `VALUES (?, ?)`, `VALUES (?::text, ?::bigint)`, 1)
	}
	return s.changes(ctx, workspace, query, args)
}

// byIDs reads tickets; the first of args is the workspace.
func (s *Store) byIDs(ctx context.Context, workspace identity.WorkspaceID, args []any) ([]ticket.Ticket, error) {
	args = db.Padded(args, len(args)-1)
	var out []ticket.Ticket
	err := s.db.Rows(ctx, selectTicket+`WHERE t.workspace_id = ? AND t.ticket_id IN (?`+strings.Repeat(`, ?`, len(args)-2)+`)`, args, func(sc db.Scanner) error {
		var r row
		if err := sc.Scan(r.dest()...); err != nil {
			return err
		}
		out = append(out, r.domain())
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, s.links(ctx, workspace, out)
}

// links fills in the links of a list.
func (s *Store) links(ctx context.Context, workspace identity.WorkspaceID, list []ticket.Ticket) error {
	all := make([]*ticket.Ticket, len(list))
	for i := range list {
		all[i] = &list[i]
	}
	return fetchLinks(ctx, s.db, workspace, all...)
}

// Overdue implements ticket.Sweeper.
func (s *Store) Overdue(ctx context.Context, now time.Time, limit int) ([]ticket.Ref, error) {
	return s.refs(ctx, `SELECT workspace_id, ticket_id, 0 FROM ticket
WHERE due_at > 0 AND due_at <= ? AND due_at <> overdue_at AND status IN ('new', 'open', 'pending') ORDER BY due_at LIMIT ?`, db.Micros(now), limit)
}

// SolvedLong implements ticket.Sweeper.
func (s *Store) SolvedLong(ctx context.Context, now time.Time, limit int) ([]ticket.Ref, error) {
	return s.refs(ctx, `SELECT t.workspace_id, t.ticket_id, w.ticket_close_days FROM ticket t
JOIN workspace w ON w.workspace_id = t.workspace_id
WHERE t.status = 'solved' AND w.ticket_close_days > 0 AND t.solved_at <= ? - w.ticket_close_days * 86400000000
ORDER BY t.solved_at LIMIT ?`, db.Micros(now), limit)
}

func (s *Store) refs(ctx context.Context, query string, args ...any) ([]ticket.Ref, error) {
	var out []ticket.Ref
	err := s.db.Rows(ctx, query, args, func(sc db.Scanner) error {
		var workspace, id string
		var days int64
		if err := sc.Scan(&workspace, &id, &days); err != nil {
			return err
		}
		out = append(out, ticket.Ref{
			Workspace: identity.WorkspaceID(workspace), ID: ticket.ID(id), CloseAfter: time.Duration(days) * 24 * time.Hour,
		})
		return nil
	})
	return out, err
}

// Referring implements ticket.Sweeper.
func (s *Store) Referring(ctx context.Context, workspace identity.WorkspaceID, to conversation.Reference, limit int) ([]ticket.ID, error) {
	query, value := `SELECT ticket_id FROM ticket_label WHERE workspace_id = ? AND label_id = ? LIMIT ?`, string(to.Label)
	if to.Team != "" {
		query, value = `SELECT ticket_id FROM ticket WHERE workspace_id = ? AND team_id = ? AND team_id <> '' LIMIT ?`, string(to.Team)
	}
	var out []ticket.ID
	err := s.db.Rows(ctx, query, []any{string(workspace), value, limit}, func(sc db.Scanner) error {
		var id string
		err := sc.Scan(&id)
		out = append(out, ticket.ID(id))
		return err
	})
	return out, err
}
