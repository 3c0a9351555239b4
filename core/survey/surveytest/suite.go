package surveytest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/survey"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// Fixture is an implementation under test, with the conversations of the same
// storage.
type Fixture struct {
	Store         survey.Store
	Conversations conversationtest.Fixture
	Tickets       ticket.Store
}

// Run runs the suite. open returns an empty, independent storage each time.
func Run(t *testing.T, open func(t *testing.T) Fixture) {
	t.Helper()
	for name, run := range map[string]func(*world){
		"a rating":      testRating,
		"list":          testList,
		"filters":       testFilters,
		"tenants apart": testTenants,
		"of tickets":    testTickets,
	} {
		t.Run(name, func(t *testing.T) {
			f := open(t)
			run(&world{World: conversationtest.NewWorld(t, f.Conversations), store: f.Store, tickets: f.Tickets})
		})
	}
}

type world struct {
	*conversationtest.World
	store   survey.Store
	tickets ticket.Store
}

// asked makes a conversation that a member answered and asks for its rating.
func (w *world) asked(external string, m identity.Member) conversation.Conversation {
	w.Helper()
	c := w.Receive(w.Live, external, "m", "hello")
	w.Change(c.ID, func(c *conversation.Conversation) error {
		_, err := c.Send(w.Turn(m), conversation.Words("a", "hi"))
		c.RequestRating(w.Turn(m), conversation.ViaWidget, m.ID)
		return err
	})
	return w.Get(c.ID)
}

// rated is asked with the customer's answer.
func (w *world) rated(external string, m identity.Member, score int) conversation.Conversation {
	w.Helper()
	c := w.asked(external, m)
	w.Change(c.ID, func(c *conversation.Conversation) error {
		return c.Rate(w.System(), conversation.RatingAnswer{Rating: c.Rating, Score: score, Comment: "因为 " + external, Via: conversation.ViaLink})
	})
	return w.Get(c.ID)
}

func (w *world) list(ws identity.WorkspaceID, f survey.Filter) []conversation.ID {
	w.Helper()
	got, err := w.store.Ratings(w.Context(), ws, f, page.Request{})
	w.OK(err)
	var out []conversation.ID
	for _, r := range got.Items {
		out = append(out, r.Conversation)
	}
	return out
}

func testRating(w *world) {
	_, err := w.store.Rating(w.Context(), "rat_none")
	if !errs.Is(err, errs.NotFound) {
		w.Errorf("none: %v", err)
	}
	c := w.asked("one", w.Owner)
	got, err := w.store.Rating(w.Context(), c.Rating)
	w.OK(err)
	want := survey.Rating{
		Workspace: w.WS, ID: c.Rating, Conversation: c.ID, Inbox: w.Live.ID, Contact: c.Contact, Member: w.Owner.ID,
		AskedAt: c.AskedAt, Via: conversation.ViaWidget, ContactName: c.ContactName,
	}
	conversationtest.Same(w.World, got, want)
	c = w.rated("two", w.Owner, 4)
	got, err = w.store.Rating(w.Context(), c.RatedID)
	w.OK(err)
	want = survey.Rating{
		Workspace: w.WS, ID: c.RatedID, Conversation: c.ID, Inbox: w.Live.ID, Contact: c.Contact, Member: w.Owner.ID,
		AskedAt: c.AskedAt, GivenAt: c.RatedAt, Score: 4, Comment: "因为 two", Via: conversation.ViaLink, ContactName: c.ContactName,
	}
	conversationtest.Same(w.World, got, want)
}

func testList(w *world) {
	w.asked("not given", w.Owner)
	var want []conversation.ID
	for _, external := range []string{"1", "2", "3", "4", "5"} {
		want = append([]conversation.ID{w.rated(external, w.Owner, 5).ID}, want...)
	}
	if got := w.list(w.WS, survey.Filter{Reach: identity.Everywhere()}); !slices.Equal(got, want) {
		w.Errorf("listed %v, want %v", got, want)
	}
	var paged []conversation.ID
	for p := (page.Request{Limit: 2}); ; {
		got, err := w.store.Ratings(w.Context(), w.WS, survey.Filter{Reach: identity.Everywhere()}, p)
		w.OK(err)
		for _, r := range got.Items {
			paged = append(paged, r.Conversation)
		}
		if p.Cursor = got.Next; p.Cursor == "" {
			break
		}
	}
	if !slices.Equal(paged, want) {
		w.Errorf("in pages %v, want %v", paged, want)
	}
	if _, err := w.store.Ratings(w.Context(), w.WS, survey.Filter{Reach: identity.Everywhere()}, page.Request{Cursor: "rubbish"}); !errs.Is(err, errs.Invalid) {
		w.Errorf("a cursor of ours? %v", err)
	}
}

