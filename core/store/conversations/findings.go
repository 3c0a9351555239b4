package conversations

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"math"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

const findingColumns = `finding_id, conversation_id, message_id, message_seq, connection_id, analyzer, code, level, title, advice,
start_at, end_at, score, created_at, dismissed_at, dismissed_kind, dismissed_by, dismissed_name`

// thousandths is what a score is kept in.
const thousandths = 1000

func findings(ctx context.Context, q db.Querier, w identity.WorkspaceID, where string, args ...any) ([]conversation.Finding, error) {
	var out []conversation.Finding
	err := q.Rows(ctx, `SELECT `+findingColumns+` FROM finding WHERE workspace_id = ? AND `+where, append([]any{string(w)}, args...), func(sc db.Scanner) error {
		f := conversation.Finding{Workspace: w}
		var id, of, message, level, title, advice, kind string
		var seq, score, created, dismissed int64
		err := sc.Scan(&id, &of, &message, &seq, &f.Connection, &f.Analyzer, &f.Code, &level, &title, &advice,
			&f.Start, &f.End, &score, &created, &dismissed, &kind, &f.DismissedBy.ID, &f.DismissedBy.Name)
		if err != nil {
			return err
		}
		f.ID, f.Conversation, f.Message = conversation.FindingID(id), conversation.ID(of), conversation.MessageID(message)
		f.Seq, f.Level, f.Score = db.Unsigned(seq), conversation.FindingLevel(level), float64(score)/thousandths
		f.CreatedAt, f.DismissedAt, f.DismissedBy.Kind = db.Time(created), db.Time(dismissed), identity.ActorKind(kind)
		if err := json.Unmarshal([]byte(title), &f.Title); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(advice), &f.Advice); err != nil {
			return err
		}
		out = append(out, f)
		return nil
	})
	return out, err
}

// FindingsAt implements conversation.FindingTx.
func (t *Tx) FindingsAt(ctx context.Context, id conversation.ID, message conversation.MessageID) ([]conversation.Finding, error) {
	return findings(ctx, t.tx, t.workspace, `conversation_id = ? AND message_id = ? ORDER BY created_at DESC, finding_id DESC`, string(id), string(message))
}

// Finding implements conversation.FindingTx.
func (t *Tx) Finding(ctx context.Context, id conversation.FindingID) (conversation.Finding, error) {
	return db.One(findings(ctx, t.tx, t.workspace, `finding_id = ?`, string(id)))
}

// SaveFinding implements conversation.FindingTx.
func (t *Tx) SaveFinding(ctx context.Context, f conversation.Finding) error {
	if f.Workspace != t.workspace {
		return errs.Absent()
	}
	title, err := json.Marshal(f.Title)
	if err != nil {
		return err
	}
	advice, err := json.Marshal(f.Advice)
	if err != nil {
		return err
	}
	return t.tx.Queue(ctx, `INSERT INTO finding (workspace_id, `+findingColumns+`)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (workspace_id, finding_id) DO UPDATE SET dismissed_at = excluded.dismissed_at, dismissed_kind = excluded.dismissed_kind,
dismissed_by = excluded.dismissed_by, dismissed_name = excluded.dismissed_name`,
		string(t.workspace), string(f.ID), string(f.Conversation), string(f.Message), db.Signed(f.Seq), f.Connection, f.Analyzer, f.Code, string(f.Level),
		string(title), string(advice), f.Start, f.End, int64(math.Round(f.Score*thousandths)), db.Micros(f.CreatedAt), db.Micros(f.DismissedAt),
		string(f.DismissedBy.Kind), f.DismissedBy.ID, f.DismissedBy.Name)
}

// Findings implements conversation.FindingReader.
func (s *Store) Findings(ctx context.Context, w identity.WorkspaceID, id conversation.ID, limit int) ([]conversation.Finding, error) {
	return findings(ctx, s.db, w, `conversation_id = ? ORDER BY created_at DESC, finding_id DESC LIMIT ?`, string(id), limit)
}

// FindingIn implements conversation.FindingReader.
func (s *Store) FindingIn(ctx context.Context, w identity.WorkspaceID, id conversation.FindingID) (conversation.ID, error) {
	var of string
	err := s.db.Row(ctx, `SELECT conversation_id FROM finding WHERE workspace_id = ? AND finding_id = ?`, []any{string(w), string(id)}, &of)
	if errors.Is(err, sql.ErrNoRows) {
		return "", errs.Absent()
	}
	return conversation.ID(of), err
}
