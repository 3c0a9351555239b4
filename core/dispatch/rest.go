package dispatch

import (
	"cmp"
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
)

// rest is a wrap-up: the time after finished work in which an agent is given
// none.
type rest struct {
	until  time.Time
	member identity.MemberID
}

func restsEarlier(a, b rest) bool {
	return cmp.Or(a.until.Compare(b.until), cmp.Compare(a.member, b.member)) < 0
}

// begin remembers when an agent's wrap-up ends. One that was cut short or
// renewed stays in the tree until its time, and means nothing then.
func (e *Engine) begin(a Agent) {
	if !a.WrapUpUntil.IsZero() {
		e.rests.insert(rest{a.WrapUpUntil, a.Member})
	}
}

// Rest ends the wrap-ups that are over and returns whose: they may be given
// work again, and count as idle since then.
func (e *Engine) Rest(now time.Time) []identity.MemberID {
	var out []identity.MemberID
	for n := e.rests.first(); n != nil && !n.value.until.After(now); n = e.rests.first() {
		r := n.value
		e.rests.remove(n)
		a, known := e.Agent(r.member)
		if !known || !a.WrapUpUntil.Equal(r.until) {
			continue
		}
		if a.IdleSince.Before(r.until) {
			a.IdleSince = r.until
		}
		a.WrapUpUntil = time.Time{}
		e.Set(a)
		out = append(out, r.member)
	}
	return out
}

// NextRest returns when the next wrap-up may end; false = nobody is in one.
func (e *Engine) NextRest() (time.Time, bool) {
	if n := e.rests.first(); n != nil {
		return n.value.until, true
	}
	return time.Time{}, false
}
