package app

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/retention"
)

// retentionBeat is how often it is looked whether rules are due.
const retentionBeat = 20 * time.Second

// newRetention makes the use cases of retention.
func (s *server) newRetention() *retention.Service {
	return retention.NewService(retention.Deps{
		Store: s.store.Retention(), Bin: s.files, Rest: rest, Now: s.now, Log: s.log,
	})
}

// rest waits, unless the context ends.
func rest(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// runRetention carries out what the workspaces keep no longer, one after the
// other, until ctx ends.
func (s *server) runRetention(ctx context.Context) {
	for ctx.Err() == nil {
		s.chore(ctx, "deleting what is kept no longer", func() error {
			all, err := s.workspaces(ctx)
			for _, w := range all {
				if _, failed := s.retention.Run(ctx, identity.WorkspaceID(w)); failed != nil {
					err = failed
				}
			}
			return err
		})
		s.chore(ctx, "removing files that are kept no longer", func() error { return s.retention.Bury(ctx) })
		rest(ctx, retentionBeat)
	}
}

// trimRequests removes raw requests of channels that are kept no longer, until
// ctx ends.
func (s *server) trimRequests(ctx context.Context) {
	days := func(ctx context.Context, w identity.WorkspaceID) (int, error) {
		return s.retention.Days(ctx, w, retention.Requests)
	}
	for ctx.Err() == nil {
		rest(ctx, time.Minute)
		s.chore(ctx, "trimming raw requests", func() error { return s.hooks.Trim(ctx, days, rest) })
	}
}
