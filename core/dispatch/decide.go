package dispatch

import (
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/internal/mutant"
)

// Assignment pairs an item with an agent.
type Assignment struct {
	Item   Item
	Member identity.MemberID

	idle    time.Time // the agent's IdleSince before
	offered bool
}

// Decide makes at most limit assignments, the most urgent item first, and
// applies them: the items wait no more (they ring, see Offers), the agents' load has grown. Fewer than
// limit means that no other pair is possible now. Undo takes one back.
func (e *Engine) Decide(now time.Time, limit int) []Assignment {
	e.Advance(now)
	var out []Assignment
	if e.possible() {
		for c := e.walk(); e.possible(); {
			if len(out) >= limit {
				return out
			}
			w, a := e.pairNext(c)
			if w == nil {
				break
			}
			out = append(out, e.assign(w, a, now))
		}
	}
	e.seen()
	return out
}

// seen notes that there is no pair: whatever was news has been looked at, or
// nobody has room.
func (e *Engine) seen() {
	for _, b := range e.freshBenches {
		b.fresh = false
	}
	for _, l := range e.news {
		l.fresh = false
	}
	e.freshBenches, e.news, e.freshLines = e.freshBenches[:0], e.news[:0], 0
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
		if b.node.in() {
			return true
		}
	}
	return false
}

// pairNext returns the first item that somebody may take, and who should; nil
// when there is no pair. Exclusions can make the first item of a line the
// younger one beside that of a line after it.
func (e *Engine) pairNext(c *walk) (best *waiting, who *agent) {
	c.resume()
	var from *waiting
	for l := c.line(); l != nil && (best == nil || e.before(l.head, best)); l = c.line() {
		w, a := e.pair(l)
		if w != nil && from == nil {
			from = l.head
		}
		if w != nil && (best == nil || e.before(w, best)) {
			best, who = w, a
		}
		if w == l.head {
			break
		}
		c.step()
	}
	c.back(from)
	return best, who
}

// pair returns the first item of a line that somebody may take, and who should;
// nil when there is no such pair.
func (e *Engine) pair(l *line) (*waiting, *agent) {
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

// promising reports whether a line may have a match that Decide has not seen.
func (e *Engine) promising(l *line) bool {
	if l.fresh {
		return true
	}
	if l.only != "" { // it is open, so the member is there and has room
		a := e.agents[l.only]
		return a.bench.fresh && e.serves(a.bench, l)
	}
	for _, b := range e.freshBenches {
		if b.node.in() && e.serves(b, l) {
			return true
		}
	}
	return false
}

// choose returns the agent who should take an item; nil when nobody can.
// excluded says that somebody could but for an exclusion.
func (e *Engine) choose(w *waiting) (best *agent, excluded bool) {
	out := e.excluded[w.Key]
	if w.line.only != "" {
		a := e.agents[w.line.only]
		if a == nil || a.bench == nil || !e.serves(a.bench, w.line) {
			return nil, false
		}
		if _, no := out[a.Member]; no {
			return nil, true
		}
		return a, false
	}
	if e.reserve.Free > 0 && !w.Exclusive && e.kept <= e.reserve.Free {
		if best, excluded = e.prefer(w, out, true); best != nil {
			return best, excluded
		}
	}
	return e.prefer(w, out, false)
}

// prefer returns the first agent in the order of the policy who can take an
// item; spare leaves out those who are kept.
func (e *Engine) prefer(w *waiting, out map[identity.MemberID]time.Time, spare bool) (best *agent, excluded bool) {
	for n := e.benches.first(); n != nil; n = n.next() {
		b := n.value
		if best != nil && !preferred(b.head, best) {
			break
		}
		if spare && b.kept || !e.serves(b, w.line) {
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
	out := Assignment{Item: w.Item, Member: a.Member, idle: a.IdleSince, offered: e.offers && !w.aside()}
	if out.offered {
		e.ring(w)
	} else {
		e.depart(w)
		e.part(w)
	}
	after := a.with(w.Item, 1)
	e.work.change(e.clock(), a.live(), after.live())
	fresh := e.rise(a)
	e.turns++
	a.turn = e.turns
	a.Agent = after
	a.IdleSince, a.Ringing = now, out.offered
	e.sit(a, fresh)
	return out
}

// Undo takes back an assignment that Decide made and that could not be carried
// out: the agent's load falls again and, with again, the item waits as before.
func (e *Engine) Undo(as Assignment, again bool) {
	if a, ok := e.Agent(as.Member); ok {
		a = a.with(as.Item, -1)
		a.IdleSince, a.Ringing = as.idle, a.Ringing && !as.offered
		e.Set(a)
	}
	if f := e.flows[keyOf(as.Item)]; f != nil && !as.offered {
		f.undepart()
	}
	if _, back := e.items[as.Item.Key]; again && !back && !mutant.On(mutant.LostItem) {
		e.Wait(as.Item)
	}
	e.Hush(as.Item.Key)
}
