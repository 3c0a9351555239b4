// Package licenses keeps what vendors of paid plugins have sold. The rows are
// the installation's: a plugin belongs to no workspace.
package licenses

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/license"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// Store implements license.Store.
type Store struct {
	db *db.DB
}

// New returns a Store.
func New(d *db.DB) *Store { return &Store{db: d} }

// Licenses implements license.Store.
func (s *Store) Licenses(ctx context.Context) ([]license.Kept, error) {
	var out []license.Kept
	err := s.db.Rows(ctx, `SELECT license_id, product, digest, sealed, added_by, added_at FROM plugin_license ORDER BY added_at, license_id`, nil, func(row db.Scanner) error {
		var k license.Kept
		var at int64
		err := row.Scan(&k.ID, &k.Product, &k.Digest, &k.Sealed, &k.AddedBy, &at)
		k.AddedAt = db.Time(at)
		out = append(out, k)
		return err
	})
	return out, err
}

// AddLicense implements license.Store.
func (s *Store) AddLicense(ctx context.Context, k license.Kept, events ...event.Event) error {
	return s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		var n int
		if err := tx.Row(ctx, `SELECT COUNT(*) FROM plugin_license`, nil, &n); err != nil {
			return err
		}
		if n >= license.MaxLicenses {
			return errs.New(errs.Conflict, "license.too_many", "This installation keeps 200 licenses. Remove some that have run out.")
		}
		added, err := tx.Exec(ctx, `INSERT INTO plugin_license (license_id, product, digest, sealed, added_by, added_at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (digest) DO NOTHING`, k.ID, k.Product, k.Digest, k.Sealed, k.AddedBy, db.Micros(k.AddedAt))
		if err != nil {
			return err
		}
		if added == 0 {
			return errs.New(errs.Conflict, "license.known", "This license is here already.")
		}
		return tx.Append(ctx, events...)
	})
}

// RemoveLicense implements license.Store.
func (s *Store) RemoveLicense(ctx context.Context, id string, events ...event.Event) error {
	return s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, `DELETE FROM plugin_license WHERE license_id = ?`, id)
		if err != nil {
			return err
		}
		if n == 0 {
			return errs.Absent()
		}
		return tx.Append(ctx, events...)
	})
}

// Trials implements license.Store.
func (s *Store) Trials(ctx context.Context) (map[license.PluginID]time.Time, error) {
	out := make(map[license.PluginID]time.Time)
	err := s.db.Rows(ctx, `SELECT plugin_id, began_at FROM plugin_trial`, nil, func(row db.Scanner) error {
		var plugin license.PluginID
		var at int64
		err := row.Scan(&plugin, &at)
		out[plugin] = db.Time(at)
		return err
	})
	return out, err
}

// BeginTrial implements license.Store.
func (s *Store) BeginTrial(ctx context.Context, plugin license.PluginID, at time.Time) error {
	return s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO plugin_trial (plugin_id, began_at) VALUES (?, ?) ON CONFLICT (plugin_id) DO NOTHING`, string(plugin), db.Micros(at))
		return err
	})
}

// Seen implements license.Store.
func (s *Store) Seen(ctx context.Context, now time.Time) (time.Time, error) {
	var highest time.Time
	err := s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		if !now.IsZero() {
			_, err := tx.Exec(ctx, `INSERT INTO plugin_license_clock (one, seen_at) VALUES (1, ?)
ON CONFLICT (one) DO UPDATE SET seen_at = excluded.seen_at WHERE excluded.seen_at > plugin_license_clock.seen_at`, db.Micros(now))
			if err != nil {
				return err
			}
		}
		var at int64
		err := tx.Row(ctx, `SELECT seen_at FROM plugin_license_clock`, nil, &at)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		highest = db.Time(at)
		return err
	})
	return highest, err
}
