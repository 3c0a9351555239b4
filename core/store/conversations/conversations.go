// Package conversations stores conversations, their changes and messages, how
// far members have read, and visitor sessions. Its write path is the hottest
// of the engine: plain SQL, prepared once.
package conversations

import (
	"context"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// Store implements conversation.Store, Reader, ReadMarks and VisitorStore.
type Store struct {
	db    *db.DB
	mails Mails
}

// New returns a Store. mails says what the conversations weigh that begin or
// come to wait.
func New(d *db.DB, mails Mails) *Store { return &Store{db: d, mails: mails} }

// Within implements conversation.Store. Errors: errs.Absent when there is no
// such workspace, errs.Unavailable when the database cannot commit.
func (s *Store) Within(ctx context.Context, workspace identity.WorkspaceID, fn func(ctx context.Context, tx conversation.Tx) error) error {
	if workspace == "" {
		return errNoWorkspace()
	}
	return s.db.Do(ctx, string(workspace), func(ctx context.Context, tx *db.Tx) error {
		return fn(ctx, NewTx(tx, workspace, s.mails))
	})
}
