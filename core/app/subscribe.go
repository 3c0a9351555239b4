package app

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"

	"github.com/patchbay-im/patchbay/core/calendar"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/policy"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/realtime"
	"github.com/patchbay-im/patchbay/core/store/agents"
	"github.com/patchbay-im/patchbay/core/team"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// What dispatch knows conversations and tickets by.
const (
	kindConversation dispatch.Kind = "conversation"
	kindTicket       dispatch.Kind = "ticket"
)

// subscriptions is who listens to what: every committed event passes through
// Observe, in feed order, and from here to the sockets and to dispatch.
//
//	conversation.*, message.*, note.*, ticket.*, ...   → realtime: show it
//	conversation.* (waits, does not wait)              → dispatch: who answers
//	ticket.* (waits, does not wait)                    → dispatch: who does it
//	conversation.*, message.*                          → bots: who answers, or does no more
//	the customer of an agent who is gone waits         → conversation: back to the queue
//	a member does not want what is offered to them     → dispatch: it is kept from them
//	workspace.changed                                  → dispatch: how work is given out
//	member.changed                                     → dispatch: capacity and right to work
//	team.changed                                       → dispatch: whose queues each member serves
//	role.changed                                       → dispatch: who answers customers
//	queue.changed, skill.changed                       → dispatch: who serves what waits, what, and when
//	policy.changed                                     → dispatch: in which order, and to whom
//	calendar.changed                                   → dispatch: when queues are open
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
	work          *agents.Store
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
	signals, err := s.signals(ctx, w, items)
	if err != nil {
		return err
	}
	s.dispatcher.Signal(w, signals...)
	return s.requeue(ctx, w, items)
}

// signals says what a batch means to dispatch: for each conversation its state
// after the batch, and the members whose load may have moved. What waits is read
// as the dispatcher itself reads it, so both say the same.
func (s *subscriptions) signals(ctx context.Context, w identity.WorkspaceID, items []realtime.Item) ([]dispatch.Signal, error) {
	var out dispatch.Signal
	queues := false
	members := make(map[identity.MemberID]bool)
	seen := make(map[conversation.ID]*conversation.Conversation)
	for _, it := range items {
		switch {
		case it.Event.Type == identity.MemberChanged:
			members[identity.MemberID(it.Event.Subject)] = true
		case it.Event.Type == identity.WorkspaceChanged, it.Event.Type == calendar.Changed:
			out.Settings = true
		case it.Event.Type == team.Changed, it.Event.Type == identity.RoleChanged, it.Event.Type == queue.SkillChanged: // those who left, or have the role, are nowhere written
			for _, a := range s.dispatcher.Presence(w) {
				members[a.Member] = true
			}
		case it.Event.Type == queue.Changed:
			queues, out.Settings = true, true
			for _, a := range s.dispatcher.Presence(w) { // who has its work may be taken whole by it, or no more
				members[a.Member] = true
			}
		case it.Event.Type == policy.Changed:
			out.Plan = true
		case it.Conversation != nil:
			for _, m := range concerned(it) {
				members[m] = true
			}
			out.Refused = append(out.Refused, refused(it)...)
			seen[it.Conversation.ID] = it.Conversation
		}
	}
	if queues { // what waits overflows into them, or stood in them until now
		out.Plan = true // tickets of theirs may wait no more
		all, err := s.work.Waiting(ctx, w)
		if err != nil {
			return nil, err //nolint:wrapcheck // a port's error says where it comes from
		}
		out.Waits = append(out.Waits, all...)
	}
	if err := s.queued(ctx, w, seen, &out); err != nil {
		return nil, err
	}
	if err := s.tasks(ctx, w, items, members, &out); err != nil {
		return nil, err
	}
	for m := range members {
		out.Agents = append(out.Agents, m)
	}
	return []dispatch.Signal{out}, nil
}

