package conversations

import (
	"context"
	"strings"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// ByID returns conversations by their ids, merged ones included; what is not
// there is left out.
func (s *Store) ByID(ctx context.Context, workspace identity.WorkspaceID, ids []conversation.ID) (map[conversation.ID]conversation.Conversation, error) {
	out := make(map[conversation.ID]conversation.Conversation, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	args := []any{string(workspace)}
	for _, id := range ids {
		args = append(args, string(id))
	}
	args = db.Padded(args, len(ids))
	query := selectConversation + `WHERE c.workspace_id = ? AND c.conversation_id IN (?` + strings.Repeat(`, ?`, len(args)-2) + `)`
	err := s.db.Rows(ctx, query, args, func(sc db.Scanner) error {
		var row conversationRow
		if err := sc.Scan(row.dest()...); err != nil {
			return err
		}
		c := row.domain()
		out[c.ID] = c
		return nil
	})
	return out, err
}
