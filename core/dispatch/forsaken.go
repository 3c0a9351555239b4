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
		for class, it := range s.engine.hopeless() {
			if !it.WaitingSince.Before(before) {
				continue
			}
			if could := s.engine.couldServe(class); len(could) > 0 {
				out = append(out, Forsaken{Workspace: s.ws, Item: it, Could: could})
			}
		}
		s.mu.Unlock()
	}
	return out
}

// hopeless returns the oldest item of each class that nobody who is available
// may serve. What waits for its queue to open is none, nor are tickets. It looks at no item that
// has somebody to hope for.
func (e *Engine) hopeless() map[Class]Item {
	out := map[Class]Item{}
	for _, k := range e.byID {
		var oldest *waiting
		for _, l := range k.lines {
			if k.hands > 0 || l.queue.held || l.channel == Ticket {
				continue
			}
			for n := l.items.first(); n != nil; n = n.next() {
				if oldest == nil || older(n.value, oldest) {
					oldest = n.value
				}
			}
		}
		if oldest != nil {
			out[k.class] = oldest.Item
		}
	}
	return out
}

// couldServe returns the agents who may serve a class, by id.
func (e *Engine) couldServe(class Class) []identity.MemberID {
	var out []identity.MemberID
	for _, a := range e.Agents() {
		if e.policy.Match.May(a.Profile, class) {
			out = append(out, a.Member)
		}
	}
	return out
}
