package dispatch

import (
	"context"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// choice is a member's wish on its way to the store.
type choice struct {
	member identity.MemberID
	status Status
	done   chan error // 1 slot
}

// choose hands a wish to the goroutine and waits for the outcome.
func (s *shard) choose(ctx context.Context, member identity.MemberID, status Status) error {
	c := choice{member: member, status: status, done: make(chan error, 1)}
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
		state := s.state(c.member)
		state.Status = c.status
		err := s.call(ctx, func(ctx context.Context) error { return s.Store.SaveAgent(ctx, s.ws, state) })
		switch {
		case err == nil:
			s.mu.Lock()
			s.presence.Choose(c.member, c.status)
			s.mu.Unlock()
		case !errs.Is(err, errs.NotFound):
			s.fail(ctx, "saving a choice", err)
			err = errUnavailable(err)
		}
		c.done <- err
	}
}

// refuseChoices answers wishes while the store fails.
func (s *shard) refuseChoices() {
	for _, c := range s.takeChoices() {
		c.done <- errUnavailable(nil)
	}
}
