package simulate

import (
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/identity"
)

// naive serves the item first that arrived first of those that anybody may be
// given, and looks at every agent for it. It knows no values, ladders or
// stickiness.
type naive struct {
	choose func(n *naive, line *naiveLine, e *entry) int

	agents []dispatch.Agent
	places map[identity.MemberID]int // in agents
	turn   int                       // whose turn it is

	lines    []*naiveLine
	entries  map[dispatch.Key]*entry
	excluded []naiveExclusion // by their end
}

// naiveLine is what asks for the same.
type naiveLine struct {
	like    dispatch.Item // class, channel, weight, exclusive
	entries []*entry      // by arrival; those that are gone are dropped when they come first
	may     map[dispatch.Profile]bool
}

type entry struct {
	dispatch.Item
	gone bool
}

type naiveExclusion struct {
	key    dispatch.Key
	member identity.MemberID
	until  time.Time
}

func newNaive(choose func(*naive, *naiveLine, *entry) int) *naive {
	return &naive{choose: choose, places: map[identity.MemberID]int{}, entries: map[dispatch.Key]*entry{}}
}

// Wait implements Dispatcher.
func (n *naive) Wait(item dispatch.Item) {
	n.Gone(item.Key)
	e := &entry{Item: item}
	n.entries[item.Key] = e
	l := n.line(item)
	i := len(l.entries)
	for i > 0 && l.entries[i-1].WaitingSince.After(item.WaitingSince) {
		i--
	}
	l.entries = slices.Insert(l.entries, i, e)
}

func (n *naive) line(item dispatch.Item) *naiveLine {
	for _, l := range n.lines {
		if l.like.Class == item.Class && l.like.Channel == item.Channel && l.like.Weight == item.Weight && l.like.Exclusive == item.Exclusive {
			return l
		}
	}
	l := &naiveLine{like: item, may: map[dispatch.Profile]bool{}}
	n.lines = append(n.lines, l)
	return l
}

// Gone implements Dispatcher.
func (n *naive) Gone(key dispatch.Key) {
	if e := n.entries[key]; e != nil {
		e.gone = true
		delete(n.entries, key)
	}
}

// Len implements Dispatcher.
func (n *naive) Len() int { return len(n.entries) }

// Set implements Dispatcher.
func (n *naive) Set(agent dispatch.Agent) {
	i, known := n.places[agent.Member]
	if !known {
		i = len(n.agents)
		n.places[agent.Member] = i
		n.agents = append(n.agents, agent)
	}
	n.agents[i] = agent
}

// Exclude implements Dispatcher.
func (n *naive) Exclude(key dispatch.Key, member identity.MemberID, until time.Time) {
	i := len(n.excluded)
	for i > 0 && n.excluded[i-1].until.After(until) {
		i--
	}
	n.excluded = slices.Insert(n.excluded, i, naiveExclusion{key, member, until})
}

// Next implements Dispatcher.
func (n *naive) Next() (time.Time, bool) {
	if len(n.excluded) == 0 {
		return time.Time{}, false
	}
	return n.excluded[0].until, true
}

// Decide implements Dispatcher.
func (n *naive) Decide(now time.Time, limit int) []dispatch.Assignment {
	for len(n.excluded) > 0 && !n.excluded[0].until.After(now) {
		n.excluded = n.excluded[1:]
	}
	var out []dispatch.Assignment
	for len(out) < limit && len(n.entries) > 0 {
		e, place := n.first()
		if e == nil {
			break
		}
		n.Gone(e.Key)
		a := with(n.agents[place], e.Item, +1)
		a.IdleSince = now
		n.agents[place] = a
		n.turn = (place + 1) % len(n.agents)
		out = append(out, dispatch.Assignment{Item: e.Item, Member: a.Member})
	}
	return out
}

// first returns the oldest item that somebody may be given, and the agent's
// place.
func (n *naive) first() (*entry, int) {
	var best *entry
	place := -1
	for _, l := range n.lines {
		for len(l.entries) > 0 && l.entries[0].gone {
			l.entries = l.entries[1:]
		}
		for _, e := range l.entries {
			if best != nil && !e.WaitingSince.Before(best.WaitingSince) {
				break
			}
			if e.gone {
				continue
			}
			if i := n.choose(n, l, e); i >= 0 {
				best, place = e, i
				break
			}
			if !n.kept(e.Key) { // then nobody fits the others either
				break
			}
		}
	}
	return best, place
}

// kept reports whether an item is kept from anybody.
func (n *naive) kept(key dispatch.Key) bool {
	return slices.ContainsFunc(n.excluded, func(x naiveExclusion) bool { return x.key == key })
}

func (n *naive) may(a *dispatch.Agent, l *naiveLine, e *entry) bool {
	if !fits(*a, e.Item) {
		return false
	}
	may, known := l.may[a.Profile]
	if !known {
		may = dispatch.BySkill{}.May(a.Profile, l.like.Class)
		l.may[a.Profile] = may
	}
	return may && !slices.ContainsFunc(n.excluded, func(x naiveExclusion) bool { return x.key == e.Key && x.member == a.Member })
}

// inTurn returns the next agent who may be given an item; -1 = nobody.
func inTurn(n *naive, l *naiveLine, e *entry) int {
	for i := range n.agents {
		if place := (n.turn + i) % len(n.agents); n.may(&n.agents[place], l, e) {
			return place
		}
	}
	return -1
}

// fewest returns the agent with the fewest items; of equals, the next in turn.
func fewest(n *naive, l *naiveLine, e *entry) int {
	best, least := -1, 0
	for i := range n.agents {
		place := (n.turn + i) % len(n.agents)
		a := &n.agents[place]
		has := 0
		for _, items := range a.Has {
			has += items
		}
		if (best < 0 || has < least) && n.may(a, l, e) {
			best, least = place, has
		}
	}
	return best
}

// fits reports whether an agent has room for an item.
func fits(a dispatch.Agent, it dispatch.Item) bool {
	limit, has := a.Limits[it.Channel], a.Has[it.Channel]
	switch {
	case a.Status != dispatch.Available || a.Exclusive,
		limit == dispatch.Never || limit > 0 && has >= limit,
		it.Exclusive && (a.Used > 0 || a.Has != dispatch.PerChannel{}):
		return false
	}
	return a.Used+max(it.Weight, 1) <= a.Capacity
}

// with returns an agent with one item more (n = 1) or less (n = -1).
func with(a dispatch.Agent, it dispatch.Item, n int) dispatch.Agent {
	a.Used += n * max(it.Weight, 1)
	a.Has[it.Channel] += n
	if it.Exclusive {
		a.Exclusive = n > 0
	}
	return a
}
