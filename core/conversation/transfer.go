package conversation

import (
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/team"
)

// Route says whose people answer the conversation: a team's, or with "" all.
// Another team takes it out of its queue. What waits already keeps its place by
// the time of its arrival.
func (c *Conversation) Route(t Turn, to team.ID) {
	if c.Team != to {
		c.stand(t, "", to)
	}
}

// Enter puts the conversation into a queue, which gives it its team.
func (c *Conversation) Enter(t Turn, to queue.ID, of team.ID) { c.stand(t, to, of) }

// Leave takes the conversation out of its queue; its team keeps it.
func (c *Conversation) Leave(t Turn) { c.stand(t, "", c.Team) }

// stand says in which queue the conversation stands, and of which team it is.
func (c *Conversation) stand(t Turn, in queue.ID, of team.ID) {
	if c.Queue == in && c.Team == of {
		return
	}
	c.endOffer(t, OfferWithdrawn, "")
	data := map[string]string{"team_id": string(of), "from_team_id": string(c.Team)}
	if c.Queue != in {
		data["queue_id"], data["from_queue_id"] = string(in), string(c.Queue)
	}
	c.Queue, c.Team = in, of
	c.record(t, TeamChanged, nil, data)
}

// transfer is where a person wants a conversation to go.
type transfer struct {
	team   *team.ID         // nil = stays; "" = to no team
	queue  *queue.ID        // nil = stays while the team does; else team is the queue's, or nil with ""
	member *identity.Member // nil = to be given out
}

// transfer gives a conversation to a queue or to a team, to a member, or to a
// member on behalf of those.
func (c *Conversation) transfer(t Turn, to transfer) error {
	if to.team != nil || to.queue != nil {
		if c.State == Resolved {
			return errs.New(errs.Conflict, "conversation.resolved", "The conversation is resolved. Reopen it before you assign it.")
		}
		c.Unrouted = 0
		of, before := c.Team, [2]string{string(c.Queue), string(c.Team)}
		if to.team != nil {
			of = *to.team
		}
		if to.queue != nil {
			c.stand(t, *to.queue, of)
		} else {
			c.Route(t, of)
		}
		if before != [2]string{string(c.Queue), string(c.Team)} {
			c.Demand.Needs = nil // they were asked of the people where the rule put it
		}
	}
	if to.member == nil {
		return c.Release(t, QueuedReleased)
	}
	return c.Assign(t, to.member.ID, to.member.Name, "member")
}
