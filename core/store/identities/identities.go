// Package identities stores accounts, workspaces, members, invitations and
// sessions. Nothing here is hot: gorm writes the SQL.
package identities

import (
	"context"
	"database/sql"
	"errors"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// Store implements the ports of identity.Stores.
type Store struct {
	db *db.DB
}

// New returns a Store.
func New(d *db.DB) *Store { return &Store{db: d} }

// Stores returns the store as every port.
func (s *Store) Stores() identity.Stores {
	return identity.Stores{
		Setup: s, Accounts: s, Workspaces: s, Members: s, Invitations: s, Sessions: s, Links: s, Records: s, Keys: s, Roles: s,
		Policies: s, Factors: s, Challenges: s, Resets: s, Providers: s, Flows: s,
	}
}

// take reads one row; errs.Absent when there is none.
func take[R any](q *gorm.DB) (R, error) {
	var r R
	err := q.Take(&r).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return r, errs.Absent()
	}
	return r, db.Failed(err)
}

// none is errs.Absent for a row that is not there.
func none(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return errs.Absent()
	}
	return err
}

// exists reports whether the query finds a row.
func exists(q *gorm.DB) (bool, error) {
	var n []int
	err := q.Select("1").Limit(1).Scan(&n).Error
	return len(n) > 0, db.Failed(err)
}

// locked makes a read hold its rows until the transaction ends. SQLite needs
// no such thing: it has one writer.
func locked(q *gorm.DB) *gorm.DB {
	return q.Clauses(clause.Locking{Strength: "UPDATE"})
}

// list reads a page of rows by their id column.
func list[R, T any](q *gorm.DB, column string, request page.Request, descending bool, domain func(R) T, id func(R) string) (page.Page[T], error) {
	var out page.Page[T]
	after, err := page.Decode(request.Cursor, 1)
	if err != nil {
		return out, err
	}
	compare, order := column+" > ?", column
	if descending {
		compare, order = column+" < ?", column+" DESC"
	}
	if after != nil {
		q = q.Where(compare, after[0])
	}
	var rows []R
	if err := q.Order(order).Limit(request.Size() + 1).Find(&rows).Error; err != nil {
		return out, db.Failed(err)
	}
	if size := request.Size(); len(rows) > size {
		rows = rows[:size]
		out.Next = page.Encode(id(rows[size-1]))
	}
	for _, r := range rows {
		out.Items = append(out.Items, domain(r))
	}
	return out, nil
}

// Keep implements identity.RecordStore.
func (s *Store) Keep(ctx context.Context, events ...event.Event) error {
	return s.db.Write(ctx, "", events, func(context.Context, *db.Tx) error { return nil })
}

// or replaces the error of a key that is taken.
func or(err error, taken *errs.Error) error {
	if db.IsConflict(err) {
		return taken
	}
	return err
}
