// Package agents stores what dispatch needs to know of members: their status,
// whether they are there, and how much work they have. The work itself is
// conversations, which keep the sum in the same transactions.
package agents

import (
	"context"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/conversations"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/store/policies"
)

// The kinds of work items.
const (
	kind    dispatch.Kind = "conversation"
	tickets dispatch.Kind = "ticket"
)

// Store implements dispatch.Store.
type Store struct {
	db    *db.DB
	now   func() time.Time
	ids   id.Source
	mails conversations.Mails
	term  int64 // what is written counts while this is the workspace's last; 0 = always
}

// New returns a Store. The clock dates the changes that Release makes.
func New(d *db.DB, now func() time.Time, mails conversations.Mails) *Store {
	return &Store{db: d, now: now, ids: id.NewSource(now), mails: mails}
}

// Workspaces implements dispatch.Store.
func (s *Store) Workspaces(ctx context.Context) ([]identity.WorkspaceID, error) {
	var out []identity.WorkspaceID
	err := s.db.Rows(ctx, `SELECT workspace_id FROM workspace ORDER BY workspace_id`, nil, func(sc db.Scanner) error {
		var id string
		err := sc.Scan(&id)
		out = append(out, identity.WorkspaceID(id))
		return err
	})
	return out, err
}

// works is the condition that a row m of member may be given work: not suspended,
// and of a role that answers customers.
func works() string {
	var able []string
	for _, role := range identity.BuiltIns() {
		if role.May(identity.ConversationReply) {
			able = append(able, "'"+string(role)+"'")
		}
	}
	return `NOT m.suspended AND (m.role IN (` + strings.Join(able, ", ") + `) OR EXISTS (SELECT 1 FROM role r
WHERE r.workspace_id = m.workspace_id AND r.role_id = m.role AND ' ' || r.permissions || ' ' LIKE '% ` + string(identity.ConversationReply) + ` %'))`
}

// Budgets implements policy.People.
func (s *Store) Budgets(ctx context.Context, workspace identity.WorkspaceID) ([]int, error) {
	var out []int
	err := s.db.Rows(ctx, `SELECT DISTINCT m.capacity FROM member m WHERE m.workspace_id = ? AND `+works(), []any{string(workspace)}, func(sc db.Scanner) error {
		var n int
		err := sc.Scan(&n)
		out = append(out, n)
		return err
	})
	return out, err
}

// selectAgents reads the members of a workspace who may be given work.
func selectAgents() string {
	return `SELECT m.member_id, m.capacity, m.limits, COALESCE(a.status, ''), COALESCE(a.online, ?), COALESCE(a.used, 0), COALESCE(a.idle_since, 0),
COALESCE(a.reason, ''), COALESCE(a.status_since, 0), COALESCE(a.wrap_up_until, 0), COALESCE(a.missed, 0)
FROM member m LEFT JOIN agent_state a ON a.workspace_id = m.workspace_id AND a.member_id = m.member_id
WHERE m.workspace_id = ? AND ` + works()
}

// Agents implements dispatch.Store.
func (s *Store) Agents(ctx context.Context, workspace identity.WorkspaceID) ([]dispatch.AgentRow, error) {
	out, err := s.agents(ctx, selectAgents(), false, string(workspace))
	if err != nil {
		return nil, err
	}
	return s.complete(ctx, out, ``, string(workspace))
}

// Loads implements dispatch.Store.
func (s *Store) Loads(ctx context.Context, workspace identity.WorkspaceID, members []identity.MemberID) ([]dispatch.AgentRow, error) {
	if len(members) == 0 {
		return nil, nil
	}
	which, args := among(`m.member_id`, workspace, members)
	out, err := s.agents(ctx, selectAgents()+which, append([]any{false}, args...)...)
	if err != nil {
		return nil, err
	}
	return s.complete(ctx, out, which, args...)
}

// complete adds to rows of members what they can do, what they have, and the
// limits of the policy where they have none of their own.
func (s *Store) complete(ctx context.Context, rows []dispatch.AgentRow, among string, args ...any) ([]dispatch.AgentRow, error) {
	can, err := read(ctx, s.db, among, args...)
	if err != nil {
		return nil, err
	}
	plan, err := policies.InForce(ctx, s.db, workspaceOf(args))
	if err != nil {
		return nil, err
	}
	has, err := s.has(ctx, s.db, plan, true, among, args...)
	for i, r := range rows {
		rows[i].Profile, rows[i].Limits = can.profile(r.Member), r.Limits.Over(plan.Limits())
		h := has[r.Member]
		rows[i].Has, rows[i].Exclusive, rows[i].Ringing, rows[i].Aside = h.items, h.exclusive, h.ringing, h.aside
	}
	return rows, err
}

func (s *Store) agents(ctx context.Context, query string, args ...any) ([]dispatch.AgentRow, error) {
	var out []dispatch.AgentRow
	err := s.db.Rows(ctx, query, args, func(sc db.Scanner) error {
		var r dispatch.AgentRow
		var member, status, limits string
		var idle, since, rest int64
		err := sc.Scan(&member, &r.Capacity, &limits, &status, &r.Online, &r.Used, &idle, &r.Reason, &since, &rest, &r.Missed)
		r.Limits = limitsOf(limits)
		r.Since, r.WrapUpUntil = db.Time(since), db.Time(rest)
		r.Member, r.Status, r.IdleSince = identity.MemberID(member), dispatch.Status(status), db.Time(idle)
		if r.Status == "" {
			r.Status = dispatch.Available
		}
		out = append(out, r)
		return err
	})
	return out, err
}

// SaveAgent implements dispatch.Store.
func (s *Store) SaveAgent(ctx context.Context, workspace identity.WorkspaceID, a dispatch.AgentState) error {
	return s.do(ctx, workspace, func(ctx context.Context, tx *db.Tx) error {
		before, err := stateOf(ctx, tx, workspace, a.Member)
		if err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `INSERT INTO agent_state (workspace_id, member_id, status, online, used, idle_since, reason, status_since)
SELECT workspace_id, member_id, ?, ?, 0, ?, ?, ? FROM member WHERE workspace_id = ? AND member_id = ?
ON CONFLICT (workspace_id, member_id) DO UPDATE SET online = excluded.online, idle_since = excluded.idle_since, status_since = excluded.status_since,
status = CASE WHEN excluded.status = '' THEN agent_state.status ELSE excluded.status END,
reason = CASE WHEN excluded.status = '' THEN agent_state.reason ELSE excluded.reason END`,
			string(a.Status), a.Online, db.Micros(a.IdleSince), a.Reason, db.Micros(a.Since), string(workspace), string(a.Member))
		if err == nil && n == 0 {
			err = errs.Absent()
		}
		if err != nil {
			return err
		}
		return s.tellSwitch(ctx, tx, workspace, before, a)
	})
}
