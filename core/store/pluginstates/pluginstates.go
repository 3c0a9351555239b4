// Package pluginstates keeps what instances of plugins want kept: entries,
// claims, leases, schedules, and which database is whose.
//
// A statement decides who wins, never a look before it: several nodes may ask
// for the same thing at once.
package pluginstates

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// Store implements extension.StateStore, ClaimStore, LeaseStore, ScheduleStore
// and Estate.
type Store struct {
	db *db.DB
}

// New returns a Store.
func New(d *db.DB) *Store { return &Store{db: d} }

const (
	ofOwner = ` WHERE workspace_id = ? AND instance_id = ?`
	ofEntry = ofOwner + ` AND entry_key = ?`
	there   = ` AND (expires_at = 0 OR expires_at > ?)`

	entryColumns = `SELECT entry_key, value, version, expires_at FROM plugin_state`
)

// Get implements extension.StateStore.
func (s *Store) Get(ctx context.Context, o extension.Owner, key string, now time.Time) (*extension.Entry, error) {
	return get(ctx, s.db, o, key, now)
}

func get(ctx context.Context, q db.Querier, o extension.Owner, key string, now time.Time) (*extension.Entry, error) {
	e, err := scan(func(dest ...any) error {
		return q.Row(ctx, entryColumns+ofEntry+there, []any{string(o.Workspace), o.Instance, key, db.Micros(now)}, dest...)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // as the port has it: there is none
	}
	if err != nil {
		return nil, err
	}
	return &e, nil
}

func scan(into func(dest ...any) error) (extension.Entry, error) {
	var e extension.Entry
	var version, expires int64
	err := into(&e.Key, &e.Value, &version, &expires)
	e.Version, e.ExpiresAt = uint64(version), db.Time(expires) //nolint:gosec // we wrote it
	return e, err
}

// Put implements extension.StateStore. A version is the time in microseconds,
// or one more than the last: so it grows over a deletion, too.
func (s *Store) Put(ctx context.Context, o extension.Owner, p extension.Put, now time.Time) (*extension.Entry, bool, error) {
	var out *extension.Entry
	var stored bool
	err := s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) (err error) {
		out = nil
		if stored, err = put(ctx, tx, o, p, now); err != nil {
			return err
		}
		out, err = get(ctx, tx, o, p.Key, now)
		return err
	})
	return out, stored, err
}

func put(ctx context.Context, tx *db.Tx, o extension.Owner, p extension.Put, now time.Time) (bool, error) {
	at := db.Micros(now)
	update := func() (bool, error) {
		query := `UPDATE plugin_state SET value = ?, expires_at = ?, version = CASE WHEN version >= ? THEN version + 1 ELSE ? END` + ofEntry
		args := []any{bytesOf(p.Value), db.Micros(p.ExpiresAt), at, at, string(o.Workspace), o.Instance, p.Key}
		switch {
		case p.IfVersion == nil:
		case *p.IfVersion == 0: // one that expired is none
			query, args = query+` AND expires_at > 0 AND expires_at <= ?`, append(args, at)
		default:
			query, args = query+` AND version = ?`+there, append(args, int64(*p.IfVersion), at) //nolint:gosec // what is no version of ours is not there
		}
		n, err := tx.Exec(ctx, query, args...)
		return n > 0, err
	}
	if done, err := update(); done || err != nil {
		return done, err
	}
	if p.IfVersion != nil && *p.IfVersion != 0 {
		return false, nil
	}
	n, err := tx.Exec(ctx, `INSERT INTO plugin_state (workspace_id, instance_id, entry_key, value, version, expires_at)
VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (workspace_id, instance_id, entry_key) DO NOTHING`,
		string(o.Workspace), o.Instance, p.Key, bytesOf(p.Value), at, db.Micros(p.ExpiresAt))
	if err != nil {
		return false, err
	}
	if n == 0 { // somebody was faster
		return update()
	}
	return true, grow(ctx, tx, o, entries)
}

