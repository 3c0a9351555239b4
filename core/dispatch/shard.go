package dispatch

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
)

const (
	firstPause  = 100 * time.Millisecond // after a failure of the store, doubled by each further one
	lastPause   = 5 * time.Second
	callTimeout = 10 * time.Second // for one call of the store
	mailLimit   = 1 << 16          // signals kept; beyond, everything is read again instead
)

// shard is one workspace. Callers touch what mu guards; the rest belongs to
// the goroutine of run.
type shard struct {
	Config
	ws   identity.WorkspaceID
	wake chan struct{} // 1 slot: there is something to do

	end func() // of its goroutine; nil until it runs; guarded by the Dispatcher

	ready  chan struct{} // closed when the workspace has been read
	closed chan struct{} // closed at the end, under mu

	mu       sync.Mutex // never held over a call of the store
	engine   *Engine
	presence *Presence
	plan     Plan // in force
	planned  bool // plan was read
	mail     []Signal
	mailSize int
	reread   bool // everything, from the store
	choices  []choice
	news     map[identity.MemberID]struct{} // to announce
	stats    Stats
	ringing  ringing
	offering Offering
	doors    doors
	settings bool // offering and hours are to be read

	unread     map[identity.MemberID]struct{} // whose rows are to be read
	lost       map[identity.MemberID]struct{} // whose work is to be taken back
	unsaved    map[identity.MemberID]struct{} // whose state is to be saved
	decided    map[identity.MemberID]struct{} // for whom was chosen here, which is to be saved too
	leading    bool                           // see tenure; under mu
	refused    map[identity.MemberID]struct{} // whose last claims were refused for want of room
	failed     bool                           // the store, in this turn
	pause      time.Duration
	retryAt    time.Time
	announceAt time.Time
	shadow     shadow
	tenure     tenure
}

func newShard(c Config, ws identity.WorkspaceID) *shard {
	return &shard{
		Config: c, ws: ws, wake: make(chan struct{}, 1), reread: true,
		ready: make(chan struct{}), closed: make(chan struct{}),
		engine: NewEngine(c.Policy), presence: NewPresence(c.Lease, c.Grace),
		news:    map[identity.MemberID]struct{}{},
		unread:  map[identity.MemberID]struct{}{},
		lost:    map[identity.MemberID]struct{}{},
		unsaved: map[identity.MemberID]struct{}{},
		decided: map[identity.MemberID]struct{}{},
		refused: map[identity.MemberID]struct{}{},
		ringing: newRinging(),
	}
}

// nudge wakes the goroutine.
func (s *shard) nudge() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// post keeps signals for the next turn. When too many wait, it forgets them
// all and has everything read from the store.
func (s *shard) post(signals []Signal) {
	s.mu.Lock()
	for _, sig := range signals {
		s.mailSize += 1 + sig.size()
		s.reread = s.reread || sig.Plan
	}
	if s.mail = append(s.mail, signals...); s.mailSize > mailLimit {
		s.mail, s.mailSize, s.reread = nil, 0, true
	}
	s.mu.Unlock()
	s.nudge()
}

// attendance runs fn on the presence, and wakes the goroutine when that
// changed somebody's status or brought an end of a lease closer.
func (s *shard) attendance(fn func(*Presence)) {
	s.mu.Lock()
	before, had := s.presence.Next()
	fn(s.presence)
	after, has := s.presence.Next()
	due := s.presence.Changed() || has && (!had || after.Before(before))
	s.mu.Unlock()
	if due {
		s.nudge()
	}
}

// run takes a turn whenever there is something to do, until ctx ends.
func (s *shard) run(ctx context.Context) {
	defer s.close()
	s.shadow.plan(s.Now(), s.Shadow, s.ws)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		case <-timer.C:
		}
		for again := true; again && ctx.Err() == nil; {
			again = s.turn(ctx)
		}
		timer.Reset(max(s.next().Sub(s.Now()), 0))
	}
}

// next returns when time alone makes a turn necessary.
func (s *shard) next() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.shadow.at
	if s.tenure.writes == nil && s.tenure.askAt.Before(at) { // listens
		at = s.tenure.askAt
	}
	if s.failed { // what needs the store cannot be done sooner
		at = s.retryAt
	}
	sooner := func(t time.Time, ok bool) {
		if ok && t.Before(at) {
			at = t
		}
	}
	sooner(s.presence.Next())
	sooner(s.engine.NextRest())
	sooner(s.doors.at, !s.doors.at.IsZero())
	sooner(time.Time{}, s.doors.fresh)
	if s.engine.Len() > 0 && !s.failed {
		sooner(s.engine.Next())
	}
	if s.tenure.writes == nil {
		return at
	}
	if !s.failed {
		sooner(s.ringing.next())
	}
	sooner(s.announceAt, s.hasNews())
	return at
}

// call runs one call of the store. It is not cut off by the end of the
// dispatcher: its outcome would be unknown.
func (s *shard) call(ctx context.Context, fn func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
	defer cancel()
	return fn(ctx)
}

// fail notes that the store failed: nothing more is asked of it for a while.
func (s *shard) fail(ctx context.Context, during string, err error) {
	s.mu.Lock()
	s.stats.Failures++
	s.mu.Unlock()
	if s.failed {
		return
	}
	s.failed = true
	s.pause = min(max(2*s.pause, firstPause), lastPause)
	s.retryAt = s.Now().Add(s.pause)
	s.Log.WarnContext(ctx, "dispatch waits for the store", "workspace", s.ws, "during", during, "retry_in", s.pause, "error", err)
}

// close refuses what nobody will do any more.
func (s *shard) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.closed)
	for _, c := range s.choices {
		c.done <- errUnavailable(nil)
	}
	s.choices = nil
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	return slices.Sorted(maps.Keys(m))
}
