package conversations

import (
	"context"
	"slices"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// GroupMembers implements conversation.Reader. What is not kept beside the
// messages need not be erased or merged beside them.
func (s *Store) GroupMembers(ctx context.Context, workspace identity.WorkspaceID, id conversation.ID) ([]channel.Member, error) {
	const query = `SELECT COALESCE(extras, '') FROM message
WHERE workspace_id = ? AND conversation_id = ? AND sender_kind = ? ORDER BY seq DESC LIMIT ?`
	args := []any{string(workspace), string(id), string(identity.ActorContact), conversation.MaxGroupRead}
	var out []channel.Member
	err := s.db.Rows(ctx, query, args, func(sc db.Scanner) error {
		var extras string
		if err := sc.Scan(&extras); err != nil {
			return err
		}
		who := CarriedOf(extras).Member
		if who != nil && len(out) < conversation.MaxGroupMembers && !slices.ContainsFunc(out, func(o channel.Member) bool { return o.External == who.External }) {
			out = append(out, *who)
		}
		return nil
	})
	return out, err
}
