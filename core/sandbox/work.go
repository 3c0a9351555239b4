package sandbox

import (
	"context"
	"errors"
	"time"

	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Pace of the work.
const (
	lease   = 2 * time.Minute // how long work that nobody goes on with is left alone
	renewal = 30 * time.Second
	batch   = 500 // rows of one transaction
	beat    = 10 * time.Second
	settled = 3 * time.Second // after a sandbox ended: what other nodes had let in by then is committed
)

// told is how long an ended sandbox is told of, and silent how long its audit log
// stays.
const (
	told   = 30 * 24 * time.Hour
	silent = 365 * 24 * time.Hour
)

// Wake makes Run look for work at once.
func (s *Service) Wake() {
	select {
	case s.ring <- struct{}{}:
	default: // it has been rung
	}
}

// Run fills, empties and ends sandboxes until ctx ends. What it did not finish,
// it or another node takes up again.
func (s *Service) Run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.ring:
		case <-timer.C:
		}
		if err := s.Work(ctx); err != nil && ctx.Err() == nil {
			s.Log.WarnContext(ctx, "work on a sandbox failed and is tried again", "error", err)
		}
		timer.Reset(beat)
	}
}

// Work does what is due, one sandbox after the other.
func (s *Service) Work(ctx context.Context) error {
	due, err := s.Store.Due(ctx, s.time())
	for _, x := range due {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		until := s.time().Add(lease)
		mine, failed := s.Store.Claim(ctx, x, until)
		if failed == nil && mine {
			x.DueAt = until
			failed = s.do(ctx, x)
		}
		err = errors.Join(err, failed)
	}
	return err
}

func (s *Service) do(ctx context.Context, x Sandbox) error {
	switch x.State {
	case Filling:
		return s.refill(ctx, x)
	case Ending:
		return s.finish(ctx, x)
	case Ready, Ended:
	}
	return nil
}

// refill empties a sandbox but for what a reset keeps, and fills it.
func (s *Service) refill(ctx context.Context, x Sandbox) error {
	if err := s.empty(ctx, &x, true); err != nil {
		return err
	}
	if err := s.Unindex(ctx, x.ID); err != nil {
		return err
	}
	if err := s.Store.Renumber(ctx, x.ID); err != nil {
		return err
	}
	return s.fill(ctx, x)
}

// fill puts the sample data in, and says that it is there.
func (s *Service) fill(ctx context.Context, x Sandbox) error {
	if err := s.Fill(ctx, x); err != nil {
		return err
	}
	x.State, x.FilledAt, x.DueAt = Ready, s.time(), time.Time{}
	return s.Store.Turn(ctx, Filling, x, s.event(x.ID, erased, string(x.ID), nil))
}

// finish empties a sandbox that was closed. Rows that a request brought in which
// had been let in before are found by a last look.
func (s *Service) finish(ctx context.Context, x Sandbox) error {
	s.Shut(ctx, x.ID)
	if err := s.empty(ctx, &x, false); err != nil {
		return err
	}
	if wait := x.EndedAt.Add(settled).Sub(s.time()); wait > 0 {
		s.Rest(ctx, wait)
		if err := s.empty(ctx, &x, false); err != nil {
			return err
		}
	}
	if err := errors.Join(s.Unindex(ctx, x.ID), s.Bury(ctx)); err != nil {
		return err
	}
	s.Shut(ctx, x.ID) // what came back to life meanwhile
	x.State, x.DueAt = Ended, time.Time{}
	return s.Store.Turn(ctx, Ending, x)
}

// empty deletes the rows of a sandbox, some at a time, and rests as long as each
// step took.
func (s *Service) empty(ctx context.Context, x *Sandbox, keep bool) error {
	exports, err := s.Store.Exports(ctx, x.ID)
	if err != nil {
		return err
	}
	for _, e := range exports {
		if err := s.Discard(e); err != nil {
			return err
		}
	}
	for ctx.Err() == nil {
		began := s.Now()
		n, err := s.Store.Empty(ctx, x.ID, keep, batch)
		if err != nil || n == 0 {
			return err
		}
		if err := s.renew(ctx, x); err != nil {
			return err
		}
		s.Rest(ctx, s.Now().Sub(began))
	}
	return ctx.Err()
}

// errTaken ends the work of who was too slow to renew their lease.
var errTaken = errors.New("sandbox: somebody else has taken the work over")

// renew holds the work for longer when its lease has been used up for a while.
func (s *Service) renew(ctx context.Context, x *Sandbox) error {
	until := s.time().Add(lease)
	if until.Sub(x.DueAt) < renewal {
		return nil
	}
	mine, err := s.Store.Claim(ctx, *x, until)
	if err == nil && !mine {
		err = errTaken
	}
	x.DueAt = until
	return err
}

// Tend ends what nobody uses, and forgets what is told no longer. It is cheap,
// and for every hour.
func (s *Service) Tend(ctx context.Context) error {
	now := s.time()
	err := errors.Join(s.Store.Forget(ctx, now.Add(-told)), s.Store.Silence(ctx, now.Add(-silent)))
	if s.Limits.Idle == 0 {
		return err
	}
	unused, failed := s.Store.Unused(ctx, now.Add(-s.Limits.Idle))
	err = errors.Join(err, failed)
	for _, x := range unused {
		r := &event.Record{Action: Expired, Actor: event.Party{Kind: string(identity.ActorSystem)}, Target: x.target()}
		said := s.event(x.Parent, "", "", r.Say(map[string]string{"made_by": string(x.Maker)}))
		err = errors.Join(err, s.end(ctx, Ready, x, true, said))
	}
	return err
}