// Delete implements extension.StateStore.
func (s *Store) Delete(ctx context.Context, o extension.Owner, key string, ifVersion *uint64, now time.Time) (bool, error) {
	deleted := false
	err := s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		query, args := `DELETE FROM plugin_state`+ofEntry+there, []any{string(o.Workspace), o.Instance, key, db.Micros(now)}
		if ifVersion != nil {
			query, args = query+` AND version = ?`, append(args, int64(*ifVersion)) //nolint:gosec // as in put
		}
		n, err := tx.Exec(ctx, query, args...)
		if deleted = n > 0; err != nil || !deleted {
			return err
		}
		return shrink(ctx, tx, o, entries, n)
	})
	return deleted, err
}

// List implements extension.StateStore.
func (s *Store) List(ctx context.Context, o extension.Owner, r extension.StateRange, now time.Time) ([]extension.Entry, error) {
	query := entryColumns + ofOwner + there + ` AND entry_key > ?`
	args := []any{string(o.Workspace), o.Instance, db.Micros(now), r.After}
	if r.Prefix != "" {
		query, args = query+` AND entry_key >= ?`, append(args, r.Prefix)
		if end, ok := following(r.Prefix); ok {
			query, args = query+` AND entry_key < ?`, append(args, end)
		}
	}
	var out []extension.Entry
	err := s.db.Rows(ctx, query+` ORDER BY entry_key LIMIT ?`, append(args, r.Limit), func(row db.Scanner) error {
		e, err := scan(row.Scan)
		out = append(out, e)
		return err
	})
	return out, err
}

// following is the first text after all that begin with a prefix, in the order
// of runes, which is that of UTF-8's bytes.
func following(prefix string) (string, bool) {
	runes := []rune(prefix)
	for i, last := range slices.Backward(runes) {
		next := last + 1
		if next == 0xD800 { // surrogates are no text
			next = 0xE000
		}
		if next <= 0x10FFFF {
			return string(append(runes[:i:i], next)), true
		}
	}
	return "", false
}

// bytesOf is a value that is not NULL.
func bytesOf(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// quota is what is counted of an instance.
type quota struct {
	column, table, what string
	most                int
}

//nolint:gochecknoglobals // constants, as far as Go lets structs be
var (
	entries = quota{"entries", "plugin_state", "keys", extension.MaxStateKeys}
	claims  = quota{"claims", "plugin_claim", "claims", extension.MaxClaims}
)

// grow counts one more, or refuses it.
func grow(ctx context.Context, tx *db.Tx, o extension.Owner, q quota) error {
	more := func() (int64, error) {
		return tx.Exec(ctx, `UPDATE plugin_quota SET `+q.column+` = `+q.column+` + 1`+ofOwner+` AND `+q.column+` < ?`,
			string(o.Workspace), o.Instance, q.most)
	}
	n, err := more()
	if err != nil || n > 0 {
		return err
	}
	first := map[string]int{q.column: 1}
	n, err = tx.Exec(ctx, `INSERT INTO plugin_quota (workspace_id, instance_id, entries, claims) VALUES (?, ?, ?, ?)
ON CONFLICT (workspace_id, instance_id) DO NOTHING`, string(o.Workspace), o.Instance, first[entries.column], first[claims.column])
	if err != nil || n > 0 {
		return err
	}
	if n, err = more(); err == nil && n == 0 {
		err = extension.Full(q.what, q.most)
	}
	return err
}

func shrink(ctx context.Context, tx *db.Tx, o extension.Owner, q quota, by int64) error {
	_, err := tx.Exec(ctx, `UPDATE plugin_quota SET `+q.column+` = `+q.column+` - ?`+ofOwner, by, string(o.Workspace), o.Instance)
	return err
}

func owner(workspace, instance string) extension.Owner {
	return extension.Owner{Workspace: identity.WorkspaceID(workspace), Instance: instance}
}
