package ticket

import (
	"slices"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/team"
)

// Reach is which tickets somebody sees and touches. Tickets out of reach are
// absent to them. The zero Reach is everything.
type Reach struct {
	Limited bool
	Me      identity.MemberID
	Teams   []team.ID // whose tickets are in reach, beside one's own
}

// reach is the one place that asks how far the caller reaches.
func reach(identity.Scope) Reach { return Reach{} }

// Covers reports whether a ticket is in reach: everything for most; else what
// one is assigned to, follows or made, and what one of the teams has.
func (r Reach) Covers(t Ticket) bool {
	return !r.Limited || t.Assignee == r.Me || slices.Contains(t.Followers, r.Me) ||
		t.CreatedBy.Kind == identity.ActorMember && t.CreatedBy.ID == string(r.Me) ||
		t.Team != "" && slices.Contains(r.Teams, t.Team)
}
