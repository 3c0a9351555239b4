package dispatch

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Position is an item's place in the queue.
type Position struct {
	Key   Key
	Place int // 1 = next; 0 = waits no more
	// Available says that somebody is available who may serve the item, busy or
	// not, and that its queue is open; false for one that waits no more.
	Available bool
	Closed    bool      // its queue is: nobody is given the item now
	Opens     time.Time // when the queue does; zero = it is open, or nobody knows
	// Wait is about how long until an agent has the item: 1 (less than that), 2,
	// 3, 5, 10, 15, 20, 30, 45 or 60 minutes (that or more); 0 = nobody knows.
	// Near an edge it stays what it was told to be.
	Wait time.Duration
}

// of is what is told, as a position.
func (t told) of(key Key) Position {
	out := Position{Key: key, Place: t.place, Available: t.available, Closed: t.closed, Wait: t.wait.wait()}
	if t.opens != 0 {
		out.Opens = time.UnixMilli(t.opens).UTC()
	}
	return out
}

// Position returns the place of an item in its queue: 1 plus the number of
// items of the queue that come before it, in the order of the policy at the
// time of the last Decide; those that ring count too, and are 1 themselves.
// 0 = it does not wait.
func (e *Engine) Position(key Key) int { return e.Stands(key).Place }

// Stands is Position with what else whoever waits is to know.
func (e *Engine) Stands(key Key) Position {
	w := e.known(key)
	if w == nil {
		return Position{Key: key}
	}
	return e.tellOf(w, w.place.index()).of(key)
}

// placed returns the place of an item that has an index in its ranking.
func (e *Engine) placed(w *waiting, index int) int {
	n := 1 + index
	for _, r := range w.ranking.queue.rankings {
		if r != w.ranking {
			n += e.ahead(r, w)
		}
	}
	return n
}

// Unsettled reports whether Moved has something to look at.
func (e *Engine) Unsettled() bool { return len(e.stale)+len(e.left) > 0 }

// Moved returns places that changed since it last reported them, or whose hope
// of being served by somebody or expected wait did, and looks at about limit items at most. Half
// of them are those next in line; the other half goes round the rest, so that
// in a long and busy queue the front is exact and the tail follows. Once
// nothing moves any more, repeated calls report every change, until Unsettled
// is false. Places that only the passing of time moves are looked at every 5
// seconds, waits every 15.
func (e *Engine) Moved(limit int) []Position {
	var out []Position
	for _, key := range slices.SortedFunc(maps.Keys(e.left), compareKeys) {
		out = append(out, Position{Key: key})
	}
	clear(e.left)
	stale := slices.SortedFunc(maps.Keys(e.stale), func(a, b *ranking) int {
		return cmp.Or(cmp.Compare(a.queue.name, b.queue.name), cmp.Compare(a.queue.class, b.queue.class), a.queue.order(b.queue.queueKey), a.compare(b.tier))
	})
	for _, r := range stale {
		share := max(limit/len(stale)/2, 1)
		out = e.sweep(out, r, &r.stale, share)
		if r.stale >= r.items.len() {
			delete(e.stale, r)
			continue
		}
		if r.far < r.stale || r.far >= r.items.len() {
			r.far = r.stale
		}
		out = e.sweep(out, r, &r.far, share)
	}
	return out
}

// sweep looks at n items of a ranking from index *from on, appends those whose
// place is not what was told, and moves *from past them.
func (e *Engine) sweep(out []Position, r *ranking, from *int, n int) []Position {
	for node := r.items.at(*from); node != nil && n > 0; node = node.next() {
		w := node.value
		if now := e.tellOf(w, *from); now != w.told {
			w.told = now
			out = append(out, now.of(w.Key))
		}
		*from++
		n--
	}
	return out
}

func compareKeys(a, b Key) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID))
}
