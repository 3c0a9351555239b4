package webhook

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
)

// SenderDeps is what a Sender stands on.
type SenderDeps struct {
	Store    Store
	Ledger   Ledger
	Log      Log
	Poster   Poster
	Sealer   Sealer
	Notifier Notifier
	Policy   Policy
	Now      func() time.Time
	Logger   *slog.Logger
}

// Sender sends what is due.
//
// Concurrency: Run runs once in a process; Wake may be called from anywhere.
// Several processes share a ledger by claims.
//
// Lifecycle: Run returns when its context ends, after all its requests, which
// end with it; what was under way is sent again.
type Sender struct {
	SenderDeps
	ids  id.Source
	wake chan struct{}

	mu    sync.Mutex
	lines map[place]*line
	group sync.WaitGroup
}

// place is where an endpoint's line is known by.
type place struct {
	workspace, endpoint string
}

// line is what this process knows of an endpoint.
type line struct {
	busy     bool      // a goroutine works on it
	again    bool      // somebody woke the sender since it last looked for work
	next     time.Time // there was nothing to do before
	failures int       // in a row
	rest     time.Time // nothing is sent before
}

// NewSender returns a Sender.
func NewSender(d SenderDeps) *Sender {
	return &Sender{SenderDeps: d, ids: id.NewSource(d.Now), wake: make(chan struct{}, 1), lines: make(map[place]*line)}
}

// Wake makes the sender look at the ledger now.
func (s *Sender) Wake() {
	s.mu.Lock()
	for _, l := range s.lines {
		l.again = true
	}
	s.mu.Unlock()
	s.look()
}

func (s *Sender) look() {
	select {
	case s.wake <- struct{}{}:
	default: // it is awake already
	}
}

