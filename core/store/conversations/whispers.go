package conversations

import (
	"context"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

const whisperColumns = `whisper_id, conversation_id, seq, client_id, from_id, from_name, to_id, to_name, text, at`

func whispers(ctx context.Context, q db.Querier, w identity.WorkspaceID, where string, args ...any) ([]conversation.Whisper, error) {
	var out []conversation.Whisper
	err := q.Rows(ctx, `SELECT `+whisperColumns+` FROM whisper WHERE workspace_id = ? AND `+where, append([]any{string(w)}, args...), func(sc db.Scanner) error {
		x := conversation.Whisper{Workspace: w}
		var seq, at int64
		err := sc.Scan(&x.ID, &x.Conversation, &seq, &x.ClientID, &x.From, &x.FromName, &x.To, &x.ToName, &x.Text, &at)
		x.Seq, x.At = db.Unsigned(seq), db.Time(at)
		out = append(out, x)
		return err
	})
	return out, err
}

// Whispered implements conversation.WhisperTx.
func (t *Tx) Whispered(ctx context.Context, in conversation.ID, from identity.MemberID, clientID string) (*conversation.Whisper, error) {
	found, err := whispers(ctx, t.tx, t.workspace, `conversation_id = ? AND from_id = ? AND client_id = ?`, string(in), string(from), clientID)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

// SaveWhisper implements conversation.WhisperTx.
func (t *Tx) SaveWhisper(ctx context.Context, x conversation.Whisper) error {
	if x.Workspace != t.workspace {
		return errs.Absent()
	}
	return t.tx.Queue(ctx, `INSERT INTO whisper (workspace_id, `+whisperColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		string(x.Workspace), string(x.ID), string(x.Conversation), db.Signed(x.Seq), x.ClientID, string(x.From), x.FromName, string(x.To), x.ToName, x.Text, db.Micros(x.At))
}

// Whispers implements conversation.WhisperReader.
func (s *Store) Whispers(ctx context.Context, w identity.WorkspaceID, in conversation.ID, to identity.MemberID, limit int) ([]conversation.Whisper, error) {
	return whispers(ctx, s.db, w, `conversation_id = ? AND (? = '' OR to_id = ?) ORDER BY at DESC, whisper_id DESC LIMIT ?`, string(in), string(to), string(to), limit)
}
