package bridge

import (
	"context"
	"sync"
)

// drain knows what is in flight and says when to stop.
type drain struct {
	begun chan struct{}
	once  sync.Once

	mu       sync.Mutex
	streams  int
	inFlight int
	changed  chan struct{} // closed and replaced whenever a number falls
}

func newDrain() *drain {
	return &drain{begun: make(chan struct{}), changed: make(chan struct{})}
}

func (d *drain) begin() {
	d.mu.Lock() // who has entered by now is counted
	defer d.mu.Unlock()
	d.once.Do(func() { close(d.begun) })
}

func (d *drain) hasBegun() bool {
	select {
	case <-d.begun:
		return true
	default:
		return false
	}
}

// enter counts one item in, unless the drain has begun.
func (d *drain) enter() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.hasBegun() {
		return false
	}
	d.inFlight++
	return true
}

func (d *drain) add(streams, items int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.streams += streams
	d.inFlight += items
	if streams < 0 || items < 0 {
		close(d.changed)
		d.changed = make(chan struct{})
	}
}

// wait returns how many items are unfinished: 0, or more when ctx ended first.
func (d *drain) wait(ctx context.Context) int {
	for {
		d.mu.Lock()
		streams, items, changed := d.streams, d.inFlight, d.changed
		d.mu.Unlock()
		if streams == 0 && items == 0 {
			return 0
		}
		select {
		case <-ctx.Done():
			return items
		case <-changed:
		}
	}
}
