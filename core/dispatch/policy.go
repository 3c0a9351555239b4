package dispatch

import "math"

// Rank is a place in an order: smaller goes first, the first number decides,
// the next break ties.
type Rank [3]int64

func (r Rank) less(o Rank) bool {
	if r[0] != o[0] {
		return r[0] < o[0]
	}
	return r[1] < o[1] || r[1] == o[1] && r[2] < o[2]
}

// Policy is how an engine chooses. The zero value serves first come, first
// served, by whoever has been idle the longest, and lets anybody serve anything.
type Policy struct {
	Items  ItemPolicy
	Agents AgentPolicy
	Match  Matcher
	// Starve ends an item's patience with the order: past so many times its
	// target, it goes before all items that are not past theirs, the oldest
	// first. 0 = never; items without a target never do.
	Starve float64
}

// ItemPolicy orders the waiting items. The rank is taken once, when the item
// begins to wait, so it must be a function of the item alone and not of the
// time: arrival for first come first served, arrival minus a boost for linear
// ageing, arrival plus a target for the earliest deadline. Ties go to the
// older item, then by Key.
type ItemPolicy interface {
	RankItem(item Item) Rank
}

// RatedPolicy is an ItemPolicy whose order changes with time: first goes the
// item with the largest product of its rate and the time it has waited; ties go
// to the older, then by Key. The rank is not asked for. Every distinct rate
// among the waiting items costs each decision a look, so they should be few.
type RatedPolicy interface {
	ItemPolicy
	// Rate is a function of the item alone: how urgency grows for each
	// millisecond of waiting. 0 or more; anything else counts as 0.
	Rate(item Item) float64
}

// AgentPolicy orders the agents who have room. The rank is taken whenever the
// agent changes, so it must be a function of the agent alone. Ties go to the
// agent whose last turn in this engine is longer ago, then by id.
type AgentPolicy interface {
	RankAgent(agent Agent) Rank
}

// Matcher says whether agents of a profile may serve items of a class. It must
// always give the same answer: the engine remembers it.
type Matcher interface {
	May(profile Profile, class Class) bool
}

// Anyone lets every agent serve every item.
type Anyone struct{}

// May implements Matcher.
func (Anyone) May(Profile, Class) bool { return true }

func (p Policy) orDefault() Policy {
	if p.Items == nil {
		p.Items = FIFO{}
	}
	if p.Agents == nil {
		p.Agents = LongestIdle{}
	}
	if p.Match == nil {
		p.Match = Anyone{}
	}
	return p
}

// rank returns an item's place within its rate, and the rate.
func (p Policy) rank(it Item) (Rank, float64) {
	rated, ok := p.Items.(RatedPolicy)
	if !ok {
		return p.Items.RankItem(it), 0
	}
	rate := rated.Rate(it)
	if !(rate > 0) || math.IsInf(rate, 1) {
		rate = 0
	}
	return Rank{}, rate
}
