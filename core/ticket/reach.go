package ticket

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/identity"
)

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

// customer returns a contact that the caller reaches.
func (s *Service) customer(ctx context.Context, scope identity.Scope, id contact.ID) (contact.Contact, error) {
	if err := contact.Reached(ctx, s.Contacts, scope, id); err != nil {
		return contact.Contact{}, err
	}
	who, _, err := s.Contacts.Get(ctx, scope.Workspace, id)
	return who, err
}

// HeldBefore returns who held the ticket before the change, as far as the
// change moved it; the rest is as in after. See conversation.Change.HeldBefore.
func (c Change) HeldBefore(after identity.Holding) identity.Holding {
	var data struct {
		From     identity.MemberID   `json:"from_id"`
		FromTeam string              `json:"from_team_id"`
		Members  []identity.MemberID `json:"member_ids"`
		Added    []identity.MemberID `json:"added"`
		Removed  []identity.MemberID `json:"removed"`
	}
	if c.Type != Assigned && c.Type != Followed || json.Unmarshal(c.Data, &data) != nil {
		return after
	}
	if c.Type == Assigned {
		after.Assignee, after.Team = data.From, data.FromTeam
		return after
	}
	kept := slices.DeleteFunc(slices.Clone(data.Members), func(m identity.MemberID) bool { return slices.Contains(data.Added, m) })
	after.Followers = append(kept, data.Removed...)
	return after
}
