// Package routings stores routing rules.
package routings

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/routing"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// Store implements routing.Store.
type Store struct{ db *db.DB }

// New returns a Store.
func New(d *db.DB) *Store { return &Store{db: d} }

// Document implements routing.Store.
func (s *Store) Document(ctx context.Context, w identity.WorkspaceID) (routing.Document, error) {
	return read(ctx, s.db, w)
}

func read(ctx context.Context, q db.Querier, w identity.WorkspaceID) (routing.Document, error) {
	var d routing.Document
	var revision, at int64
	var list string
	err := q.Row(ctx, `SELECT revision, time_zone, rules, updated_at FROM routing WHERE workspace_id = ?`, []any{string(w)}, &revision, &d.Zone, &list, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return routing.Document{}, nil
	}
	if err != nil {
		return d, err
	}
	d.Revision, d.At = db.Unsigned(revision), db.Time(at)
	return d, json.Unmarshal([]byte(list), &d.List)
}

// Save implements routing.Store.
func (s *Store) Save(ctx context.Context, w identity.WorkspaceID, d routing.Document, events ...event.Event) error {
	list, err := json.Marshal(d.List)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, string(w), events, func(ctx context.Context, tx *db.Tx) error {
		now, err := read(ctx, tx, w)
		if err != nil {
			return err
		}
		if now.Revision+1 != d.Revision {
			return routing.Changed()
		}
		return tx.Queue(ctx, `INSERT INTO routing (workspace_id, revision, time_zone, rules, updated_at) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (workspace_id) DO UPDATE SET revision = excluded.revision, time_zone = excluded.time_zone, rules = excluded.rules, updated_at = excluded.updated_at`,
			string(w), db.Signed(d.Revision), d.Zone, string(list), db.Micros(d.At))
	})
}
