package agents

import (
	"context"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/conversations"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// Release implements dispatch.Store.
func (s *Store) Release(ctx context.Context, workspace identity.WorkspaceID, member identity.MemberID, reason dispatch.Reason) ([]dispatch.Item, error) {
	var out []dispatch.Item
	err := s.do(ctx, workspace, func(ctx context.Context, tx *db.Tx) error {
		out = nil
		ids, err := awaiting(ctx, tx, workspace, member)
		if err != nil {
			return err
		}
		t := conversations.NewTx(tx, workspace, s.mails)
		turn := conversation.Turn{Actor: identity.Actor{Kind: identity.ActorSystem}, At: s.now(), IDs: s.ids}
		for _, id := range ids {
			c, err := t.Conversation(ctx, id)
			if err != nil {
				return err
			}
			if c.OfferedTo == member {
				c.TakeBack(turn, conversation.OfferLost)
			} else if err := c.Release(turn, string(reason)); err != nil {
				return err
			}
			if err := t.Save(ctx, c); err != nil {
				return err
			}
		}
		for _, id := range ids {
			items, _, err := s.items(ctx, tx, ` AND c.conversation_id = ?`, string(workspace), string(id))
			if err != nil {
				return err
			}
			out = append(out, items...)
		}
		items, err := s.releaseTickets(ctx, tx, workspace, member, reason)
		out = append(out, items...)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// awaiting lists the member's open conversations whose customer awaits an answer,
// and those that are offered to them.
func awaiting(ctx context.Context, tx *db.Tx, workspace identity.WorkspaceID, member identity.MemberID) ([]conversation.ID, error) {
	const query = `SELECT conversation_id FROM conversation
WHERE workspace_id = ? AND assignee_id = ? AND state = 'open' AND waiting_since > 0
UNION ALL SELECT conversation_id FROM conversation WHERE workspace_id = ? AND offered_to <> '' AND offered_to = ? ORDER BY 1`
	var out []conversation.ID
	err := tx.Rows(ctx, query, []any{string(workspace), string(member), string(workspace), string(member)}, func(sc db.Scanner) error {
		var id string
		err := sc.Scan(&id)
		out = append(out, conversation.ID(id))
		return err
	})
	return out, err
}
