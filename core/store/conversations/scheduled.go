package conversations

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/store/attachments"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// scheduledRow is a scheduled message as it is stored.
type scheduledRow struct {
	workspace, id, conversation, author, authorName string
	client, text, extras, state, code, detail       string
	unlessReply, inbound, sendAt, created           int64
}

const selectScheduled = `SELECT workspace_id, scheduled_id, conversation_id, author_id, author_name, client_id, text,
COALESCE(extras, ''), state, code, detail, unless_reply, inbound_seq, send_at, created_at FROM scheduled
WHERE workspace_id = ? AND `

func (r *scheduledRow) dest() []any {
	return []any{
		&r.workspace, &r.id, &r.conversation, &r.author, &r.authorName, &r.client, &r.text,
		&r.extras, &r.state, &r.code, &r.detail, &r.unlessReply, &r.inbound, &r.sendAt, &r.created,
	}
}

// domain returns the scheduled message and the ids of its files.
func (r *scheduledRow) domain() (conversation.Scheduled, []media.ID) {
	m := conversation.Scheduled{
		Workspace: identity.WorkspaceID(r.workspace), ID: conversation.ScheduledID(r.id), Conversation: conversation.ID(r.conversation),
		Author:   identity.Actor{Kind: identity.ActorMember, ID: r.author, Name: r.authorName},
		ClientID: r.client, Text: r.text, SendAt: db.Time(r.sendAt), UnlessReply: r.unlessReply != 0, Inbound: db.Unsigned(r.inbound),
		State: conversation.ScheduledState(r.state), Code: r.code, Detail: r.detail, CreatedAt: db.Time(r.created),
	}
	if r.extras == "" {
		return m, nil
	}
	e := parseExtras(r.extras)
	m.ReplyTo, m.Envelope = e.quote(), e.Carried.domain().Envelope
	return m, e.Files
}

// Scheduled implements conversation.WritingTx.
func (t *Tx) Scheduled(ctx context.Context, id conversation.ScheduledID) (conversation.Scheduled, error) {
	m, err := t.oneScheduled(ctx, `scheduled_id = ?`, string(id))
	if err != nil {
		return conversation.Scheduled{}, err
	}
	if m == nil {
		return conversation.Scheduled{}, errs.Absent()
	}
	return *m, nil
}

// ScheduledAs implements conversation.WritingTx.
func (t *Tx) ScheduledAs(ctx context.Context, in conversation.ID, author identity.MemberID, clientID string) (*conversation.Scheduled, error) {
	return t.oneScheduled(ctx, `conversation_id = ? AND author_id = ? AND client_id = ?`, string(in), string(author), clientID)
}

// oneScheduled reads one; nil when there is none.
func (t *Tx) oneScheduled(ctx context.Context, where string, args ...any) (*conversation.Scheduled, error) {
	var r scheduledRow
	err := t.tx.Row(ctx, selectScheduled+where, append([]any{string(t.workspace)}, args...), r.dest()...)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // the port says nil for nothing
	}
	if err != nil {
		return nil, err
	}
	m, files := r.domain()
	m.Attachments, err = attachments.ByID(ctx, t.tx, t.workspace, files)
	return &m, err
}

// OpenScheduled implements conversation.WritingTx.
func (t *Tx) OpenScheduled(ctx context.Context, in conversation.ID) (int, error) {
	var n int
	err := t.tx.Row(ctx, `SELECT COUNT(*) FROM scheduled WHERE workspace_id = ? AND conversation_id = ? AND state = 'waiting'`,
		[]any{string(t.workspace), string(in)}, &n)
	return n, err
}

// SaveScheduled implements conversation.WritingTx.
func (t *Tx) SaveScheduled(ctx context.Context, m conversation.Scheduled) error {
	if m.Workspace != t.workspace {
		return errs.Absent()
	}
	unlessReply := 0
	if m.UnlessReply {
		unlessReply = 1
	}
	return t.tx.Queue(ctx, `INSERT INTO scheduled (workspace_id, scheduled_id, conversation_id, author_id, author_name, client_id,
text, extras, state, code, detail, unless_reply, inbound_seq, send_at, created_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (workspace_id, scheduled_id) DO UPDATE SET text = excluded.text, extras = excluded.extras, state = excluded.state,
code = excluded.code, detail = excluded.detail, inbound_seq = excluded.inbound_seq, send_at = excluded.send_at`,
		string(m.Workspace), string(m.ID), string(m.Conversation), m.Author.ID, m.Author.Name, m.ClientID,
		m.Text, extrasOfPlan(m.ReplyTo, ids(m.Attachments), m.Envelope), string(m.State), m.Code, m.Detail, unlessReply, db.Signed(m.Inbound),
		db.Micros(m.SendAt), db.Micros(m.CreatedAt))
}

// Scheduled implements conversation.WritingStore.
func (s *Store) Scheduled(ctx context.Context, workspace identity.WorkspaceID, in conversation.ID) ([]conversation.Scheduled, error) {
	var out []conversation.Scheduled
	var files [][]media.ID
	err := s.db.Rows(ctx, selectScheduled+`conversation_id = ? AND state IN ('waiting', 'failed') ORDER BY send_at, scheduled_id`,
		[]any{string(workspace), string(in)}, func(sc db.Scanner) error {
			var r scheduledRow
			if err := sc.Scan(r.dest()...); err != nil {
				return err
			}
			m, of := r.domain()
			out, files = append(out, m), append(files, of)
			return nil
		})
	if err != nil {
		return nil, err
	}
	found, err := filesByID(ctx, s.db, workspace, slices.Concat(files...))
	for i := range out {
		out[i].Attachments = pick(found, files[i])
	}
	return out, err
}

// DueScheduled implements conversation.WritingStore.
func (s *Store) DueScheduled(ctx context.Context, now time.Time, limit int) ([]conversation.ScheduledRef, error) {
	const query = `SELECT workspace_id, scheduled_id FROM scheduled WHERE state = 'waiting' AND send_at <= ? ORDER BY send_at LIMIT ?`
	var out []conversation.ScheduledRef
	err := s.db.Rows(ctx, query, []any{db.Micros(now), limit}, func(sc db.Scanner) error {
		var workspace, id string
		if err := sc.Scan(&workspace, &id); err != nil {
			return err
		}
		out = append(out, conversation.ScheduledRef{Workspace: identity.WorkspaceID(workspace), ID: conversation.ScheduledID(id)})
		return nil
	})
	return out, err
}
