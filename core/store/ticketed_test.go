package store_test

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/team"
	"github.com/patchbay-im/patchbay/core/ticket"
)

func (f *streams) turn() ticket.Turn {
	at := f.at.Add(time.Duration(f.d.n.Add(1)) * time.Second)
	return ticket.Turn{Actor: identity.Actor{Kind: identity.ActorSystem}, At: at, IDs: f.d.w.IDs}
}

// ticket makes one of a team, with whatever else like says.
func (f *streams) ticket(of team.ID, like ticket.Ticket) ticket.ID {
	f.Helper()
	var id ticket.ID
	f.ok(f.s.Tickets().Within(f.Context(), f.ws, func(ctx context.Context, tx ticket.Tx) error {
		types, err := tx.Types(ctx)
		if err != nil {
			return err
		}
		like.Workspace, like.Type, like.Title, like.Team = f.ws, types[0].ID, "Broken", of
		t := ticket.Start(f.turn(), like)
		id = t.ID
		return tx.Save(ctx, t)
	}))
	return id
}

func (f *streams) on(id ticket.ID, fn func(t *ticket.Ticket) error) error {
	return f.s.Tickets().Within(f.Context(), f.ws, func(ctx context.Context, tx ticket.Tx) error {
		t, err := tx.Ticket(ctx, id)
		if err != nil {
			return err
		}
		if err := fn(t); err != nil {
			return err
		}
		return tx.Save(ctx, t)
	})
}

func (f *streams) becomes(id ticket.ID, to ticket.Status) {
	f.Helper()
	f.ok(f.on(id, func(t *ticket.Ticket) error { return t.SetStatus(f.turn(), to, ticket.Type{}) }))
}

// hands assigns a ticket by hand; "" = to nobody.
func (f *streams) hands(id ticket.ID, m identity.MemberID) error {
	return f.on(id, func(t *ticket.Ticket) error {
		return t.Assign(f.turn(), ticket.Destination{Member: &identity.Member{ID: m, Name: "name"}})
	})
}

// waiting returns the item of a ticket, as Waiting and Tickets both say.
func (f *streams) waiting(id ticket.ID) (dispatch.Item, bool) {
	f.Helper()
	all, err := f.work.Waiting(f.Context(), f.ws)
	f.ok(err)
	one, err := f.work.Tickets(f.Context(), f.ws, []ticket.ID{id})
	f.ok(err)
	i := slices.IndexFunc(all, func(it dispatch.Item) bool { return it.Key == dispatch.Key{Kind: "ticket", ID: string(id)} })
	if i < 0 && len(one) == 0 {
		return dispatch.Item{}, false
	}
	if i < 0 || len(one) != 1 || !one[0].Equal(all[i]) {
		f.Fatalf("Waiting says %+v, Tickets %+v", all, one)
	}
	return one[0], true
}

func (f *streams) awaits(id ticket.ID) dispatch.Item {
	f.Helper()
	it, waits := f.waiting(id)
	if !waits {
		f.Fatalf("%s does not wait", id)
	}
	return it
}

// takers makes a team with a queue that takes its tickets, and a member of it.
func (f *streams) takers(p queue.Plan) (team.ID, identity.MemberID) {
	f.Helper()
	p.Tickets = true
	of := f.d.w.Team(f.ws, "Takers")
	f.ok(f.s.Queues().Create(f.Context(), queue.Queue{Workspace: f.ws, ID: "que_t", Name: "Takers", Team: of, Plan: p, CreatedAt: f.at, UpdatedAt: f.at}))
	return of, f.joins(of)
}

// joins makes a member of a team, with a capacity of 5.
func (f *streams) joins(of team.ID) identity.MemberID {
	f.Helper()
	m := f.able()
	_, err := f.s.Teams().Change(f.Context(), f.ws, of, func(t *team.Team) error {
		t.Members = append(t.Members, m)
		return nil
	})
	f.ok(err)
	return m
}

