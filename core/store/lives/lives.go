// Package lives keeps what is wanted of plugins and what became of them. The
// rows are the installation's: a plugin belongs to no workspace.
package lives

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"math"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// Store implements extension.Lives.
type Store struct {
	db *db.DB
}

// New returns a Store.
func New(d *db.DB) *Store { return &Store{db: d} }

// Lives implements extension.Lives.
func (s *Store) Lives(ctx context.Context) ([]extension.Life, error) {
	var out []extension.Life
	err := s.db.Rows(ctx, `SELECT plugin_id, enabled, active, active_version, previous, previous_version, pinned, refused, active_since, revision
FROM plugin_life ORDER BY plugin_id`, nil, func(row db.Scanner) error {
		var l extension.Life
		var since int64
		err := row.Scan(&l.Plugin, &l.Enabled, &l.Active.Digest, &l.Active.Version, &l.Previous.Digest, &l.Previous.Version, &l.Pinned, &l.Refused, &since, &l.Revision)
		l.ActiveSince = db.Time(since)
		out = append(out, l)
		return err
	})
	return out, err
}

// Keep implements extension.Lives.
func (s *Store) Keep(ctx context.Context, l extension.Life) (extension.Life, error) {
	args := []any{
		l.Enabled, l.Active.Digest, l.Active.Version, l.Previous.Digest, l.Previous.Version, l.Pinned, l.Refused, db.Micros(l.ActiveSince),
		l.Revision + 1, string(l.Plugin),
	}
	query := `INSERT INTO plugin_life (enabled, active, active_version, previous, previous_version, pinned, refused, active_since, revision, plugin_id)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (plugin_id) DO NOTHING`
	if l.Revision > 0 {
		query = `UPDATE plugin_life SET enabled = ?, active = ?, active_version = ?, previous = ?, previous_version = ?, pinned = ?, refused = ?,
active_since = ?, revision = ? WHERE plugin_id = ? AND revision = ?`
		args = append(args, l.Revision)
	}
	err := s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, query, args...)
		if err == nil && n == 0 {
			return errs.New(errs.Conflict, "plugin.outdated", "Somebody else has just changed this plugin. Look again and repeat what you still want.")
		}
		return err
	})
	if err == nil {
		l.Revision++
	}
	return l, err
}

// Note implements extension.Lives.
func (s *Store) Note(ctx context.Context, t extension.Transition) error {
	lines, err := json.Marshal(t.Lines)
	if err != nil {
		return err
	}
	return s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO plugin_step (plugin_id, number, node, at, version, state, reason, ending, lines, retry_at)
SELECT ?, COALESCE(MAX(number), 0) + 1, ?, ?, ?, ?, ?, ?, ?, ? FROM plugin_step WHERE plugin_id = ?`,
			string(t.Plugin), t.Node, db.Micros(t.At), t.Version, string(t.State), t.Reason, t.Ending, string(lines), db.Micros(t.NextRetryAt), string(t.Plugin))
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `DELETE FROM plugin_step WHERE plugin_id = ? AND number <= (SELECT MAX(number) FROM plugin_step WHERE plugin_id = ?) - ?`,
			string(t.Plugin), string(t.Plugin), extension.KeptTransitions)
		return err
	})
}

// History implements extension.Lives.
func (s *Store) History(ctx context.Context, plugin extension.PluginID, before int64, limit int) ([]extension.Transition, error) {
	if before == 0 {
		before = math.MaxInt64
	}
	var out []extension.Transition
	err := s.db.Rows(ctx, `SELECT number, node, at, version, state, reason, ending, lines, retry_at FROM plugin_step
WHERE plugin_id = ? AND number < ? ORDER BY number DESC LIMIT ?`, []any{string(plugin), before, limit}, func(row db.Scanner) error {
		t := extension.Transition{Plugin: plugin}
		var at, retry int64
		var lines string
		if err := row.Scan(&t.Number, &t.Node, &at, &t.Version, &t.State, &t.Reason, &t.Ending, &lines, &retry); err != nil {
			return err
		}
		t.At, t.NextRetryAt = db.Time(at), db.Time(retry)
		out = append(out, t)
		return json.Unmarshal([]byte(lines), &out[len(out)-1].Lines)
	})
	return out, err
}

// Hold implements extension.Lives.
func (s *Store) Hold(ctx context.Context, plugin extension.PluginID, node string, now, until time.Time) (extension.Place, error) {
	var out extension.Place
	err := s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO plugin_place (plugin_id, node, fence, held_until) VALUES (?, ?, 1, ?)
ON CONFLICT (plugin_id) DO UPDATE SET fence = CASE WHEN plugin_place.node = excluded.node AND plugin_place.held_until > ? THEN plugin_place.fence ELSE plugin_place.fence + 1 END,
node = excluded.node, held_until = excluded.held_until
WHERE plugin_place.node = excluded.node OR plugin_place.held_until <= ?`,
			string(plugin), node, db.Micros(until), db.Micros(now), db.Micros(now))
		if err != nil {
			return err
		}
		var held int64
		err = tx.Row(ctx, `SELECT node, fence, held_until FROM plugin_place WHERE plugin_id = ?`, []any{string(plugin)}, &out.Node, &out.Fence, &held)
		out.Until = db.Time(held)
		if errors.Is(err, sql.ErrNoRows) { // it was just made
			return errs.New(errs.Unavailable, "plugin.place", "Who runs the plugin cannot be told now.")
		}
		return err
	})
	return out, err
}

// Leave implements extension.Lives.
func (s *Store) Leave(ctx context.Context, plugin extension.PluginID, node string) error {
	return s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE plugin_place SET held_until = 0 WHERE plugin_id = ? AND node = ?`, string(plugin), node)
		return err
	})
}
