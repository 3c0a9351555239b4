// Package tickets stores tickets, their changes, comments and links, and the
// types they are of.
package tickets

import (
	"context"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// Store implements ticket.Store and ticket.Reader.
type Store struct {
	db *db.DB
}

// New returns a Store.
func New(d *db.DB) *Store { return &Store{db: d} }

// Within implements ticket.Store. Errors: errs.Absent when there is no such
// workspace, errs.Unavailable when the database cannot commit.
func (s *Store) Within(ctx context.Context, workspace identity.WorkspaceID, fn func(ctx context.Context, tx ticket.Tx) error) error {
	if workspace == "" {
		return errs.Absent()
	}
	return s.db.Do(ctx, string(workspace), func(ctx context.Context, tx *db.Tx) error {
		return fn(ctx, NewTx(tx, workspace))
	})
}

// null is s, or NULL for "".
func null(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// flag is a truth as it is stored.
func flag(on bool) int64 {
	if on {
		return 1
	}
	return 0
}
