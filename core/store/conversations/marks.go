package conversations

import (
	"context"
	"strings"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// MarkRead implements conversation.ReadMarks.
func (s *Store) MarkRead(ctx context.Context, workspace identity.WorkspaceID, member identity.MemberID, id conversation.ID, seq uint64) error {
	return s.db.Do(ctx, string(workspace), func(ctx context.Context, tx *db.Tx) error {
		return tx.Queue(ctx, `INSERT INTO conversation_read (workspace_id, member_id, conversation_id, seq) VALUES (?, ?, ?, ?)
ON CONFLICT (workspace_id, member_id, conversation_id) DO UPDATE SET seq = excluded.seq WHERE conversation_read.seq < excluded.seq`,
			string(workspace), string(member), string(id), db.Signed(seq))
	})
}

// Read implements conversation.ReadMarks.
func (s *Store) Read(ctx context.Context, workspace identity.WorkspaceID, member identity.MemberID, ids []conversation.ID) (map[conversation.ID]uint64, error) {
	out := make(map[conversation.ID]uint64, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	args := []any{string(workspace), string(member)}
	for _, id := range ids {
		out[id] = 0
		args = append(args, string(id))
	}
	args = db.Padded(args, len(ids))
	query := `SELECT conversation_id, seq FROM conversation_read WHERE workspace_id = ? AND member_id = ? AND conversation_id IN (?` +
		strings.Repeat(`, ?`, len(args)-3) + `)`
	err := s.db.Rows(ctx, query, args, func(sc db.Scanner) error {
		var id string
		var seq int64
		if err := sc.Scan(&id, &seq); err != nil {
			return err
		}
		out[conversation.ID(id)] = db.Unsigned(seq)
		return nil
	})
	return out, err
}

// ReadFarthest implements conversation.ReadMarks.
func (s *Store) ReadFarthest(ctx context.Context, workspace identity.WorkspaceID, id conversation.ID) (uint64, error) {
	var seq int64
	err := s.db.Row(ctx, `SELECT COALESCE(MAX(seq), 0) FROM conversation_read WHERE workspace_id = ? AND conversation_id = ?`,
		[]any{string(workspace), string(id)}, &seq)
	return db.Unsigned(seq), err
}
