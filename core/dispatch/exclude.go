package dispatch

import (
	"container/heap"
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
)

// expiry is when an exclusion ends.
type expiry struct {
	at     time.Time
	key    Key
	member identity.MemberID
}

// expiries is a heap of exclusions, the next to end first.
type expiries []expiry

func (h expiries) Len() int           { return len(h) }
func (h expiries) Less(i, j int) bool { return h[i].at.Before(h[j].at) }
func (h expiries) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push implements heap.Interface.
func (h *expiries) Push(x any) {
	if v, ok := x.(expiry); ok {
		*h = append(*h, v)
	}
}

// Pop implements heap.Interface.
func (h *expiries) Pop() any {
	old := *h
	v := old[len(old)-1]
	*h = old[:len(old)-1]
	return v
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
		heap.Push(&e.exclusions, expiry{until, key, member})
	}
}

// Next returns when time alone may make a pair possible: when the next
// exclusion ends. false = never.
func (e *Engine) Next() (time.Time, bool) {
	if len(e.exclusions) == 0 {
		return time.Time{}, false
	}
	return e.exclusions[0].at, true
}

// expire ends the exclusions that are over.
func (e *Engine) expire(now time.Time) {
	for len(e.exclusions) > 0 && !e.exclusions[0].at.After(now) {
		x, ok := heap.Pop(&e.exclusions).(expiry)
		if !ok || e.excluded[x.key][x.member].After(now) { // extended since
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
