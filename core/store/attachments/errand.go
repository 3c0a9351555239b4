package attachments

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// name stores a file that a channel named, for Bring to take.
func (t *Tx) name(ctx context.Context, by media.Uploader, f media.Brought) error {
	return t.tx.Queue(ctx, `INSERT INTO attachment (`+columns+`, reference, due_at, give_up_at)
VALUES (?, ?, ?, ?, 'ready', ?, ?, ?, ?, 0, '', 0, 0, 0, '', '', 0, 0, ?, ?, 0, '', '', 'fetching', '', '', ?, ?, ?)`,
		string(t.workspace), string(f.ID), string(by.Kind), by.ID, f.Fetch.Name, f.Fetch.Type, string(media.KindOf(f.Fetch.Type)), f.Fetch.Size,
		db.Micros(f.Fetch.At), db.Micros(f.Fetch.Until), f.Fetch.Reference, db.Micros(f.Fetch.At), db.Micros(f.Fetch.Until))
}

// Named implements media.Tx.
func (t *Tx) Named(ctx context.Context, in media.Place) ([]string, error) {
	var out []string
	err := t.tx.Rows(ctx, `SELECT reference FROM attachment
WHERE workspace_id = ? AND conversation_id = ? AND message_seq = ? AND state = 'taken' AND role <> ? ORDER BY position`,
		[]any{string(t.workspace), in.Conversation, int64(in.Seq), string(media.RoleEarlier)}, func(s db.Scanner) error { //nolint:gosec // a change's number
			var reference string
			err := s.Scan(&reference)
			out = append(out, reference)
			return err
		})
	return out, err
}

// Settle implements media.Tx.
func (t *Tx) Settle(ctx context.Context, e media.Errand, a media.Attachment, next media.Due) (media.Place, bool, error) {
	n, err := t.tx.Exec(ctx, `UPDATE attachment SET name = ?, type = ?, kind = ?, size = ?, sha256 = ?, width = ?, height = ?, duration_ms = ?, preview = ?,
arrival = ?, arrival_code = ?, arrival_detail = ?, tries = 0, due_at = ?, give_up_at = ?
WHERE workspace_id = ? AND attachment_id = ? AND due_at = ?`,
		a.Name, a.Type, string(a.Kind), a.Size, a.SHA256, int64(a.Width), int64(a.Height), a.Duration.Milliseconds(), a.Preview,
		string(a.Arrival), a.Trouble.Code, a.Trouble.Detail, db.Micros(next.At), db.Micros(next.Until), string(t.workspace), string(e.ID), db.Micros(e.Lease))
	if err != nil || n == 0 {
		return media.Place{}, false, err
	}
	rows, err := byID(ctx, t.tx, t.workspace, []media.ID{e.ID})
	if err != nil || rows[e.ID] == nil {
		return media.Place{}, false, err
	}
	return rows[e.ID].place(), true, nil
}

// Renew implements media.Tx.
func (t *Tx) Renew(ctx context.Context, id media.ID, next media.Due) (bool, error) {
	n, err := t.tx.Exec(ctx, `UPDATE attachment SET arrival = CASE WHEN sha256 = '' THEN 'fetching' ELSE 'scanning' END, arrival_code = '', arrival_detail = '', tries = 0, due_at = ?, give_up_at = ?
WHERE workspace_id = ? AND attachment_id = ? AND arrival = 'failed' AND removed_at = 0`,
		db.Micros(next.At), db.Micros(next.Until), string(t.workspace), string(id))
	return n > 0, err
}

// Claim implements media.Errands.
func (s *Store) Claim(ctx context.Context, now, lease time.Time, skip []string) (*media.Errand, error) {
	args := []any{db.Micros(now)}
	for _, by := range skip {
		args = append(args, by)
	}
	query := `SELECT ` + columns + `, reference, tries, due_at, give_up_at FROM attachment WHERE due_at > 0 AND due_at <= ? AND removed_at = 0`
	if len(skip) > 0 {
		args = db.Padded(args, len(skip))
		query += ` AND uploader_id NOT IN (?` + strings.Repeat(`, ?`, len(args)-2) + `)`
	}
	var r row
	var reference string
	var tries, due, giveUp int64
	err := s.db.Row(ctx, query+` ORDER BY due_at LIMIT 1`, args, append(r.dest(), &reference, &tries, &due, &giveUp)...)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // the port says nil for nothing
	}
	if err != nil {
		return nil, err
	}
	e := &media.Errand{Upload: r.upload(s.db.Signer()), Reference: reference, Tries: int(tries), GiveUpAt: db.Time(giveUp), Lease: db.Time(due)}
	held, err := s.hold(ctx, e, lease, 1)
	if err != nil || !held {
		return nil, err
	}
	return e, nil
}

// Prolong implements media.Errands.
func (s *Store) Prolong(ctx context.Context, e *media.Errand, until time.Time) (bool, error) {
	return s.hold(ctx, e, until, 0)
}

// hold moves the end of a lease, if it is still what it was.
func (s *Store) hold(ctx context.Context, e *media.Errand, until time.Time, tries int) (bool, error) {
	held := false
	err := s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE attachment SET due_at = ?, tries = tries + ? WHERE workspace_id = ? AND attachment_id = ? AND due_at = ?`,
			db.Micros(until), tries, string(e.Workspace), string(e.ID), db.Micros(e.Lease))
		held = n > 0
		return err
	})
	if err != nil || !held {
		return false, err
	}
	e.Lease, e.Tries = until, e.Tries+tries
	return true, nil
}
