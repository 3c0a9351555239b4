package conversation

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Held returns who holds the conversation: what decides who reaches it. What is
// offered is held by whom it is offered to.
func (c *Conversation) Held() identity.Holding {
	return identity.Holding{Assignee: cmp.Or(c.Assignee, c.OfferedTo), Followers: c.Participants, Team: string(c.Team), Inbox: string(c.Inbox)}
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
		Member   identity.MemberID   `json:"member_id"`
		FromTeam *string             `json:"from_team_id"`
		Members  []identity.MemberID `json:"member_ids"`
		Added    []identity.MemberID `json:"added"`
		Removed  []identity.MemberID `json:"removed"`
	}
	switch ch.Type {
	case Offered: // nobody
		after.Assignee = ""
		return after
	case Assigned, Queued, Reopened, TeamChanged, ParticipantsChanged, OfferEnded:
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
	case OfferEnded:
		after.Assignee = data.Member
	default:
		after.Assignee = data.From
	}
	return after
}

// Deleted is the type of the event that a conversation is no more, with all that
// was said in it; its subject is the conversation, its data a Farewell's.
const Deleted = "conversation.deleted"

// Farewell is what is known of a deleted conversation.
type Farewell struct {
	Seq  uint64 // of its last change
	Held identity.Holding
}

type farewell struct {
	Seq       uint64              `json:"seq"`
	Assignee  identity.MemberID   `json:"assignee_id,omitempty"`
	Followers []identity.MemberID `json:"member_ids,omitempty"`
	Team      string              `json:"team_id,omitempty"`
	Inbox     string              `json:"inbox_id,omitempty"`
}

// Data is the data of its event.
func (f Farewell) Data() []byte {
	raw, _ := json.Marshal(farewell{f.Seq, f.Held.Assignee, f.Held.Followers, f.Held.Team, f.Held.Inbox}) // texts and a number
	return raw
}

// FarewellOf reads the data of a Deleted event. What is none is of nobody's.
func FarewellOf(data []byte) Farewell {
	var f farewell
	if json.Unmarshal(data, &f) != nil {
		return Farewell{}
	}
	return Farewell{Seq: f.Seq, Held: identity.Holding{Assignee: f.Assignee, Followers: f.Followers, Team: f.Team, Inbox: f.Inbox}}
}
