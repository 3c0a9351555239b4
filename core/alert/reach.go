package alert

import (
	"slices"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/team"
)

// covers reports whether what a subject stands for is in a reach: the queues of
// its teams, and its member with those who share a team with them. What is in no
// queue, and queues of everybody, are of who reaches everything, as of figures.
func (f Floor) covers(reach identity.Reach, s Subject) bool {
	if reach.All() {
		return true
	}
	if reach.Kind != identity.ReachTeam && reach.Kind != identity.ReachOwn {
		return false
	}
	ours := func(t team.ID) bool { return t != "" && slices.Contains(reach.Teams, string(t)) }
	if s.Member != "" {
		return s.Member == reach.Member || slices.ContainsFunc(f.Agents, func(a Agent) bool {
			return a.Member == s.Member && slices.ContainsFunc(a.Teams, ours)
		})
	}
	return slices.ContainsFunc(f.Queues, func(q Queue) bool { return q.ID == s.Queue && ours(q.Team) })
}
