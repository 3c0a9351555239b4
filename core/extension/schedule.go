package extension

import (
	"context"
	"crypto/rand"
	"log/slog"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
)

// Limits of schedules.
const (
	MaxSchedules   = 1000             // of an instance
	LeastInterval  = 10 * time.Second // between two runs
	MaxInterval    = 366 * 24 * time.Hour
	MaxPayload     = 64 << 10
	scheduleFuture = 5 * 366 * 24 * time.Hour // no first run is later
)

// RunLease is how long a runner keeps a run to itself: longer than the plugin
// has time for it.
const RunLease = 75 * time.Second

// Schedule is work that an instance wants to be called for.
type Schedule struct {
	Plugin  PluginID
	Key     string
	At      time.Time     // the first time
	Every   time.Duration // 0 = once
	Payload []byte
}

// Run is one time that a schedule is due.
type Run struct {
	Owner
	Schedule
	ID       string // the same when it is asked again
	Attempts int    // before this one
	Lease    string // of the runner
}

// RunOutcome is what a plugin said of a run.
type RunOutcome struct {
	Done  bool          // or refused for good: either way it is over
	Pause time.Duration // before the next try, as the plugin wants; 0 = as the host thinks
}

// Settled is what becomes of a run's schedule. Next zero: it is over.
type Settled struct {
	Due      time.Time // the run's nominal time, then
	Next     time.Time // when it is tried
	Attempts int       // of that run
	RunID    string    // of that run
}

// ScheduleStore keeps schedules of instances.
type ScheduleStore interface {
	// Put sets a schedule, in place of one under the same key: a run of that
	// one that is under way settles nothing any more. One that would be one more
	// than MaxSchedules is Full.
	Put(ctx context.Context, o Owner, s Schedule, runID string) error
	// Cancel removes a schedule and reports whether there was one.
	Cancel(ctx context.Context, o Owner, key string) (bool, error)
	// Due gives runs to a runner that are due and nobody's, of these plugins,
	// the longest due first, at most limit. They are the runner's until
	// span.Until: of runners at the same time one gets each.
	Due(ctx context.Context, plugins []PluginID, lease string, span Span, limit int) ([]Run, error)
	// Settle writes what becomes of a run, unless it is another runner's by now,
	// or its schedule was replaced.
	Settle(ctx context.Context, r Run, s Settled) error
}

// Scheduled is the port to the plugins: they do the work.
type Scheduled interface {
	// Runners lists the plugins that can be called on this node now.
	Runners() []PluginID
	// RunScheduled lets a plugin do a run. An error means that nobody knows
	// what became of it.
	RunScheduled(ctx context.Context, r Run) (RunOutcome, error)
}

// Scheduler holds the use cases of schedules, and runs them.
//
// Concurrency: safe for concurrent use. Work does the runs until its context
// ends; several nodes may do so on one database, and each run is one's.
type Scheduler struct {
	store ScheduleStore
	now   func() time.Time
	log   *slog.Logger
	wake  chan struct{}
}

// NewScheduler returns a Scheduler.
func NewScheduler(store ScheduleStore, now func() time.Time, log *slog.Logger) *Scheduler {
	return &Scheduler{store: store, now: now, log: log, wake: make(chan struct{}, 1)}
}

// Put is the store's; a zero At is now.
func (s *Scheduler) Put(ctx context.Context, o Owner, want Schedule) error {
	if err := checkName("key", want.Key); err != nil {
		return err
	}
	if err := checkSize("payload", want.Payload, MaxPayload); err != nil {
		return err
	}
	now := s.now()
	if want.Every != 0 {
		if err := checkSpan("every", want.Every, LeastInterval, MaxInterval); err != nil {
			return err
		}
	}
	if want.At.IsZero() || want.At.Before(now) {
		want.At = now
	}
	if want.At.Sub(now) > scheduleFuture {
		return refused("at", "lies more than five years ahead")
	}
	if err := s.store.Put(ctx, o, want, rand.Text()); err != nil {
		return err
	}
	select {
	case s.wake <- struct{}{}:
	default:
	}
	return nil
}