// Run sends until ctx ends.
func (s *Sender) Run(ctx context.Context) {
	defer s.group.Wait()
	s.group.Go(func() { s.sweep(ctx) })
	for ctx.Err() == nil {
		wait, err := s.start(ctx)
		if err != nil {
			if ctx.Err() == nil {
				s.Logger.WarnContext(ctx, "the ledger of webhooks failed", "error", err)
			}
			wait = storeRetry
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-s.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// start begins to serve endpoints that something may be due for, and returns
// how long nothing else is.
func (s *Sender) start(ctx context.Context) (time.Duration, error) {
	queues, err := s.Ledger.Waiting(ctx)
	if err != nil {
		return 0, err
	}
	wait, now := idle, s.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, q := range queues {
		at := place{string(q.Workspace), string(q.Endpoint)}
		l := s.lines[at]
		if l == nil {
			l = &line{again: true}
			s.lines[at] = l
		}
		due := l.next
		if l.again {
			due = now
		}
		if l.rest.After(due) {
			due = l.rest
		}
		switch {
		case l.busy: // it makes us look when it ends
		case !due.After(now):
			l.busy = true
			s.group.Go(func() { s.serve(ctx, q, l) })
		default:
			wait = min(wait, max(due.Sub(now), time.Millisecond))
		}
	}
	return wait, nil
}

// serve sends what is due for one endpoint, until nothing is.
func (s *Sender) serve(ctx context.Context, q Queue, l *line) {
	defer func() {
		s.mu.Lock()
		l.busy = false
		s.mu.Unlock()
		s.look()
	}()
	for ctx.Err() == nil {
		free, ok := s.free(l)
		if !ok {
			return
		}
		now := s.Now()
		due, err := s.Ledger.Claim(ctx, q, now, now.Add(claimTime), free)
		if err == nil && len(due) == 0 {
			if err = s.until(ctx, q, l); err == nil {
				return
			}
		}
		var e Endpoint
		if err == nil {
			e, err = s.Store.Endpoint(ctx, q.Workspace, q.Endpoint)
		}
		if err != nil {
			s.complain(ctx, q, err)
			return
		}
		var batch sync.WaitGroup
		for _, d := range due {
			batch.Go(func() { s.send(ctx, e, d, l) })
		}
		batch.Wait()
	}
}

// until keeps when there is something to do for an endpoint again.
func (s *Sender) until(ctx context.Context, q Queue, l *line) error {
	next, err := s.Ledger.Next(ctx, q)
	if err != nil {
		return err
	}
	now := s.Now()
	if next.IsZero() || next.After(now.Add(idle)) {
		next = now.Add(idle)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	l.next = next
	return nil
}

// complain logs a failure of the ledger and lets the endpoint rest.
func (s *Sender) complain(ctx context.Context, q Queue, err error) {
	if ctx.Err() != nil {
		return
	}
	s.Logger.WarnContext(ctx, "the ledger of webhooks failed", "endpoint", string(q.Endpoint), "error", err)
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := s.lines[place{string(q.Workspace), string(q.Endpoint)}]; l != nil {
		l.rest = s.Now().Add(storeRetry)
	}
}

// free returns how many requests may go to an endpoint at once; false = it rests.
func (s *Sender) free(l *line) (int, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Now().Before(l.rest) {
		return 0, false
	}
	l.again = false // what comes from here on is looked for again
	if l.failures >= probeAfter {
		return 1, true
	}
	return perEndpoint, true
}

// send makes one attempt and records it.
func (s *Sender) send(ctx context.Context, e Endpoint, d Delivery, l *line) {
	a, cut := s.attempt(ctx, e, d)
	if cut { // the process stops: nobody knows what came of it
		return
	}
	now := s.Now()
	x := Settlement{Delivery: d, Attempt: a, State: Delivered, Attempts: d.Attempts + 1}
	if !a.OK() {
		wait, again := s.Policy.after(x.Attempts, now.Sub(d.PendingAt))
		wait = max(wait, asked(a))
		x.State, x.NextAt = Dead, time.Time{}
		if again {
			x.State, x.NextAt = Pending, now.Add(wait)
		}
	}
	s.judged(l, a, now)
	var disabled *Endpoint
	err := s.Ledger.Settle(context.WithoutCancel(ctx), x, func(e *Endpoint) Effect {
		disabled = nil
		effect := s.health(ctx, e, a, now)
		if effect.Bury != "" {
			was := *e
			disabled = &was
		}
		return effect
	})
	switch {
	case err != nil:
		s.complain(ctx, Queue{Workspace: d.Workspace, Endpoint: d.Endpoint}, err)
	case disabled != nil:
		s.Notifier.WebhookDisabled(context.WithoutCancel(ctx), *disabled)
	}
}

// attempt sends a delivery. cut: ctx ended meanwhile.
func (s *Sender) attempt(ctx context.Context, e Endpoint, d Delivery) (a Attempt, cut bool) {
	keys := openAll(s.Sealer, e, s.Now())
	if len(keys) == 0 {
		return Attempt{At: s.Now(), Code: CodeNoSecrets, Detail: "No secret of the endpoint could be opened. Make a new one."}, false
	}
	short, cancel := context.WithTimeout(ctx, attemptTime)
	defer cancel()
	a = post(short, s.Poster, e, d, keys, s.Now())
	return a, !a.OK() && ctx.Err() != nil
}

// judged keeps how an endpoint is doing, and how long it rests.
func (s *Sender) judged(l *line, a Attempt, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a.OK() {
		l.failures, l.rest = 0, time.Time{}
		return
	}
	l.failures++
	if l.failures >= probeAfter {
		l.rest = now.Add(s.Policy.pause(l.failures))
	}
	if asked := asked(a); asked > 0 && now.Add(asked).After(l.rest) {
		l.rest = now.Add(asked)
	}
}

// asked is how long the far side wants to be left alone, of 429 and 503.
func asked(a Attempt) time.Duration {
	if a.Status != 429 && a.Status != 503 {
		return 0
	}
	return min(a.RetryAfter(), longestAsked)
}

// health is what an attempt says about its endpoint.
func (s *Sender) health(ctx context.Context, e *Endpoint, a Attempt, now time.Time) Effect {
	if e.Health == Disabled { // while it was under way
		return Effect{}
	}
	if a.OK() {
		if e.Health == Healthy && now.Sub(e.LastSuccess) < successStamp {
			return Effect{}
		}
		turned := e.Health != Healthy
		e.Health, e.FailingSince, e.LastSuccess = Healthy, time.Time{}, now
		if !turned {
			return Effect{Save: true}
		}
		return Effect{Save: true, Hurry: true, At: now, Events: []event.Event{changed(s.ids, *e, now)}}
	}
	switch {
	case e.FailingSince.IsZero():
		e.Health, e.FailingSince = Failing, now
	case now.Sub(e.FailingSince) >= s.Policy.DisableAfter:
		e.Health = Disabled
		told := e.acted(ctx, identity.SystemScope(e.Workspace), changed(s.ids, *e, now), ActionDisabled, nil)
		return Effect{Save: true, Bury: CodeDisabled, At: now, Events: []event.Event{told}}
	default:
		return Effect{}
	}
	return Effect{Save: true, Events: []event.Event{changed(s.ids, *e, now)}}
}

// sweep forgets what is old.
func (s *Sender) sweep(ctx context.Context) {
	for ctx.Err() == nil {
		now := s.Now()
		n, err := s.Log.Sweep(ctx, now.Add(-keepDelivered), now.Add(-keepDead), sweepBatch)
		if err != nil && ctx.Err() == nil {
			s.Logger.WarnContext(ctx, "old webhook deliveries could not be removed", "error", err)
		}
		if n == sweepBatch {
			continue
		}
		timer := time.NewTimer(spread(sweepEvery))
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
}