func testFilters(w *world) {
	lin := w.Member(w.WS, "lin@example.com", "Lin", 5)
	a, b := w.rated("a", w.Owner, 1), w.rated("b", lin, 5)
	c := w.rated("c", lin, 4)
	for name, x := range map[string]struct {
		f    survey.Filter
		want []conversation.ID
		by   [5]int
	}{
		"all":           {survey.Filter{Reach: identity.Everywhere()}, []conversation.ID{c.ID, b.ID, a.ID}, [5]int{1, 0, 0, 1, 1}},
		"a member":      {survey.Filter{Reach: identity.Everywhere(), Member: lin.ID}, []conversation.ID{c.ID, b.ID}, [5]int{0, 0, 0, 1, 1}},
		"an inbox":      {survey.Filter{Reach: identity.Everywhere(), Inbox: w.Live.ID}, []conversation.ID{c.ID, b.ID, a.ID}, [5]int{1, 0, 0, 1, 1}},
		"another inbox": {survey.Filter{Reach: identity.Everywhere(), Inbox: w.Inbox.ID}, nil, [5]int{}},
		"a team":        {survey.Filter{Reach: identity.Everywhere(), Team: "tea_none"}, nil, [5]int{}},
		"from":          {survey.Filter{Reach: identity.Everywhere(), From: b.RatedAt}, []conversation.ID{c.ID, b.ID}, [5]int{0, 0, 0, 1, 1}},
		"to":            {survey.Filter{Reach: identity.Everywhere(), To: b.RatedAt}, []conversation.ID{a.ID}, [5]int{1}},
		"from and to":   {survey.Filter{Reach: identity.Everywhere(), From: b.RatedAt, To: b.RatedAt.Add(time.Microsecond)}, []conversation.ID{b.ID}, [5]int{0, 0, 0, 0, 1}},
	} {
		if got := w.list(w.WS, x.f); !slices.Equal(got, x.want) {
			w.Errorf("%s: listed %v, want %v", name, got, x.want)
		}
		if sum, err := w.store.Summary(w.Context(), w.WS, x.f); err != nil || sum.ByScore != x.by {
			w.Errorf("%s: counted %v, %v, want %v", name, sum.ByScore, err, x.by)
		}
	}
}

func testTenants(w *world) {
	w.rated("a", w.Owner, 1)
	abroad, _ := w.Workspace("abroad@example.com")
	if got := w.list(abroad, survey.Filter{Reach: identity.Everywhere()}); len(got) != 0 {
		w.Errorf("another workspace reads %v", got)
	}
	if sum, err := w.store.Summary(w.Context(), abroad, survey.Filter{Reach: identity.Everywhere()}); err != nil || sum.Count() != 0 {
		w.Errorf("another workspace counts %v, %v", sum, err)
	}
}

// work makes a ticket of a customer that a member solved and the customer rated; 0 = did not.
func (w *world) work(c conversation.Conversation, m identity.Member, score int) survey.Rating {
	w.Helper()
	var out survey.Rating
	w.OK(w.tickets.Within(w.Context(), w.WS, func(ctx context.Context, tx ticket.Tx) error {
		types, err := tx.Types(ctx)
		if err != nil {
			return err
		}
		turn := ticket.Turn{Actor: w.System().Actor, At: w.Tick(), IDs: w.IDs}
		t := ticket.Start(turn, ticket.Ticket{Workspace: w.WS, Type: types[0].ID, Title: "坏了", Contact: c.Contact, Conversation: c.ID, Inbox: c.Inbox, Assignee: m.ID})
		if err := t.SetStatus(turn, ticket.Solved, types[0]); err != nil {
			return err
		}
		if score > 0 {
			turn.At = w.Tick()
			if err := t.Rate(turn, ticket.Rating{Score: score, Comment: "因为"}); err != nil {
				return err
			}
		}
		err = tx.Save(ctx, t)
		out = survey.Rating{
			Workspace: w.WS, ID: conversation.RatingID(t.ID), Ticket: &survey.Ticket{ID: t.ID, Number: t.Number, Title: "坏了"},
			Inbox: c.Inbox, Contact: c.Contact, Member: m.ID, GivenAt: turn.At, Score: score, Comment: "因为", Via: conversation.ViaLink, ContactName: c.ContactName,
		}
		return err
	}))
	return out
}

func testTickets(w *world) {
	lin := w.Member(w.WS, "lin@example.com", "Lin", 5)
	c := w.rated("a", w.Owner, 1)
	w.work(c, lin, 0)
	first, second, third := w.work(c, lin, 5), w.work(c, w.Owner, 2), w.work(c, lin, 5)
	all := survey.Filter{Tickets: true, Reach: identity.Everywhere()}
	pages := func(f survey.Filter) (out []survey.Rating) {
		for p := (page.Request{Limit: 2}); ; {
			got, err := w.store.Ratings(w.Context(), w.WS, f, p)
			w.OK(err)
			out = append(out, got.Items...)
			if p.Cursor = got.Next; p.Cursor == "" {
				return out
			}
		}
	}
	conversationtest.Same(w.World, pages(all), []survey.Rating{third, second, first})
	sum, err := w.store.Summary(w.Context(), w.WS, all)
	w.OK(err)
	conversationtest.Same(w.World, sum.ByScore, [5]int{0, 1, 0, 0, 2})
	narrow := all
	narrow.Member, narrow.From = lin.ID, second.GivenAt
	conversationtest.Same(w.World, pages(narrow), []survey.Rating{third})
	narrow = all
	narrow.To, narrow.Inbox = third.GivenAt, c.Inbox
	conversationtest.Same(w.World, pages(narrow), []survey.Rating{second, first})
	narrow.Inbox = w.Inbox.ID
	conversationtest.Same(w.World, len(pages(narrow)), 0)
	narrow = all
	narrow.Reach = identity.Reach{Kind: identity.ReachOwn, Member: lin.ID}
	conversationtest.Same(w.World, pages(narrow), []survey.Rating{third, first})
	sum, err = w.store.Summary(w.Context(), w.WS, narrow)
	w.OK(err)
	conversationtest.Same(w.World, sum.Count(), 2)
	conversationtest.Same(w.World, len(pages(survey.Filter{Tickets: true})), 0)
	conversationtest.Same(w.World, w.list(w.WS, survey.Filter{Reach: identity.Everywhere()}), []conversation.ID{c.ID})
	abroad, _ := w.Workspace("abroad@example.com")
	if sum, err := w.store.Summary(w.Context(), abroad, all); err != nil || sum.Count() != 0 {
		w.Errorf("another workspace counts %v, %v", sum, err)
	}
}
