package dispatch

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

const (
	claimBatch = 256 // assignments decided before heartbeats and signals are looked at again
	claimsOnce = 64  // claims in one transaction, during which nobody else writes to the workspace
)

// assign decides and claims one batch. It reports whether there may be more.
func (s *shard) assign(ctx context.Context) bool {
	now := s.Now()
	s.mu.Lock()
	batch := s.engine.Decide(now, claimBatch)
	ring, writes := s.offering.Ring, s.tenure.writes
	s.mu.Unlock()
	if len(batch) == 0 {
		return false
	}
	claims := make([]Claim, len(batch))
	for i, as := range batch {
		claims[i] = Claim{
			Workspace: s.ws, Item: as.Item.Key, Class: as.Item.Class, Rungs: as.Item.Reached(now),
			Channel: as.Item.Channel, Weight: as.Item.Weight, Exclusive: as.Item.Exclusive, Member: as.Member,
			By: identity.Actor{Kind: identity.ActorSystem}, At: now,
		}
		if as.offered {
			claims[i].OfferFor = ring
		}
	}
	results := s.claim(ctx, writes, claims)
	for i, err := range results {
		if s.deposed(ctx, err) {
			continue
		}
		if e := errs.As(err); refusal(err) && e.Code != CodeItemTaken && e.Code != CodeAgentFull {
			s.Log.WarnContext(ctx, "a claim was refused for an unknown reason", "workspace", s.ws, "item", batch[i].Item.ID, "error", err)
		}
	}
	if err := s.settle(batch, results, now, ring); err != nil {
		s.fail(ctx, "claiming", err)
	}
	return !s.halted()
}

// claim makes claims, a few in each transaction. Those of one that fails are made
// each by itself, so that an item that no store can give holds up no other.
func (s *shard) claim(ctx context.Context, writes Store, claims []Claim) []error {
	results := make([]error, 0, len(claims))
	var away error // the store
	for part := range slices.Chunk(claims, claimsOnce) {
		if away != nil {
			results = append(results, slices.Repeat([]error{away}, len(part))...)
			continue
		}
		var got []error
		err := s.call(ctx, func(ctx context.Context) (err error) {
			got, err = writes.Claims(ctx, s.ws, part)
			return err
		})
		switch {
		case err == nil:
		case len(part) == 1, notLeading(err):
			got = slices.Repeat([]error{err}, len(part))
		case errors.Is(err, context.DeadlineExceeded), errs.Is(err, errs.Unavailable):
			got, away = slices.Repeat([]error{err}, len(part)), err
		default:
			got = s.claimEach(ctx, writes, part)
		}
		results = append(results, got...)
	}
	return results
}

// claimEach makes claims each in a transaction of its own, which a store that
// commits in groups makes one of many.
func (s *shard) claimEach(ctx context.Context, writes Store, claims []Claim) []error {
	results := make([]error, len(claims))
	var wg sync.WaitGroup
	for i, c := range claims {
		wg.Go(func() {
			results[i] = s.call(ctx, func(ctx context.Context) error { return writes.Claim(ctx, c) })
		})
	}
	wg.Wait()
	return results
}

// settle applies what became of claims, which were made at now and, unless ring
// is 0, as offers. It returns why no more should be tried
// now, if so.
func (s *shard) settle(batch []Assignment, results []error, now time.Time, ring time.Duration) error {
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
			if as.offered {
				s.ringing.set(Offer{Item: as.Item, Member: as.Member, Until: now.Add(ring)})
			}
		case notLeading(err): // it waits for whoever does
			s.engine.Undo(as, true)
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
