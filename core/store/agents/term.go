package agents

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// silence is after what time a node is forgotten: each process has a name of
// its own.
const silence = time.Hour

// Lead implements dispatch.Terms. That another node leads is found without a
// transaction: those that listen ask often.
func (s *Store) Lead(ctx context.Context, workspace identity.WorkspaceID, node string, at time.Time) (uint64, error) {
	if err := vacant(ctx, s.db, workspace, node, at); err != nil {
		return 0, err
	}
	var term int64
	err := s.db.Do(ctx, string(workspace), func(ctx context.Context, tx *db.Tx) error {
		if err := vacant(ctx, tx, workspace, node, at); err != nil {
			return err
		}
		return tx.Row(ctx, `INSERT INTO dispatch_term (workspace_id, node, term) VALUES (?, ?, 1)
ON CONFLICT (workspace_id) DO UPDATE SET node = excluded.node, term = dispatch_term.term + 1 RETURNING term`,
			[]any{string(workspace), node}, &term)
	})
	if err != nil {
		return 0, err
	}
	return db.Unsigned(term), nil
}

// vacant reports an error while another node leads that is alive.
func vacant(ctx context.Context, q db.Querier, workspace identity.WorkspaceID, node string, at time.Time) error {
	if node == "" {
		return nil
	}
	var until int64
	err := q.Rows(ctx, `SELECT n.alive_until FROM dispatch_term t JOIN dispatch_node n ON n.node = t.node WHERE t.workspace_id = ? AND t.node <> ?`,
		[]any{string(workspace), node}, func(sc db.Scanner) error { return sc.Scan(&until) })
	if err == nil && until > db.Micros(at) {
		err = dispatch.ErrNotLeading()
	}
	return err
}

// Alive implements dispatch.Terms.
func (s *Store) Alive(ctx context.Context, node string, until time.Time) error {
	return s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		err := tx.Queue(ctx, `INSERT INTO dispatch_node (node, alive_until) VALUES (?, ?)
ON CONFLICT (node) DO UPDATE SET alive_until = excluded.alive_until`, node, db.Micros(until))
		if err != nil || until.IsZero() {
			return err
		}
		return tx.Queue(ctx, `DELETE FROM dispatch_node WHERE alive_until < ?`, db.Micros(until.Add(-silence)))
	})
}

// Under implements dispatch.Terms.
func (s *Store) Under(term uint64) dispatch.Store {
	out := *s
	out.term = db.Signed(term)
	return &out
}

// do runs work in a transaction that has locked the workspace, if the store's
// term is its last.
func (s *Store) do(ctx context.Context, workspace identity.WorkspaceID, work db.Work) error {
	return s.doReading(ctx, workspace, func(context.Context, *db.Tx) {}, work)
}

// doReading is do for work that will probably begin with these reads: see
// db.Tx.Ahead.
func (s *Store) doReading(ctx context.Context, workspace identity.WorkspaceID, reads func(context.Context, *db.Tx), work db.Work) error {
	return s.db.Do(ctx, string(workspace), func(ctx context.Context, tx *db.Tx) error {
		tx.Ahead(func() { reads(ctx, tx) })
		if s.term == 0 {
			return work(ctx, tx)
		}
		var last int64
		err := tx.Row(ctx, `SELECT term FROM dispatch_term WHERE workspace_id = ?`, []any{string(workspace)}, &last)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if last != s.term {
			return dispatch.ErrNotLeading()
		}
		return work(ctx, tx)
	})
}
