package agents

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/store/conversations"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/store/policies"
	"github.com/patchbay-im/patchbay/core/store/queues"
)

// Waiting implements dispatch.Store.
func (s *Store) Waiting(ctx context.Context, workspace identity.WorkspaceID) ([]dispatch.Item, error) {
	items, _, err := s.items(ctx, s.db, waits+` AND c.offered_to = ''`, string(workspace))
	if err != nil {
		return nil, err
	}
	more, err := s.ticketsWaiting(ctx, s.db, workspace)
	return append(items, more...), err
}

// Offers implements dispatch.Store.
func (s *Store) Offers(ctx context.Context, workspace identity.WorkspaceID) ([]dispatch.Offer, error) {
	_, offers, err := s.items(ctx, s.db, waits+` AND c.offered_to <> ''`, string(workspace))
	return offers, err
}

// Items returns those of the conversations that wait, as Waiting does, and those
// that are offered, as Offers does.
func (s *Store) Items(ctx context.Context, workspace identity.WorkspaceID, ids []conversation.ID) ([]dispatch.Item, []dispatch.Offer, error) {
	if len(ids) == 0 {
		return nil, nil, nil
	}
	which, args := among(`c.conversation_id`, workspace, ids)
	return s.items(ctx, s.db, named+which, args...)
}

// among is the condition that a column is one of the ids, at least one, and the
// arguments of a query of the workspace that ends in it.
func among[T ~string](column string, workspace identity.WorkspaceID, ids []T) (which string, args []any) {
	args = []any{string(workspace)}
	for _, id := range ids {
		args = append(args, string(id))
	}
	args = db.Padded(args, len(ids))
	return ` AND ` + column + ` IN (` + strings.Repeat(`, ?`, len(args)-1)[2:] + `)`, args
}

// selectWaiting reads conversations, for what waits or is offered. Whoever answered
// the contact last is who did in the conversation, or else in the one of the
// contact that changed last: that is looked up where it counts, in a queue, or
// everywhere if the argument says so.
func selectWaiting(d db.Driver) string {
	return `SELECT c.conversation_id, c.team_id, c.queue_id, c.queued_at, c.offered_to, c.offer_until, c.weight, c.demand, i.plugin, i.live,
CASE WHEN (c.queue_id = '' AND ? = 0) OR c.answered_by <> '' THEN c.answered_by ELSE COALESCE((SELECT o.answered_by FROM conversation o` + by(d, `conversation_contact`) + `
WHERE o.workspace_id = c.workspace_id AND o.contact_id = c.contact_id AND o.answered_by <> '' ORDER BY o.updated_at DESC, o.conversation_id LIMIT 1), '') END
FROM conversation c JOIN inbox i ON i.workspace_id = c.workspace_id AND i.inbox_id = c.inbox_id WHERE c.workspace_id = ?`
}

// by tells SQLite by which index to read a table: without statistics it would
// rather read every row of the workspace.
func by(d db.Driver, index string) string {
	if d == db.Postgres {
		return ``
	}
	return ` INDEXED BY ` + index
}

// waits is the condition that a conversation waits or is offered. named is the
// same for conversations that are named beside it: there the columns are hidden
// from SQLite's planner, which would rather read all that wait than look each up.
const (
	waits = ` AND c.queued_at > 0 AND c.state = 'open' AND c.responder = 'queue'`
	named = ` AND c.queued_at + 0 > 0 AND c.state || '' = 'open' AND c.responder = 'queue'`
)

// waiting is a conversation that waits, or is offered.
type waiting struct {
	id, team, queue, plugin, answered, offered, demand string
	queued, until                                      int64
	weight                                             int
	live                                               bool
}

// items makes the work items of what waits, and the offers of what is offered:
// the one place that says what dispatch knows of a conversation.
func (s *Store) items(ctx context.Context, q db.Querier, where string, args ...any) ([]dispatch.Item, []dispatch.Offer, error) {
	plan, err := policies.InForce(ctx, q, workspaceOf(args))
	if err != nil {
		return nil, nil, err
	}
	return s.itemsBy(ctx, q, plan, where, args...)
}

