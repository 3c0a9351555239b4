package attachments

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// Tx is the attachments' side of a job. It implements media.Tx.
type Tx struct {
	tx        *db.Tx
	workspace identity.WorkspaceID
}

// NewTx returns the attachments' side of a job that has locked the workspace.
func NewTx(tx *db.Tx, workspace identity.WorkspaceID) *Tx {
	return &Tx{tx: tx, workspace: workspace}
}

// Take implements media.Tx.
func (t *Tx) Take(ctx context.Context, by media.Uploader, ids []media.ID, to media.Place) ([]media.Attachment, error) {
	if err := media.CheckIDs(ids); err != nil {
		return nil, err
	}
	return t.each(ctx, by, ids, func(i int, id media.ID) (int64, error) {
		return t.tx.Exec(ctx, `UPDATE attachment SET state = 'taken', conversation_id = ?, message_seq = ?, position = ?
WHERE workspace_id = ? AND attachment_id = ? AND state = 'ready'`,
			to.Conversation, int64(to.Seq), int64(i), string(t.workspace), string(id)) //nolint:gosec // counted from 1
	})
}

// Bring implements media.Tx.
func (t *Tx) Bring(ctx context.Context, by media.Uploader, files []media.Brought, to media.Place) ([]media.Attachment, error) {
	ids := make([]media.ID, len(files))
	for i, f := range files {
		ids[i] = f.ID
	}
	if err := media.CheckBrought(ids); err != nil {
		return nil, err
	}
	for _, f := range files {
		if f.Fetch.Reference != "" {
			if err := t.name(ctx, by, f); err != nil {
				return nil, err
			}
		}
	}
	out, err := t.each(ctx, by, ids, func(i int, id media.ID) (int64, error) {
		return t.tx.Exec(ctx, `UPDATE attachment SET state = 'taken', conversation_id = ?, message_seq = ?, position = ?, role = ?, content_id = ?
WHERE workspace_id = ? AND attachment_id = ? AND state = 'ready'`,
			to.Conversation, int64(to.Seq), int64(i), string(files[i].Role), files[i].ContentID, string(t.workspace), string(id)) //nolint:gosec // counted from 1
	})
	for i := range out {
		out[i].Role, out[i].ContentID = files[i].Role, files[i].ContentID
	}
	return out, err
}

// Retire implements media.Tx.
func (t *Tx) Retire(ctx context.Context, from media.Place) error {
	_, err := t.tx.Exec(ctx, `UPDATE attachment SET role = ?, content_id = '' WHERE workspace_id = ? AND conversation_id = ? AND message_seq = ? AND state = 'taken'`,
		string(media.RoleEarlier), string(t.workspace), from.Conversation, int64(from.Seq)) //nolint:gosec // counted from 1
	return err
}

// Hold implements media.Tx.
func (t *Tx) Hold(ctx context.Context, by media.Uploader, ids []media.ID, until time.Time) ([]media.Attachment, error) {
	if err := media.CheckIDs(ids); err != nil {
		return nil, err
	}
	at := db.Micros(until)
	return t.each(ctx, by, ids, func(_ int, id media.ID) (int64, error) {
		return t.tx.Exec(ctx, `UPDATE attachment SET expires_at = CASE WHEN expires_at < ? THEN ? ELSE expires_at END
WHERE workspace_id = ? AND attachment_id = ? AND state = 'ready'`, at, at, string(t.workspace), string(id))
	})
}

// each checks all the attachments, then changes one after the other.
func (t *Tx) each(ctx context.Context, by media.Uploader, ids []media.ID, change func(int, media.ID) (int64, error)) ([]media.Attachment, error) {
	rows, err := byID(ctx, t.tx, t.workspace, ids)
	if err != nil {
		return nil, err
	}
	var out []media.Attachment
	for i, id := range ids {
		r := rows[id]
		found := r != nil && r.uploader() == by
		var state media.State
		if found {
			state = media.State(r.state)
		}
		if err := media.Refusal(i, found, state); err != nil {
			return nil, err
		}
		out = append(out, r.domain(t.tx.Signer()))
	}
	for i, id := range ids {
		n, err := change(i, id)
		if err == nil && n == 0 { // swept since it was read
			err = media.Refusal(i, false, "")
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}
