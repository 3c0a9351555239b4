package identity

import (
	"context"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/lru"
)

// Comer is who wants a password checked, as far as fairness goes.
type Comer struct {
	Network string
	Region  string // the larger network around it
	Known   bool   // this account signed in from this network or by this browser before, or a token was shown
}

// fairFor is how long the line remembers a network.
const fairFor = time.Minute

// line decides whose turn it is. Known comers go first; then the network that
// came least of late, which is who came first within one network; then the
// region that did; then who came last, since in a long line the others have given
// up. So a flood, from however many addresses, waits behind those who come now
// and then.
//
// When the line is full the last in that order gives its place up, newcomers
// included. Who is not known waits for patience at most: it is better to be told
// to come again than to wait for nothing.
//
// Concurrency: safe for concurrent use.
type line struct {
	now func() time.Time

	mu       sync.Mutex
	free     int // slots
	places   int // for those who wait
	patience time.Duration
	waiting  []*waiter
	arrivals uint64
	served   *lru.Map[string, tally]
}

// tally is how often a network came of late.
type tally struct {
	count int
	since time.Time
}

// waiter is somebody in the line. ready is closed when it is their turn, or
// when they lost their place.
type waiter struct {
	who     Comer
	network int // how often it came before, when it got into the line
	region  int // likewise
	arrival uint64
	ready   chan struct{}
	turn    bool // valid once ready is closed
}

// servedEntries is how many networks the line remembers.
const servedEntries = 20_000

func newLine(slots, places int, patience time.Duration, now func() time.Time) *line {
	return &line{now: now, free: slots, places: places, patience: patience, served: lru.New[string, tally](servedEntries)}
}

// come counts an arrival of a key and returns how many there were before.
func (l *line) come(key string) int {
	now := l.now()
	t, ok := l.served.Get(key)
	if !ok || now.Sub(t.since) >= fairFor {
		t = tally{since: now}
	}
	t.count++
	l.served.Put(key, t)
	return t.count - 1
}

// before reports whether w goes before o.
func (w *waiter) before(o *waiter) bool {
	switch {
	case w.who.Known != o.who.Known:
		return w.who.Known
	case w.network != o.network:
		return w.network < o.network
	case w.region != o.region:
		return w.region < o.region
	}
	return w.arrival > o.arrival
}

// enter waits for a slot; false when the place was lost, it took too long or ctx
// ended.
func (l *line) enter(ctx context.Context, who Comer) bool {
	l.mu.Lock()
	w := &waiter{
		who: who, network: l.come(who.Network), region: l.come("region " + who.Region), arrival: l.arrivals, ready: make(chan struct{}),
	}
	l.arrivals++
	if l.free > 0 {
		l.free--
		l.mu.Unlock()
		return true
	}
	l.waiting = append(l.waiting, w)
	if len(l.waiting) > l.places {
		l.dismiss(l.last())
	}
	l.mu.Unlock()
	var late <-chan time.Time
	if !who.Known {
		timer := time.NewTimer(l.patience)
		defer timer.Stop()
		late = timer.C
	}
	select {
	case <-w.ready:
		return w.turn
	case <-late:
		return l.leave(w)
	case <-ctx.Done():
		return l.leave(w)
	}
}

// leave takes a waiter who gave up out of the line. A turn that came at the
// same moment is passed on.
func (l *line) leave(w *waiter) bool {
	l.mu.Lock()
	for i, o := range l.waiting {
		if o == w {
			l.dismiss(i)
			l.mu.Unlock()
			return false
		}
	}
	turn := w.turn
	l.mu.Unlock()
	if turn {
		l.exit()
	}
	return false
}

// exit gives a slot to whoever is next.
func (l *line) exit() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) == 0 {
		l.free++
		return
	}
	next := 0
	for i, w := range l.waiting {
		if w.before(l.waiting[next]) {
			next = i
		}
	}
	l.waiting[next].turn = true
	l.dismiss(next)
}

// last returns the number of the waiter who goes last.
func (l *line) last() int {
	last := 0
	for i, w := range l.waiting {
		if l.waiting[last].before(w) {
			last = i
		}
	}
	return last
}

// dismiss takes a waiter out of the line and tells them.
func (l *line) dismiss(i int) {
	close(l.waiting[i].ready)
	n := len(l.waiting) - 1
	l.waiting[i] = l.waiting[n]
	l.waiting[n] = nil
	l.waiting = l.waiting[:n]
}