// itemsBy is items by a plan that was read already.
func (s *Store) itemsBy(ctx context.Context, q db.Querier, plan dispatch.Plan, where string, args ...any) ([]dispatch.Item, []dispatch.Offer, error) {
	var found []waiting
	queued := plan.Sticky.ForS > 0
	err := q.Rows(ctx, selectWaiting(s.db.Driver())+where, append([]any{plan.Sticky.ForS}, args...), func(sc db.Scanner) error {
		var w waiting
		err := sc.Scan(&w.id, &w.team, &w.queue, &w.queued, &w.offered, &w.until, &w.weight, &w.demand, &w.plugin, &w.live, &w.answered)
		found, queued = append(found, w), queued || w.queue != "" || w.demand != ""
		return err
	})
	if err != nil || len(found) == 0 {
		return nil, nil, err
	}
	p := planner{store: s, plan: plan}
	if queued {
		if p, err = s.planner(ctx, q, plan, workspaceOf(args)); err != nil {
			return nil, nil, err
		}
	}
	if slices.ContainsFunc(found, func(w waiting) bool { return w.demand != "" }) {
		if p.known, err = skills(ctx, q, workspaceOf(args)); err != nil {
			return nil, nil, err
		}
	}
	var items []dispatch.Item
	var offers []dispatch.Offer
	for _, w := range found {
		if w.offered == "" {
			items = append(items, p.item(w))
		} else {
			offers = append(offers, dispatch.Offer{Item: p.item(w), Member: identity.MemberID(w.offered), Until: db.Time(w.until)})
		}
	}
	return items, offers, nil
}

// planner knows the queues of a workspace, and who could be kept for whom.
type planner struct {
	store *Store
	plan  dispatch.Plan
	all   map[queue.ID]queue.Queue
	can   abilities
	known map[queue.SkillID]bool // skills that there are; nil = nothing here asks for one of its own
	works map[identity.MemberID]bool
}

func (s *Store) planner(ctx context.Context, q db.Querier, plan dispatch.Plan, workspace identity.WorkspaceID) (planner, error) {
	p := planner{store: s, plan: plan, works: map[identity.MemberID]bool{}}
	var err error
	if p.all, err = queues.All(ctx, q, workspace); err != nil {
		return p, err
	}
	if p.can, err = read(ctx, q, ``, string(workspace)); err != nil {
		return p, err
	}
	return p, q.Rows(ctx, `SELECT m.member_id FROM member m WHERE m.workspace_id = ? AND `+works(), []any{string(workspace)}, func(sc db.Scanner) error {
		var id string
		err := sc.Scan(&id)
		p.works[identity.MemberID(id)] = true
		return err
	})
}

// skills are those that the workspace has.
func skills(ctx context.Context, q db.Querier, workspace identity.WorkspaceID) (map[queue.SkillID]bool, error) {
	out := map[queue.SkillID]bool{}
	return out, q.Rows(ctx, `SELECT skill_id FROM skill WHERE workspace_id = ?`, []any{string(workspace)}, func(sc db.Scanner) error {
		var id string
		err := sc.Scan(&id)
		out[queue.SkillID(id)] = true
		return err
	})
}

func (p planner) item(w waiting) dispatch.Item {
	out := dispatch.Item{
		Key: dispatch.Key{Kind: kind, ID: w.id}, Weight: w.weight, WaitingSince: db.Time(w.queued),
		Channel: p.store.mails.Channel(w.plugin, w.live),
	}
	asks := p.asks(w)
	out.Class, out.Value = requires(w.team, asks.Needs), asks.Value
	out.Exclusive = p.plan.Channels[out.Channel].Exclusive
	budget := p.plan.Wait()
	if q, stands := p.all[queue.ID(w.queue)]; stands {
		budget = cmp.Or(q.Sticky, budget)
		p.stand(&out, w, q, asks)
	}
	sticky := identity.MemberID(w.answered)
	if budget > 0 && p.works[sticky] && (dispatch.BySkill{}).May(p.can.profile(sticky), out.Class) {
		out.Sticky, out.StickyFor = sticky, budget
	}
	return out
}

// asks is what a conversation asks for of its own. Nobody has a skill that was
// deleted, so it is asked for no more.
func (p planner) asks(w waiting) conversation.Demand {
	out := conversations.ParseDemand(w.demand)
	out.Needs = slices.DeleteFunc(out.Needs, func(n queue.Need) bool { return !p.known[n.Skill] })
	return out
}

// stand gives an item what its queue says, with what it asks for itself.
func (p planner) stand(out *dispatch.Item, w waiting, q queue.Queue, asks conversation.Demand) {
	out.Queue, out.Target, out.Value, out.Exclusive = w.queue, q.Target, cmp.Or(asks.Value, q.Value), out.Exclusive || q.Exclusive
	for i, step := range q.StepsFor(p.all, asks.Needs) {
		of := string(step.Team)
		if step.Own { // what waits keeps the team that it was given
			of = w.team
		}
		if class := requires(of, step.Needs); i == 0 {
			out.Class = class
		} else if class != out.Class {
			out.Ladder = append(out.Ladder, dispatch.Rung{After: step.After, Class: class})
		}
	}
}

// requires names who meets a team and skills.
func requires(of string, needs []queue.Need) dispatch.Class {
	return dispatch.ClassOf(dispatch.Requirement{Group: of, Skills: skillsOf(needs)})
}

