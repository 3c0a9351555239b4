package ticket

import "github.com/patchbay-im/patchbay/core/identity"

// Holding is who holds the ticket: what decides who reaches it. Tickets out of
// reach are absent.
func (t *Ticket) Holding() identity.Holding {
	h := identity.Holding{Assignee: t.Assignee, Followers: t.Followers, Team: string(t.Team), Inbox: string(t.Inbox)}
	if t.CreatedBy.Kind == identity.ActorMember {
		h.Creator = identity.MemberID(t.CreatedBy.ID)
	}
	return h
}

// covers reports whether the caller reaches a ticket.
func covers(scope identity.Scope, t Ticket) bool { return reach(scope).Covers(t.Holding()) }

// reach is the one place that asks how far the caller reaches.
func reach(scope identity.Scope) identity.Reach { return scope.Reach() }
