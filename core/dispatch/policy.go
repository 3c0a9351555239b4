package dispatch

// Rank is a place in an order: smaller goes first, the first number decides,
// the second breaks ties.
type Rank [2]int64

func (r Rank) less(o Rank) bool {
	return r[0] < o[0] || r[0] == o[0] && r[1] < o[1]
}

// Policy is how an engine chooses. The zero value serves first come, first
// served, by whoever has been idle the longest, and lets anybody serve anything.
type Policy struct {
	Items  ItemPolicy
	Agents AgentPolicy
	Match  Matcher
}

// ItemPolicy orders the waiting items. The rank is taken once, when the item
// begins to wait, so it must be a function of the item alone and not of the
// time: arrival for first come first served, arrival minus a boost for linear
// ageing, arrival plus a target for the earliest deadline. Ties go to the
// older item, then by Key.
type ItemPolicy interface {
	RankItem(item Item) Rank
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

// FIFO serves the item first that arrived first.
type FIFO struct{}

// RankItem implements ItemPolicy.
func (FIFO) RankItem(item Item) Rank { return Rank{item.WaitingSince.UnixMilli()} }

// LongestIdle prefers the agent whose last assignment, finished work or return,
// whichever is latest, is the longest ago.
type LongestIdle struct{}

// RankAgent implements AgentPolicy.
func (LongestIdle) RankAgent(agent Agent) Rank { return Rank{agent.IdleSince.UnixMilli()} }

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
