package dispatch

import (
	"context"
	"errors"
	"sync"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

const (
	claimBatch = 256 // assignments decided before heartbeats and signals are looked at again
	claimsOnce = 64  // claims in flight: a store that commits in groups makes one of many
)

// assign decides and claims one batch. It reports whether there may be more.
func (s *shard) assign(ctx context.Context) bool {
	now := s.Now()
	s.mu.Lock()
	batch := s.engine.Decide(now, claimBatch)
	s.mu.Unlock()
	if len(batch) == 0 {
		return false
	}
	results := make([]error, len(batch))
	var wg sync.WaitGroup
	slots := make(chan struct{}, claimsOnce)
	for i, as := range batch {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			results[i] = s.call(ctx, func(ctx context.Context) error {
				return s.Store.Claim(ctx, Claim{
					Workspace: s.ws, Item: as.Item.Key, Class: as.Item.Class, Weight: as.Item.Weight, Member: as.Member,
					By: identity.Actor{Kind: identity.ActorSystem}, At: now,
				})
			})
		})
	}
	wg.Wait()
	for i, err := range results {
		if e := errs.As(err); refusal(err) && e.Code != CodeItemTaken && e.Code != CodeAgentFull {
			s.Log.WarnContext(ctx, "a claim was refused for an unknown reason", "workspace", s.ws, "item", batch[i].Item.ID, "error", err)
		}
	}
	if err := s.settle(batch, results); err != nil {
		s.fail(ctx, "claiming", err)
	}
	return !s.failed
}

// settle applies what became of claims. It returns why no more should be tried
// now, if so.
func (s *shard) settle(batch []Assignment, results []error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var failure error
	full := map[identity.MemberID]struct{}{}
	for i, as := range batch {
		err := results[i]
		s.news[as.Member] = struct{}{}
		switch {
		case err == nil:
			s.stats.Assigned++
			delete(s.refused, as.Member)
		case !refusal(err): // the outcome is unknown: try again, the store knows
			failure = err
			s.unread[as.Member] = struct{}{}
			s.engine.Undo(as, true)
		case errs.As(err).Code == CodeAgentFull:
			s.stats.Refused++
			s.unread[as.Member] = struct{}{}
			s.engine.Undo(as, true)
			if _, before := s.refused[as.Member]; before { // although the row said that there is room
				failure = err
			}
			full[as.Member] = struct{}{}
		default:
			s.stats.Refused++
			s.engine.Undo(as, false)
		}
	}
	for m := range full { // until the row says otherwise
		s.refused[m] = struct{}{}
		if a, ok := s.engine.Agent(m); ok {
			a.Used = max(a.Used, a.Capacity)
			s.engine.Set(a)
		}
	}
	return failure
}

// refusal reports whether the store said no, so that asking again is useless.
func refusal(err error) bool {
	var e *errs.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Kind {
	case errs.Conflict, errs.NotFound, errs.Invalid, errs.Forbidden:
		return true
	case errs.Internal, errs.Unauthenticated, errs.RateLimited, errs.Unavailable:
		return false
	default:
		return false
	}
}
