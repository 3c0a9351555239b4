package conversations

import (
	"context"
	"strings"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// ChangeKey names a change of a workspace.
type ChangeKey struct {
	Conversation conversation.ID
	Seq          uint64
}

// Changes reads the named changes, in one query, with their messages as they
// are now.
func (s *Store) Changes(ctx context.Context, workspace identity.WorkspaceID, keys []ChangeKey) (map[ChangeKey]conversation.Change, error) {
	out := make(map[ChangeKey]conversation.Change, len(keys))
	if len(keys) == 0 {
		return out, nil
	}
	size := 1
	for size < len(keys) {
		size *= 2
	}
	args := []any{string(workspace)}
	for i := range size {
		k := keys[min(i, len(keys)-1)]
		args = append(args, string(k.Conversation), db.Signed(k.Seq))
	}
	query := `SELECT ` + changeColumns + ` FROM conversation_change h` + messageJoin +
		`WHERE h.workspace_id = ? AND (h.conversation_id, h.seq) IN (VALUES (?, ?)` + strings.Repeat(`, (?, ?)`, size-1) + `)`
	if s.db.Driver() == db.Postgres {
		query = strings.Replace(query, `VALUES (?, ?)`, `VALUES (?::text, ?::bigint)`, 1)
	}
	var messages []*conversation.Message
	err := s.db.Rows(ctx, query, args, func(sc db.Scanner) error {
		var row changeRow
		if err := sc.Scan(row.dest()...); err != nil {
			return err
		}
		ch := row.domain(workspace)
		out[ChangeKey{ch.Conversation, ch.Seq}] = ch
		messages = append(messages, ch.Message)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, fetchFiles(ctx, s.db, workspace, messages...)
}
