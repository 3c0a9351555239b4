package agents

import (
	"context"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/internal/mutant"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/store/conversations"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/store/policies"
	"github.com/patchbay-im/patchbay/core/store/queues"
	ticketstore "github.com/patchbay-im/patchbay/core/store/tickets"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// Claim implements dispatch.Store.
func (s *Store) Claim(ctx context.Context, c dispatch.Claim) error {
	out, err := s.Claims(ctx, c.Workspace, []dispatch.Claim{c})
	if err != nil {
		return err
	}
	return out[0]
}

// Claims implements dispatch.Store. The workspace is locked throughout, so what
// is read once holds for all of them, but for what they change themselves.
func (s *Store) Claims(ctx context.Context, workspace identity.WorkspaceID, claims []dispatch.Claim) ([]error, error) {
	if len(claims) == 0 {
		return nil, nil
	}
	var out []error
	reads := func(ctx context.Context, tx *db.Tx) { _, _ = s.batch(ctx, tx, workspace, claims) } // finds nothing now
	err := s.doReading(ctx, workspace, reads, func(ctx context.Context, tx *db.Tx) error {
		out = make([]error, len(claims))
		b, err := s.batch(ctx, tx, workspace, claims)
		if err != nil {
			return err
		}
		return b.saver.Together(ctx, func() error {
			for i, c := range claims {
				if out[i] = b.claim(ctx, c); out[i] != nil && !errs.Is(out[i], errs.Conflict) {
					return out[i]
				}
			}
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// batch is what claims in one transaction are judged by.
type batch struct {
	store   *Store
	tx      *db.Tx
	found   map[conversation.ID]*conversation.Conversation
	saver   *conversations.Tx
	tickets *ticketstore.Tx
	queues  map[queue.ID]queue.Queue // if there are tickets
	items   map[string]dispatch.Item // those that wait
	members map[identity.MemberID]*claimant
	can     abilities
}

// claimant is a member who is to be given work, and may be.
type claimant struct {
	name           string
	capacity, used int
	rested         int64 // when their wrap-up is over
	limits         dispatch.PerChannel
	holding
}

func (s *Store) batch(ctx context.Context, tx *db.Tx, workspace identity.WorkspaceID, claims []dispatch.Claim) (*batch, error) {
	b := &batch{store: s, tx: tx, saver: conversations.NewTx(tx, workspace, s.mails), items: map[string]dispatch.Item{}}
	var ids []conversation.ID
	var works []ticket.ID
	members := make([]identity.MemberID, len(claims))
	for i, c := range claims {
		members[i] = c.Member
		if c.Item.Kind == tickets {
			works = append(works, ticket.ID(c.Item.ID))
		} else {
			ids = append(ids, conversation.ID(c.Item.ID))
		}
	}
	plan, err := policies.InForce(ctx, tx, workspace)
	if err != nil {
		return nil, err
	}
	if err := b.readConversations(ctx, plan, workspace, ids); err != nil {
		return nil, err
	}
	if err := b.readTickets(ctx, workspace, works); err != nil {
		return nil, err
	}
	return b, b.readMembers(ctx, plan, workspace, members)
}

// readConversations reads those of the conversations that wait.
func (b *batch) readConversations(ctx context.Context, plan dispatch.Plan, workspace identity.WorkspaceID, ids []conversation.ID) (err error) {
	if len(ids) == 0 {
		return nil
	}
	if b.found, err = b.saver.Conversations(ctx, ids); err != nil {
		return err
	}
	which, args := among(`c.conversation_id`, workspace, ids)
	items, _, err := b.store.itemsBy(ctx, b.tx, plan, named+which, args...)
	for _, it := range items {
		b.items[it.ID] = it
	}
	return err
}

// readTickets reads those of the tickets that wait.
func (b *batch) readTickets(ctx context.Context, workspace identity.WorkspaceID, ids []ticket.ID) (err error) {
	if len(ids) == 0 {
		return nil
	}
	b.tickets = ticketstore.NewTx(b.tx, workspace)
	if b.queues, err = queues.All(ctx, b.tx, workspace); err != nil {
		return err
	}
	items, err := b.store.ticketsNamed(ctx, b.tx, workspace, ids)
	for _, it := range items {
		b.items[it.ID] = it
	}
	return err
}

// readMembers reads those of the members who may be given work.
func (b *batch) readMembers(ctx context.Context, plan dispatch.Plan, workspace identity.WorkspaceID, members []identity.MemberID) error {
	b.members = map[identity.MemberID]*claimant{}
	limited := false
	which, args := among(`m.member_id`, workspace, members)
	err := b.tx.Rows(ctx, `SELECT m.member_id, m.name, m.capacity, m.limits, COALESCE(a.used, 0), COALESCE(a.wrap_up_until, 0)
FROM member m LEFT JOIN agent_state a ON a.workspace_id = m.workspace_id AND a.member_id = m.member_id
WHERE m.workspace_id = ? AND `+works()+which, args, func(sc db.Scanner) error {
		var id, limits string
		var m claimant
		err := sc.Scan(&id, &m.name, &m.capacity, &limits, &m.used, &m.rested)
		m.limits = limitsOf(limits).Over(plan.Limits())
		limited = limited || m.limits != dispatch.PerChannel{}
		b.members[identity.MemberID(id)] = &m
		return err
	})
	if err != nil {
		return err
	}
	has, err := b.store.has(ctx, b.tx, plan, limited, which, args...)
	if err != nil {
		return err
	}
	for id, m := range b.members {
		m.holding = has[id]
	}
	b.can, err = read(ctx, b.tx, which, args...)
	return err
}

// claim makes one claim, or refuses it. The first condition is the
// conversation's own (it waits in the queue), the second the agent's; saving the
// conversation adds its weight to what the agent has.
func (b *batch) claim(ctx context.Context, c dispatch.Claim) error {
	if c.Item.Kind == tickets {
		return b.claimTicket(ctx, c)
	}
	found := b.found[conversation.ID(c.Item.ID)]
	if c.Item.Kind != kind || found == nil || !found.InQueue() && !mutant.On(mutant.DoubleClaim) {
		return dispatch.ErrItemTaken()
	}
	item, waits := b.items[c.Item.ID]
	if (!waits || item.Class != c.Class || item.Exclusive != c.Exclusive) && (waits || !mutant.On(mutant.DoubleClaim)) {
		return dispatch.ErrItemTaken()
	}
	c.Weight = max(found.Weight, 1) // the rows decide
	c.Rungs = item.Reached(c.At)    // those that the rows know of
	m := b.members[c.Member]
	if m == nil || !b.may(c) || !m.takes(c, item) {
		return dispatch.ErrAgentFull()
	}
	by := "dispatch"
	if c.By.Kind == identity.ActorMember {
		by = "member"
	}
	turn := conversation.Turn{Actor: c.By, At: c.At, IDs: b.store.ids}
	var err error
	if c.OfferFor > 0 {
		err = found.Offer(turn, c.Member, m.name, c.At.Add(c.OfferFor))
	} else {
		err = found.Assign(turn, c.Member, m.name, by)
	}
	if err != nil {
		return err
	}
	m.take(c, item)
	if err := b.saver.Busy(ctx, c.Member, c.At); err != nil {
		return err
	}
	return b.saver.Save(ctx, found)
}

// claimTicket is claim for a ticket, which is never offered.
func (b *batch) claimTicket(ctx context.Context, c dispatch.Claim) error {
	item, waits := b.items[c.Item.ID]
	if (!waits || item.Class != c.Class || item.Exclusive != c.Exclusive) && (waits || !mutant.On(mutant.TicketTwice)) {
		return dispatch.ErrItemTaken()
	}
	c.Weight, c.Rungs, c.OfferFor = item.Weight, item.Reached(c.At), 0
	m := b.members[c.Member]
	if m == nil || !b.may(c) || !m.takes(c, item) {
		return dispatch.ErrAgentFull()
	}
	t, err := b.tickets.Ticket(ctx, ticket.ID(c.Item.ID))
	if err != nil {
		return err
	}
	if mutant.On(mutant.TicketTwice) {
		t.Assignee = ""
	}
	turn := ticket.Turn{Actor: c.By, At: c.At, IDs: b.store.ids}
	if err := t.Give(turn, c.Member, m.name, ticket.Stream{ID: item.Queue, Name: b.queues[queue.ID(item.Queue)].Name}); err != nil {
		return err
	}
	m.take(c, item)
	delete(b.items, c.Item.ID)
	if err := b.saver.Busy(ctx, c.Member, c.At); err != nil {
		return err
	}
	return b.tickets.Save(ctx, t)
}

// may reports whether the member meets what the item asks for by now, unless a
// person decides.
func (b *batch) may(c dispatch.Claim) bool {
	return c.By.Kind == identity.ActorMember || c.May("") || c.May(b.can.profile(c.Member))
}

// takes reports whether the member has room for an item: in their capacity, in
// its channel, beside and for exclusive work, and for an offer that nothing rings
// for them; and whether their wrap-up is over, unless a person decides.
func (m *claimant) takes(c dispatch.Claim, item dispatch.Item) bool {
	limit := m.limits[item.Channel]
	switch {
	case m.used+c.Weight > m.capacity, limit != 0 && m.items[item.Channel] >= limit,
		m.exclusive, item.Exclusive && m.items != (dispatch.PerChannel{}),
		c.OfferFor > 0 && m.ringing,
		c.By.Kind != identity.ActorMember && m.rested > db.Micros(c.At):
		return false
	default:
		return true
	}
}

// take notes what a claim gave the member, for those after it.
func (m *claimant) take(c dispatch.Claim, item dispatch.Item) {
	m.used += c.Weight
	m.items[item.Channel]++
	m.exclusive = m.exclusive || item.Exclusive
	m.ringing = m.ringing || c.OfferFor > 0
}
