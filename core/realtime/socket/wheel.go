package socket

import "sync"

// wheel keeps every connection under the second in which it must be looked at
// again: one ticking goroutine instead of a timer each. What a connection does
// meanwhile does not touch the wheel unless it makes the look due earlier.
type wheel struct {
	mu      sync.Mutex
	slots   [wheelSlots]*Conn
	expired *Conn
	now     uint32
}

const (
	wheelSlots  = 128
	slotNone    = -1 // in no list
	slotExpired = -2
	slotRemoved = -3 // never to be filed again
)

// file puts c under the second due, or under the last slot when that is
// further away: it is looked at early, which does no harm.
func (w *wheel) file(c *Conn, due uint32) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c.slot == slotRemoved {
		return
	}
	w.unlink(c)
	ahead := min(max(int64(due)-int64(w.now), 1), wheelSlots-1)
	c.slot = int16((int64(w.now) + ahead) % wheelSlots)
	link(&w.slots[c.slot], c)
}

// remove takes c out for good.
func (w *wheel) remove(c *Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.unlink(c)
	c.slot = slotRemoved
}

// advance moves to the second now; what is due by then is returned by next.
func (w *wheel) advance(now uint32) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for steps := 0; w.now < now && steps < wheelSlots; steps++ {
		w.now++
		w.expire(int(w.now % wheelSlots))
	}
	w.now = max(w.now, now)
}

// all makes next return every connection.
func (w *wheel) all() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.slots {
		w.expire(i)
	}
}

func (w *wheel) expire(slot int) {
	for c := w.slots[slot]; c != nil; c = w.slots[slot] {
		w.unlink(c)
		c.slot = slotExpired
		link(&w.expired, c)
	}
}

// next returns one connection that is due; nil when there is none. It is due
// again in the next second unless it is filed elsewhere.
func (w *wheel) next() *Conn {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.expired
	if c != nil {
		w.unlink(c)
		c.slot = int16((w.now + 1) % wheelSlots)
		link(&w.slots[c.slot], c)
	}
	return c
}

func link(head **Conn, c *Conn) {
	c.next = *head
	if c.next != nil {
		c.next.prev = c
	}
	*head = c
}

func (w *wheel) unlink(c *Conn) {
	switch {
	case c.prev != nil:
		c.prev.next = c.next
	case c.slot >= 0:
		w.slots[c.slot] = c.next
	case c.slot == slotExpired:
		w.expired = c.next
	default:
		return
	}
	if c.next != nil {
		c.next.prev = c.prev
	}
	c.prev, c.next, c.slot = nil, nil, slotNone
}

// each calls fn for every connection.
func (w *wheel) each(fn func(*Conn)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := w.expired; c != nil; c = c.next {
		fn(c)
	}
	for _, head := range w.slots {
		for c := head; c != nil; c = c.next {
			fn(c)
		}
	}
}
