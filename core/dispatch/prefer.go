package dispatch

import (
	"math"
	"strings"
)

// LongestIdle prefers the agent whose last assignment, finished work or return,
// whichever is latest, is the longest ago.
type LongestIdle struct{}

// RankAgent implements AgentPolicy.
func (LongestIdle) RankAgent(agent Agent) Rank { return Rank{agent.IdleSince.UnixMilli()} }

// LeastLoaded prefers the agent of whose budget the smallest share is used,
// then the one who has been idle the longest.
type LeastLoaded struct{}

// RankAgent implements AgentPolicy.
func (LeastLoaded) RankAgent(agent Agent) Rank {
	share := int64(math.MaxInt64)
	if agent.Capacity > 0 {
		share = int64(agent.Used) * 1_000_000 / int64(agent.Capacity)
	}
	return Rank{share, agent.IdleSince.UnixMilli()}
}

// Pack prefers the agent with the least room that fits, then the one with the
// fewest skills, then the one who has been idle the longest: whoever can do
// most is kept for what only they can do.
type Pack struct{}

// RankAgent implements AgentPolicy.
func (Pack) RankAgent(agent Agent) Rank {
	return Rank{int64(agent.Capacity - agent.Used), int64(agent.Profile.skills()), agent.IdleSince.UnixMilli()}
}

// skills counts the skills of a profile.
func (p Profile) skills() int { return strings.Count(string(p), beforeLevel) }

// Reserve keeps agents who have nothing for exclusive items: while no more than
// Free of them have room, an item that is not exclusive goes to somebody else,
// if anybody else can take it. Among those it chooses as Among does.
type Reserve struct {
	Among AgentPolicy // nil = LongestIdle
	Free  int
	// For says for which channels agents are kept: only those count, and are
	// kept, who may be given one of them. None = whatever they may be given.
	For [Channels]bool
}

// RankAgent implements AgentPolicy.
func (r Reserve) RankAgent(agent Agent) Rank {
	if r.Among == nil {
		return LongestIdle{}.RankAgent(agent)
	}
	return r.Among.RankAgent(agent)
}

// keeps reports whether the agents of a seat are worth keeping.
func (r Reserve) keeps(s seat) bool {
	if !s.nothing || r.Free <= 0 {
		return false
	}
	for c, wanted := range r.For {
		if wanted && !s.full.has(Channel(c)) {
			return true
		}
	}
	return r.For == [Channels]bool{}
}
