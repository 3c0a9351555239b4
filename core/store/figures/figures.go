// Package figures reads what figures are made of.
package figures

import (
	"context"

	"github.com/patchbay-im/patchbay/core/figures"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/store/conversations"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// Store implements the ports of figures and of traffic.
type Store struct {
	db    *db.DB
	mails conversations.Mails
}

// New returns a Store. mails says of which plugins' channels the messages are mails.
func New(d *db.DB, mails conversations.Mails) *Store { return &Store{d, mails} }

// InHand implements figures.Work.
func (s *Store) InHand(ctx context.Context, w identity.WorkspaceID) ([]figures.InHand, error) {
	const query = `SELECT assignee_id, queue_id, COUNT(*) FROM conversation
WHERE workspace_id = ? AND assignee_id IS NOT NULL AND state = 'open' GROUP BY assignee_id, queue_id`
	var out []figures.InHand
	err := s.db.Rows(ctx, query, []any{string(w)}, func(sc db.Scanner) error {
		var member, in string
		var n int
		err := sc.Scan(&member, &in, &n)
		out = append(out, figures.InHand{Queue: queue.ID(in), Member: identity.MemberID(member), Count: n})
		return err
	})
	return out, err
}
