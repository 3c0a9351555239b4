package dispatch

import (
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
)

// Assignment pairs an item with an agent.
type Assignment struct {
	Item   Item
	Member identity.MemberID

	idle time.Time // the agent's IdleSince before
}

// Decide makes at most limit assignments, the most urgent item first, and
// applies them: the items wait no more, the agents' load has grown. Fewer than
// limit means that no other pair is possible now. Undo takes one back.
func (e *Engine) Decide(now time.Time, limit int) []Assignment {
	e.expire(now)
	var out []Assignment
	for n := e.lines.first(); n != nil && e.possible(); {
		if len(out) >= limit {
			return out
		}
		w, a := e.first(n)
		if w == nil {
			n = n.next()
			continue
		}
		head := n.value.head == w
		out = append(out, e.assign(w, a, now))
		if head { // the line moved, or went: go on with what comes after the item
			_, n = e.lines.before(&line{head: w})
		}
	}
	for _, b := range e.freshBenches {
		b.fresh = false
	}
	e.freshBenches = e.freshBenches[:0]
	return out
}

// possible reports whether there may be a pair. After a Decide that ran to its
// end there is none, until a line or a bench is fresh.
func (e *Engine) possible() bool {
	if e.benches.len() == 0 {
		return false
	}
	if e.freshLines > 0 {
		return true
	}
	for _, b := range e.freshBenches {
		if b.node != nil {
			return true
		}
	}
	return false
}

// first returns the pair of a line, or that of a line after it when exclusions
// make the line's own item the younger one.
func (e *Engine) first(n *node[*line]) (*waiting, *agent) {
	w, a := e.pair(n.value)
	if w == nil || w == n.value.head {
		return w, a
	}
	for n = n.next(); n != nil && earlier(n.value.head, w); n = n.next() {
		if w2, a2 := e.pair(n.value); w2 != nil && earlier(w2, w) {
			w, a = w2, a2
		}
	}
	return w, a
}

// pair returns the first item of a line that somebody may take, and who should;
// nil when there is no such pair.
func (e *Engine) pair(l *line) (*waiting, *agent) {
	if !e.promising(l) {
		return nil, nil
	}
	for n := l.items.first(); n != nil; n = n.next() {
		a, excluded := e.choose(n.value)
		if a != nil {
			return n.value, a
		}
		if !excluded { // then nobody fits the others either
			break
		}
	}
	if l.fresh {
		l.fresh = false
		e.freshLines--
	}
	return nil, nil
}

func (e *Engine) promising(l *line) bool {
	if l.fresh {
		return true
	}
	for _, b := range e.freshBenches {
		if b.node != nil && e.serves(b, l) {
			return true
		}
	}
	return false
}

// choose returns the agent who should take an item; nil when nobody can.
// excluded says that somebody could but for an exclusion.
func (e *Engine) choose(w *waiting) (best *agent, excluded bool) {
	out := e.excluded[w.Key]
	for n := e.benches.first(); n != nil; n = n.next() {
		b := n.value
		if best != nil && !preferred(b.head, best) {
			break
		}
		if !e.serves(b, w.line) {
			continue
		}
		for m := b.agents.first(); m != nil; m = m.next() {
			a := m.value
			if best != nil && !preferred(a, best) {
				break
			}
			if _, no := out[a.Member]; !no {
				best = a
				break
			}
			excluded = true
		}
	}
	return best, excluded
}

// assign applies a pair.
func (e *Engine) assign(w *waiting, a *agent, now time.Time) Assignment {
	out := Assignment{Item: w.Item, Member: a.Member, idle: a.IdleSince}
	e.part(w)
	fresh := e.rise(a)
	e.turns++
	a.turn = e.turns
	a.Used += w.Weight
	a.IdleSince = now
	e.sit(a, fresh)
	return out
}

// Undo takes back an assignment that Decide made and that could not be carried
// out: the agent's load falls again and, with again, the item waits as before.
func (e *Engine) Undo(as Assignment, again bool) {
	if a, ok := e.Agent(as.Member); ok {
		a.Used = max(a.Used-as.Item.Weight, 0)
		a.IdleSince = as.idle
		e.Set(a)
	}
	if _, back := e.items[as.Item.Key]; again && !back {
		e.Wait(as.Item)
	}
}
