package backfill

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
)

// Timing is how long things take.
type Timing struct {
	Look  time.Duration // between two looks for what other servers were asked for, or left behind
	Beat  time.Duration // so often what was counted is written down
	Lease time.Duration // who is not heard of so long is given up
	Pause time.Duration // before a step is asked for again, the first time; then twice as long each time
	Most  time.Duration // that a run may take
}

// DefaultTiming returns the Timing of servers.
func DefaultTiming() Timing {
	return Timing{Look: 15 * time.Second, Beat: time.Second, Lease: 2 * time.Minute, Pause: 2 * time.Second, Most: 12 * time.Hour}
}

// codeBadAnswer is extension.CodeBadAnswer.
const codeBadAnswer = "plugin.bad_answer"

// Bounds of the work.
const (
	atOnce     = 4                // runs of this server; others wait
	attempts   = 6                // of a step, one after the other
	storeRetry = time.Second      // after the database failed
	settling   = 10 * time.Second // to write down how a run ended, when the server stops
)

// Run works on what was asked for until ctx ends, and gives up what a server left
// behind that stopped; alone: there is no other server, so at the start all that
// runs was left behind. It returns when no run is worked on.
func (s *Service) Run(ctx context.Context, alone bool) {
	var working sync.WaitGroup
	defer working.Wait()
	room := make(chan struct{}, atOnce)
	for ctx.Err() == nil {
		pause := s.Timing.Look
		if err := s.begin(ctx, alone, room, &working); err == nil {
			alone = false
		} else if pause = min(pause, storeRetry); ctx.Err() == nil {
			s.Log.WarnContext(ctx, "the bringing of older messages waits for the database", "error", err)
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
		case <-s.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// begin begins what waits and gives up what was left behind.
func (s *Service) begin(ctx context.Context, alone bool, room chan struct{}, working *sync.WaitGroup) error {
	running, err := s.Store.Running(ctx)
	if err != nil {
		return err
	}
	for _, r := range running {
		if r.Holder != "" {
			if alone || s.Now().After(r.Until) {
				err = errors.Join(err, s.leave(ctx, r))
			}
			continue
		}
		select {
		case room <- struct{}{}:
		default:
			continue // it begins when another ends
		}
		mine, failed := s.claim(ctx, r)
		if failed != nil || mine.Holder == "" {
			<-room
			err = errors.Join(err, failed)
			continue
		}
		working.Go(func() {
			defer s.look()
			defer func() { <-room }()
			s.work(ctx, mine)
		})
	}
	return err
}

// leave marks a run interrupted whose holder is not heard of.
func (s *Service) leave(ctx context.Context, r Run) error {
	_, err := s.Store.Change(ctx, r.Workspace, r.ID, func(now *Run) error {
		if now.State == Running && now.Holder == r.Holder && now.Until.Equal(r.Until) {
			now.State, now.FinishedAt = Interrupted, s.Now()
		}
		return nil
	})
	if errs.Is(err, errs.NotFound) {
		return nil
	}
	return err
}

// claim takes a run that nobody works on; without a holder: another server did.
func (s *Service) claim(ctx context.Context, r Run) (Run, error) {
	me, mine := s.ids.New("clm"), false
	out, err := s.Store.Change(ctx, r.Workspace, r.ID, func(now *Run) error {
		if mine = now.State == Running && now.Holder == ""; mine {
			now.Holder, now.Until = me, s.Now().Add(s.Timing.Lease)
		}
		return nil
	})
	if err != nil || !mine {
		out.Holder = ""
	}
	if errs.Is(err, errs.NotFound) {
		err = nil
	}
	return out, err
}

// errLost ends the work on a run that is somebody else's by now, or over.
var errLost = errors.New("backfill: the run is not ours any more")

// work brings what a run asks for and says how that ended.
func (s *Service) work(ctx context.Context, r Run) {
	t := newTally()
	working, cancel := context.WithTimeout(ctx, s.Timing.Most)
	defer cancel()
	s.begun(r.ID, cancel)
	defer s.ended(r.ID)
	if errors.Is(s.save(working, r, func(*Run) {}), errLost) {
		return // stopped before it was in the book
	}
	var beating sync.WaitGroup
	beating.Go(func() { s.beat(working, cancel, r, t) })
	failed := s.bring(working, r, t)
	late := failed != nil && errors.Is(working.Err(), context.DeadlineExceeded)
	cancel()
	beating.Wait()

	end, done := context.WithTimeout(context.WithoutCancel(ctx), settling)
	defer done()
	state, code, detail := outcome(failed, late, ctx.Err() != nil)
	came, err := s.Store.Change(end, r.Workspace, r.ID, func(now *Run) error {
		switch {
		case now.Holder != r.Holder || now.State != Running && now.State != Stopped:
			return errLost
		case now.State == Running:
			now.State, now.Code, now.Detail, now.FinishedAt = state, code, detail, s.Now()
		}
		t.write(now)
		return nil
	})
	if err != nil && !errors.Is(err, errLost) && !errs.Is(err, errs.NotFound) { // the lease ends, and it counts as interrupted
		s.Log.ErrorContext(ctx, "how the bringing of older messages ended could not be written down", "inbox", string(r.Inbox), "error", err)
	}
	if came.State == Failed {
		s.Log.WarnContext(ctx, "older messages could not be brought", "inbox", string(r.Inbox), "code", code, "error", failed)
	}
}

// outcome words the end of a run.
func outcome(failed error, late, stopped bool) (state State, code, detail string) {
	e := (*errs.Error)(nil)
	switch {
	case failed == nil:
		return Done, "", ""
	case stopped:
		return Interrupted, "", ""
	case late:
		e = errs.New(errs.Unavailable, "backfill.too_long", "It took more than 12 hours. What came until then is in; begin anew with a later time.")
	case errors.As(failed, &e) && e.Kind != errs.Internal:
	default:
		e = errs.New(errs.Unavailable, "backfill.failed", "It failed on our side. The cause is in the server's log.")
	}
	return Failed, e.Code, e.Message
}

// bring asks the channel, step by step.
func (s *Service) bring(ctx context.Context, r Run, t *tally) error {
	step := channel.BackfillStep{Run: string(r.ID), Since: r.Since}
	for tries := 0; ; {
		answer, err := s.ask(ctx, r, step, t)
		switch {
		case err == nil && answer.Next == "":
			t.step(answer.Found)
			return nil
		case err == nil && answer.Next == step.After:
			return errs.New(errs.Unavailable, codeBadAnswer, "The plugin goes on where it was: it would never come to an end.")
		case err == nil:
			t.step(answer.Found)
			step.After, tries = answer.Next, 0
			continue
		case ctx.Err() != nil:
			return ctx.Err()
		case !errs.Is(err, errs.Unavailable):
			return err
		}
		if tries++; tries == attempts {
			return err
		}
		s.Log.InfoContext(ctx, "a step of the bringing of older messages is asked for again", "inbox", string(r.Inbox), "error", err)
		if sleep(ctx, s.Timing.Pause<<(tries-1)); ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

func (s *Service) ask(ctx context.Context, r Run, step channel.BackfillStep, t *tally) (channel.BackfillAnswer, error) {
	inbox, err := s.Stored.Inbox(ctx, r.Inbox)
	if err != nil {
		return channel.BackfillAnswer{}, err
	}
	if !inbox.Enabled {
		return channel.BackfillAnswer{}, channel.SwitchedOff()
	}
	return s.FarSide.Backfill(ctx, inbox, step, t.count)
}

// beat writes down what was counted, so that it is seen, and keeps the run ours,
// until ctx ends. Where it is not ours any more the work ends.
func (s *Service) beat(ctx context.Context, stop context.CancelFunc, r Run, t *tally) {
	var last Run
	renewed := s.Now()
	for {
		if sleep(ctx, s.Timing.Beat); ctx.Err() != nil {
			return
		}
		now := Run{}
		t.write(&now)
		if now.Counts == last.Counts && s.Now().Sub(renewed) < s.Timing.Lease/4 {
			continue
		}
		err := s.save(ctx, r, func(kept *Run) {
			kept.Counts, kept.Refusals, kept.Until = now.Counts, now.Refusals, s.Now().Add(s.Timing.Lease)
		})
		switch {
		case errors.Is(err, errLost):
			stop()
			return
		case err == nil:
			last, renewed = now, s.Now()
		}
	}
}

// save changes a run that is ours.
func (s *Service) save(ctx context.Context, r Run, change func(*Run)) error {
	_, err := s.Store.Change(ctx, r.Workspace, r.ID, func(now *Run) error {
		if now.State != Running || now.Holder != r.Holder {
			return errLost
		}
		change(now)
		return nil
	})
	if errs.Is(err, errs.NotFound) {
		return errLost
	}
	return err
}

// sleep waits, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
