// Package loads keeps what members have in hand beside the work itself: in the
// transaction that gives it, takes it or changes what it weighs.
package loads

import (
	"context"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// Load is what a piece of work takes of somebody's capacity.
type Load struct {
	Member identity.MemberID // "" = nobody has it
	Weight int
}

// Move takes a piece of work's weight from who had it and adds it to who has it.
func Move(ctx context.Context, tx *db.Tx, workspace identity.WorkspaceID, before, after Load) error {
	if before.Member == after.Member {
		return add(ctx, tx, workspace, after.Member, after.Weight-before.Weight)
	}
	if err := add(ctx, tx, workspace, before.Member, -before.Weight); err != nil {
		return err
	}
	return add(ctx, tx, workspace, after.Member, after.Weight)
}

func add(ctx context.Context, tx *db.Tx, workspace identity.WorkspaceID, member identity.MemberID, weight int) error {
	if member == "" || weight == 0 {
		return nil
	}
	return tx.Queue(ctx, `INSERT INTO agent_state (workspace_id, member_id, status, online, used, idle_since)
VALUES (?, ?, '', ?, ?, 0)
ON CONFLICT (workspace_id, member_id) DO UPDATE SET used = agent_state.used + excluded.used`,
		string(workspace), string(member), false, weight)
}
