package conversation

import (
	"context"
	"errors"
	"fmt"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/team"
)

// sweepBatch bounds what one Sweep reads of each kind.
const sweepBatch = 100

// Sweep takes deleted labels, teams and queues off the conversations that have
// them: a label goes, what waits for a team waits for everybody, and what waits
// in a queue for its team. It returns
// how many conversations changed; with more left, call it again. What cannot
// be changed does not hold up the rest.
func (s *Service) Sweep(ctx context.Context) (int, error) {
	labels, err := s.Catalog.DeletedLabels(ctx, sweepBatch)
	if err != nil {
		return 0, err
	}
	teams, err := s.Teams.Deleted(ctx, sweepBatch)
	if err != nil {
		return 0, err
	}
	swept := 0
	var failed error
	for _, l := range labels {
		n, err := s.sweep(ctx, l.Workspace, Reference{Label: l.ID}, func(t Turn, c *Conversation) error {
			return c.RemoveLabels(t, []catalog.LabelID{l.ID})
		})
		swept += n
		if err == nil && n < sweepBatch {
			err = s.Catalog.PurgeLabel(ctx, l.Workspace, l.ID)
		}
		failed = errors.Join(failed, err)
	}
	for _, g := range teams {
		n, err := s.sweep(ctx, g.Workspace, Reference{Team: g.ID}, func(t Turn, c *Conversation) error {
			if c.Team == g.ID {
				c.Route(t, team.ID(""))
			}
			return nil
		})
		swept += n
		if err == nil && n < sweepBatch {
			err = s.Teams.Purge(ctx, g.Workspace, g.ID)
		}
		failed = errors.Join(failed, err)
	}
	n, err := s.sweepQueues(ctx)
	return swept + n, errors.Join(failed, err)
}

// sweepQueues is Sweep for queues.
func (s *Service) sweepQueues(ctx context.Context) (int, error) {
	if s.Queues == nil {
		return 0, nil
	}
	queues, err := s.Queues.Deleted(ctx, sweepBatch)
	if err != nil {
		return 0, err
	}
	swept := 0
	var failed error
	for _, g := range queues {
		n, err := s.sweep(ctx, g.Workspace, Reference{Queue: g.ID}, func(t Turn, c *Conversation) error {
			if c.Queue == g.ID {
				c.Leave(t)
			}
			return nil
		})
		swept += n
		if err == nil && n < sweepBatch {
			err = s.Queues.Purge(ctx, g.Workspace, g.ID)
		}
		failed = errors.Join(failed, err)
	}
	return swept, failed
}

// sweep changes a batch of the conversations that refer to something.
func (s *Service) sweep(ctx context.Context, w identity.WorkspaceID, to Reference, fn func(Turn, *Conversation) error) (int, error) {
	ids, err := s.Reader.Referring(ctx, w, to, sweepBatch)
	if err != nil {
		return 0, err
	}
	for n, id := range ids {
		err := s.Store.Within(ctx, w, func(ctx context.Context, tx Tx) error {
			c, err := tx.Conversation(ctx, id)
			if err != nil {
				return err
			}
			if err := fn(s.turn(identity.SystemScope(w)), c); err != nil {
				return err
			}
			return tx.Save(ctx, c)
		})
		if err != nil {
			return n, fmt.Errorf("sweep %s: %w", id, err)
		}
	}
	return len(ids), nil
}
