// Package mirrors stores copies of the records that connectors brought.
package mirrors

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// Store implements extension.Mirror.
type Store struct{ db *db.DB }

// New returns a Store.
func New(d *db.DB) *Store { return &Store{db: d} }

const (
	here = ` WHERE workspace_id = ? AND connection_id = ? AND object = ?`
	put  = `INSERT INTO plugin_record (workspace_id, connection_id, object, record_id, contact_id, title, url, fields, updated_at, seen_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (workspace_id, connection_id, object, record_id) DO UPDATE SET contact_id = excluded.contact_id, title = excluded.title, url = excluded.url,
fields = excluded.fields, updated_at = excluded.updated_at, seen_at = excluded.seen_at`
	take = `INSERT INTO plugin_pull (workspace_id, connection_id, object, position, pulled_at, failure, lease_until) VALUES (?, ?, ?, ?, 0, '', ?)
ON CONFLICT (workspace_id, connection_id, object) DO UPDATE SET lease_until = excluded.lease_until WHERE plugin_pull.lease_until <= ?`
)

// Take implements extension.Mirror.
func (s *Store) Take(ctx context.Context, x extension.PullState, now, until time.Time) (bool, error) {
	var n int64
	err := s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) (err error) {
		n, err = tx.Exec(ctx, take, string(x.Workspace), string(x.Connection), x.Object, []byte{}, db.Micros(until), db.Micros(now))
		return err
	})
	return n > 0, err
}

// Note implements extension.Mirror.
func (s *Store) Note(ctx context.Context, x extension.PullState) error {
	return s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE plugin_pull SET pulled_at = ?, failure = ?, lease_until = 0`+here,
			db.Micros(x.PulledAt), x.Failure, string(x.Workspace), string(x.Connection), x.Object)
		return err
	})
}

// Pulls implements extension.Mirror.
func (s *Store) Pulls(ctx context.Context, c extension.Connection) (map[string]extension.PullState, error) {
	out := make(map[string]extension.PullState)
	err := s.db.Rows(ctx, `SELECT object, position, pulled_at, failure FROM plugin_pull WHERE workspace_id = ? AND connection_id = ?`,
		[]any{string(c.Workspace), string(c.ID)}, func(sc db.Scanner) error {
			x := extension.PullState{Workspace: c.Workspace, Connection: c.ID}
			var at int64
			err := sc.Scan(&x.Object, &x.Cursor, &at, &x.Failure)
			x.PulledAt = db.Time(at)
			out[x.Object] = x
			return err
		})
	return out, err
}

// Keep implements extension.Mirror.
func (s *Store) Keep(ctx context.Context, from extension.PullState, p extension.Page, marks []extension.Marks, at time.Time) (bool, error) {
	w, c := string(from.Workspace), string(from.Connection)
	kept := false
	err := s.db.Do(ctx, w, func(ctx context.Context, tx *db.Tx) error {
		kept = false
		var cursor []byte
		err := tx.Row(ctx, `SELECT position FROM plugin_pull`+here, []any{w, c, from.Object}, &cursor)
		if errors.Is(err, sql.ErrNoRows) || err == nil && !bytes.Equal(cursor, from.Cursor) {
			return nil
		}
		if err != nil {
			return err
		}
		kept = true
		for i, r := range p.Records {
			if err := keep(ctx, tx, from, r, marks[i], at); err != nil {
				return err
			}
		}
		if len(p.Cursor) == 0 {
			p.Cursor = cursor
		}
		// The next page is taken anew.
		_, err = tx.Exec(ctx, `UPDATE plugin_pull SET position = ?, lease_until = 0`+here, p.Cursor, w, c, from.Object)
		return err
	})
	return kept, err
}

// keep stores a record for the one contact that it is about, or lets it go.
func keep(ctx context.Context, tx *db.Tx, from extension.PullState, r extension.Far, m extension.Marks, at time.Time) error {
	w := string(from.Workspace)
	contact := ""
	if !r.Deleted {
		var err error
		if contact, err = whose(ctx, tx, w, m); err != nil {
			return err
		}
	}
	if contact == "" {
		return tx.Queue(ctx, `DELETE FROM plugin_record`+here+` AND record_id = ?`, w, string(from.Connection), r.Object, r.ID)
	}
	return tx.Queue(ctx, put, w, string(from.Connection), r.Object, r.ID, contact, r.Title, r.URL, string(r.Fields), db.Micros(r.UpdatedAt), db.Micros(at))
}

// whose finds the one person who has one of the addresses; "" when nobody has, or
// several people.
func whose(ctx context.Context, tx *db.Tx, w string, m extension.Marks) (string, error) {
	found := ""
	for column, marks := range map[string][]string{"email": m.Emails, "phone": m.Phones} {
		for _, mark := range marks {
			several := false
			err := tx.Rows(ctx, `SELECT DISTINCT CASE WHEN survivor_id <> '' THEN survivor_id ELSE contact_id END FROM contact WHERE workspace_id = ? AND `+column+` = ? AND `+column+` <> '' LIMIT 2`,
				[]any{w, mark}, func(sc db.Scanner) error {
					var id string
					err := sc.Scan(&id)
					several = several || found != "" && found != id
					found = id
					return err
				})
			if err != nil || several {
				return "", err
			}
		}
	}
	return found, nil
}

// Remember implements extension.Mirror.
func (s *Store) Remember(ctx context.Context, c extension.Connection, contact string, all []extension.Far, at time.Time) error {
	if len(all) == 0 {
		return nil
	}
	w := string(c.Workspace)
	return s.db.Do(ctx, w, func(ctx context.Context, tx *db.Tx) error {
		var there int
		err := tx.Row(ctx, `SELECT COUNT(*) FROM contact t JOIN plugin_connection p ON p.workspace_id = t.workspace_id WHERE t.workspace_id = ? AND t.contact_id = ? AND p.connection_id = ?`,
			[]any{w, contact, string(c.ID)}, &there)
		if err != nil || there == 0 { // one of them went meanwhile
			return err
		}
		for _, r := range all {
			if err := tx.Queue(ctx, put, w, string(c.ID), r.Object, r.ID, contact, r.Title, r.URL, string(r.Fields), db.Micros(r.UpdatedAt), db.Micros(at)); err != nil {
				return err
			}
		}
		return nil
	})
}

// Of implements extension.Mirror.
func (s *Store) Of(ctx context.Context, w identity.WorkspaceID, contact string) (map[extension.ConnectionID][]extension.Mirrored, error) {
	out := make(map[extension.ConnectionID][]extension.Mirrored)
	const query = `SELECT connection_id, object, record_id, title, url, fields, updated_at, seen_at FROM plugin_record
WHERE workspace_id = ? AND contact_id IN (SELECT contact_id FROM contact WHERE workspace_id = ? AND (contact_id = ? OR survivor_id = ?)) ORDER BY object, record_id LIMIT 500`
	err := s.db.Rows(ctx, query, []any{string(w), string(w), contact, contact}, func(sc db.Scanner) error {
		var m extension.Mirrored
		var connection, fields string
		var updated, seen int64
		err := sc.Scan(&connection, &m.Object, &m.ID, &m.Title, &m.URL, &fields, &updated, &seen)
		m.Fields, m.UpdatedAt, m.SeenAt = json.RawMessage(strings.Clone(fields)), db.Time(updated), db.Time(seen)
		out[extension.ConnectionID(connection)] = append(out[extension.ConnectionID(connection)], m)
		return err
	})
	return out, err
}
