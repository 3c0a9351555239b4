package dispatch

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
)

// Board is how the work of a workspace stands at an instant: what supervisors
// look at.
type Board struct {
	Queues []QueueState  // those in which something waits or rings, or that are closed, by name
	Agents []AgentOnDuty // everybody whom dispatch knows, by id
}

// QueueState is how a queue stands.
type QueueState struct {
	Queue    string    // "" = what is in no queue
	Waiting  int       // for somebody to be found; without what rings, and without tickets
	Tickets  int       // that wait for somebody to be found; in nothing else here
	Ringing  int       // offered to somebody who has not answered yet
	Oldest   time.Time // arrival of who has waited the longest, ringing or not; zero = nobody waits
	AtRisk   int       // of both, who has waited for RiskShare of their target or longer
	Breached int       // of those, who has waited for longer than it
	Closed   bool      // by its hours
}

// AgentOnDuty is an agent with what is offered to them.
type AgentOnDuty struct {
	AgentStatus

	Ringing int
}

// RiskShare is the part of a target after which whoever waits is at risk.
const RiskShare = 0.75

// Board looks at everything that waits: its cost grows with the number of items.
func (d *Dispatcher) Board(ws identity.WorkspaceID) Board {
	s := d.shard(ws)
	s.mu.Lock()
	defer s.mu.Unlock()
	ringing := map[identity.MemberID]int{}
	for _, o := range s.ringing.known {
		ringing[o.value.Member]++
	}
	out := Board{Queues: s.engine.States(s.Now())}
	for _, a := range s.engine.Agents() {
		out.Agents = append(out.Agents, AgentOnDuty{s.statusOf(a), ringing[a.Member]})
	}
	return out
}

// Oldest returns the earliest arrival of what waits, ringing or not, tickets
// aside; zero if nothing does.
func (e *Engine) Oldest() time.Time {
	var oldest time.Time
	for _, all := range []map[Key]*waiting{e.items, e.ringing} {
		for _, w := range all {
			if !w.aside() && (oldest.IsZero() || w.WaitingSince.Before(oldest)) {
				oldest = w.WaitingSince
			}
		}
	}
	return oldest
}

// States returns how the queues stand at a time, by name.
func (e *Engine) States(now time.Time) []QueueState {
	all := map[string]*QueueState{}
	of := func(name string) *QueueState {
		q := all[name]
		if q == nil {
			q = &QueueState{Queue: name}
			all[name] = q
		}
		return q
	}
	for _, w := range e.items {
		q := of(w.Queue)
		if w.aside() {
			q.Tickets++
			continue
		}
		q.Waiting++
		q.look(w.Item, now)
	}
	for _, w := range e.ringing {
		q := of(w.Queue)
		q.Ringing++
		q.look(w.Item, now)
	}
	for name := range e.held {
		of(name).Closed = true
	}
	out := make([]QueueState, 0, len(all))
	for _, name := range slices.SortedFunc(maps.Keys(all), cmp.Compare) {
		out = append(out, *all[name])
	}
	return out
}

// look takes an item into account.
func (q *QueueState) look(it Item, now time.Time) {
	if q.Oldest.IsZero() || it.WaitingSince.Before(q.Oldest) {
		q.Oldest = it.WaitingSince
	}
	if it.Target <= 0 {
		return
	}
	waited := now.Sub(it.WaitingSince)
	if waited >= time.Duration(float64(it.Target)*RiskShare) {
		q.AtRisk++
	}
	if waited > it.Target {
		q.Breached++
	}
}
