// Package agents stores what dispatch needs to know of members: their status,
// whether they are there, and how much work they have. The work itself is
// conversations, which keep the sum in the same transactions.
package agents

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// kind is the only kind of work item yet.
const kind dispatch.Kind = "conversation"

// weight is the capacity that a conversation takes; see conversation.Load.
const weight = 1

// Store implements dispatch.Store.
type Store struct {
	db  *db.DB
	now func() time.Time
	ids id.Source
}

// New returns a Store. The clock dates the changes that Release makes.
func New(d *db.DB, now func() time.Time) *Store {
	return &Store{db: d, now: now, ids: id.NewSource(now)}
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

// Waiting implements dispatch.Store.
func (s *Store) Waiting(ctx context.Context, workspace identity.WorkspaceID) ([]dispatch.Item, error) {
	const query = `SELECT conversation_id, team_id, queued_at FROM conversation
WHERE workspace_id = ? AND queued_at > 0 AND state = 'open' AND responder = 'queue'`
	var out []dispatch.Item
	err := s.db.Rows(ctx, query, []any{string(workspace)}, func(sc db.Scanner) error {
		var id, group string
		var at int64
		err := sc.Scan(&id, &group, &at)
		out = append(out, item(conversation.ID(id), dispatch.Class(group), db.Time(at)))
		return err
	})
	return out, err
}

func item(id conversation.ID, team dispatch.Class, since time.Time) dispatch.Item {
	return dispatch.Item{Key: dispatch.Key{Kind: kind, ID: string(id)}, Class: team, Weight: weight, WaitingSince: since}
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

// selectAgents reads the members of a workspace who may be given work.
func selectAgents() string {
	return `SELECT m.member_id, m.capacity, COALESCE(a.status, ''), COALESCE(a.online, ?), COALESCE(a.used, 0), COALESCE(a.idle_since, 0),
COALESCE(a.reason, ''), COALESCE(a.status_since, 0), COALESCE(a.wrap_up_until, 0)
FROM member m LEFT JOIN agent_state a ON a.workspace_id = m.workspace_id AND a.member_id = m.member_id
WHERE m.workspace_id = ? AND ` + works()
}

// Agents implements dispatch.Store.
func (s *Store) Agents(ctx context.Context, workspace identity.WorkspaceID) ([]dispatch.AgentRow, error) {
	out, err := s.agents(ctx, selectAgents(), false, string(workspace))
	if err != nil {
		return nil, err
	}
	return out, s.profiles(ctx, out, `SELECT member_id, team_id FROM team_member WHERE workspace_id = ?`, string(workspace))
}

// Loads implements dispatch.Store.
func (s *Store) Loads(ctx context.Context, workspace identity.WorkspaceID, members []identity.MemberID) ([]dispatch.AgentRow, error) {
	if len(members) == 0 {
		return nil, nil
	}
	args := []any{false, string(workspace)}
	for _, m := range members {
		args = append(args, string(m))
	}
	args = db.Padded(args, len(members))
	list := strings.Repeat(`, ?`, len(args)-2)[2:]
	out, err := s.agents(ctx, selectAgents()+` AND m.member_id IN (`+list+`)`, args...)
	if err != nil {
		return nil, err
	}
	const query = `SELECT member_id, team_id FROM team_member WHERE workspace_id = ?`
	return out, s.profiles(ctx, out, query+` AND member_id IN (`+list+`)`, args[1:]...)
}

// profiles names the teams of agents, which query lists.
func (s *Store) profiles(ctx context.Context, agents []dispatch.AgentRow, query string, args ...any) error {
	teams := make(map[identity.MemberID][]string)
	err := s.db.Rows(ctx, query, args, func(sc db.Scanner) error {
		var member, team string
		err := sc.Scan(&member, &team)
		teams[identity.MemberID(member)] = append(teams[identity.MemberID(member)], team)
		return err
	})
	for i, a := range agents {
		agents[i].Profile = dispatch.ProfileOf(teams[a.Member]...)
	}
	return err
}

func (s *Store) agents(ctx context.Context, query string, args ...any) ([]dispatch.AgentRow, error) {
	var out []dispatch.AgentRow
	err := s.db.Rows(ctx, query, args, func(sc db.Scanner) error {
		var r dispatch.AgentRow
		var member, status string
		var idle, since, rest int64
		err := sc.Scan(&member, &r.Capacity, &status, &r.Online, &r.Used, &idle, &r.Reason, &since, &rest)
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
	return s.db.Do(ctx, string(workspace), func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, `INSERT INTO agent_state (workspace_id, member_id, status, online, used, idle_since, reason, status_since)
SELECT workspace_id, member_id, ?, ?, 0, ?, ?, ? FROM member WHERE workspace_id = ? AND member_id = ?
ON CONFLICT (workspace_id, member_id) DO UPDATE SET status = excluded.status, online = excluded.online, idle_since = excluded.idle_since,
reason = excluded.reason, status_since = excluded.status_since`,
			string(a.Status), a.Online, db.Micros(a.IdleSince), a.Reason, db.Micros(a.Since), string(workspace), string(a.Member))
		if err == nil && n == 0 {
			err = errs.Absent()
		}
		return err
	})
}

// EndWrapUp implements dispatch.Store.
func (s *Store) EndWrapUp(ctx context.Context, workspace identity.WorkspaceID, member identity.MemberID) error {
	return s.db.Do(ctx, string(workspace), func(ctx context.Context, tx *db.Tx) error {
		var known int
		err := tx.Row(ctx, `SELECT 1 FROM member WHERE workspace_id = ? AND member_id = ?`, []any{string(workspace), string(member)}, &known)
		if errors.Is(err, sql.ErrNoRows) {
			return errs.Absent()
		}
		if err != nil {
			return err
		}
		return tx.Queue(ctx, `UPDATE agent_state SET wrap_up_until = 0 WHERE workspace_id = ? AND member_id = ?`, string(workspace), string(member))
	})
}
