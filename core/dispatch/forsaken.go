package dispatch

import (
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
)

// Forsaken is an item that waits while nobody who could serve it is available.
type Forsaken struct {
	Workspace identity.WorkspaceID
	Item      Item
	Could     []identity.MemberID // who could serve it, were they available; by id
}

// Forsaken returns, of every workspace and every class of items, the first one
// if it has waited since before a time and no member who may serve its class is
// available, busy or not.
func (d *Dispatcher) Forsaken(before time.Time) []Forsaken {
	d.mu.Lock()
	shards := make([]*shard, 0, len(d.shards))
	for _, s := range d.shards {
		shards = append(shards, s)
	}
	d.mu.Unlock()
	var out []Forsaken
	for _, s := range shards {
		select {
		case <-s.ready: // before, nobody is known to be there
		default:
			continue
		}
		s.mu.Lock()
		for _, it := range s.engine.heads() {
			if !it.WaitingSince.Before(before) {
				continue
			}
			if could, available := s.engine.couldServe(it.Class); !available && len(could) > 0 {
				out = append(out, Forsaken{Workspace: s.ws, Item: it, Could: could})
			}
		}
		s.mu.Unlock()
	}
	return out
}

// heads returns the first item of each class.
func (e *Engine) heads() []Item {
	var out []Item
	for _, lines := range e.classes {
		var first *waiting
		for _, l := range lines {
			if l.head != nil && (first == nil || earlier(l.head, first)) {
				first = l.head
			}
		}
		if first != nil {
			out = append(out, first.Item)
		}
	}
	return out
}

// couldServe returns the agents who may serve a class, and whether any of them
// is available.
func (e *Engine) couldServe(class Class) (could []identity.MemberID, available bool) {
	for _, a := range e.Agents() {
		if e.policy.Match.May(a.Profile, class) {
			could = append(could, a.Member)
			available = available || a.Status == Available
		}
	}
	return could, available
}