// Which tickets wait, in which queue, and what dispatch knows of them.
func TestWhichTicketsWait(t *testing.T) {
	inStreams(t, func(f *streams) {
		of, m := f.takers(queue.Plan{Value: 3, Target: time.Minute})
		other := f.d.w.Team(f.ws, "Others")
		aside := f.ticket(other, ticket.Ticket{})
		if it, waits := f.waiting(aside); waits {
			f.Fatalf("no queue takes it: %+v", it)
		}
		it := f.awaits(f.ticket(of, ticket.Ticket{Priority: ticket.Urgent}))
		if it.Queue != "que_t" || it.Channel != dispatch.Ticket || it.Weight != 1 || it.Value != 5 || it.Target != 0 {
			f.Fatalf("%+v", it)
		}
		due := f.ticket(of, ticket.Ticket{DueAt: f.turn().At.Add(time.Hour + time.Second), Priority: ticket.Low})
		if it := f.awaits(due); it.Target < 59*time.Minute || it.Target > time.Hour || it.Value != 2 {
			f.Fatalf("%+v", it)
		}
		for _, to := range []ticket.Status{ticket.Pending, ticket.Solved, ticket.Closed} {
			id := f.ticket(of, ticket.Ticket{})
			f.becomes(id, to)
			if it, waits := f.waiting(id); waits {
				f.Fatalf("%s: %+v", to, it)
			}
		}
		if it, waits := f.waiting(f.ticket(of, ticket.Ticket{Assignee: m})); waits {
			f.Fatalf("somebody has it: %+v", it)
		}
		_, err := f.s.Queues().Change(f.Context(), f.ws, "que_t", func(q *queue.Queue) error {
			q.Tickets = false
			return nil
		})
		f.ok(err)
		if it, waits := f.waiting(due); waits {
			f.Fatalf("no queue takes them any more: %+v", it)
		}
		second := queue.Queue{Workspace: f.ws, ID: "que_u", Name: "Second", Team: other, Plan: queue.Plan{Tickets: true}}
		f.ok(f.s.Queues().Create(f.Context(), second))
		f.awaits(aside)
		second.ID, second.Name = "que_v", "Third"
		if err := f.s.Queues().Create(f.Context(), second); errs.As(err).Code != "queue.tickets_taken" {
			f.Fatal(err)
		}
	})
}

// A ticket is given as a conversation is: to one member, who has room and may,
// and what they have is counted with what else they have.
func TestTicketsAreClaimed(t *testing.T) {
	inStreams(t, func(f *streams) {
		of, m := f.takers(queue.Plan{})
		f.follows(dispatch.Plan{Channels: map[dispatch.Channel]dispatch.ChannelPlan{dispatch.Ticket: {Weight: 2}}})
		stranger := f.able()
		one, two, three := f.ticket(of, ticket.Ticket{}), f.ticket(of, ticket.Ticket{}), f.ticket(of, ticket.Ticket{})
		f.refused(f.awaits(one), stranger, dispatch.CodeAgentFull)
		it := f.awaits(one)
		f.ok(f.claim(it, m)) // which says that it weighs 1
		f.refused(it, m, dispatch.CodeItemTaken)
		if r := f.row(m); r.Used != 2 || r.Aside != 2 || r.Has[dispatch.Ticket] != 1 {
			f.Fatalf("%+v", r)
		}
		f.ok(f.claim(f.awaits(two), m))
		f.refused(f.awaits(three), m, dispatch.CodeAgentFull) // 2 of 5 each
		f.ok(f.claim(f.waits("", time.Minute), m))
		if r := f.row(m); r.Used != 5 || r.Aside != 4 {
			f.Fatalf("%+v", r)
		}
		f.ok(f.hands(three, m)) // a person decides
		if r := f.row(m); r.Used != 7 || r.Has[dispatch.Ticket] != 3 {
			f.Fatalf("%+v", r)
		}
		f.becomes(one, ticket.Pending)
		f.becomes(two, ticket.Solved)
		f.ok(f.hands(three, ""))
		if r := f.row(m); r.Used != 1 || r.Aside != 0 || r.Has[dispatch.Ticket] != 0 {
			f.Fatalf("%+v", r)
		}
		f.becomes(one, ticket.Open) // comes back to whom it is assigned
		if r := f.row(m); r.Used != 3 {
			f.Fatalf("%+v", r)
		}
		given, n, err := f.history(one)
		f.ok(err)
		var data struct {
			By    string `json:"by"`
			Queue string `json:"queue_name"`
		}
		if json.Unmarshal(given.Data, &data) != nil || n != 1 || data.By != "dispatch" || data.Queue != "Takers" {
			f.Fatalf("%d, %s", n, given.Data)
		}
	})
}

