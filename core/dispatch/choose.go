package dispatch

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// choice is a member's wish on its way to the store.
type choice struct {
	member identity.MemberID
	status Status // "" = to end the wrap-up
	reason string
	done   chan error // 1 slot
}

// choose hands a wish to the goroutine and waits for the outcome.
func (s *shard) choose(ctx context.Context, c choice) error {
	c.done = make(chan error, 1)
	s.mu.Lock()
	select {
	case <-s.closed:
		s.mu.Unlock()
		return errUnavailable(nil)
	default:
	}
	s.choices = append(s.choices, c)
	s.mu.Unlock()
	s.nudge()
	select {
	case err := <-c.done:
		return err
	case <-ctx.Done():
		return errUnavailable(ctx.Err())
	}
}

func (s *shard) takeChoices() []choice {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.choices
	s.choices = nil
	return out
}

// settleChoices stores wishes and applies those that were.
func (s *shard) settleChoices(ctx context.Context) {
	for _, c := range s.takeChoices() {
		if s.failed {
			c.done <- errUnavailable(nil)
			continue
		}
		err := s.keep(ctx, c)
		switch {
		case err == nil:
			s.apply(c)
		case !errs.Is(err, errs.NotFound):
			s.fail(ctx, "saving a choice", err)
			err = errUnavailable(err)
		}
		c.done <- err
	}
}

// keep stores a wish.
func (s *shard) keep(ctx context.Context, c choice) error {
	if c.status == "" {
		return s.call(ctx, func(ctx context.Context) error { return s.Store.EndWrapUp(ctx, s.ws, c.member) })
	}
	state := s.state(c.member)
	if state.Status != c.status || state.Reason != c.reason {
		state.Status, state.Reason = c.status, c.reason
		if state.Online {
			state.Since = s.Now()
		}
	}
	return s.call(ctx, func(ctx context.Context) error {
		if c.status == Available { // they are back, whatever they did not answer
			if err := s.Store.ForgetMissed(ctx, s.ws, c.member); err != nil {
				return err
			}
		}
		return s.Store.SaveAgent(ctx, s.ws, state)
	})
}

// apply makes a stored wish count.
func (s *shard) apply(c choice) {
	now := s.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.status != "" {
		s.presence.Choose(c.member, c.status, c.reason, now)
		return
	}
	if a, known := s.engine.Agent(c.member); known && !a.WrapUpUntil.IsZero() {
		a.WrapUpUntil, a.IdleSince = time.Time{}, now
		s.engine.Set(a)
		s.news[c.member] = struct{}{}
	}
}

// refuseChoices answers wishes while the store fails.
func (s *shard) refuseChoices() {
	for _, c := range s.takeChoices() {
		c.done <- errUnavailable(nil)
	}
}
