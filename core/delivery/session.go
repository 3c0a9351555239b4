package delivery

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
)

// session is one Serve.
type session struct {
	*Deliverer
	plugin   channel.PluginID
	version  string
	can      channel.Capabilities
	line     Line
	inFlight map[ID]*Delivery
	load     map[channel.InboxID]int // of them, by inbox
	skip     Skip                    // what is in flight, and what must wait
	crowded  []channel.InboxID       // skipped since they have their share of the line
	alone    bool                    // what is in flight was so at a crash, and goes by itself
	window   int                     // credits when nothing was in flight
	doubt    time.Time               // what was made before it may have left before
	wake     chan struct{}

	pausedUntil time.Time
	settled     []Settlement // to be filled again and again
}

// take and drop keep the books of what is in flight.
func (s *session) take(item *Delivery) {
	s.inFlight[item.ID], s.skip.Out[item.ID] = item, true
	s.load[item.Inbox]++
}

func (s *session) drop(item *Delivery) {
	delete(s.inFlight, item.ID)
	delete(s.skip.Out, item.ID)
	if s.load[item.Inbox]--; s.load[item.Inbox] <= 0 {
		delete(s.load, item.Inbox)
	}
	s.alone = s.alone && len(s.inFlight) > 0
}

func (s *session) run(ctx context.Context) error {
	for {
		wait, err := s.send(ctx)
		if err != nil {
			s.lastReceipts(ctx)
			return err
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case receipts, ok := <-s.line.Receipts():
			if !ok {
				timer.Stop()
				return ErrLineDied
			}
			s.settle(ctx, receipts)
		case <-s.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// lastReceipts records what was answered before the line died: each receipt
// that is not recorded costs a duplicate.
func (s *session) lastReceipts(ctx context.Context) {
	for {
		select {
		case receipts, ok := <-s.line.Receipts():
			if !ok {
				return
			}
			s.settle(ctx, receipts)
		case <-ctx.Done():
			return
		}
	}
}

// send hands over what is due, as far as credits reach, and returns how long
// to wait for more when nothing else happens.
func (s *session) send(ctx context.Context) (time.Duration, error) {
	for {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if wait := s.pausedUntil.Sub(s.now()); wait > 0 {
			return wait, nil
		}
		if err := s.caughtUp(ctx); err != nil {
			return 0, err
		}
		n, wait := s.room()
		if n <= 0 {
			return wait, nil
		}
		batch, wait, err := s.next(ctx, n)
		if err != nil {
			s.pause(ctx, err)
			continue
		}
		if len(batch) == 0 {
			return wait, nil
		}
		if stopped, err := s.handOver(ctx, batch); stopped || err != nil {
			return idle, err
		}
	}
}

// next returns what leaves next, at most n items; when nothing does, how long to
// wait.
func (s *session) next(ctx context.Context, n int) (batch []Delivery, wait time.Duration, err error) {
	for {
		s.unskip()
		due, err := s.store.Due(ctx, s.plugin, s.now(), n, s.skip)
		if err != nil {
			return nil, 0, err
		}
		due = s.bury(ctx, due)
		if len(due) == 0 {
			return nil, s.untilNext(ctx), nil
		}
		if due = s.allowed(due); len(due) == 0 {
			continue // others may go
		}
		batch := s.isolated(due)
		if len(batch) == 0 {
			return nil, idle, nil
		}
		if err := s.merge(ctx, batch); err != nil {
			return nil, 0, err
		}
		return batch, 0, s.complete(ctx, batch)
	}
}

// caughtUp records the receipts that are there. They come first: what is answered
// and not recorded is handed over again after a crash of the server.
func (s *session) caughtUp(ctx context.Context) error {
	select {
	case receipts, ok := <-s.line.Receipts():
		if !ok {
			return ErrLineDied
		}
		s.settle(ctx, receipts)
	default:
	}
	return nil
}

// room returns how many items may leave now, and how long to wait when none may:
// as many as there are credits for, no more than two of the line's windows without
// a recorded receipt (one at the plugin, one of answers that came meanwhile), and
// no more than the plugin's pace allows.
func (s *session) room() (n int, wait time.Duration) {
	credits := s.line.Credits()
	if len(s.inFlight) == 0 {
		s.window = credits
	}
	n = min(credits, 2*s.window-len(s.inFlight), batchSize)
	if paced, ok := s.line.(Paced); ok && n > 0 && !s.alone {
		return paced.Ready(n)
	}
	if s.alone {
		n = 0
	}
	return n, idle
}

// complete adds what the channel needs to know of the talk so far.
func (s *session) complete(ctx context.Context, batch []Delivery) error {
	addressed := s.can.Takes(channel.ContentEnvelope)
	if s.can.Threads == "" && !s.can.Takes(channel.ContentReply) && !addressed {
		return nil
	}
	if store, ok := s.store.(Completer); ok {
		return store.Complete(ctx, batch, addressed)
	}
	return nil
}

// handOver sends a batch. stopped: the line takes no more, and none left.
func (s *session) handOver(ctx context.Context, batch []Delivery) (stopped bool, err error) {
	now := s.now()
	for i := range batch {
		batch[i].Began, batch[i].Version = now, s.version
		s.take(&batch[i])
		s.accounts.took(batch[i].Inbox, s.can.Rates, batch[i].Recipient, now)
	}
	switch err := s.line.Send(ctx, batch); {
	case errors.Is(err, ErrLineStopped):
		for i := range batch {
			s.drop(&batch[i])
		}
		s.alone = false
		return true, nil
	case err != nil:
		return false, errors.Join(ErrLineDied, err)
	default:
		return false, nil
	}
}

// bury settles what must not be tried again and returns the rest.
func (s *session) bury(ctx context.Context, due []Delivery) []Delivery {
	var dead []Settlement
	alive, now := 0, s.now()
	for i := range due {
		item := &due[i]
		crashes := s.crashes(s.plugin, item.ID)
		item.Suspect = crashes > 0 || item.CreatedAt.Before(s.doubt)
		code := ""
		switch {
		case crashes >= poisonLimit:
			code = CodePoison
		case !item.ExpiresAt.IsZero() && !now.Before(item.ExpiresAt):
			code = CodeWindowClosed
		case item.ExpiresAt.IsZero() && now.Sub(later(item.CreatedAt, item.ResumedAt)) > expiry:
			code = CodeExpired
		}
		if code == "" {
			if alive != i {
				due[alive] = *item
			}
			alive++
			continue
		}
		dead = append(dead, Settlement{
			Delivery: *item, State: Dead, Attempts: item.Attempts,
			Result: channel.Result{Outcome: channel.OutcomeRejected, Code: code},
		})
	}
	if len(dead) > 0 {
		s.record(ctx, dead)
	}
	return due[:alive]
}

// isolated returns the batch to send: an item that was in flight at a crash goes
// by itself, so that one poisonous message cannot take others down with it.
func (s *session) isolated(due []Delivery) []Delivery {
	for i := range due {
		if s.crashes(s.plugin, due[i].ID) == 0 {
			continue
		}
		if len(s.inFlight) == 0 && i == 0 {
			s.alone = true
			return due[:1]
		}
		return due[:i]
	}
	return due
}

// pause leaves the ledger alone for a while after it failed. The rows are safe in it.
func (s *session) pause(ctx context.Context, err error) {
	if ctx.Err() == nil {
		s.log.WarnContext(ctx, "the delivery ledger failed", "plugin", string(s.plugin), "error", err)
	}
	s.pausedUntil = s.now().Add(storeRetry)
}

func (s *session) untilNext(ctx context.Context) time.Duration {
	next, err := s.store.NextDue(ctx, s.plugin)
	if err != nil {
		s.pause(ctx, err)
		return storeRetry
	}
	wait := idle
	if !next.IsZero() {
		wait = next.Sub(s.now())
	}
	if wait <= 0 { // what is due is in flight: its receipt wakes us; or it must wait
		wait = storeRetry
	}
	return min(max(min(wait, s.soonest()), leastWait), idle)
}

func (s *session) settle(ctx context.Context, receipts []Receipt) {
	s.settled = s.settled[:0]
	for i := range receipts {
		item, ok := s.inFlight[receipts[i].ID]
		if !ok { // answered twice, or never asked
			continue
		}
		s.drop(item)
		s.accounts.answered(item.Inbox, receipts[i].Result, s.now())
		delete(s.skip.Inboxes, item.Inbox) // looked at anew
		s.settled = append(s.settled, s.outcome(item, &receipts[i]))
	}
	if len(s.settled) == 0 {
		return
	}
	for _, inbox := range s.crowded {
		delete(s.skip.Inboxes, inbox)
	}
	s.crowded = s.crowded[:0]
	s.record(ctx, s.settled)
}

func (s *session) outcome(item *Delivery, r *Receipt) Settlement {
	out := Settlement{Delivery: *item, Attempts: item.Attempts + 1, Result: r.Result, Provider: r.ProviderID, More: r.More}
	switch r.Result.Outcome {
	case channel.OutcomeAccepted, channel.OutcomeDuplicate:
		out.State = Sent
	case channel.OutcomeRejected:
		out.State = Dead
	case channel.OutcomeUnknown:
		out.State = Unknown
	case channel.OutcomeRetry:
		out.State, out.NextAt = Pending, s.now().Add(s.backoff(item.Attempts, r.Result.RetryAfter))
	default:
		out.State, out.NextAt = Pending, s.now().Add(s.backoff(item.Attempts, 0))
	}
	return out
}

func (s *session) backoff(attempts int, asked time.Duration) time.Duration {
	if asked > 0 {
		return min(asked, lastRetry)
	}
	d := min(firstRetry<<min(attempts, 10), lastRetry)
	return d/2 + rand.N(d/2+1) //nolint:gosec // jitter, not a secret
}

// interrupted records which attempts ended with the process. When the ledger
// fails that is only missing from the history.
func (s *session) interrupted(ctx context.Context) {
	items := make([]Delivery, 0, len(s.inFlight))
	for _, item := range s.inFlight {
		items = append(items, *item)
	}
	if len(items) == 0 {
		return
	}
	if err := s.store.Interrupted(ctx, items); err != nil {
		s.log.WarnContext(ctx, "interrupted attempts could not be recorded", "plugin", string(s.plugin), "error", err)
	}
}

// record writes settlements. When the ledger fails the attempts are forgotten:
// the rows are still pending and are handed over again, which at-least-once allows.
func (s *session) record(ctx context.Context, settlements []Settlement) {
	if err := s.store.Settle(ctx, settlements); err != nil {
		s.pause(ctx, err)
		return
	}
	s.recorded(s.plugin, settlements)
}
