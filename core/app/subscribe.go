package app

import (
	"context"
	"encoding/json"
	"log/slog"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/realtime"
	"github.com/patchbay-im/patchbay/core/team"
)

// kindConversation is what dispatch knows conversations by.
const kindConversation dispatch.Kind = "conversation"

// subscriptions is who listens to what: every committed event passes through
// Observe, in feed order, and from here to the sockets and to dispatch.
//
//	conversation.*, message.*, note.*, ticket.*, ...   → realtime: show it
//	conversation.* (waits, does not wait)              → dispatch: who answers
//	conversation.*, message.*                          → bots: who answers, or does no more
//	the customer of an agent who is gone waits         → conversation: back to the queue
//	member.changed                                     → dispatch: capacity and right to work
//	team.changed                                       → dispatch: whose queues each member serves
//	role.changed                                       → dispatch: who answers customers
//	inbox.changed, connection.changed, grant.changed   → the plugin host: its processes are told
//	inbox.health_changed, connection.health_changed    → the plugin host: what is paused is closed
//	connection.changed, grant.changed                  → the gate: who is asked before something happens
//	connection.changed                                 → followers: who is told of events
type subscriptions struct {
	hydrator      realtime.Hydrator
	tickets       realtime.TicketHydrator
	gateway       *realtime.Gateway
	dispatcher    *dispatch.Dispatcher
	conversations *conversation.Service
	bots          *bots
	places        *places
	plugins       instanceHost
	gate          *extension.Gate
	followers     *followers
	log           *slog.Logger
}

// Observe implements event.Observer.
func (s *subscriptions) Observe(ctx context.Context, events []event.Event) error {
	tellHost(s.plugins, events)
	tellGate(s.gate, events)
	s.followers.see(events)
	w := identity.WorkspaceID(events[0].Workspace)
	changes, conversations, err := s.hydrator.Hydrate(ctx, w, events)
	if err != nil {
		return err //nolint:wrapcheck // a port's error says where it comes from
	}
	ticketChanges, tickets, err := s.tickets.HydrateTickets(ctx, w, events)
	if err != nil {
		return err //nolint:wrapcheck // as above
	}
	items := make([]realtime.Item, len(events))
	for i, e := range events {
		items[i].Event = e
		items[i] = items[i].About(ticketChanges, tickets)
		if c, ok := changes[e.ID]; ok {
			items[i].Change = &c
		}
		if c, ok := conversations[conversation.ID(e.Subject)]; ok {
			items[i].Conversation = &c
		}
	}
	s.gateway.Publish(w, items)
	for _, c := range conversations {
		s.bots.see(c)
	}
	s.dispatcher.Signal(w, s.signals(items)...)
	return s.requeue(ctx, w, items)
}

// signals says what a batch means to dispatch: for each conversation its state
// after the batch, and the members whose load may have moved.
func (s *subscriptions) signals(items []realtime.Item) []dispatch.Signal {
	var out dispatch.Signal
	members := make(map[identity.MemberID]bool)
	seen := make(map[conversation.ID]bool)
	for _, it := range items {
		switch {
		case it.Event.Type == identity.MemberChanged:
			members[identity.MemberID(it.Event.Subject)] = true
		case it.Event.Type == team.Changed, it.Event.Type == identity.RoleChanged: // those who left, or have the role, are nowhere written
			for _, a := range s.dispatcher.Presence(identity.WorkspaceID(it.Event.Workspace)) {
				members[a.Member] = true
			}
		case it.Conversation != nil:
			for _, m := range concerned(it) {
				members[m] = true
			}
			if c := it.Conversation; !seen[c.ID] {
				seen[c.ID] = true
				s.queued(&out, c)
			}
		}
	}
	for m := range members {
		out.Agents = append(out.Agents, m)
	}
	return []dispatch.Signal{out}
}

func (s *subscriptions) queued(out *dispatch.Signal, c *conversation.Conversation) {
	key := dispatch.Key{Kind: kindConversation, ID: string(c.ID)}
	if !c.InQueue() {
		out.Gone = append(out.Gone, key)
		return
	}
	s.places.learn(*c)
	out.Waits = append(out.Waits, dispatch.Item{Key: key, Class: dispatch.Class(c.Team), Weight: 1, WaitingSince: c.QueuedAt})
}

// concerned lists the members whose load a change may have moved.
func concerned(it realtime.Item) []identity.MemberID {
	if it.Change == nil || it.Change.Message != nil { // what people write moves no load
		return nil
	}
	var data struct {
		To   identity.MemberID `json:"assignee_id"`
		From identity.MemberID `json:"from_id"`
	}
	if len(it.Change.Data) > 0 && json.Unmarshal(it.Change.Data, &data) != nil {
		return nil // not ours; the dispatcher's own comparison finds what it means
	}
	var out []identity.MemberID
	for _, m := range []identity.MemberID{it.Conversation.Assignee, data.To, data.From} {
		if m != "" {
			out = append(out, m)
		}
	}
	return out
}

// requeue puts conversations back into the queue whose customer writes to an
// agent who is gone, or that wake when their agent is.
func (s *subscriptions) requeue(ctx context.Context, w identity.WorkspaceID, items []realtime.Item) error {
	for _, it := range items {
		if it.Change == nil || it.Conversation == nil || !awaitsAgent(*it.Change) {
			continue
		}
		c := it.Conversation
		if c.State != conversation.Open || c.Assignee == "" {
			continue
		}
		status, err := s.dispatcher.Status(ctx, w, c.Assignee)
		if err != nil {
			return err //nolint:wrapcheck // as below
		}
		if status != dispatch.Offline {
			continue
		}
		switch err := s.conversations.Requeue(ctx, w, c.ID, c.Assignee, it.Change.Seq); {
		case errs.Is(err, errs.Unavailable):
			return err //nolint:wrapcheck // the batch comes again when the database does
		case err != nil && !errs.Is(err, errs.Conflict) && !errs.Is(err, errs.NotFound):
			s.log.ErrorContext(ctx, "a conversation could not be put back into the queue", "conversation", string(c.ID), "error", err)
		}
	}
	return nil
}

// awaitsAgent reports whether a change makes a customer wait for the assignee.
func awaitsAgent(c conversation.Change) bool {
	return c.Type == conversation.Unsnoozed || c.Type == conversation.MessageCreated && c.Actor.Kind == identity.ActorContact
}
