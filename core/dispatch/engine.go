package dispatch

import (
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
)

// Engine is the index of one workspace: who waits, who has room, and whom to
// pair next. It does no I/O, starts nothing and reads no clock: the same calls
// always give the same answers.
//
// Guarantees. Decide serves the first waiting item, in the order of the item
// policy, that any agent with room may serve, and gives it to the first such
// agent in the order of the agent policy; no item is passed over but for an
// exclusion. No agent is given more than their room, or anything in a wrap-up. No call looks at every
// item or every agent: cost grows with the logarithm of their numbers, and
// with the number of distinct classes and profiles.
//
// It is not safe for concurrent use.
type Engine struct {
	policy Policy

	items   map[Key]*waiting
	classes map[Class][]*line // by weight
	lines   *tree[*line]      // by their heads
	stale   map[*line]struct{}
	left    map[Key]told // whoever waits no more, but was told a place

	agents  map[identity.MemberID]*agent
	byRoom  map[benchKey]*bench
	benches *tree[*bench]   // those with somebody on, by their heads
	hands   map[Profile]int // how many are available, with room or without; no zeros

	freshLines   int
	freshBenches []*bench
	turns        uint64

	excluded   map[Key]map[identity.MemberID]time.Time
	exclusions *tree[exclusion] // by their end
	rests      *tree[rest]      // by their end
}

// NewEngine returns an empty engine.
func NewEngine(policy Policy) *Engine {
	return &Engine{
		policy:   policy.orDefault(),
		items:    map[Key]*waiting{},
		classes:  map[Class][]*line{},
		lines:    newTree(earlierLine),
		stale:    map[*line]struct{}{},
		left:     map[Key]told{},
		agents:   map[identity.MemberID]*agent{},
		byRoom:   map[benchKey]*bench{},
		benches:  newTree(preferredBench),
		hands:    map[Profile]int{},
		excluded: map[Key]map[identity.MemberID]time.Time{},

		exclusions: newTree(endsEarlier), rests: newTree(restsEarlier),
	}
}

// normal is how items are compared.
func normal(item Item) Item {
	item.Weight = max(item.Weight, 1)
	item.WaitingSince = item.WaitingSince.UTC().Truncate(time.Millisecond)
	return item
}

// Wait adds an item, or changes one: its place then follows what it is now.
// Adding what is there already changes nothing.
func (e *Engine) Wait(item Item) {
	item = normal(item)
	w := &waiting{Item: item, rank: e.policy.Items.RankItem(item)}
	if old := e.items[item.Key]; old != nil {
		if old.Item == item {
			return
		}
		w.told = old.told
		e.leave(old)
	} else if last, ok := e.left[item.Key]; ok {
		w.told = last
		delete(e.left, item.Key)
	}
	e.enter(w)
}

// Gone removes an item: it does not wait any more. An unknown one is no error.
func (e *Engine) Gone(key Key) {
	if w := e.items[key]; w != nil {
		e.part(w)
	}
}

// part lets an item go, and remembers to tell whoever waits with it.
func (e *Engine) part(w *waiting) {
	e.leave(w)
	if w.told.place > 0 {
		e.left[w.Key] = w.told
	}
}

// Item returns a waiting item.
func (e *Engine) Item(key Key) (Item, bool) {
	w := e.items[key]
	if w == nil {
		return Item{}, false
	}
	return w.Item, true
}

// Len returns how many items wait.
func (e *Engine) Len() int { return len(e.items) }

// Items yields the waiting items, in no particular order.
func (e *Engine) Items() iter.Seq[Item] {
	return func(yield func(Item) bool) {
		for _, w := range e.items {
			if !yield(w.Item) {
				return
			}
		}
	}
}

// Set adds an agent, or changes one.
func (e *Engine) Set(a Agent) {
	old := e.agents[a.Member]
	if old == nil {
		old = &agent{Agent: Agent{Member: a.Member}}
		e.agents[a.Member] = old
	} else if old.Agent == a {
		return
	}
	if !a.WrapUpUntil.Equal(old.WrapUpUntil) {
		e.begin(a)
	}
	was := old.Agent
	gained := a.Profile != old.Profile || a.room() > old.room()
	fresh := e.rise(old)
	old.Agent = a
	e.sit(old, gained || fresh)
	if was.Status != a.Status || was.Profile != a.Profile {
		e.lend(a, 1)
		e.lend(was, -1)
	}
}

// Remove forgets an agent. An unknown one is no error.
func (e *Engine) Remove(member identity.MemberID) {
	if a := e.agents[member]; a != nil {
		e.rise(a)
		delete(e.agents, member)
		e.lend(a.Agent, -1)
	}
}

// Agent returns an agent.
func (e *Engine) Agent(member identity.MemberID) (Agent, bool) {
	a := e.agents[member]
	if a == nil {
		return Agent{}, false
	}
	return a.Agent, true
}

// Agents returns every agent, by id.
func (e *Engine) Agents() []Agent {
	out := make([]Agent, 0, len(e.agents))
	for _, id := range slices.Sorted(maps.Keys(e.agents)) {
		out = append(out, e.agents[id].Agent)
	}
	return out
}
