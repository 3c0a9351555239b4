package dispatch

import (
	"cmp"
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
)

// endsSooner orders waiting items by when time alone changes something about
// them: a rung is reached, the wait for one member ends, patience ends.
func endsSooner(a, b *waiting) bool {
	return cmp.Or(a.due.Compare(b.due), compareKeys(a.Key, b.Key)) < 0
}

// stage is what time makes of an item: a function of the two, so that nothing
// of it need be kept anywhere.
type stage struct {
	class Class             // whom the item is for now: its class and the rungs reached
	only  identity.MemberID // to whom alone it is given now; "" = to whoever may
	late  bool              // past its patience
	next  time.Time         // when this changes; zero = never
}

// stageOf returns the stage of an item at the engine's time.
func (e *Engine) stageOf(it Item) stage {
	s := stage{class: it.Class}
	reached := func(after time.Duration) bool {
		at := it.WaitingSince.Add(after)
		if !at.After(e.now) {
			return true
		}
		if s.next.IsZero() || at.Before(s.next) {
			s.next = at
		}
		return false
	}
	for _, r := range it.Ladder {
		if reached(r.After) {
			s.class = e.widen(s.class, r.Class)
		}
	}
	if it.Sticky != "" && !reached(it.StickyFor) {
		s.only = it.Sticky
	}
	if it.Target > 0 && e.policy.Starve > 0 {
		s.late = reached(patience(it.Target, e.policy.Starve))
	}
	return s
}

// patience is how long an item waits before it goes first.
func patience(target time.Duration, factor float64) time.Duration {
	if p := float64(target) * factor; p < float64(maxPatience) {
		return time.Duration(p)
	}
	return maxPatience
}

const maxPatience = 100 * 365 * 24 * time.Hour

// widen returns the class of whoever meets one of two.
func (e *Engine) widen(a, b Class) Class {
	pair := [2]Class{a, b}
	out, known := e.widened[pair]
	if !known {
		if len(e.widened) >= maxIdleKinds {
			clear(e.widened)
		}
		out = ClassOf(append(a.Alternatives(), b.Alternatives()...)...)
		e.widened[pair] = out
	}
	return out
}

// Advance lets time pass, as Decide does: who decides nothing knows by it what
// has become possible. It never goes back.
func (e *Engine) Advance(now time.Time) {
	if now.After(e.now) {
		e.now = now
	}
	e.expire()
	for n := e.timers.first(); n != nil && !n.value.due.After(e.now); n = e.timers.first() {
		w := n.value
		e.leave(w)
		e.enter(w)
	}
	e.overdue()
	if len(e.drifting) > 0 && !e.driftAt.After(e.now) {
		e.driftAt = e.now.Add(driftEvery)
		for q := range e.drifting {
			e.unsettle(q)
		}
	}
}

// driftEvery is how often places are looked at that change as time passes.
const driftEvery = 5 * time.Second

// Next returns when time alone may make a pair possible or change places: an
// exclusion ends, a rung is reached, the wait for one member or an item's
// patience ends, urgencies have grown, waits are looked at. false = never.
func (e *Engine) Next() (at time.Time, ok bool) {
	sooner := func(t time.Time) {
		if !ok || t.Before(at) {
			at, ok = t, true
		}
	}
	if n := e.exclusions.first(); n != nil {
		sooner(n.value.until)
	}
	if n := e.timers.first(); n != nil {
		sooner(n.value.due)
	}
	if len(e.drifting) > 0 {
		sooner(e.driftAt)
	}
	if len(e.queues) > 0 {
		sooner(e.waitAt)
	}
	return at, ok
}
