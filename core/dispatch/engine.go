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
// always give the same answers. Its time is that of the last Decide, and never
// goes back; what an item waits for besides an agent (a rung, its own agent, the
// end of patience) is a function of the item and that time.
//
// Guarantees. Decide serves the first waiting item, in the order of the item
// policy, that any agent with room may serve, and gives it to the first such
// agent in the order of the agent policy; no item is passed over but for an
// exclusion. No agent is given more than their room, more of a channel than
// their limit, anything beside an exclusive item, or anything in a wrap-up. No
// call looks at every item or every agent: cost grows with the logarithm of
// their numbers, and with the number of distinct needs, rates and profiles.
//
// It is not safe for concurrent use.
type Engine struct {
	policy  Policy
	reserve Reserve
	now     time.Time

	items   map[Key]*waiting
	ringing map[Key]*waiting // offered: counted among those who wait, given to nobody
	offers  bool
	queues  map[queueKey]*queue
	held    map[string]int64 // closed queues: when they open, in Unix milliseconds; 0 = nobody knows
	groups  map[tier]*group
	bound   map[identity.MemberID]map[*line]struct{} // lines that wait for one member
	stale   map[*ranking]struct{}
	left    map[Key]told // whoever waits no more, but was told a place

	glossary *glossary
	kinds    map[Class]*kind
	byID     []*kind
	live     int // kinds of which something waits
	widened  map[[2]Class]Class
	profiles map[Profile]*abilities

	agents  map[identity.MemberID]*agent
	benches *tree[*bench] // those with somebody on, by their heads
	kept    int           // agents on benches that are kept

	openLines    int // in all groups
	freshLines   int
	news         []*line // the fresh lines, and some that were
	freshBenches []*bench
	turns        uint64

	flows    map[queueKey]*flow
	work     work
	staffing uint64 // another number after agents came, went or have other budgets
	staffed  uint64 // staffing when all waits were looked at
	waitAt   time.Time
	scratch  walk // the last one, to be used again

	timers     *tree[*waiting]     // by the end of their stage
	drifting   map[*queue]struct{} // whose places change as time passes
	driftAt    time.Time           // when they are looked at
	excluded   map[Key]map[identity.MemberID]time.Time
	exclusions *tree[exclusion] // by their end
	rests      *tree[rest]      // by their end
}

// NewEngine returns an empty engine.
func NewEngine(policy Policy) *Engine {
	e := &Engine{
		policy:   policy.orDefault(),
		items:    map[Key]*waiting{},
		ringing:  map[Key]*waiting{},
		queues:   map[queueKey]*queue{},
		held:     map[string]int64{},
		groups:   map[tier]*group{},
		bound:    map[identity.MemberID]map[*line]struct{}{},
		stale:    map[*ranking]struct{}{},
		left:     map[Key]told{},
		kinds:    map[Class]*kind{},
		widened:  map[[2]Class]Class{},
		profiles: map[Profile]*abilities{},
		agents:   map[identity.MemberID]*agent{},
		benches:  newTree(preferredBench),
		drifting: map[*queue]struct{}{},
		flows:    map[queueKey]*flow{},
		staffing: 1,
		excluded: map[Key]map[identity.MemberID]time.Time{},

		timers: newTree(endsSooner), exclusions: newTree(endsEarlier), rests: newTree(restsEarlier),
	}
	e.reserve, _ = policy.Agents.(Reserve)
	e.glossary = newGlossary(e.policy.Match)
	return e
}

// Wait adds an item, or changes one: its place then follows what it is now.
// Adding what is there already changes nothing.
func (e *Engine) Wait(item Item) {
	item = normal(item)
	w := &waiting{Item: item, since: item.WaitingSince.UnixMilli()}
	w.order, w.rate = e.policy.rank(item)
	if old := e.known(item.Key); old != nil {
		if old.Equal(item) && !old.rings {
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

// Gone removes an item: it does not wait any more, and was given to nobody. An
// unknown one is no error.
func (e *Engine) Gone(key Key) {
	if w := e.known(key); w != nil {
		e.forsake(w)
		e.part(w)
	}
}

// Given removes an item that an agent has, who accepted it or was given it by
// hand. An unknown one is no error.
func (e *Engine) Given(key Key) {
	if w := e.known(key); w != nil {
		e.depart(w)
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
	e.put(old, a)
}

// put makes an agent another.
func (e *Engine) put(old *agent, a Agent) {
	was, could := old.Agent, old.who
	e.work.change(e.clock(), was.live(), a.live())
	fresh := e.rise(old)
	old.Agent = a
	if could == nil || could.profile != a.Profile {
		old.who = e.learn(a.Profile)
	}
	e.sit(old, fresh || could != old.who || a.seat().wider(was.seat()))
	if could != old.who || was.Status != a.Status || was.Capacity != a.Capacity {
		e.staffing++
	}
	e.count(old.who, a, 1)
	if could != nil {
		e.count(could, was, -1)
		if could != old.who {
			e.unlearn(could)
		}
	}
}

// count adds an agent to the hands of their profile, or takes them away, if they
// are available.
func (e *Engine) count(who *abilities, a Agent, n int) {
	if a.Status == Available {
		who.places += n * max(a.Capacity, 0)
		e.lend(who, n)
	}
}

// Remove forgets an agent. An unknown one is no error.
func (e *Engine) Remove(member identity.MemberID) {
	a := e.agents[member]
	if a == nil {
		return
	}
	e.rise(a)
	e.work.change(e.clock(), a.live(), 0)
	e.staffing++
	delete(e.agents, member)
	for l := range e.bound[member] {
		e.reopen(l)
	}
	e.count(a.who, a.Agent, -1)
	e.unlearn(a.who)
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
