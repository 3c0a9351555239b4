package conversations

import (
	"context"
	"database/sql"
	"errors"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// Extent implements conversation.MergeTx.
func (t *Tx) Extent(ctx context.Context, id conversation.ID) (conversation.Extent, error) {
	const query = `SELECT (SELECT COUNT(*) FROM message WHERE workspace_id = ? AND conversation_id = ? AND kind = 'text'),
(SELECT COUNT(*) FROM conversation WHERE workspace_id = ? AND merged_into = ? AND merged_into <> '')`
	var messages, absorbed int64
	err := t.tx.Row(ctx, query, []any{string(t.workspace), string(id), string(t.workspace), string(id)}, &messages, &absorbed)
	return conversation.Extent{Messages: db.Unsigned(messages), Absorbs: absorbed > 0}, err
}

// teamThere is errs.Absent when a team that a conversation goes to is not there.
func (t *Tx) teamThere(ctx context.Context, before, after string) error {
	return t.there(ctx, `SELECT 1 FROM team WHERE workspace_id = ? AND team_id = ? AND deleted_at = 0`, before, after)
}

// queueThere is teamThere for a queue.
func (t *Tx) queueThere(ctx context.Context, before, after string) error {
	return t.there(ctx, `SELECT 1 FROM queue WHERE workspace_id = ? AND queue_id = ? AND deleted_at = 0`, before, after)
}

func (t *Tx) there(ctx context.Context, query, before, after string) error {
	if after == "" || after == before {
		return nil
	}
	var one int
	err := t.tx.Row(ctx, query, []any{string(t.workspace), after}, &one)
	if errors.Is(err, sql.ErrNoRows) {
		return errs.Absent()
	}
	return err
}

// Referring implements conversation.ReferenceReader.
func (s *Store) Referring(ctx context.Context, workspace identity.WorkspaceID, to conversation.Reference, limit int) ([]conversation.ID, error) {
	query, value := `SELECT conversation_id FROM conversation_label WHERE workspace_id = ? AND label_id = ? LIMIT ?`, string(to.Label)
	if to.Team != "" {
		query, value = `SELECT conversation_id FROM conversation WHERE workspace_id = ? AND team_id = ? AND team_id <> '' LIMIT ?`, string(to.Team)
	}
	if to.Queue != "" {
		query, value = `SELECT conversation_id FROM conversation WHERE workspace_id = ? AND queue_id = ? AND queue_id <> '' LIMIT ?`, string(to.Queue)
	}
	var out []conversation.ID
	err := s.db.Rows(ctx, query, []any{string(workspace), value, limit}, func(sc db.Scanner) error {
		var id string
		err := sc.Scan(&id)
		out = append(out, conversation.ID(id))
		return err
	})
	return out, err
}
