// Package catalogs stores labels, definitions of custom attributes and canned
// replies. Nothing here is hot: rows that people edit now and then.
package catalogs

import (
	"context"
	"database/sql"
	"errors"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// Store implements catalog.Store.
type Store struct {
	db *db.DB
}

// New returns a Store.
func New(d *db.DB) *Store { return &Store{db: d} }

// write runs a job of a workspace that appends the events at its end.
func (s *Store) write(ctx context.Context, w identity.WorkspaceID, events []event.Event, work db.Work) error {
	if w == "" {
		return errs.Absent()
	}
	return s.db.Write(ctx, string(w), events, work)
}

// room refuses what would be more than limit; query counts what is there.
func room(ctx context.Context, tx *db.Tx, limit int, query string, args ...any) error {
	var n int
	if err := tx.Row(ctx, query, args, &n); err != nil {
		return err
	}
	if n >= limit {
		return catalog.TooMany()
	}
	return nil
}

// free refuses a key that a row has; query finds it.
func free(ctx context.Context, tx *db.Tx, taken *errs.Error, query string, args ...any) error {
	var one int
	err := tx.Row(ctx, query, args, &one)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err == nil:
		return taken
	default:
		return err
	}
}

// touched is errs.Absent for a statement that found no row.
func touched(n int64, err error) error {
	if err == nil && n == 0 {
		return errs.Absent()
	}
	return err
}

// absent is errs.Absent for a query that found no row.
func absent(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return errs.Absent()
	}
	return err
}
