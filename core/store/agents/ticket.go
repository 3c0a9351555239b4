package agents

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/internal/mutant"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/store/policies"
	"github.com/patchbay-im/patchbay/core/store/queues"
	ticketstore "github.com/patchbay-im/patchbay/core/store/tickets"
	"github.com/patchbay-im/patchbay/core/team"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// Tickets returns those of the tickets that wait, as Waiting does.
func (s *Store) Tickets(ctx context.Context, workspace identity.WorkspaceID, ids []ticket.ID) ([]dispatch.Item, error) {
	return s.ticketsNamed(ctx, s.db, workspace, ids)
}

// selectTickets reads tickets, for what waits.
const selectTickets = `SELECT t.ticket_id, t.team_id, t.priority, t.waiting_since, t.created_at, t.due_at FROM ticket t`

// ticketsThatWait is the query for the tickets of teams that nobody has.
func ticketsThatWait(d db.Driver, teams string) string {
	return selectTickets + by(d, `ticket_waiting`) + ` WHERE t.workspace_id = ?` + teams +
		` AND t.assignee_id IS NULL AND t.merged_into = '' AND t.status IN ('new', 'open')`
}

// ticketsByID is the same for tickets that are named. The columns are hidden from
// SQLite's planner, as those of conversations are.
func ticketsByID(which string) string {
	return selectTickets + ` WHERE t.workspace_id = ?` + which +
		` AND COALESCE(t.assignee_id, '') = '' AND t.merged_into || '' = '' AND t.status || '' IN ('new', 'open')`
}

// ticketsWaiting returns the tickets that wait.
func (s *Store) ticketsWaiting(ctx context.Context, q db.Querier, workspace identity.WorkspaceID) ([]dispatch.Item, error) {
	all, err := queues.All(ctx, q, workspace)
	if err != nil {
		return nil, err
	}
	var teams []team.ID
	for _, one := range all {
		if one.Tickets {
			teams = append(teams, one.Team)
		}
	}
	if len(teams) == 0 {
		return nil, nil
	}
	slices.Sort(teams)
	which, args := among(`t.team_id`, workspace, teams)
	return s.ticketItems(ctx, q, all, ticketsThatWait(s.db.Driver(), which), args)
}

// ticketsNamed returns those of the tickets that wait.
func (s *Store) ticketsNamed(ctx context.Context, q db.Querier, workspace identity.WorkspaceID, ids []ticket.ID) ([]dispatch.Item, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	all, err := queues.All(ctx, q, workspace)
	if err != nil {
		return nil, err
	}
	which, args := among(`t.ticket_id`, workspace, ids)
	return s.ticketItems(ctx, q, all, ticketsByID(which), args)
}

// ticketItems makes the work items of tickets: the one place that says what
// dispatch knows of one. Those that no queue takes are left out.
func (s *Store) ticketItems(ctx context.Context, q db.Querier, all map[queue.ID]queue.Queue, query string, args []any) ([]dispatch.Item, error) {
	plan, err := policies.InForce(ctx, q, workspaceOf(args))
	if err != nil {
		return nil, err
	}
	p := planner{store: s, plan: plan, all: all}
	var out []dispatch.Item
	err = q.Rows(ctx, query, args, func(sc db.Scanner) error {
		var id, of string
		var priority, since, created, due int64
		err := sc.Scan(&id, &of, &priority, &since, &created, &due)
		if in, taken := queue.OfTickets(all, team.ID(of)); taken {
			out = append(out, p.ticket(id, in, priority, db.Time(cmp.Or(since, created)), db.Time(due)))
		}
		return err
	})
	return out, err
}

// ticket makes the work item of a ticket that waits in a queue.
func (p planner) ticket(id string, in queue.Queue, priority int64, since, due time.Time) dispatch.Item {
	ch := p.plan.Channels[dispatch.Ticket]
	out := dispatch.Item{
		Key: dispatch.Key{Kind: tickets, ID: id}, Channel: dispatch.Ticket, Weight: max(ch.Weight, 1), Exclusive: ch.Exclusive, WaitingSince: since,
	}
	p.stand(&out, waiting{team: string(in.Team), queue: string(in.ID)}, in, conversation.Demand{})
	out.Target = 0 // a queue's is of first answers
	if !due.IsZero() {
		out.Target = max(due.Sub(since).Truncate(time.Second), time.Second)
	}
	normal := slices.Index(ticket.Priorities(), ticket.Normal) + 1
	out.Value = max(out.Value+int(priority)-normal, 0)
	return out
}

// hasTickets adds to what members m have the tickets that weigh on them.
func (p planner) hasTickets(ctx context.Context, q db.Querier, out map[identity.MemberID]holding, which string, args []any) error {
	return q.Rows(ctx, heldTickets(p.store.db.Driver(), which), args, func(sc db.Scanner) error {
		var member, of string
		var n, weight int
		err := sc.Scan(&member, &of, &n, &weight)
		in, _ := queue.OfTickets(p.all, team.ID(of))
		h := out[identity.MemberID(member)]
		if !mutant.On(mutant.TicketLimit) {
			h.items[dispatch.Ticket] += n
		}
		h.aside += weight
		h.exclusive = h.exclusive || in.Exclusive || p.plan.Channels[dispatch.Ticket].Exclusive
		out[identity.MemberID(member)] = h
		return err
	})
}

// heldTickets is the query for the tickets that weigh on members m.
func heldTickets(d db.Driver, which string) string {
	return `SELECT t.assignee_id, t.team_id, COUNT(*), SUM(t.weight) FROM ticket t` + by(d, `ticket_held`) +
		` WHERE t.workspace_id = ? AND t.weight > 0` + strings.ReplaceAll(which, `m.member_id`, `t.assignee_id`) + ` GROUP BY t.assignee_id, t.team_id`
}

// releaseTickets takes back what weighs on a member who may not work any more, and
// returns what waits then. Who is merely away keeps their tickets.
func (s *Store) releaseTickets(ctx context.Context, tx *db.Tx, workspace identity.WorkspaceID, member identity.MemberID, reason dispatch.Reason) ([]dispatch.Item, error) {
	able, err := tx.Exists(ctx, `SELECT 1 FROM member m WHERE m.workspace_id = ? AND m.member_id = ? AND `+works(), string(workspace), string(member))
	if err != nil || able {
		return nil, err
	}
	var ids []ticket.ID
	err = tx.Rows(ctx, `SELECT t.ticket_id FROM ticket t`+by(s.db.Driver(), `ticket_held`)+` WHERE t.workspace_id = ? AND t.assignee_id = ? AND t.weight > 0 ORDER BY t.ticket_id`,
		[]any{string(workspace), string(member)}, func(sc db.Scanner) error {
			var id string
			err := sc.Scan(&id)
			ids = append(ids, ticket.ID(id))
			return err
		})
	if err != nil {
		return nil, err
	}
	work := ticketstore.NewTx(tx, workspace)
	turn := ticket.Turn{Actor: identity.Actor{Kind: identity.ActorSystem}, At: s.now(), IDs: s.ids}
	for _, id := range ids {
		t, err := work.Ticket(ctx, id)
		if err != nil {
			return nil, err
		}
		if t.Release(turn, string(reason)) {
			if err := work.Save(ctx, t); err != nil {
				return nil, err
			}
		}
	}
	return s.ticketsNamed(ctx, tx, workspace, ids)
}
