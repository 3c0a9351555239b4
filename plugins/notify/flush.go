package main

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/patchbay-im/patchbay/plugins/notify/queue"
	"github.com/patchbay-im/patchbay/plugins/notify/target"
	"github.com/patchbay-im/patchbay/sdk/host"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/once"
)

// Pauses.
const (
	leastPause  = 5 * time.Second // after a failure; twice as long each time
	mostPause   = 5 * time.Minute
	pausedPause = 5 * time.Minute
	claimFor    = 20 * time.Second // a message is sent again at the earliest
	patience    = 2 * time.Second  // what is due sooner is waited for
)

// flushed is flush, whose failure is only logged: what waits is tried again.
func (p *plugin) flushed(ctx context.Context, in instance.Instance, plan plan) {
	if err := p.flush(ctx, in, plan); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		p.log.WarnContext(ctx, "what waits could not be sent", "instance", in.ID, "error", err)
	}
}

// flush sends what is due, message by message, while there is time.
func (p *plugin) flush(ctx context.Context, in instance.Instance, plan plan) error {
	turn := p.turn(in.ID)
	select {
	case turn <- struct{}{}:
		defer func() { <-turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	for {
		if until, ok := ctx.Deadline(); ok && time.Until(until) < max(perRequest, plan.target.Pace().Takes) {
			return nil
		}
		wait, err := p.step(ctx, in, plan)
		if err != nil || wait < 0 || wait > patience {
			return err
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

func (p *plugin) turn(id string) chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.sending[id] == nil {
		p.sending[id] = make(chan struct{}, 1)
	}
	return p.sending[id]
}

// step sends one message, if one may be sent now. It returns how long to wait
// for the next; less than 0 = there is none, or not soon.
func (p *plugin) step(ctx context.Context, in instance.Instance, plan plan) (time.Duration, error) {
	state, now := p.host(in.ID).State, p.now().UTC()
	var batch *queue.Batch
	wait := time.Duration(-1)
	_, err := queue.Change(ctx, state, func(d *queue.Document) bool {
		batch, wait = nil, -1
		if d.Fault != nil && d.Config != in.Revision { // somebody did something about it
			d.Hold, d.Tries = time.Time{}, 0
		}
		if _, silent := plan.rules.Silent(now); silent || now.Before(d.Hold) {
			return false
		}
		if d.Batch == nil && len(d.Items) == 0 {
			return false
		}
		pace := plan.target.Pace()
		if wait = d.Room(now, pace.PerMinute, pace.Gap); wait > 0 {
			return false
		}
		ready, next := d.Next(now, plan.together)
		if !ready {
			wait = -1
			if !next.IsZero() {
				wait = next.Sub(now)
			}
			return true // what is too old is gone
		}
		d.Sent, d.Config, batch = append(d.Sent, now), in.Revision, d.Batch
		return true
	})
	if err != nil || batch == nil {
		return wait, err
	}
	return 0, p.send(ctx, state, plan, *batch)
}

// send sends a batch once, and writes down what became of it.
func (p *plugin) send(ctx context.Context, state host.State, plan plan, b queue.Batch) error {
	message := plan.language.Compose(b.Items, b.More, plan.options)
	var partly *target.Failure
	_, err := once.Do(ctx, state, "send/"+strconv.FormatUint(b.Number, 10), func(ctx context.Context) ([]byte, error) {
		err := plan.target.Send(ctx, message)
		if f := target.FailureOf(err); f != nil && f.Sort == target.Partly {
			partly, err = f, nil
		}
		return nil, err
	}, once.Within(claimFor), once.Keep(time.Hour), once.Again())
	f, told := errors.AsType[*target.Failure](err)
	if err != nil && !told {
		return err // the host's: it stays as it is
	}
	if err == nil {
		f = partly
	}
	if f != nil {
		p.log.WarnContext(ctx, "a message was not sent", "sort", string(f.Sort), "code", f.Code, "said", f.Said)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	_, err = queue.Change(ctx, state, func(d *queue.Document) bool {
		if d.Batch == nil || d.Batch.Number != b.Number {
			return false
		}
		settle(d, f, p.now().UTC())
		return true
	})
	return err
}

// settle writes down what became of a batch.
func settle(d *queue.Document, f *target.Failure, now time.Time) {
	if f == nil {
		d.Batch, d.Fault, d.Tries, d.Last, d.Hold = nil, nil, 0, now, time.Time{}
		return
	}
	d.Fault = &queue.Fault{Code: f.Code, Sort: string(f.Sort), At: now}
	d.Tries++
	switch f.Sort {
	case target.Partly:
		d.Batch, d.Tries, d.Last, d.Hold = nil, 0, now, time.Time{}
		return
	case target.Never:
		d.Batch, d.Tries = nil, 0
		return
	case target.Paused:
		d.Hold = now.Add(pausedPause)
	case target.Later:
		d.Hold = now.Add(max(f.After, min(leastPause<<min(d.Tries-1, 10), mostPause)))
	}
	if oldest := d.Batch.Items; len(oldest) > 0 && now.Sub(oldest[0].Due) > queue.MaxAge {
		d.Batch = nil
	}
}
