package conversation

import (
	"context"
	"slices"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/team"
)

// SetLabels makes these the labels of a conversation. Needs ConversationReply.
func (s *Service) SetLabels(ctx context.Context, scope identity.Scope, id ID, labels []catalog.LabelID) (Conversation, error) {
	if err := scope.Require(identity.ConversationReply); err != nil {
		return Conversation{}, err
	}
	known, err := s.labels(ctx, scope)
	if err != nil {
		return Conversation{}, err
	}
	return s.change(ctx, scope, id, func(t Turn, c *Conversation) error {
		for _, l := range labels { // one that is on its way out may stay until it goes
			if !known[l] && !slices.Contains(c.Labels, l) {
				return errs.Absent()
			}
		}
		return c.SetLabels(t, labels)
	})
}

// labels is the set of the workspace's labels.
func (s *Service) labels(ctx context.Context, scope identity.Scope) (map[catalog.LabelID]bool, error) {
	all, err := s.Catalog.Labels(ctx, scope.Workspace)
	out := make(map[catalog.LabelID]bool, len(all))
	for _, l := range all {
		out[l.ID] = true
	}
	return out, err
}

// SetAttributes sets custom attributes; nil takes one away. Values are checked
// against their definitions. Needs ConversationReply.
func (s *Service) SetAttributes(ctx context.Context, scope identity.Scope, id ID, set map[string]any) (Conversation, error) {
	if err := scope.Require(identity.ConversationReply); err != nil {
		return Conversation{}, err
	}
	defined, err := s.Catalog.Attributes(ctx, scope.Workspace, catalog.OfConversation)
	if err != nil {
		return Conversation{}, err
	}
	if set, err = catalog.Definitions(defined).Check("/set", set); err != nil {
		return Conversation{}, err
	}
	return s.change(ctx, scope, id, func(t Turn, c *Conversation) error {
		c.SetAttributes(t, set)
		return nil
	})
}

// SetPriority says how urgent a conversation is. Needs ConversationReply.
func (s *Service) SetPriority(ctx context.Context, scope identity.Scope, id ID, p Priority) (Conversation, error) {
	if err := scope.Require(identity.ConversationReply); err != nil {
		return Conversation{}, err
	}
	return s.change(ctx, scope, id, func(t Turn, c *Conversation) error { return c.SetPriority(t, p) })
}

// SetParticipants makes these members the ones who follow a conversation.
// Needs ConversationReply.
func (s *Service) SetParticipants(ctx context.Context, scope identity.Scope, which ID, members []identity.MemberID) (Conversation, error) {
	if err := scope.Require(identity.ConversationReply); err != nil {
		return Conversation{}, err
	}
	if len(id.Sorted(members)) > MaxParticipants {
		return Conversation{}, tooMany("/member_ids", MaxParticipants)
	}
	before, err := s.get(ctx, scope, which)
	if err != nil {
		return Conversation{}, err
	}
	for _, m := range members {
		if slices.Contains(before.Participants, m) { // may have been suspended since
			continue
		}
		if _, err := s.Members.Member(ctx, scope, m); err != nil {
			return Conversation{}, err
		}
	}
	return s.change(ctx, scope, which, func(t Turn, c *Conversation) error { return c.SetParticipants(t, members) })
}

// Follow makes the caller a participant, or no more. Needs ConversationRead.
func (s *Service) Follow(ctx context.Context, scope identity.Scope, id ID, on bool) (Conversation, error) {
	if err := scope.Require(identity.ConversationRead); err != nil {
		return Conversation{}, err
	}
	if scope.Member() == "" {
		return Conversation{}, errs.Absent()
	}
	return s.change(ctx, scope, id, func(t Turn, c *Conversation) error { return c.Follow(t, scope.Member(), on) })
}

// Destination is where a conversation should go; at least one is given.
type Destination struct {
	Member *identity.MemberID // "" = whoever is given it
	Team   *team.ID           // "" = no team: everybody
	Queue  *queue.ID          // which gives its team, so that Team is nil; "" = out of its queue
}

// Assign gives a conversation to a member; "" puts it back into the queue. It
// is Transfer without a team.
func (s *Service) Assign(ctx context.Context, scope identity.Scope, id ID, member identity.MemberID) (Conversation, error) {
	return s.Transfer(ctx, scope, id, Destination{Member: &member})
}

// Transfer gives a conversation to a member, to a team's queue, or to a member
// on behalf of a team. Without a member it waits in the queue of its team, or
// in everybody's. A person's choice overrides the member's capacity.
// Needs ConversationAssign.
func (s *Service) Transfer(ctx context.Context, scope identity.Scope, id ID, d Destination) (Conversation, error) {
	to, err := s.transfer(ctx, scope, d)
	if err != nil {
		return Conversation{}, err
	}
	if to.member == nil && s.Interceptor != nil {
		if err := s.reroute(ctx, scope, id, &to); err != nil {
			return Conversation{}, err
		}
	}
	return s.change(ctx, scope, id, func(t Turn, c *Conversation) error { return c.transfer(t, to) })
}

// reroute asks the interceptors about a conversation that a member puts into a
// queue.
func (s *Service) reroute(ctx context.Context, scope identity.Scope, id ID, to *transfer) error {
	c, err := s.get(ctx, scope, id)
	if err != nil {
		return err
	}
	wanted := c.Team
	if to.team != nil {
		wanted = *to.team
	}
	routed, err := s.routed(ctx, scope.Workspace, Routing{Key: string(id) + "/" + string(wanted), Conversation: id, Inbox: c.Inbox, Contact: c.Contact, Team: wanted})
	if err == nil && routed != wanted {
		to.team, to.queue = &routed, nil
	}
	return err
}

// transfer looks a destination up.
func (s *Service) transfer(ctx context.Context, scope identity.Scope, d Destination) (transfer, error) {
	if err := scope.Require(identity.ConversationAssign); err != nil {
		return transfer{}, err
	}
	if d.Member == nil && d.Team == nil && d.Queue == nil {
		return transfer{}, errs.New(errs.Invalid, "conversation.assign", "Say who should have it: a member, a team, a queue, or a member and one of those.").
			WithFields(errs.Field{Pointer: "/member_id", Code: "required", Detail: "is missing, and so are team_id and queue_id"})
	}
	to, err := s.into(ctx, scope.Workspace, d)
	if err != nil {
		return to, err
	}
	if d.Team != nil && *d.Team != "" {
		if _, err := s.Teams.Team(ctx, scope.Workspace, *d.Team); err != nil {
			return to, err
		}
	}
	if d.Member == nil || *d.Member == "" {
		return to, nil
	}
	m, err := s.Members.Member(ctx, scope, *d.Member)
	to.member = &m
	return to, err
}

// into looks up the team or the queue of a destination.
func (s *Service) into(ctx context.Context, w identity.WorkspaceID, d Destination) (transfer, error) {
	switch {
	case d.Queue == nil:
		return transfer{team: d.Team}, nil
	case d.Team != nil:
		return transfer{}, errs.New(errs.Invalid, "conversation.assign", "A queue has its own team: name one of the two.").
			WithFields(errs.Field{Pointer: "/queue_id", Code: "conflict", Detail: "stands beside team_id"})
	case *d.Queue == "":
		return transfer{queue: d.Queue}, nil
	case s.Queues == nil:
		return transfer{}, errs.Absent()
	}
	q, err := s.Queues.Queue(ctx, w, *d.Queue)
	return transfer{queue: &q.ID, team: &q.Team}, err
}