// A member's own limit of tickets goes before that of the policy, and counts
// tickets alone.
func TestOwnLimitOfTickets(t *testing.T) {
	inStreams(t, func(f *streams) {
		of, asPolicy := f.takers(queue.Plan{})
		f.follows(dispatch.Plan{Channels: map[dispatch.Channel]dispatch.ChannelPlan{dispatch.Ticket: {Limit: 1}}})
		most := map[identity.MemberID]int{asPolicy: 1}
		for _, n := range []int{0, 3, dispatch.Never} {
			m := f.joins(of)
			f.d.change(f.T, f.ws, m, func(m *identity.Member) { m.Limits = identity.Limits{Ticket: n} })
			most[m] = max(n, 0)
			if n == 0 {
				most[m] = 1
			}
		}
		for m, n := range most {
			f.ok(f.claim(f.waits("", time.Minute), m))
			for range n {
				f.ok(f.claim(f.awaits(f.ticket(of, ticket.Ticket{})), m))
			}
			more := f.ticket(of, ticket.Ticket{})
			f.refused(f.awaits(more), m, dispatch.CodeAgentFull)
			f.ok(f.claim(f.waits("", time.Minute), m))
			if r := f.row(m); r.Has[dispatch.Ticket] != n || r.Used != n+2 {
				f.Fatalf("a limit of %d: %+v", n, r)
			}
			f.ok(f.hands(more, m)) // a person decides
		}
	})
}

// history returns the change that gave a ticket to somebody, and how many there are.
func (f *streams) history(id ticket.ID) (given ticket.Change, n int, err error) {
	all, err := f.s.Tickets().Timeline(f.Context(), f.ws, id, conversation.Range{After: new(uint64(0)), Limit: 100})
	for _, ch := range all {
		if ch.Type == ticket.Assigned {
			given, n = ch, n+1
		}
	}
	return given, n, err
}

// Of several who are given one ticket at once, and of several tickets that one is
// given beyond what they can have, the database lets through what is right.
func TestTicketsUnderConcurrency(t *testing.T) {
	inStreams(t, func(f *streams) {
		of, m := f.takers(queue.Plan{})
		f.follows(dispatch.Plan{Channels: map[dispatch.Channel]dispatch.ChannelPlan{dispatch.Ticket: {Limit: 2}}})
		race := func(claims ...func() error) (won int) {
			results := make([]error, len(claims))
			var wg sync.WaitGroup
			for i, claim := range claims {
				wg.Go(func() { results[i] = claim() })
			}
			wg.Wait()
			for _, err := range results {
				if err == nil {
					won++
				} else if code := errs.As(err).Code; code != dispatch.CodeAgentFull && code != dispatch.CodeItemTaken {
					f.Error(err)
				}
			}
			return won
		}
		contested := f.ticket(of, ticket.Ticket{})
		it := f.awaits(contested)
		var claims []func() error
		for range 6 {
			who := f.joins(of)
			claims = append(claims, func() error { return f.claim(it, who) })
		}
		if won := race(claims...); won != 1 {
			f.Fatalf("one ticket was given %d times", won)
		}
		if _, n, err := f.history(contested); n != 1 || err != nil {
			f.Fatalf("its history says %d times, %v", n, err)
		}
		claims = nil
		for range 6 {
			it := f.awaits(f.ticket(of, ticket.Ticket{}))
			claims = append(claims, func() error { return f.claim(it, m) })
		}
		if won := race(claims...); won != 2 || f.row(m).Has[dispatch.Ticket] != 2 {
			f.Fatalf("%d beyond a limit of 2, %+v", won, f.row(m))
		}
		// Closed, or given by hand, while it is being claimed: one of the two is first.
		for range 5 {
			id, who, hand := f.ticket(of, ticket.Ticket{}), f.joins(of), f.joins(of)
			it := f.awaits(id)
			var claimed error
			race(
				func() error { claimed = f.claim(it, who); return claimed },
				func() error { return f.hands(id, hand) },
			)
			if f.row(hand).Used != 1 || f.row(who).Used != 0 {
				f.Fatalf("by hand: %+v, %+v, claim %v", f.row(hand), f.row(who), claimed)
			}
			gone := f.ticket(of, ticket.Ticket{})
			it = f.awaits(gone)
			race(
				func() error { return f.claim(it, who) },
				func() error {
					return f.on(gone, func(t *ticket.Ticket) error { return t.SetStatus(f.turn(), ticket.Closed, ticket.Type{}) })
				},
			)
			if r := f.row(who); r.Used != 0 || r.Has[dispatch.Ticket] != 0 {
				f.Fatalf("closed: %+v", r)
			}
		}
	})
}