// queued tells which of the conversations wait, which are offered, and which are neither.
func (s *subscriptions) queued(ctx context.Context, w identity.WorkspaceID, seen map[conversation.ID]*conversation.Conversation, out *dispatch.Signal) error {
	var waits []conversation.ID
	for id, c := range seen {
		if !c.Waits() {
			key := dispatch.Key{Kind: kindConversation, ID: string(id)}
			if c.Assignee != "" {
				out.Given = append(out.Given, key)
			} else {
				out.Gone = append(out.Gone, key)
			}
			continue
		}
		s.places.learn(*c)
		waits = append(waits, id)
	}
	now, offers, err := s.work.Items(ctx, w, waits)
	out.Waits, out.Offers = append(out.Waits, now...), append(out.Offers, offers...)
	return err //nolint:wrapcheck // a port's error says where it comes from
}

// tasks tells which of a batch's tickets wait and which do not, and adds the
// members whose load they may have moved.
func (s *subscriptions) tasks(ctx context.Context, w identity.WorkspaceID, items []realtime.Item, members map[identity.MemberID]bool, out *dispatch.Signal) error {
	seen := make(map[ticket.ID]*ticket.Ticket)
	for _, it := range items {
		if it.Ticket == nil {
			continue
		}
		seen[it.Ticket.ID] = it.Ticket
		for _, m := range burdened(it) {
			members[m] = true
		}
	}
	var waits []ticket.ID
	for id, t := range seen {
		key := dispatch.Key{Kind: kindTicket, ID: string(id)}
		switch {
		case t.Waits():
			waits = append(waits, id)
		case t.Assignee != "":
			out.Given = append(out.Given, key)
		default:
			out.Gone = append(out.Gone, key)
		}
	}
	now, err := s.work.Tickets(ctx, w, waits)
	for _, id := range waits {
		key := dispatch.Key{Kind: kindTicket, ID: string(id)}
		if !slices.ContainsFunc(now, func(it dispatch.Item) bool { return it.Key == key }) { // no queue takes it
			out.Gone = append(out.Gone, key)
		}
	}
	out.Waits = append(out.Waits, now...)
	return err //nolint:wrapcheck // a port's error says where it comes from
}

// burdened lists the members whose load a change of a ticket may have moved.
func burdened(it realtime.Item) []identity.MemberID {
	if it.TicketChange == nil {
		return nil
	}
	moves := []ticket.ChangeType{ticket.Created, ticket.StatusChanged, ticket.Assigned, ticket.Merged, ticket.Unmerged}
	if !slices.Contains(moves, it.TicketChange.Type) {
		return nil
	}
	var out []identity.MemberID
	for _, m := range []identity.MemberID{it.Ticket.Assignee, it.TicketChange.HeldBefore(it.Ticket.Holding()).Assignee} {
		if m != "" {
			out = append(out, m)
		}
	}
	return out
}

// refused says who does not want what was offered to them.
func refused(it realtime.Item) []dispatch.Refusal {
	if it.Change == nil {
		return nil
	}
	member, no := it.Change.OfferRejected()
	if !no {
		return nil
	}
	return []dispatch.Refusal{{Key: dispatch.Key{Kind: kindConversation, ID: string(it.Conversation.ID)}, Member: member}}
}

// concerned lists the members whose load a change may have moved.
func concerned(it realtime.Item) []identity.MemberID {
	if it.Change == nil || it.Change.Message != nil { // what people write moves no load
		return nil
	}
	var data struct {
		To   identity.MemberID `json:"assignee_id"`
		From identity.MemberID `json:"from_id"`
		Who  identity.MemberID `json:"member_id"` // of offers
	}
	if len(it.Change.Data) > 0 && json.Unmarshal(it.Change.Data, &data) != nil {
		return nil // not ours; the dispatcher's own comparison finds what it means
	}
	var out []identity.MemberID
	for _, m := range []identity.MemberID{it.Conversation.Assignee, it.Conversation.OfferedTo, data.To, data.From, data.Who} {
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
		if status != dispatch.Offline || !s.dispatcher.Leads(w) { // another server's to say; who begins to lead looks at them all
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
