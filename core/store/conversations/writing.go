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
	"github.com/patchbay-im/patchbay/core/store/reach"
)

// draftRow is a draft as it is stored.
type draftRow struct {
	conversation, kind, text, extras string
	rev, updated                     int64
}

const selectDrafts = `SELECT conversation_id, kind, text, COALESCE(extras, ''), rev, updated_at FROM draft
WHERE workspace_id = ? AND member_id = ? AND `

func (r *draftRow) dest() []any {
	return []any{&r.conversation, &r.kind, &r.text, &r.extras, &r.rev, &r.updated}
}

// domain returns the draft and the ids of its files.
func (r *draftRow) domain(workspace identity.WorkspaceID, member identity.MemberID) (conversation.Draft, []media.ID) {
	d := conversation.Draft{
		Workspace: workspace, Member: member, Conversation: conversation.ID(r.conversation), Kind: conversation.MessageKind(r.kind),
		Text: r.text, Rev: db.Unsigned(r.rev), UpdatedAt: db.Time(r.updated),
	}
	if r.extras == "" {
		return d, nil
	}
	e := parseExtras(r.extras)
	d.ReplyTo, d.Envelope = e.quote(), e.Carried.domain().Envelope
	return d, e.Files
}

// Draft implements conversation.WritingTx.
func (t *Tx) Draft(ctx context.Context, member identity.MemberID, id conversation.ID) (conversation.Draft, error) {
	return draft(ctx, t.tx, t.workspace, member, id)
}

// Draft implements conversation.WritingStore.
func (s *Store) Draft(ctx context.Context, workspace identity.WorkspaceID, member identity.MemberID, id conversation.ID) (conversation.Draft, error) {
	return draft(ctx, s.db, workspace, member, id)
}

func draft(ctx context.Context, q db.Querier, workspace identity.WorkspaceID, member identity.MemberID, id conversation.ID) (conversation.Draft, error) {
	var r draftRow
	err := q.Row(ctx, selectDrafts+`conversation_id = ?`, []any{string(workspace), string(member), string(id)}, r.dest()...)
	if errors.Is(err, sql.ErrNoRows) {
		return conversation.Draft{}, nil
	}
	if err != nil {
		return conversation.Draft{}, err
	}
	d, files := r.domain(workspace, member)
	d.Attachments, err = attachments.ByID(ctx, q, workspace, files)
	return d, err
}

// SaveDraft implements conversation.WritingTx.
func (t *Tx) SaveDraft(ctx context.Context, d conversation.Draft) error {
	if d.Workspace != t.workspace {
		return errs.Absent()
	}
	empty := 0
	if d.Empty() {
		empty = 1
	}
	return t.tx.Queue(ctx, `INSERT INTO draft (workspace_id, member_id, conversation_id, kind, text, extras, empty, rev, updated_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (workspace_id, member_id, conversation_id) DO UPDATE SET kind = excluded.kind, text = excluded.text,
extras = excluded.extras, empty = excluded.empty, rev = excluded.rev, updated_at = excluded.updated_at`,
		string(d.Workspace), string(d.Member), string(d.Conversation), string(d.Kind), d.Text,
		extrasOfPlan(d.ReplyTo, ids(d.Attachments), d.Envelope), empty, db.Signed(d.Rev), db.Micros(d.UpdatedAt))
}

func ids(files []media.Attachment) []media.ID {
	var out []media.ID
	for _, a := range files {
		out = append(out, a.ID)
	}
	return out
}

// Drafts implements conversation.WritingStore.
func (s *Store) Drafts(ctx context.Context, workspace identity.WorkspaceID, member identity.MemberID, within identity.Reach, limit int) ([]conversation.Draft, error) {
	where, bound := reach.Conversations(s.db.Driver(), within, "c")
	if where != "" {
		where = `EXISTS (SELECT 1 FROM conversation c WHERE c.workspace_id = draft.workspace_id AND c.conversation_id = draft.conversation_id AND ` + where + `) AND `
	}
	var out []conversation.Draft
	var files [][]media.ID
	args := append(append([]any{string(workspace), string(member)}, bound...), limit)
	err := s.db.Rows(ctx, selectDrafts+where+`empty = 0 ORDER BY updated_at DESC, conversation_id LIMIT ?`,
		args, func(sc db.Scanner) error {
			var r draftRow
			if err := sc.Scan(r.dest()...); err != nil {
				return err
			}
			d, of := r.domain(workspace, member)
			out, files = append(out, d), append(files, of)
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

// filesByID reads files of several owners at once.
func filesByID(ctx context.Context, q db.Querier, workspace identity.WorkspaceID, all []media.ID) (map[media.ID]media.Attachment, error) {
	const most = 128 // of one query
	out := make(map[media.ID]media.Attachment, len(all))
	for part := range slices.Chunk(all, most) {
		found, err := attachments.ByID(ctx, q, workspace, part)
		if err != nil {
			return nil, err
		}
		for _, a := range found {
			out[a.ID] = a
		}
	}
	return out, nil
}

func pick(found map[media.ID]media.Attachment, files []media.ID) []media.Attachment {
	var out []media.Attachment
	for _, id := range files {
		if a, ok := found[id]; ok {
			out = append(out, a)
		}
	}
	return out
}

// ForgetDrafts implements conversation.WritingStore.
func (s *Store) ForgetDrafts(ctx context.Context, before time.Time) error {
	const some = `SELECT DISTINCT workspace_id FROM draft WHERE empty = 1 AND updated_at < ?`
	var workspaces []string
	err := s.db.Rows(ctx, some, []any{db.Micros(before)}, func(sc db.Scanner) error {
		var w string
		err := sc.Scan(&w)
		workspaces = append(workspaces, w)
		return err
	})
	for _, w := range workspaces {
		if err != nil {
			return err
		}
		err = s.db.Do(ctx, w, func(ctx context.Context, tx *db.Tx) error {
			return tx.Queue(ctx, `DELETE FROM draft WHERE workspace_id = ? AND empty = 1 AND updated_at < ?`, w, db.Micros(before))
		})
	}
	return err
}
