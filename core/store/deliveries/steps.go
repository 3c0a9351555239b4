package deliveries

import (
	"context"

	"github.com/patchbay-im/patchbay/core/delivery"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// saveSteps adds to the history of a message. A step is numbered by its time,
// so that recording it again adds nothing.
func saveSteps(ctx context.Context, tx *db.Tx, d delivery.Delivery, steps ...delivery.Step) error {
	for _, s := range steps {
		err := tx.Queue(ctx, `INSERT INTO delivery_step (workspace_id, conversation_id, seq, number, at, state, attempt, code, detail, plugin, provider_id)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (workspace_id, conversation_id, seq, number) DO NOTHING`,
			string(d.Workspace), d.Conversation, int64(d.Seq), number(s), db.Micros(s.At), string(s.State), s.Attempt, //nolint:gosec // counted from 1
			s.Code, s.Detail, s.Plugin, s.Provider)
		if err != nil {
			return err
		}
	}
	return nil
}

// number orders steps: by time, and what happened in the same instant in the
// order in which it must have.
func number(s delivery.Step) int64 {
	n := db.Micros(s.At) * 2
	if s.State != delivery.StepAttempt {
		n++
	}
	return n
}

// Steps implements delivery.History.
func (s *Store) Steps(ctx context.Context, workspace identity.WorkspaceID, conversation string, seq uint64) ([]delivery.Step, error) {
	var out []delivery.Step
	err := s.db.Rows(ctx, `SELECT at, state, attempt, code, detail, plugin, provider_id FROM delivery_step
WHERE workspace_id = ? AND conversation_id = ? AND seq = ? ORDER BY number`,
		[]any{string(workspace), conversation, int64(seq)}, func(sc db.Scanner) error { //nolint:gosec // as above
			var x delivery.Step
			var at int64
			var state string
			if err := sc.Scan(&at, &state, &x.Attempt, &x.Code, &x.Detail, &x.Plugin, &x.Provider); err != nil {
				return err
			}
			x.At, x.State = db.Time(at), delivery.StepState(state)
			out = append(out, x)
			return nil
		})
	return out, err
}

// Interrupted implements delivery.Store.
func (s *Store) Interrupted(ctx context.Context, items []delivery.Delivery) error {
	of := make(map[identity.WorkspaceID][]delivery.Delivery)
	for _, d := range items {
		of[d.Workspace] = append(of[d.Workspace], d)
	}
	for workspace, mine := range of {
		err := s.db.Do(ctx, string(workspace), func(ctx context.Context, tx *db.Tx) error {
			for _, d := range mine {
				if err := saveSteps(ctx, tx, d, d.Interrupted()); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
