package dispatch

import (
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/internal/mutant"
)

// Agent is a member as the engine sees them.
type Agent struct {
	Member    identity.MemberID
	Profile   Profile
	Status    Status     // effective: only Available agents are given work
	Capacity  int        // the budget: weight of items at once
	Used      int        // of the budget
	Aside     int        // of Used, by tickets
	Limits    PerChannel // items of each channel at once; 0 = bounded by the budget alone, Never = none
	Has       PerChannel // items of each channel now
	Exclusive bool       // has an exclusive item
	IdleSince time.Time
	// WrapUpUntil is when the agent's wrap-up ends; zero = in none. Until Rest
	// has ended it, the agent is given nothing.
	WrapUpUntil time.Time
	Ringing     bool // something is offered to them: they are given nothing beside it
}

// room is the weight that the agent can still take; 0 when not available.
func (a Agent) room() int {
	if a.Status != Available || !a.WrapUpUntil.IsZero() || a.Exclusive || a.Ringing {
		return 0
	}
	return max(a.Capacity-a.Used, 0)
}

// live is what the agent has for customers who wait, as a weight.
func (a Agent) live() int { return max(a.Used-a.Aside, 0) }

// nothing reports whether the agent has no work at all.
func (a Agent) nothing() bool { return a.Used <= 0 && a.Has == PerChannel{} && !a.Exclusive }

// full is the set of channels of which the agent is given no more.
func (a Agent) full() channelSet {
	var out channelSet
	for c, limit := range a.Limits {
		if limit < 0 || limit > 0 && a.Has[c] >= limit {
			out |= 1 << c
		}
	}
	return out
}

// channelSet is a set of channels, a bit for each.
type channelSet uint8

func (s channelSet) has(c Channel) bool { return s>>c&1 == 1 }

// with returns the agent with n more items like one; n is 1, or -1 to take it away.
func (a Agent) with(it Item, n int) Agent {
	a.Used = max(a.Used+n*it.Weight, 0)
	if it.aside() {
		a.Aside = max(a.Aside+n*it.Weight, 0)
	}
	a.Has[it.Channel] = max(a.Has[it.Channel]+n, 0)
	if it.Exclusive {
		a.Exclusive = n > 0
	}
	return a
}

// differs reports whether a row says otherwise of what the agent can do and has.
func (a Agent) differs(row AgentRow) bool {
	return a.Used != row.Used || a.Aside != row.Aside || a.Capacity != row.Capacity || a.Profile != row.Profile ||
		a.Limits != row.Limits || a.Has != row.Has || a.Exclusive != row.Exclusive || a.Ringing != row.Ringing
}

// seat is all that decides which items an agent of a profile can be given.
type seat struct {
	room    int        // weight
	full    channelSet // given no more of these
	nothing bool       // has no work at all
}

func (a Agent) seat() seat { return seat{a.room(), a.full(), a.nothing()} }

// wider reports whether there may be an item for a seat that was none for the other.
func (s seat) wider(o seat) bool {
	return s.room > o.room || o.full&^s.full != 0 || s.nothing && !o.nothing
}

// agent is an Agent in its place.
type agent struct {
	Agent
	who   *abilities
	rank  Rank
	turn  uint64 // number of the last assignment made to the agent
	bench *bench // nil without room
	node  node[*agent]
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

// bench is every agent with the same abilities on the same seat: if one of them
// fits an item, all do, exclusions aside.
type bench struct {
	seat
	who    *abilities
	kept   bool // for exclusive items; see Reserve
	agents *tree[*agent]
	head   *agent
	node   node[*bench] // in Engine.benches while anybody sits there
	fresh  bool         // somebody came who may have a match that Decide has not seen yet
}

func preferredBench(a, b *bench) bool { return preferred(a.head, b.head) }

// serves reports whether the bench's agents may serve a line.
func (e *Engine) serves(b *bench, l *line) bool {
	return (b.room >= l.weight || mutant.On(mutant.CapacityOverrun)) && !b.full.has(l.channel) && (b.nothing || !l.exclusive) && e.may(b.who, l.kind)
}

// sit puts an agent on the bench where they belong now. gained says that they
// may be able to serve what they could not before.
func (e *Engine) sit(a *agent, gained bool) {
	a.rank = e.policy.Agents.RankAgent(a.Agent)
	if at := a.seat(); at.room > 0 {
		b := e.benchOf(a.who, at)
		a.bench = b
		b.agents.put(&a.node, a)
		if b.kept {
			e.kept++
		}
		if b.head == nil || preferred(a, b.head) {
			e.rebench(b)
		}
		if gained && !b.fresh {
			b.fresh = true
			e.freshBenches = append(e.freshBenches, b)
		}
	}
	for l := range e.bound[a.Member] {
		e.reopen(l)
	}
}

func (e *Engine) benchOf(who *abilities, at seat) *bench {
	b := who.benches[at]
	if b == nil {
		b = &bench{seat: at, who: who, kept: e.reserve.keeps(at), agents: newTree(preferred)}
		who.benches[at] = b
	}
	return b
}

// rise takes an agent off their bench. It reports whether the bench was fresh:
// then wherever they sit next is, even with less room.
func (e *Engine) rise(a *agent) bool {
	b := a.bench
	if b == nil {
		return false
	}
	b.agents.remove(&a.node)
	a.bench = nil
	if b.kept {
		e.kept--
	}
	if b.head == a {
		e.rebench(b)
	}
	return b.fresh
}

// rebench gives a bench its place among the benches, after its head changed.
func (e *Engine) rebench(b *bench) {
	if b.node.in() {
		e.benches.remove(&b.node)
		b.head = nil
	}
	if first := b.agents.first(); first != nil {
		b.head = first.value
		e.benches.put(&b.node, b)
	}
}
