package conversation

import (
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/team"
)

// Route says whose queue the conversation waits in: a team's, or with ""
// everybody's. What waits already keeps its place by the time of its arrival.
func (c *Conversation) Route(t Turn, to team.ID) {
	if c.Team == to {
		return
	}
	data := map[string]string{"team_id": string(to), "from_team_id": string(c.Team)}
	c.Team = to
	c.record(t, TeamChanged, nil, data)
}

// transfer is where a person wants a conversation to go.
type transfer struct {
	team   *team.ID         // nil = stays; "" = to no team
	member *identity.Member // nil = to the queue
}

// transfer gives a conversation to a team's queue, to a member, or to a member
// on behalf of a team.
func (c *Conversation) transfer(t Turn, to transfer) error {
	if to.team != nil {
		if c.State == Resolved {
			return errs.New(errs.Conflict, "conversation.resolved", "The conversation is resolved. Reopen it before you assign it.")
		}
		c.Route(t, *to.team)
	}
	if to.member == nil {
		return c.Release(t, QueuedReleased)
	}
	return c.Assign(t, to.member.ID, to.member.Name, "member")
}
