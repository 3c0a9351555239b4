package dispatch

import (
	"cmp"
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
)

// exclusion keeps an item from an agent until a time.
type exclusion struct {
	until  time.Time
	key    Key
	member identity.MemberID
}

func endsEarlier(a, b exclusion) bool {
	return cmp.Or(a.until.Compare(b.until), compareKeys(a.key, b.key), cmp.Compare(a.member, b.member)) < 0
}

// Exclude keeps an item from an agent until a time to come, whether it waits
// now or not. The later of two exclusions of one pair holds.
func (e *Engine) Exclude(key Key, member identity.MemberID, until time.Time) {
	out := e.excluded[key]
	if out == nil {
		out = map[identity.MemberID]time.Time{}
		e.excluded[key] = out
	}
	if until.After(out[member]) {
		out[member] = until
		e.exclusions.insert(exclusion{until, key, member})
	}
}

// expire ends the exclusions that are over.
func (e *Engine) expire() {
	for n := e.exclusions.first(); n != nil && !n.value.until.After(e.now); n = e.exclusions.first() {
		x := n.value
		e.exclusions.remove(n)
		if e.excluded[x.key][x.member].After(e.now) { // extended since
			continue
		}
		delete(e.excluded[x.key], x.member)
		if len(e.excluded[x.key]) == 0 {
			delete(e.excluded, x.key)
		}
		if w := e.items[x.key]; w != nil {
			e.refresh(w.line)
		}
	}
}
