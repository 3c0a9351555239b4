package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/notification"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/store"
	"github.com/patchbay-im/patchbay/core/team"
	"github.com/patchbay-im/patchbay/core/ticket"
	"github.com/patchbay-im/patchbay/core/view"
)

// What the store selects for a reach is what identity.Reach.Covers says, for
// conversations, tickets and the contacts that follow from them.
func TestReachSQLite(t *testing.T)   { reachHolds(t, lite(t).fresh(t)) }
func TestReachPostgres(t *testing.T) { reachHolds(t, postgres(t).fresh(t)) }

// population is random things that are held by few.
type population struct {
	*conversationtest.World
	*rand.Rand
	store    *store.Store
	members  []identity.Member
	teams    []team.ID
	inboxes  []channel.Inbox
	talks    map[string]identity.Holding
	tickets  map[string]identity.Holding
	contacts map[contact.ID][]identity.Holding
}

func reachHolds(t *testing.T, s *store.Store) {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	p := &population{
		World: conversationtest.NewWorld(t, fixture(s)), Rand: rand.New(rand.NewPCG(seed, 1)), store: s,
		talks: map[string]identity.Holding{}, tickets: map[string]identity.Holding{}, contacts: map[contact.ID][]identity.Holding{},
	}
	for i := range 4 {
		p.members = append(p.members, p.Member(p.WS, fmt.Sprintf("m%d@example.com", i), fmt.Sprint("Member ", i), 5))
		p.teams = append(p.teams, p.Team(p.WS, fmt.Sprint("team ", i)))
		p.inboxes = append(p.inboxes, p.NewInbox(p.WS, false))
	}
	for i := range 60 {
		p.talk(i)
		p.ticket(i)
	}
	p.tell()
	few := 0
	for range 60 {
		r := p.reach()
		if n := p.compare(r); n > 0 && n < len(p.talks)+len(p.tickets) {
			few++
		}
	}
	if few < 20 {
		t.Errorf("only %d reaches covered some things and not others", few)
	}
	if n := p.compare(identity.Everywhere()); n != len(p.talks)+len(p.tickets) {
		t.Errorf("everywhere covers %d", n)
	}
	for _, none := range []identity.Reach{{}, {Kind: identity.ReachTeam}, {Kind: identity.ReachOwn}, {Kind: "other", Member: p.members[0].ID}, {Member: p.members[0].ID}} {
		if n := p.compare(none); n != 0 {
			t.Errorf("%+v covers %d", none, n)
		}
	}
}

// tell tells everybody of everything.
func (p *population) tell() {
	p.Helper()
	var list []notification.Notification
	add := func(id string, n notification.Notification) {
		for _, m := range p.members {
			n.ID, n.Member, n.Kind, n.Source, n.At = notification.ID(p.IDs.New("ntf")), m.ID, notification.Mention, id, p.Tick()
			list = append(list, n)
		}
	}
	for id := range p.talks {
		add(id, notification.Notification{Conversation: conversation.ID(id)})
	}
	for id := range p.tickets {
		add(id, notification.Notification{Ticket: &notification.Ticket{ID: ticket.ID(id)}})
	}
	_, err := p.store.Notifications().Record(p.Context(), p.WS, 0, list, nil)
	p.OK(err)
}

// some returns members, none more than once.
func (p *population) some(upTo int) []identity.MemberID {
	var out []identity.MemberID
	for _, i := range p.Perm(len(p.members))[:p.IntN(upTo+1)] {
		out = append(out, p.members[i].ID)
	}
	slices.Sort(out)
	return out
}

func (p *population) member() identity.Member { return p.members[p.IntN(len(p.members))] }

// talk makes a conversation that somebody holds or nobody.
func (p *population) talk(n int) {
	p.Helper()
	c := p.Receive(p.inboxes[p.IntN(4)], fmt.Sprint("customer ", n), "", "hello")
	p.Change(c.ID, func(c *conversation.Conversation) error {
		if p.IntN(2) == 0 {
			c.Route(p.System(), p.teams[p.IntN(4)])
		}
		if p.IntN(3) == 0 {
			m := p.member()
			if err := c.Assign(p.System(), m.ID, m.Name, "a test"); err != nil {
				return err
			}
		}
		return c.SetParticipants(p.System(), p.some(2))
	})
	c = p.Get(c.ID)
	p.talks[string(c.ID)] = c.Held()
	p.contacts[c.Contact] = append(p.contacts[c.Contact], c.Held())
}

