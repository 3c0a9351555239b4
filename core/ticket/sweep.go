package ticket

import (
	"context"
	"errors"
	"fmt"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/team"
)

// sweepBatch bounds what one Sweep reads of each kind.
const sweepBatch = 100

// Graves tell which labels and teams were deleted and may still be referred to.
type Graves struct {
	Labels catalog.Graveyard
	Teams  team.Graveyard
}

// Sweep records due dates that have passed, closes what has been solved long
// enough, and takes deleted labels and teams off tickets. It returns how many
// tickets changed; with more left, call it again. What cannot be changed does
// not hold up the rest.
func (s *Service) Sweep(ctx context.Context, graves Graves) (int, error) {
	late, err := s.Reader.Overdue(ctx, s.Now(), sweepBatch)
	if err != nil {
		return 0, err
	}
	old, err := s.Reader.SolvedLong(ctx, s.Now(), sweepBatch)
	if err != nil {
		return 0, err
	}
	swept := 0
	var failed error
	for _, r := range late {
		failed = errors.Join(failed, s.sweep(ctx, r, &swept, func(turn Turn, t *Ticket) bool { return t.PassDue(turn) }))
	}
	for _, r := range old {
		failed = errors.Join(failed, s.sweep(ctx, r, &swept, func(turn Turn, t *Ticket) bool { return t.CloseSolved(turn, r.CloseAfter) }))
	}
	return swept, errors.Join(failed, s.bury(ctx, graves, &swept))
}

// sweep changes one ticket as the system.
func (s *Service) sweep(ctx context.Context, r Ref, swept *int, fn func(Turn, *Ticket) bool) error {
	changed := false
	err := s.Store.Within(ctx, r.Workspace, func(ctx context.Context, tx Tx) error {
		t, err := tx.Ticket(ctx, r.ID)
		if err != nil {
			return err
		}
		changed = fn(s.turn(identity.SystemScope(r.Workspace)), t)
		return tx.Save(ctx, t)
	})
	if errs.Is(err, errs.NotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("sweep %s: %w", r.ID, err)
	}
	if changed {
		*swept++
	}
	return nil
}

// bury takes deleted labels and teams off tickets. Who purges them waits until
// no ticket refers to them.
func (s *Service) bury(ctx context.Context, graves Graves, swept *int) error {
	labels, err := graves.Labels.DeletedLabels(ctx, sweepBatch)
	if err != nil {
		return err
	}
	teams, err := graves.Teams.Deleted(ctx, sweepBatch)
	if err != nil {
		return err
	}
	var failed error
	each := func(w identity.WorkspaceID, to conversation.Reference, fn func(Turn, *Ticket) bool) {
		ids, err := s.Reader.Referring(ctx, w, to, sweepBatch)
		failed = errors.Join(failed, err)
		for _, id := range ids {
			failed = errors.Join(failed, s.sweep(ctx, Ref{Workspace: w, ID: id}, swept, fn))
		}
	}
	for _, l := range labels {
		each(l.Workspace, conversation.Reference{Label: l.ID}, func(turn Turn, t *Ticket) bool { return t.dropLabel(turn, l.ID) })
	}
	for _, g := range teams {
		each(g.Workspace, conversation.Reference{Team: g.ID}, func(turn Turn, t *Ticket) bool { return t.dropTeam(turn, g.ID) })
	}
	return failed
}
