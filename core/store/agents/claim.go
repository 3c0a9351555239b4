package agents

import (
	"context"
	"database/sql"
	"errors"
	"math"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/conversations"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// Claim implements dispatch.Store. The first condition is the conversation's
// own (it waits in the queue), the second the agent's; saving the conversation
// adds its weight to what the agent has. The workspace is locked throughout.
func (s *Store) Claim(ctx context.Context, c dispatch.Claim) error {
	if c.Item.Kind != kind {
		return dispatch.ErrItemTaken()
	}
	return s.db.Do(ctx, string(c.Workspace), func(ctx context.Context, tx *db.Tx) error {
		t := conversations.NewTx(tx, c.Workspace)
		found, err := t.Conversation(ctx, conversation.ID(c.Item.ID))
		if errs.Is(err, errs.NotFound) || err == nil && (!found.InQueue() || dispatch.Class(found.Team) != c.Class) {
			return dispatch.ErrItemTaken()
		}
		if err != nil {
			return err
		}
		if err := serves(ctx, tx, c); err != nil {
			return err
		}
		name, err := s.reserve(ctx, tx, c)
		if err != nil {
			return err
		}
		by := "dispatch"
		if c.By.Kind == identity.ActorMember {
			by = "member"
		}
		turn := conversation.Turn{Actor: c.By, At: c.At, IDs: s.ids}
		if err := found.Assign(turn, c.Member, name, by); err != nil {
			return err
		}
		return t.Save(ctx, found)
	})
}

// serves checks that the agent is of the team for which the item waits, unless
// a person decides.
func serves(ctx context.Context, tx *db.Tx, c dispatch.Claim) error {
	if c.Class == "" || c.By.Kind == identity.ActorMember {
		return nil
	}
	var one int
	err := tx.Row(ctx, `SELECT 1 FROM team_member WHERE workspace_id = ? AND team_id = ? AND member_id = ?`,
		[]any{string(c.Workspace), string(c.Class), string(c.Member)}, &one)
	if errors.Is(err, sql.ErrNoRows) {
		return dispatch.ErrAgentFull()
	}
	return err
}

// reserve checks that the agent has room and returns the agent's name.
func (s *Store) reserve(ctx context.Context, tx *db.Tx, c dispatch.Claim) (string, error) {
	workspace, member := string(c.Workspace), string(c.Member)
	var name string
	err := tx.Row(ctx, `SELECT m.name FROM member m WHERE m.workspace_id = ? AND m.member_id = ? AND `+works(), []any{workspace, member}, &name)
	if errors.Is(err, sql.ErrNoRows) {
		return "", dispatch.ErrAgentFull()
	}
	if err != nil {
		return "", err
	}
	err = tx.Queue(ctx, `INSERT INTO agent_state (workspace_id, member_id, status, online, used, idle_since)
VALUES (?, ?, '', ?, 0, 0) ON CONFLICT (workspace_id, member_id) DO NOTHING`, workspace, member, false)
	if err != nil {
		return "", err
	}
	at := db.Micros(c.At)
	rested := at // the wrap-up must be over, unless a person decides
	if c.By.Kind == identity.ActorMember {
		rested = math.MaxInt64
	}
	n, err := tx.Exec(ctx, `UPDATE agent_state SET idle_since = ? WHERE workspace_id = ? AND member_id = ?
AND wrap_up_until <= ? AND used + ? <= (SELECT capacity FROM member WHERE workspace_id = ? AND member_id = ?)`,
		at, workspace, member, rested, max(c.Weight, weight), workspace, member)
	if err == nil && n == 0 {
		err = dispatch.ErrAgentFull()
	}
	return name, err
}

// Release implements dispatch.Store.
func (s *Store) Release(ctx context.Context, workspace identity.WorkspaceID, member identity.MemberID, reason dispatch.Reason) ([]dispatch.Item, error) {
	var out []dispatch.Item
	err := s.db.Do(ctx, string(workspace), func(ctx context.Context, tx *db.Tx) error {
		out = nil
		ids, err := awaiting(ctx, tx, workspace, member)
		if err != nil {
			return err
		}
		t := conversations.NewTx(tx, workspace)
		turn := conversation.Turn{Actor: identity.Actor{Kind: identity.ActorSystem}, At: s.now(), IDs: s.ids}
		for _, id := range ids {
			c, err := t.Conversation(ctx, id)
			if err != nil {
				return err
			}
			if err := c.Release(turn, string(reason)); err != nil {
				return err
			}
			if err := t.Save(ctx, c); err != nil {
				return err
			}
			out = append(out, item(c.ID, dispatch.Class(c.Team), c.QueuedAt))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// awaiting lists the member's open conversations whose customer awaits an answer.
func awaiting(ctx context.Context, tx *db.Tx, workspace identity.WorkspaceID, member identity.MemberID) ([]conversation.ID, error) {
	const query = `SELECT conversation_id FROM conversation
WHERE workspace_id = ? AND assignee_id = ? AND state = 'open' AND waiting_since > 0 ORDER BY waiting_since, conversation_id`
	var out []conversation.ID
	err := tx.Rows(ctx, query, []any{string(workspace), string(member)}, func(sc db.Scanner) error {
		var id string
		err := sc.Scan(&id)
		out = append(out, conversation.ID(id))
		return err
	})
	return out, err
}