// ticket makes a ticket, perhaps of a contact that has no conversation.
func (p *population) ticket(n int) {
	p.Helper()
	who := contact.Contact{Workspace: p.WS, ID: contact.ID(p.IDs.New("con")), Name: fmt.Sprint("person ", n), CreatedAt: p.Tick(), UpdatedAt: p.Tick()}
	maker := identity.Actor{Kind: identity.ActorSystem}
	if p.IntN(2) == 0 {
		m := p.member()
		maker = identity.Actor{Kind: identity.ActorMember, ID: string(m.ID), Name: m.Name}
	}
	if p.IntN(4) == 0 {
		who.CreatedBy = p.member().ID
	}
	p.OK(p.store.Contacts().Add(p.Context(), who))
	like := ticket.Ticket{Workspace: p.WS, Title: fmt.Sprint("ticket ", n), Contact: who.ID, ContactName: who.Name}
	if p.IntN(3) == 0 {
		m := p.member()
		like.Assignee, like.AssigneeName = m.ID, m.Name
	}
	if p.IntN(2) == 0 {
		like.Team = p.teams[p.IntN(4)]
	}
	if p.IntN(2) == 0 {
		like.Inbox = p.inboxes[p.IntN(4)].ID
	}
	p.OK(p.store.Tickets().Within(p.Context(), p.WS, func(ctx context.Context, tx ticket.Tx) error {
		types, err := tx.Types(ctx)
		if err != nil {
			return err
		}
		like.Type = types[0].ID
		t := ticket.Start(ticket.Turn{Actor: maker, At: p.Tick(), IDs: p.IDs}, like)
		for _, m := range p.some(2) {
			if err := t.Follow(ticket.Turn{Actor: maker, At: p.Tick(), IDs: p.IDs}, m, true); err != nil {
				return err
			}
		}
		p.tickets[string(t.ID)] = t.Holding()
		p.contacts[who.ID] = append(p.contacts[who.ID], t.Holding())
		if who.CreatedBy != "" {
			p.contacts[who.ID] = append(p.contacts[who.ID], identity.Holding{Creator: who.CreatedBy})
		}
		return tx.Save(ctx, t)
	}))
}

// reach is a random one.
func (p *population) reach() identity.Reach {
	r := identity.Reach{Kind: identity.ReachOwn, Member: p.member().ID}
	if p.IntN(3) == 0 {
		return r
	}
	r.Kind = identity.ReachTeam
	for i := range 4 {
		if p.IntN(3) == 0 {
			r.Teams = append(r.Teams, string(p.teams[i]))
		}
		if p.IntN(3) == 0 {
			r.Inboxes = append(r.Inboxes, string(p.inboxes[i].ID))
		}
	}
	slices.Sort(r.Teams)
	slices.Sort(r.Inboxes)
	return r
}

// compare holds what the store selects against the rule, and returns how many
// conversations and tickets are covered.
func (p *population) compare(r identity.Reach) int {
	p.Helper()
	all := page.Request{Limit: 100}
	listed, err := p.store.Conversations().List(p.Context(), p.WS, conversation.Filter{Reach: r}, all)
	p.OK(err)
	found, err := p.store.Conversations().Find(p.Context(), p.WS, view.Query{Reach: r, Sort: view.CreatedDesc}, all)
	p.OK(err)
	tickets, err := p.store.Tickets().Find(p.Context(), p.WS, ticket.Query{Reach: r, Sort: ticket.ByCreation}, all)
	p.OK(err)
	talks := covered(r, p.talks)
	p.same(r, "conversations listed", ids(listed.Items, func(c conversation.Conversation) string { return string(c.ID) }), talks)
	p.same(r, "conversations found", ids(found.Items, func(c conversation.Conversation) string { return string(c.ID) }), talks)
	open := covered(r, p.tickets)
	p.same(r, "tickets", ids(tickets.Items, func(t ticket.Ticket) string { return string(t.ID) }), open)

	if r.Member != "" {
		unread, err := p.store.Notifications().Unread(p.Context(), p.WS, notification.Sight{Member: r.Member, Conversations: r, Tickets: r})
		p.OK(err)
		if unread != len(talks)+len(open) {
			p.Fatalf("of %+v %d notifications are told, want %d and %d", r, unread, len(talks), len(open))
		}
	}

	var asked []contact.ID
	var want []string
	for id, held := range p.contacts {
		if asked = append(asked, id); slices.ContainsFunc(held, r.Covers) {
			want = append(want, string(id))
		}
	}
	reached, err := p.store.Contacts().Reached(p.Context(), p.WS, r, asked)
	p.OK(err)
	var got []string
	for id, in := range reached {
		if in {
			got = append(got, string(id))
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	p.same(r, "contacts", got, want)
	return len(talks) + len(open)
}

func (p *population) same(r identity.Reach, what string, got, want []string) {
	p.Helper()
	if !slices.Equal(got, want) {
		p.Fatalf("%s of %+v:\n%s\nwant\n%s", what, r, strings.Join(got, " "), strings.Join(want, " "))
	}
}

func covered(r identity.Reach, things map[string]identity.Holding) []string {
	var out []string
	for id, h := range things {
		if r.Covers(h) {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

func ids[T any](items []T, id func(T) string) []string {
	var out []string
	for _, it := range items {
		out = append(out, id(it))
	}
	slices.Sort(out)
	return out
}
