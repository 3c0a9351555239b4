package dispatch

import (
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
)

// Agent is a member as the engine sees them.
type Agent struct {
	Member    identity.MemberID
	Profile   Profile
	Status    Status // effective: only Available agents are given work
	Capacity  int
	Used      int
	IdleSince time.Time
	// WrapUpUntil is when the agent's wrap-up ends; zero = in none. Until Rest
	// has ended it, the agent is given nothing.
	WrapUpUntil time.Time
}

// room is the weight that the agent can still take; 0 when not available.
func (a Agent) room() int {
	if a.Status != Available || !a.WrapUpUntil.IsZero() {
		return 0
	}
	return max(a.Capacity-a.Used, 0)
}

// agent is an Agent in its place.
type agent struct {
	Agent
	rank  Rank
	turn  uint64 // number of the last assignment made to the agent
	bench *bench // nil without room
	node  *node[*agent]
}

func preferred(a, b *agent) bool {
	if a.rank != b.rank {
		return a.rank.less(b.rank)
	}
	if a.turn != b.turn {
		return a.turn < b.turn
	}
	return a.Member < b.Member
}

// bench is every agent with the same abilities and the same room: if one of
// them fits an item, all do, exclusions aside.
type bench struct {
	profile Profile
	room    int
	agents  *tree[*agent]
	head    *agent
	node    *node[*bench] // in Engine.benches; nil when nobody sits there
	fresh   bool          // somebody came who may have a match that Decide has not seen yet
	may     map[Class]bool
}

func preferredBench(a, b *bench) bool { return preferred(a.head, b.head) }

type benchKey struct {
	profile Profile
	room    int
}

// maxRemembered bounds the memory of a bench's matches; classes come and go.
const maxRemembered = 16_384

// serves reports whether the bench's agents may serve a line.
func (e *Engine) serves(b *bench, l *line) bool {
	if b.room < l.weight {
		return false
	}
	may, known := b.may[l.class]
	if !known {
		if len(b.may) >= maxRemembered {
			clear(b.may)
		}
		may = e.policy.Match.May(b.profile, l.class)
		b.may[l.class] = may
	}
	return may
}

// sit puts an agent on the bench where they belong now. gained says that they
// may be able to serve what they could not before.
func (e *Engine) sit(a *agent, gained bool) {
	a.rank = e.policy.Agents.RankAgent(a.Agent)
	room := a.room()
	if room == 0 {
		return
	}
	key := benchKey{a.Profile, room}
	b := e.byRoom[key]
	if b == nil {
		b = &bench{profile: a.Profile, room: room, agents: newTree(preferred), may: map[Class]bool{}}
		e.byRoom[key] = b
	}
	a.bench, a.node = b, b.agents.insert(a)
	if b.head == nil || preferred(a, b.head) {
		e.rebench(b)
	}
	if gained && !b.fresh {
		b.fresh = true
		e.freshBenches = append(e.freshBenches, b)
	}
}

// rise takes an agent off their bench. It reports whether the bench was fresh:
// then wherever they sit next is, even with less room.
func (e *Engine) rise(a *agent) bool {
	b := a.bench
	if b == nil {
		return false
	}
	b.agents.remove(a.node)
	a.bench, a.node = nil, nil
	if b.head == a {
		e.rebench(b)
	}
	return b.fresh
}

// rebench gives a bench its place among the benches, after its head changed.
func (e *Engine) rebench(b *bench) {
	if b.node != nil {
		e.benches.remove(b.node)
		b.node, b.head = nil, nil
	}
	if first := b.agents.first(); first != nil {
		b.head = first.value
		b.node = e.benches.insert(b)
	}
}
