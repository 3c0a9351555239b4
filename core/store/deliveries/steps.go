package deliveries

import (
	"context"

	"github.com/patchbay-im/patchbay/core/delivery"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/conversations"
	"github.com/patchbay-im/patchbay/core/store/db"
)

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
			t := conversations.NewTx(tx, workspace, s.mails)
			for _, d := range mine {
				if err := t.SaveSteps(ctx, d.Conversation, d.Seq, d.Interrupted()); err != nil {
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