// Claims of both nouns in one transaction, one of them twice.
func TestClaimsOfBothNouns(t *testing.T) {
	inStreams(t, func(f *streams) {
		of, m := f.takers(queue.Plan{})
		talk, work := f.waits("", time.Minute), f.awaits(f.ticket(of, ticket.Ticket{}))
		var claims []dispatch.Claim
		for _, it := range []dispatch.Item{talk, work, work} {
			claims = append(claims, dispatch.Claim{
				Workspace: f.ws, Item: it.Key, Class: it.Class, Channel: it.Channel, Weight: it.Weight, Member: m,
				By: identity.Actor{Kind: identity.ActorSystem}, At: f.at, OfferFor: time.Minute,
			})
		}
		got, err := f.work.Claims(f.Context(), f.ws, claims)
		f.ok(err)
		if got[0] != nil || got[1] != nil || errs.As(got[2]).Code != dispatch.CodeItemTaken {
			f.Fatal(got)
		}
		if r := f.row(m); r.Used != 2 || !r.Ringing || r.Has[dispatch.Ticket] != 1 {
			f.Fatalf("%+v", r) // the ticket is theirs outright
		}
	})
}

// Who is away keeps their tickets; those of who may not work any more wait again,
// from their arrival on.
func TestTicketsOfWhoLeft(t *testing.T) {
	inStreams(t, func(f *streams) {
		of, m := f.takers(queue.Plan{})
		id := f.ticket(of, ticket.Ticket{})
		it := f.awaits(id)
		f.ok(f.claim(it, m))
		if items, err := f.work.Release(f.Context(), f.ws, m, dispatch.AgentLost); err != nil || len(items) != 0 {
			f.Fatalf("%+v, %v", items, err)
		}
		f.d.change(f.T, f.ws, m, func(m *identity.Member) { m.Suspended = true })
		items, err := f.work.Release(f.Context(), f.ws, m, dispatch.AgentLost)
		if err != nil || len(items) != 1 || !items[0].Equal(it) {
			f.Fatalf("%+v, %v, want %+v", items, err, it)
		}
		if again, err := f.work.Release(f.Context(), f.ws, m, dispatch.AgentLost); err != nil || len(again) != 0 {
			f.Fatalf("%+v, %v", again, err)
		}
		f.ok(f.claim(f.awaits(id), f.joins(of)))
	})
}

// Whatever happens to tickets, what members are said to have is the sum of what
// theirs weigh, and a ticket that is nobody's or nothing to do weighs nothing.
func TestUsedIsTheSumWithTickets(t *testing.T) {
	inStreams(t, func(f *streams) {
		seed := uint64(time.Now().UnixNano()) // printed when it matters
		r := rand.New(rand.NewPCG(seed, 1))
		of, m := f.takers(queue.Plan{})
		members := []identity.MemberID{m, f.joins(of), f.joins(of)}
		var ids []ticket.ID
		for range 4 {
			ids = append(ids, f.ticket(of, ticket.Ticket{}))
		}
		for i := range 100 {
			id, who := ids[r.IntN(len(ids))], members[r.IntN(len(members))]
			err := f.befalls(r.IntN(8), 1+r.IntN(3), id, who) // refusals are part of it
			held := map[identity.MemberID]int{}
			for _, id := range ids {
				t, err := f.s.Tickets().Get(f.Context(), f.ws, id)
				f.ok(err)
				if (t.Weight > 0) && (!t.Active() || t.Assignee == "") {
					f.Fatalf("seed %d, after %d: %+v weighs", seed, i, t)
				}
				held[t.Assignee] += t.Weight
			}
			for _, m := range members {
				if row := f.row(m); row.Used != held[m] || row.Aside != held[m] {
					f.Fatalf("seed %d, after %d (%v): %s is said to have %d and has %d", seed, i, err, m, row.Used, held[m])
				}
			}
		}
	})
}

func (f *streams) befalls(what, n int, id ticket.ID, m identity.MemberID) error {
	switch what {
	case 0:
		f.follows(dispatch.Plan{Channels: map[dispatch.Channel]dispatch.ChannelPlan{dispatch.Ticket: {Weight: n}}})
		return nil
	case 1, 2:
		it, waits := f.waiting(id)
		if !waits {
			return nil
		}
		return f.claim(it, m)
	case 3:
		return f.hands(id, m)
	case 4:
		return f.hands(id, "")
	case 5:
		_, err := f.s.Queues().Change(f.Context(), f.ws, "que_t", func(q *queue.Queue) error {
			q.Tickets = n > 1
			return nil
		})
		return err
	default:
		to := []ticket.Status{ticket.Open, ticket.Pending, ticket.Solved}[n-1]
		return f.on(id, func(t *ticket.Ticket) error { return t.SetStatus(f.turn(), to, ticket.Type{}) })
	}
}