// Cancel is the store's.
func (s *Scheduler) Cancel(ctx context.Context, o Owner, key string) (bool, error) {
	if err := checkName("key", key); err != nil {
		return false, err
	}
	return s.store.Cancel(ctx, o, key)
}

// How Work goes about it.
const (
	runsAtOnce = 8
	lookEvery  = time.Second
	givenUp    = 7 * 24 * time.Hour // a run that nobody takes for so long is over
	firstPause = 5 * time.Second
	lastPause  = time.Hour
)

// Work runs what is due until ctx ends, and waits for the runs under way.
func (s *Scheduler) Work(ctx context.Context, plugins Scheduled) {
	slots := make(chan struct{}, runsAtOnce)
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		s.round(ctx, plugins, slots)
		select {
		case <-ctx.Done():
		case <-tick.C:
		case <-s.wake:
		}
	}
	for range runsAtOnce { // a slot that can be taken has no run in it
		slots <- struct{}{}
	}
}

// round starts the runs that are due, as far as there are slots.
func (s *Scheduler) round(ctx context.Context, plugins Scheduled, slots chan struct{}) {
	free := cap(slots) - len(slots)
	running := plugins.Runners()
	if free == 0 || len(running) == 0 {
		return
	}
	now := s.now()
	due, err := s.store.Due(ctx, running, rand.Text(), Span{now, now.Add(RunLease)}, free)
	if err != nil {
		if ctx.Err() == nil {
			s.log.WarnContext(ctx, "scheduled work of plugins could not be looked up", "error", err)
		}
		return
	}
	for _, r := range due {
		slots <- struct{}{}
		go func() {
			defer func() { <-slots }()
			s.do(ctx, plugins, r)
		}()
	}
}

// do runs one and writes down what becomes of it. What the server's end
// interrupts is tried again when its lease is over.
func (s *Scheduler) do(ctx context.Context, plugins Scheduled, r Run) {
	outcome, err := plugins.RunScheduled(ctx, r)
	if err != nil && ctx.Err() != nil {
		return
	}
	if err != nil {
		s.log.WarnContext(ctx, "scheduled work of a plugin failed", "plugin", string(r.Plugin), "instance", r.Instance, "key", r.Key, "attempt", r.Attempts+1, "error", err)
	}
	settled := After(r, outcome, s.now())
	if !outcome.Done && settled.RunID != r.ID {
		s.log.WarnContext(ctx, "scheduled work of a plugin was given up", "plugin", string(r.Plugin), "instance", r.Instance, "key", r.Key, "attempts", r.Attempts+1)
	}
	if err := s.store.Settle(context.WithoutCancel(ctx), r, settled); err != nil && !errs.Is(err, errs.NotFound) {
		s.log.WarnContext(ctx, "what became of scheduled work could not be written down; it is done again", "plugin", string(r.Plugin), "key", r.Key, "error", err)
	}
}

// After says what becomes of a schedule after a run. Runs that were missed
// meanwhile are one: the next is the first one still to come. A run that is to
// be tried again gives way to the next one.
func After(r Run, o RunOutcome, now time.Time) Settled {
	next := time.Time{}
	if r.Every > 0 {
		next = r.At.Add(r.Every)
		if late := now.Sub(next); late >= 0 {
			missed := int64(late/r.Every) + 1
			next = next.Add(time.Duration(missed * int64(r.Every)))
		}
	}
	if o.Done {
		return Settled{Due: next, Next: next, RunID: rand.Text()}
	}
	again := now.Add(max(o.Pause, pause(r.Attempts)))
	if !next.IsZero() && !again.Before(next) || next.IsZero() && now.Sub(r.At) > givenUp {
		return Settled{Due: next, Next: next, RunID: rand.Text()}
	}
	return Settled{Due: r.At, Next: again, Attempts: r.Attempts + 1, RunID: r.ID}
}

// pause is how long the host waits before it asks again: twice as long each time.
func pause(attempts int) time.Duration {
	return min(firstPause<<min(attempts, 10), lastPause)
}
