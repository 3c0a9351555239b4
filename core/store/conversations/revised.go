package conversations

import (
	"context"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/store/attachments"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// saveRevised writes what a message says since a change, and keeps what it said
// before.
func (t *Tx) saveRevised(ctx context.Context, u conversation.Unsaved, ch *conversation.Change) error {
	m, was := ch.Message, u.Was[ch.Seq]
	place := []any{string(t.workspace), string(ch.Conversation), db.Signed(m.Seq)}
	err := t.tx.Queue(ctx, `INSERT INTO message_version (workspace_id, conversation_id, seq, change_seq, at, text, extras) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		append(place, db.Signed(ch.Seq), db.Micros(ch.At), was.Text, extrasOfVersion(&was))...)
	if err != nil {
		return err
	}
	err = t.tx.Queue(ctx, `UPDATE message SET text = ?, files = ?, extras = ? WHERE workspace_id = ? AND conversation_id = ? AND seq = ?`,
		append([]any{m.Text, len(m.Attachments), extrasOfMessage(m)}, place...)...)
	if err != nil {
		return err
	}
	if !m.HTML {
		if err := t.tx.Queue(ctx, `DELETE FROM message_html WHERE workspace_id = ? AND conversation_id = ? AND seq = ?`, place...); err != nil {
			return err
		}
	}
	if err := t.saveHTML(ctx, m, u.HTML[m.Seq]); err != nil {
		return err
	}
	if err := t.saveParties(ctx, m); err != nil || ch.Type != conversation.MessageRecalled {
		return err
	}
	if len(was.Attachments) > 0 {
		if err := t.Media().Retire(ctx, media.Place{Conversation: string(ch.Conversation), Seq: m.Seq}); err != nil {
			return err
		}
	}
	return t.silenceQuotes(ctx, m)
}

// extrasOfVersion is extrasOfMessage with the ids of the files that there were.
func extrasOfVersion(m *conversation.Message) any {
	var files []media.ID
	for _, f := range m.Attachments {
		files = append(files, f.ID)
	}
	e := beginnings(m.ReplyTo, m.Mentions, files)
	e.Carried = carriedOf(&m.Carried)
	return e.column()
}

// silenceQuotes empties what later messages quote of one that was taken back.
func (t *Tx) silenceQuotes(ctx context.Context, of *conversation.Message) error {
	const quoting = `SELECT seq, extras FROM message WHERE workspace_id = ? AND conversation_id = ? AND seq > ? AND extras LIKE ?`
	told := make(map[int64]extras)
	args := []any{string(t.workspace), string(of.Conversation), db.Signed(of.Seq), `%"` + string(of.ID) + `"%`}
	err := t.tx.Rows(ctx, quoting, args, func(sc db.Scanner) error {
		var seq int64
		var text string
		err := sc.Scan(&seq, &text)
		if e := parseExtras(text); e.ReplyTo != nil && e.ReplyTo.ID == string(of.ID) {
			e.ReplyTo.Text, e.ReplyTo.Attachment = "", ""
			told[seq] = e
		}
		return err
	})
	if err != nil {
		return err
	}
	for seq, e := range told {
		err := t.tx.Queue(ctx, `UPDATE message SET extras = ? WHERE workspace_id = ? AND conversation_id = ? AND seq = ?`,
			e.column(), string(t.workspace), string(of.Conversation), seq)
		if err != nil {
			return err
		}
	}
	return nil
}

// Versions implements conversation.MessageReader.
func (s *Store) Versions(ctx context.Context, workspace identity.WorkspaceID, id conversation.ID, message conversation.MessageID) ([]conversation.Version, error) {
	const query = `SELECT v.change_seq, v.at, v.text, COALESCE(v.extras, '') FROM message m
JOIN message_version v ON v.workspace_id = m.workspace_id AND v.conversation_id = m.conversation_id AND v.seq = m.seq
WHERE m.workspace_id = ? AND m.conversation_id = ? AND m.message_id = ? ORDER BY v.change_seq`
	var out []conversation.Version
	var files [][]media.ID
	err := s.db.Rows(ctx, query, []any{string(workspace), string(id), string(message)}, func(sc db.Scanner) error {
		var v conversation.Version
		var seq, at int64
		var text string
		if err := sc.Scan(&seq, &at, &v.Text, &text); err != nil {
			return err
		}
		e := parseExtras(text)
		v.Seq, v.At, v.Quoted = db.Unsigned(seq), db.Time(at), e.Carried.domain().Quoted
		out, files = append(out, v), append(files, e.Files)
		return nil
	})
	for i := range out {
		if err == nil && len(files[i]) > 0 {
			out[i].Attachments, err = attachments.ByID(ctx, s.db, workspace, files[i])
		}
	}
	return out, err
}
