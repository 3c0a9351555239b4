package system

import (
	"sync"
	"time"
)

// Heard is what the server saw of a trial: a request that came by the public
// address under a pass.
type Heard struct {
	Arrived bool
	Upgrade bool // with the headers that ask for a WebSocket
	Opened  bool // it was answered 101
	Spoke   bool // something was received through it
	Code    string
	Host    string // the name it was asked by
	Origin  string
	At      time.Time
}

// mostTrials bounds what is remembered.
const mostTrials = 256

// Trials remembers what arrived, for as long as a pass is good. It is safe for
// concurrent use.
type Trials struct {
	now func() time.Time
	mu  sync.Mutex
	by  map[string]Heard
}

// NewTrials returns Trials.
func NewTrials(now func() time.Time) *Trials { return &Trials{now: now, by: make(map[string]Heard)} }

// Note changes what is known of a trial.
func (t *Trials) Note(pass string, change func(*Heard)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	if _, known := t.by[pass]; !known && len(t.by) >= mostTrials {
		for old, h := range t.by {
			if now.Sub(h.At) > 2*passLife || len(t.by) >= mostTrials {
				delete(t.by, old)
			}
		}
	}
	h := t.by[pass]
	h.At = now
	change(&h)
	t.by[pass] = h
}

// Of returns what is known of a trial.
func (t *Trials) Of(pass string) Heard {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.by[pass]
}
