package dispatch

import (
	"cmp"
	"maps"
	"slices"
)

// Position is an item's place in the queue.
type Position struct {
	Key   Key
	Place int // 1 = next; 0 = waits no more
	// Available says that somebody is available who may serve the item, busy or
	// not; false for one that waits no more.
	Available bool
}

// Position returns the place of an item among those of its class: 1 plus the
// number of items that come before it. 0 = it does not wait.
func (e *Engine) Position(key Key) int {
	w := e.items[key]
	if w == nil {
		return 0
	}
	return 1 + w.node.index() + e.ahead(w)
}

// ahead counts the items of w's class but of another weight that come before it.
func (e *Engine) ahead(w *waiting) int {
	n := 0
	for _, l := range e.classes[w.Class] {
		if l != w.line {
			before, _ := l.items.before(w)
			n += before
		}
	}
	return n
}

// touch notes that the places from w's on have changed, in every line of its class.
func (e *Engine) touch(w *waiting) {
	for _, l := range e.classes[w.Class] {
		i, _ := l.items.before(w)
		if _, stale := e.stale[l]; !stale {
			e.stale[l] = struct{}{}
			l.stale, l.far = i, i
		}
		l.stale = min(l.stale, i)
	}
}

// Unsettled reports whether Moved has something to look at.
func (e *Engine) Unsettled() bool { return len(e.stale)+len(e.left) > 0 }

// Moved returns places that changed since it last reported them, or whose hope
// of being served by somebody did, and looks at
// about limit items at most. Half of them are those next in line; the other
// half goes round the rest, so that in a long and busy queue the front is
// exact and the tail follows. Once nothing moves any more, repeated calls
// report every change, until Unsettled is false.
func (e *Engine) Moved(limit int) []Position {
	var out []Position
	for _, key := range slices.SortedFunc(maps.Keys(e.left), compareKeys) {
		out = append(out, Position{Key: key})
	}
	clear(e.left)
	lines := slices.SortedFunc(maps.Keys(e.stale), func(a, b *line) int {
		return cmp.Or(cmp.Compare(a.class, b.class), cmp.Compare(a.weight, b.weight))
	})
	for _, l := range lines {
		share := max(limit/len(lines)/2, 1)
		out = e.sweep(out, l, &l.stale, share)
		if l.stale >= l.items.len() {
			delete(e.stale, l)
			continue
		}
		if l.far < l.stale || l.far >= l.items.len() {
			l.far = l.stale
		}
		out = e.sweep(out, l, &l.far, share)
	}
	return out
}

// sweep looks at n items of a line from index *from on, appends those whose
// place is not what was told, and moves *from past them.
func (e *Engine) sweep(out []Position, l *line, from *int, n int) []Position {
	for node := l.items.at(*from); node != nil && n > 0; node = node.next() {
		w := node.value
		if now := (told{1 + *from + e.ahead(w), l.available}); now != w.told {
			w.told = now
			out = append(out, Position{Key: w.Key, Place: now.place, Available: now.available})
		}
		*from++
		n--
	}
	return out
}

func compareKeys(a, b Key) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID))
}