// Serves names who may be given the new conversations of an inbox, sooner or
// later.
func (s *Store) Serves(ctx context.Context, workspace identity.WorkspaceID, inbox string) (dispatch.Class, error) {
	var in, of string
	err := s.db.Row(ctx, `SELECT COALESCE(q.queue_id, ''), COALESCE(q.team_id, t.team_id, '') FROM inbox i
LEFT JOIN queue_inbox x ON x.workspace_id = i.workspace_id AND x.inbox_id = i.inbox_id
LEFT JOIN queue q ON q.workspace_id = x.workspace_id AND q.queue_id = x.queue_id
LEFT JOIN team_inbox t ON t.workspace_id = i.workspace_id AND t.inbox_id = i.inbox_id
WHERE i.workspace_id = ? AND i.inbox_id = ?`, []any{string(workspace), inbox}, &in, &of)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil || in == "" {
		return requires(of, nil), err
	}
	all, err := queues.All(ctx, s.db, workspace)
	if err != nil {
		return "", err
	}
	var ways []dispatch.Requirement
	for _, step := range all[queue.ID(in)].Steps(all) {
		ways = append(ways, dispatch.Requirement{Group: string(step.Team), Skills: skillsOf(step.Needs)})
	}
	return dispatch.ClassOf(ways...), nil
}

// workspaceOf is the workspace that the arguments of a query here begin with.
func workspaceOf(args []any) identity.WorkspaceID {
	return identity.WorkspaceID(args[0].(string)) //nolint:forcetypeassert // of every query here
}

// holding is what a member has.
type holding struct {
	items     dispatch.PerChannel
	exclusive bool
	ringing   bool // something is offered to them
	aside     int  // weight of their tickets
}

// has counts what members m have and are offered, of the workspace that args
// begin with. It is counted from the rows, so it is exact in a transaction that
// has locked the workspace. What members have is not counted where it forbids
// nothing: when they have no limits, and nothing takes a whole agent.
func (s *Store) has(ctx context.Context, q db.Querier, plan dispatch.Plan, limited bool, among string, args ...any) (map[identity.MemberID]holding, error) {
	out := map[identity.MemberID]holding{}
	all, err := queues.All(ctx, q, workspaceOf(args))
	if err != nil {
		return nil, err
	}
	query, values := held(s.db.Driver(), false, among), args
	if limited || exclusive(plan, all) {
		query, values = held(s.db.Driver(), true, among), slices.Concat(args, args)
		if err := (planner{store: s, plan: plan, all: all}).hasTickets(ctx, q, out, among, args); err != nil {
			return nil, err
		}
	}
	err = q.Rows(ctx, query, values, func(sc db.Scanner) error {
		var member, in, plugin string
		var live bool
		var n, rings int
		err := sc.Scan(&member, &in, &plugin, &live, &rings, &n)
		h := out[identity.MemberID(member)]
		channel := s.mails.Channel(plugin, live)
		h.items[channel] += n
		h.exclusive = h.exclusive || all[queue.ID(in)].Exclusive || plan.Channels[channel].Exclusive
		h.ringing = h.ringing || rings > 0
		out[identity.MemberID(member)] = h
		return err
	})
	return out, err
}

// held is the query for what members m are offered and, with all, what they have.
func held(d db.Driver, all bool, among string) string {
	const of = `SELECT c.workspace_id, c.inbox_id, c.queue_id, `
	rows := of + `1 AS rings, c.offered_to AS who FROM conversation c` + by(d, `conversation_offered`) +
		` WHERE c.workspace_id = ? AND c.offered_to <> '' AND c.state = 'open'` + strings.ReplaceAll(among, `m.member_id`, `c.offered_to`)
	if all {
		rows = of + `0 AS rings, c.assignee_id AS who FROM conversation c` + by(d, `conversation_assignee`) +
			` WHERE c.workspace_id = ? AND c.assignee_id IS NOT NULL AND c.state = 'open'` + strings.ReplaceAll(among, `m.member_id`, `c.assignee_id`) + ` UNION ALL ` + rows
	}
	return `SELECT w.who, w.queue_id, i.plugin, i.live, w.rings, COUNT(*) FROM (` + rows + `) w
JOIN inbox i ON i.workspace_id = w.workspace_id AND i.inbox_id = w.inbox_id GROUP BY w.who, w.queue_id, i.plugin, i.live, w.rings`
}

// exclusive reports whether any work takes a whole agent.
func exclusive(plan dispatch.Plan, all map[queue.ID]queue.Queue) bool {
	for _, c := range plan.Channels {
		if c.Exclusive {
			return true
		}
	}
	for _, q := range all {
		if q.Exclusive {
			return true
		}
	}
	return false
}
