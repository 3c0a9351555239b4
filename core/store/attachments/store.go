package attachments

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// Store implements media.Store, media.Ledger and media.Errands.
type Store struct {
	db *db.DB
}

// New returns a Store.
func New(d *db.DB) *Store { return &Store{db: d} }

// Signer signs and checks with the secret of this database.
func (s *Store) Signer() media.Signer { return s.db.Signer() }

// Of returns what messages carry, as committed: see the function Of.
func (s *Store) Of(ctx context.Context, workspace identity.WorkspaceID, places []media.Place) (map[media.Place][]media.Attachment, error) {
	return Of(ctx, s.db, workspace, places)
}

// Begin implements media.Store.
func (s *Store) Begin(ctx context.Context, u media.Upload) error {
	return s.db.Do(ctx, string(u.Workspace), func(ctx context.Context, tx *db.Tx) error {
		return tx.Queue(ctx, `INSERT INTO attachment (`+columns+`)
VALUES (?, ?, ?, ?, 'uploading', ?, '', '', ?, 0, ?, 0, 0, 0, '', '', 0, 0, ?, ?, 0, '', '', '', '', '')`,
			string(u.Workspace), string(u.ID), string(u.By.Kind), u.By.ID, u.Name, u.Size, u.SHA256,
			db.Micros(u.CreatedAt), db.Micros(u.ExpiresAt))
	})
}

// Upload implements media.Store.
func (s *Store) Upload(ctx context.Context, workspace identity.WorkspaceID, id media.ID) (media.Upload, error) {
	return s.one(ctx, selectRows+`workspace_id = ? AND attachment_id = ?`, string(workspace), string(id))
}

// Find implements media.Store.
func (s *Store) Find(ctx context.Context, id media.ID) (media.Upload, error) {
	return s.one(ctx, selectRows+`attachment_id = ?`, string(id))
}

func (s *Store) one(ctx context.Context, query string, args ...any) (media.Upload, error) {
	var r row
	err := s.db.Row(ctx, query, args, r.dest()...)
	if errors.Is(err, sql.ErrNoRows) {
		err = errs.Absent()
	}
	if err != nil {
		return media.Upload{}, err
	}
	return r.upload(s.db.Signer()), nil
}

// Advance implements media.Store.
func (s *Store) Advance(ctx context.Context, workspace identity.WorkspaceID, id media.ID, from, to int64) error {
	return s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE attachment SET received = ?
WHERE workspace_id = ? AND attachment_id = ? AND state = 'uploading' AND received = ?`, to, string(workspace), string(id), from)
		return moved(n, err)
	})
}

// Finish implements media.Store.
func (s *Store) Finish(ctx context.Context, a media.Attachment, next media.Due) error {
	return s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE attachment SET state = 'ready', type = ?, kind = ?, sha256 = ?, width = ?, height = ?, duration_ms = ?, preview = ?,
arrival = ?, due_at = ?, give_up_at = ?
WHERE workspace_id = ? AND attachment_id = ? AND state = 'uploading'`,
			a.Type, string(a.Kind), a.SHA256, int64(a.Width), int64(a.Height), a.Duration.Milliseconds(), a.Preview,
			string(a.Arrival), db.Micros(next.At), db.Micros(next.Until), string(a.Workspace), string(a.ID))
		return moved(n, err)
	})
}

func moved(n int64, err error) error {
	if err == nil && n == 0 {
		return errs.New(errs.Conflict, "upload.moved", "The upload went on, or ended, meanwhile. Ask how far it is.")
	}
	return err
}

// Discard implements media.Store.
func (s *Store) Discard(ctx context.Context, workspace identity.WorkspaceID, id media.ID) (bool, error) {
	return s.remove(ctx, `DELETE FROM attachment WHERE workspace_id = ? AND attachment_id = ? AND state <> 'taken'`, string(workspace), string(id))
}

// Forfeit implements media.Ledger.
func (s *Store) Forfeit(ctx context.Context, r media.Ref, now time.Time) (bool, error) {
	return s.remove(ctx, `DELETE FROM attachment WHERE workspace_id = ? AND attachment_id = ? AND state <> 'taken' AND expires_at <= ?`,
		string(r.Workspace), string(r.ID), db.Micros(now))
}

func (s *Store) remove(ctx context.Context, query string, args ...any) (bool, error) {
	gone := false
	err := s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, query, args...)
		gone = n > 0
		return err
	})
	return gone && err == nil, err
}

// Expired implements media.Ledger.
func (s *Store) Expired(ctx context.Context, now time.Time, limit int) ([]media.Ref, error) {
	var out []media.Ref
	err := s.db.Rows(ctx, `SELECT workspace_id, attachment_id FROM attachment WHERE state <> 'taken' AND expires_at <= ?
ORDER BY expires_at LIMIT ?`, []any{db.Micros(now), limit}, func(sc db.Scanner) error {
		var workspace, id string
		err := sc.Scan(&workspace, &id)
		out = append(out, media.Ref{Workspace: identity.WorkspaceID(workspace), ID: media.ID(id)})
		return err
	})
	return out, err
}

// Whole implements media.Ledger.
func (s *Store) Whole(ctx context.Context, after media.ID, limit int) ([]media.Attachment, error) {
	var out []media.Attachment
	err := s.db.Rows(ctx, selectRows+`attachment_id > ? AND state IN ('ready', 'taken') AND removed_at = 0 AND sha256 <> '' ORDER BY attachment_id LIMIT ?`,
		[]any{string(after), limit}, func(sc db.Scanner) error {
			var r row
			err := sc.Scan(r.dest()...)
			out = append(out, r.domain(s.db.Signer()))
			return err
		})
	return out, err
}

// Known implements media.Ledger.
func (s *Store) Known(ctx context.Context, ids []media.ID) (map[media.ID]bool, error) {
	out := make(map[media.ID]bool, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	var args []any
	for _, id := range ids {
		args = append(args, string(id))
	}
	args = db.Padded(args, len(args))
	err := s.db.Rows(ctx, `SELECT attachment_id FROM attachment WHERE attachment_id IN (?`+strings.Repeat(`, ?`, len(args)-1)+`)`, args,
		func(sc db.Scanner) error {
			var id string
			err := sc.Scan(&id)
			out[media.ID(id)] = true
			return err
		})
	return out, err
}
