package conversation

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Held returns who holds the conversation: what decides who reaches it.
func (c *Conversation) Held() identity.Holding {
	return identity.Holding{Assignee: c.Assignee, Followers: c.Participants, Team: string(c.Team), Inbox: string(c.Inbox)}
}

// Reached answers errs.Absent to a conversation that the actor does not reach.
func Reached(scope identity.Scope, c *Conversation) error {
	if !scope.Reach().Covers(c.Held()) {
		return errs.Absent()
	}
	return nil
}

// Take loads a conversation for change, as Tx does, if the actor reaches it.
func Take(ctx context.Context, tx Tx, scope identity.Scope, id ID) (*Conversation, error) {
	c, err := tx.Conversation(ctx, id)
	if err != nil {
		return nil, err
	}
	return c, Reached(scope, c)
}

// get is Reader's, for what the actor reaches.
func (s *Service) get(ctx context.Context, scope identity.Scope, id ID) (Conversation, error) {
	c, err := s.Reader.Get(ctx, scope.Workspace, id)
	if err == nil {
		err = Reached(scope, &c)
	}
	if err != nil {
		return Conversation{}, err
	}
	return c, nil
}

// HeldBefore returns who held the conversation before the change, as far as the
// change moved it; the rest is as in after. Whoever lost a conversation by a
// change is covered by what it moved, so nothing that leaves a reach is missed.
func (ch Change) HeldBefore(after identity.Holding) identity.Holding {
	var data struct {
		From     identity.MemberID   `json:"from_id"`
		FromTeam *string             `json:"from_team_id"`
		Members  []identity.MemberID `json:"member_ids"`
		Added    []identity.MemberID `json:"added"`
		Removed  []identity.MemberID `json:"removed"`
	}
	switch ch.Type {
	case Assigned, Queued, Reopened, TeamChanged, ParticipantsChanged:
		if len(ch.Data) == 0 || json.Unmarshal(ch.Data, &data) != nil {
			return after
		}
	default:
		return after
	}
	switch ch.Type {
	case TeamChanged:
		if data.FromTeam != nil {
			after.Team = *data.FromTeam
		}
	case ParticipantsChanged:
		kept := slices.DeleteFunc(slices.Clone(data.Members), func(m identity.MemberID) bool { return slices.Contains(data.Added, m) })
		after.Followers = append(kept, data.Removed...)
	default:
		after.Assignee = data.From
	}
	return after
}
