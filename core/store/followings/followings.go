// Package followings stores how far connections of plugins were told what
// happens in their workspaces.
package followings

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// Store implements extension.Followings.
type Store struct{ db *db.DB }

// New returns a Store.
func New(d *db.DB) *Store { return &Store{db: d} }

const where = ` WHERE workspace_id = ? AND connection_id = ? AND use = ?`

func key(f extension.Following) []any {
	return []any{string(f.Workspace), string(f.Connection), string(f.Use)}
}

// Follow implements extension.Followings.
func (s *Store) Follow(ctx context.Context, f extension.Following, head uint64, claim string, now, until time.Time) (p extension.FollowPlace, ok bool, err error) {
	err = s.db.Do(ctx, string(f.Workspace), func(ctx context.Context, tx *db.Tx) error {
		p, ok = extension.FollowPlace{}, false
		var feed, ends, after, missed int64
		var holder string
		err := tx.Row(ctx, `SELECT feed_seq, failures, detail, claim, claim_until, gap_after, gap_until, gap_reason FROM plugin_cursor`+where, key(f),
			&feed, &p.Failures, &p.Detail, &holder, &ends, &after, &missed, &p.Gap.Reason)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			p, ok = extension.FollowPlace{Feed: head}, true
			return tx.Queue(ctx, `INSERT INTO plugin_cursor (workspace_id, connection_id, use, feed_seq, failures, detail, claim, claim_until, updated_at)
VALUES (?, ?, ?, ?, 0, '', ?, ?, ?)`, append(key(f), db.Signed(head), claim, db.Micros(until), db.Micros(now))...)
		case err != nil:
			return err
		case holder != "" && holder != claim && db.Micros(now) < ends:
			return nil
		}
		p.Feed, ok = db.Unsigned(feed), true
		p.Gap.After, p.Gap.Until = db.Unsigned(after), db.Unsigned(missed)
		return tx.Queue(ctx, `UPDATE plugin_cursor SET claim = ?, claim_until = ?`+where, append([]any{claim, db.Micros(until)}, key(f)...)...)
	})
	return p, ok && err == nil, err
}

// Advance implements extension.Followings.
func (s *Store) Advance(ctx context.Context, f extension.Following, claim string, p extension.FollowPlace, until time.Time, skipped ...extension.Skip) (ok bool, err error) {
	err = s.db.Do(ctx, string(f.Workspace), func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE plugin_cursor SET feed_seq = ?, failures = ?, detail = ?, claim_until = ?, updated_at = ?,
gap_after = ?, gap_until = ?, gap_reason = ?`+where+` AND claim = ?`,
			append(append([]any{
				db.Signed(p.Feed), p.Failures, p.Detail, db.Micros(until), db.Micros(until), db.Signed(p.Gap.After), db.Signed(p.Gap.Until), p.Gap.Reason,
			}, key(f)...), claim)...)
		if ok = err == nil && n == 1; !ok {
			return err
		}
		for _, k := range skipped {
			err := tx.Queue(ctx, `INSERT INTO plugin_skip (workspace_id, connection_id, use, feed_seq, event_id, type, code, detail, at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`, append(key(f), db.Signed(k.Feed), k.Event, k.Type, k.Code, k.Detail, db.Micros(k.At))...)
			if err != nil {
				return err
			}
		}
		if len(skipped) == 0 {
			return nil
		}
		return tx.Queue(ctx, `DELETE FROM plugin_skip`+where+` AND feed_seq <= COALESCE((SELECT feed_seq FROM plugin_skip`+where+
			` ORDER BY feed_seq DESC LIMIT 1 OFFSET ?), -1)`, append(append(key(f), key(f)...), extension.MaxSkips)...)
	})
	return ok && err == nil, err
}

// Unfollow implements extension.Followings.
func (s *Store) Unfollow(ctx context.Context, f extension.Following, claim string) error {
	return s.db.Do(ctx, string(f.Workspace), func(ctx context.Context, tx *db.Tx) error {
		return tx.Queue(ctx, `UPDATE plugin_cursor SET claim = '', claim_until = 0`+where+` AND claim = ?`, append(key(f), claim)...)
	})
}

// Unclaim implements extension.Followings.
func (s *Store) Unclaim(ctx context.Context) error {
	return s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		return tx.Queue(ctx, `UPDATE plugin_cursor SET claim = '', claim_until = 0 WHERE claim <> ''`)
	})
}

// Skipped implements extension.Followings.
func (s *Store) Skipped(ctx context.Context, w identity.WorkspaceID, id extension.ConnectionID, limit int) ([]extension.Skip, error) {
	var out []extension.Skip
	err := s.db.Rows(ctx, `SELECT use, feed_seq, event_id, type, code, detail, at FROM plugin_skip WHERE workspace_id = ? AND connection_id = ?
ORDER BY feed_seq DESC, use LIMIT ?`, []any{string(w), string(id), limit}, func(sc db.Scanner) error {
		var k extension.Skip
		var feed, at int64
		err := sc.Scan(&k.Use, &feed, &k.Event, &k.Type, &k.Code, &k.Detail, &at)
		k.Feed, k.At = db.Unsigned(feed), db.Time(at)
		out = append(out, k)
		return err
	})
	return out, err
}
