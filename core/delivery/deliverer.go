package delivery

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
)

// Rules of delivery.
const (
	batchSize   = 32               // items in one hand-over
	firstRetry  = time.Second      // doubled on each attempt, with jitter
	lastRetry   = 5 * time.Minute  // the longest wait between attempts
	expiry      = 24 * time.Hour   // undelivered after this: dead
	poisonLimit = 3                // in flight at so many crashes: dead
	storeRetry  = time.Second      // wait after the ledger failed
	idle        = 30 * time.Second // look at the ledger at least this often
)

// Codes of deliveries that died without the far side's word.
const (
	CodeExpired = "expired"
	CodePoison  = "poison"
)

// ErrLineDied is returned by Serve when the plugin process went away.
var ErrLineDied = errors.New("the line to the plugin died")

// ErrLineStopped is returned by Line.Send when the plugin is being drained:
// nothing of the batch left, and receipts of what left before still come.
var ErrLineStopped = errors.New("the line to the plugin takes no more")

// Deliverer hands due deliveries to the plugins.
//
// Concurrency: Serve runs once per ready plugin process, in the plugin host's
// goroutine; Wake may be called from anywhere.
type Deliverer struct {
	store Store
	now   func() time.Time
	log   *slog.Logger

	mu       sync.Mutex
	wakes    map[channel.PluginID]chan struct{}
	suspects map[channel.PluginID]map[ID]int // in flight at how many crashes
}

// NewDeliverer returns a Deliverer.
func NewDeliverer(store Store, now func() time.Time, log *slog.Logger) *Deliverer {
	return &Deliverer{
		store: store, now: now, log: log,
		wakes:    make(map[channel.PluginID]chan struct{}),
		suspects: make(map[channel.PluginID]map[ID]int),
	}
}

// Wake makes every line look at the ledger now.
func (d *Deliverer) Wake() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, w := range d.wakes {
		select {
		case w <- struct{}{}:
		default:
		}
	}
}

// Serve delivers over one line until ctx ends or the line dies. Whatever was
// in flight then is handed over again by the next Serve, marked Suspect.
func (d *Deliverer) Serve(ctx context.Context, plugin channel.PluginID, line Line) error {
	s := &session{Deliverer: d, plugin: plugin, line: line, inFlight: make(map[ID]Delivery), wake: d.register(plugin)}
	if v, ok := line.(Versioned); ok {
		s.version = v.Version()
	}
	err := s.run(ctx)
	d.crashed(plugin, s.inFlight)
	if ctx.Err() == nil {
		s.interrupted(ctx)
	}
	return err
}

func (d *Deliverer) register(plugin channel.PluginID) chan struct{} {
	w := make(chan struct{}, 1)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.wakes[plugin] = w
	return w
}

func (d *Deliverer) crashed(plugin channel.PluginID, inFlight map[ID]Delivery) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.suspects[plugin] == nil {
		d.suspects[plugin] = make(map[ID]int)
	}
	for id := range inFlight {
		d.suspects[plugin][id]++
	}
}

func (d *Deliverer) crashes(plugin channel.PluginID, id ID) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.suspects[plugin][id]
}

// settled forgets the crashes that a delivery was in flight at. One that is to
// be tried again stays marked: the far side may have it from then. That the
// plugin answered it speaks against poison.
func (d *Deliverer) settled(plugin channel.PluginID, id ID, state State) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if state == Pending && d.suspects[plugin][id] > 0 {
		d.suspects[plugin][id] = 1
		return
	}
	delete(d.suspects[plugin], id)
}

// session is one Serve.
type session struct {
	*Deliverer
	plugin   channel.PluginID
	version  string
	line     Line
	inFlight map[ID]Delivery
	wake     chan struct{}

	pausedUntil time.Time
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
		if wait := s.pausedUntil.Sub(s.now()); wait > 0 {
			return wait, nil
		}
		n := min(s.line.Credits(), batchSize)
		if n <= 0 || s.holdsSuspect() {
			return idle, nil
		}
		skip := make(map[ID]bool, len(s.inFlight))
		for id := range s.inFlight {
			skip[id] = true
		}
		due, err := s.store.Due(ctx, s.plugin, s.now(), n, skip)
		if err != nil {
			s.pause(ctx, err)
			continue
		}
		due = s.bury(ctx, due)
		if len(due) == 0 {
			return s.untilNext(ctx), nil
		}
		batch := s.alone(due)
		if len(batch) == 0 {
			return idle, nil
		}
		if stopped, err := s.handOver(ctx, batch); stopped || err != nil {
			return idle, err
		}
	}
}

// handOver sends a batch. stopped: the line takes no more, and none left.
func (s *session) handOver(ctx context.Context, batch []Delivery) (stopped bool, err error) {
	for i := range batch {
		batch[i].Began, batch[i].Version = s.now(), s.version
		s.inFlight[batch[i].ID] = batch[i]
	}
	switch err := s.line.Send(ctx, batch); {
	case errors.Is(err, ErrLineStopped):
		for _, item := range batch {
			delete(s.inFlight, item.ID)
		}
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
	alive := due[:0]
	for _, item := range due {
		crashes := s.crashes(s.plugin, item.ID)
		item.Suspect = crashes > 0
		code := ""
		switch {
		case crashes >= poisonLimit:
			code = CodePoison
		case s.now().Sub(item.CreatedAt) > expiry:
			code = CodeExpired
		}
		if code == "" {
			alive = append(alive, item)
			continue
		}
		dead = append(dead, Settlement{
			Delivery: item, State: Dead, Attempts: item.Attempts,
			Result: channel.Result{Outcome: channel.OutcomeRejected, Code: code},
		})
	}
	if len(dead) > 0 {
		s.record(ctx, dead)
	}
	return alive
}

// alone returns the batch to send: a suspect item goes by itself, so that one
// poisonous message cannot take others down with it.
func (s *session) alone(due []Delivery) []Delivery {
	for i, item := range due {
		if !item.Suspect {
			continue
		}
		if len(s.inFlight) == 0 && i == 0 {
			return due[:1]
		}
		return due[:i]
	}
	return due
}

func (s *session) holdsSuspect() bool {
	for _, item := range s.inFlight {
		if item.Suspect {
			return true
		}
	}
	return false
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
	if next.IsZero() {
		return idle
	}
	wait := next.Sub(s.now())
	if wait <= 0 { // what is due is in flight: its receipt wakes us
		return storeRetry
	}
	return min(max(wait, 10*time.Millisecond), idle)
}

func (s *session) settle(ctx context.Context, receipts []Receipt) {
	settlements := make([]Settlement, 0, len(receipts))
	for _, r := range receipts {
		item, ok := s.inFlight[r.ID]
		if !ok { // answered twice, or never asked
			continue
		}
		delete(s.inFlight, r.ID)
		settlements = append(settlements, s.outcome(item, r))
	}
	if len(settlements) > 0 {
		s.record(ctx, settlements)
	}
}

func (s *session) outcome(item Delivery, r Receipt) Settlement {
	out := Settlement{Delivery: item, Attempts: item.Attempts + 1, Result: r.Result, Provider: r.ProviderID}
	switch r.Result.Outcome {
	case channel.OutcomeAccepted, channel.OutcomeDuplicate:
		out.State = Sent
	case channel.OutcomeRejected:
		out.State = Dead
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
		items = append(items, item)
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
	for _, x := range settlements {
		s.settled(s.plugin, x.Delivery.ID, x.State)
	}
}
