// Package retentions keeps the rules of retention and deletes what they let go.
package retentions

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/retention"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// Store implements retention.Store.
type Store struct{ db *db.DB }

// New returns a Store.
func New(d *db.DB) *Store { return &Store{db: d} }

// Policy implements retention.Store.
func (s *Store) Policy(ctx context.Context, w identity.WorkspaceID) (retention.Policy, error) {
	p, _, err := policy(ctx, s.db, w)
	return p, err
}

// policy reads a policy, and whether there is a row of it.
func policy(ctx context.Context, q db.Querier, w identity.WorkspaceID) (retention.Policy, bool, error) {
	p := retention.Policy{Workspace: w, Rules: retention.Rules{}}
	var rules, id, name string
	var updated, run int64
	err := q.Row(ctx, `SELECT rules, updated_at, updated_id, updated_name, run_at FROM retention_policy WHERE workspace_id = ?`,
		[]any{string(w)}, &rules, &updated, &id, &name, &run)
	if errors.Is(err, sql.ErrNoRows) {
		return p, false, nil
	}
	if err != nil {
		return p, false, err
	}
	p.UpdatedAt, p.UpdatedBy, p.RunAt = db.Time(updated), identity.Actor{Kind: identity.ActorMember, ID: id, Name: name}, db.Time(run)
	return p, true, json.Unmarshal([]byte(rules), &p.Rules)
}

// SetPolicy implements retention.Store.
func (s *Store) SetPolicy(ctx context.Context, w identity.WorkspaceID, change func(*retention.Policy) ([]event.Event, error)) (retention.Policy, error) {
	var out retention.Policy
	err := s.db.Do(ctx, string(w), func(ctx context.Context, tx *db.Tx) error {
		p, there, err := policy(ctx, tx, w)
		if err != nil {
			return err
		}
		events, err := change(&p)
		if err != nil {
			return err
		}
		out = p
		if len(events) == 0 {
			return nil
		}
		rules, err := json.Marshal(p.Rules)
		if err != nil {
			return err
		}
		query := `INSERT INTO retention_policy (rules, updated_at, updated_id, updated_name, run_at, workspace_id) VALUES (?, ?, ?, ?, ?, ?)`
		if there {
			query = `UPDATE retention_policy SET rules = ?, updated_at = ?, updated_id = ?, updated_name = ?, run_at = ? WHERE workspace_id = ?`
		}
		_, err = tx.Exec(ctx, query, string(rules), db.Micros(p.UpdatedAt), p.UpdatedBy.ID, p.UpdatedBy.Name, db.Micros(p.RunAt), string(w))
		if err != nil {
			return err
		}
		return tx.Append(ctx, events...)
	})
	return out, err
}

// count adds to the tally of a rule.
func count(ctx context.Context, tx *db.Tx, q retention.Sweep, n int) error {
	_, err := tx.Exec(ctx, `INSERT INTO retention_tally (workspace_id, kind, days, deleted) VALUES (?, ?, ?, ?)
ON CONFLICT (workspace_id, kind, days) DO UPDATE SET deleted = retention_tally.deleted + excluded.deleted`, string(q.Workspace), string(q.Kind), q.Days, n)
	return err
}

// Settle implements retention.Store.
func (s *Store) Settle(ctx context.Context, p retention.Policy, at time.Time, say func([]retention.Tally) []event.Event) error {
	ws := string(p.Workspace)
	return s.db.Do(ctx, ws, func(ctx context.Context, tx *db.Tx) error {
		var all []retention.Tally
		err := tx.Rows(ctx, `SELECT kind, days, deleted FROM retention_tally WHERE workspace_id = ? ORDER BY kind, days`, []any{ws}, func(sc db.Scanner) error {
			var t retention.Tally
			var kind string
			err := sc.Scan(&kind, &t.Days, &t.Deleted)
			t.Kind = retention.Kind(kind)
			all = append(all, t)
			return err
		})
		if err != nil {
			return err
		}
		if len(all) > 0 {
			if _, err := tx.Exec(ctx, `DELETE FROM retention_tally WHERE workspace_id = ?`, ws); err != nil {
				return err
			}
		}
		if !at.IsZero() {
			_, err := tx.Exec(ctx, `UPDATE retention_policy SET run_at = ? WHERE workspace_id = ? AND updated_at = ?`, db.Micros(at), ws, db.Micros(p.UpdatedAt))
			if err != nil {
				return err
			}
		}
		return tx.Append(ctx, say(all)...)
	})
}

// Files implements retention.Graves.
func (s *Store) Files(ctx context.Context, limit int) ([]media.ID, error) {
	var out []media.ID
	err := s.db.Rows(ctx, `SELECT attachment_id FROM retention_file ORDER BY workspace_id, attachment_id LIMIT ?`, []any{limit}, func(sc db.Scanner) error {
		var id string
		err := sc.Scan(&id)
		out = append(out, media.ID(id))
		return err
	})
	return out, err
}

// Removed implements retention.Graves.
func (s *Store) Removed(ctx context.Context, files []media.ID) error {
	if len(files) == 0 {
		return nil
	}
	return s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		for _, f := range files {
			if err := tx.Queue(ctx, `DELETE FROM retention_file WHERE attachment_id = ?`, string(f)); err != nil {
				return err
			}
		}
		return nil
	})
}
