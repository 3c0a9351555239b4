package tickettest

import (
	"context"
	"reflect"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// Fixture is what the suite runs on: empty stores of one database.
type Fixture struct {
	Store         ticket.Store
	Reader        ticket.Reader
	Conversations conversationtest.Fixture
	Workspaces    identity.WorkspaceStore
}

// desk is a workspace with people, customers and tickets.
type desk struct {
	*conversationtest.World
	f Fixture
}

// Run checks a store against what its ports say.
func Run(t *testing.T, fresh func(t *testing.T) Fixture) {
	t.Helper()
	for name, test := range map[string]func(*desk){
		"what is saved comes back":                   saved,
		"numbers and sequences have no gap":          gapless,
		"a transaction that fails leaves nothing":    atomic,
		"another workspace's things are absent":      foreign,
		"links have two ends":                        links,
		"a comment is found by its client id":        sent,
		"the open one of a conversation is found":    openOf,
		"a history is read both ways":                history,
		"lists select, sort and go on":               lists,
		"a filter selects what it means":             filters,
		"counts are what lists hold":                 counts,
		"types come, change and go":                  types,
		"what time has done is found":                swept,
		"events are hydrated":                        hydrated,
		"a label and a team are found by who refers": referring,
		"a ticket waits from its arrival":            arrives,
	} {
		t.Run(name, func(t *testing.T) {
			f := fresh(t)
			test(&desk{World: conversationtest.NewWorld(t, f.Conversations), f: f})
		})
	}
}

func (d *desk) turn(actor identity.Actor) ticket.Turn {
	return ticket.Turn{Actor: actor, At: d.Tick(), IDs: d.IDs}
}

func (d *desk) owner() identity.Actor {
	return identity.Actor{Kind: identity.ActorMember, ID: string(d.Owner.ID), Name: d.Owner.Name}
}

// open makes a ticket in a workspace.
func (d *desk) open(w identity.WorkspaceID, like ticket.Ticket) ticket.Ticket {
	d.Helper()
	var out ticket.Ticket
	d.OK(d.f.Store.Within(d.Context(), w, func(ctx context.Context, tx ticket.Tx) error {
		all, err := tx.Types(ctx)
		if err != nil {
			return err
		}
		like.Workspace = w
		if like.Type == "" {
			like.Type = all[0].ID
		}
		t := ticket.Start(d.turn(d.owner()), like)
		err = tx.Save(ctx, t)
		out = *t
		return err
	}))
	return out
}

// work changes a ticket and returns it as it is read then.
func (d *desk) work(id ticket.ID, fn func(t *ticket.Ticket) error) ticket.Ticket {
	d.Helper()
	d.OK(d.try(d.WS, id, fn))
	return d.get(id)
}

func (d *desk) try(w identity.WorkspaceID, id ticket.ID, fn func(t *ticket.Ticket) error) error {
	return d.f.Store.Within(d.Context(), w, func(ctx context.Context, tx ticket.Tx) error {
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

func (d *desk) get(id ticket.ID) ticket.Ticket {
	d.Helper()
	t, err := d.f.Reader.Get(d.Context(), d.WS, id)
	d.OK(err)
	return t
}

func (d *desk) history(id ticket.ID) []ticket.Change {
	d.Helper()
	zero := uint64(0)
	out, err := d.f.Reader.Timeline(d.Context(), d.WS, id, conversation.Range{After: &zero, Limit: 500})
	d.OK(err)
	return out
}

func (d *desk) same(what string, got, want any) {
	d.Helper()
	if !reflect.DeepEqual(got, want) {
		d.Errorf("%s is\n%s\nwant\n%s", what, conversationtest.Show(got), conversationtest.Show(want))
	}
}

// full makes a ticket in which every part has a value.
func (d *desk) full() ticket.Ticket {
	d.Helper()
	talk := d.Receive(d.Inbox, "ext", "m1", "broken")
	vip, sales := d.Label(d.WS, "VIP"), d.Team(d.WS, "Sales")
	return d.open(d.WS, ticket.Ticket{
		Title: "Broken 坏了", Description: "two\nlines", Priority: ticket.High, Contact: talk.Contact, Conversation: talk.ID, Inbox: talk.Inbox,
		Assignee: d.Owner.ID, Team: sales, Followers: []identity.MemberID{d.Owner.ID}, DueAt: d.Tick().Truncate(time.Millisecond),
		Fields: map[string]any{"plan": "专业", "seats": 12.5, "paid": true}, Labels: []catalog.LabelID{vip},
	})
}

func saved(d *desk) {
	made := d.full()
	got := d.get(made.ID)
	if got.Number != 1 || got.Status != ticket.Open || got.AssigneeName != d.Owner.Name || got.ContactName == "" && got.Contact == "" {
		d.Errorf("it comes back as %s", conversationtest.Show(got))
	}
	made.ContactName, made.AssigneeName, made.Organisation = got.ContactName, got.AssigneeName, got.Organisation
	made.Saved()
	got.Loaded()
	d.same("the ticket", got, made)
	got = d.work(made.ID, func(t *ticket.Ticket) error {
		t.VoidLinks()
		return t.SetStatus(d.turn(d.owner()), ticket.Solved, ticket.Type{})
	})
	got = d.work(got.ID, func(t *ticket.Ticket) error {
		return t.Rate(d.turn(d.owner()), ticket.Rating{Score: 4, Comment: "不错"})
	})
	if got.Rating == nil || got.Rating.Score != 4 || got.Rating.Comment != "不错" || got.SolvedAt.IsZero() || got.LinkEpoch != 1 {
		d.Errorf("after rating: %s", conversationtest.Show(got))
	}
	by, err := d.f.Reader.OfLink(d.Context(), made.ID)
	d.OK(err)
	d.same("by its id alone", by.Number, got.Number)
}

func gapless(d *desk) {
	for want := uint64(1); want < 4; want++ {
		if got := d.open(d.WS, ticket.Ticket{Title: "x"}).Number; got != want {
			d.Errorf("number %d, want %d", got, want)
		}
	}
	t := d.full()
	d.work(t.ID, func(t *ticket.Ticket) error {
		_, err := t.Comment(d.turn(d.owner()), ticket.Written{ClientID: "a", Text: "secret"})
		return err
	})
	d.work(t.ID, func(t *ticket.Ticket) error {
		_, err := t.Comment(d.turn(d.owner()), ticket.Written{ClientID: "b", Text: "hello", Public: true})
		return err
	})
	var public uint64
	for i, ch := range d.history(t.ID) {
		if ch.Seq != uint64(i+1) {
			d.Errorf("change %d has seq %d", i+1, ch.Seq)
		}
		if ch.PublicSeq > 0 {
			if public++; ch.PublicSeq != public {
				d.Errorf("public seq %d, want %d", ch.PublicSeq, public)
			}
		}
		if ch.Comment != nil && ch.Comment.Public != (ch.PublicSeq > 0) {
			d.Errorf("%s is numbered %d for the customer", ch.Comment.Text, ch.PublicSeq)
		}
	}
	if public != 2 {
		d.Errorf("the customer knows of %d changes", public)
	}
}

func atomic(d *desk) {
	t := d.full()
	before := d.get(t.ID)
	head, err := d.f.Conversations.Log.Head(d.Context(), string(d.WS))
	d.OK(err)
	err = d.f.Store.Within(d.Context(), d.WS, func(ctx context.Context, tx ticket.Tx) error {
		t, err := tx.Ticket(ctx, t.ID)
		if err != nil {
			return err
		}
		if _, err := t.Comment(d.turn(d.owner()), ticket.Written{ClientID: "a", Text: "x"}); err != nil {
			return err
		}
		if err := tx.Save(ctx, t); err != nil {
			return err
		}
		return errs.New(errs.Conflict, "test", "no")
	})
	if !errs.Is(err, errs.Conflict) {
		d.Errorf("the failure comes back as %v", err)
	}
	d.same("the ticket", d.get(t.ID), before)
	after, err := d.f.Conversations.Log.Head(d.Context(), string(d.WS))
	d.OK(err)
	d.same("the feed", after, head)
}

func foreign(d *desk) {
	abroad, _ := d.Workspace("other@example.com")
	t := d.full()
	if _, err := d.f.Reader.Get(d.Context(), abroad, t.ID); !errs.Is(err, errs.NotFound) {
		d.Errorf("read from abroad: %v", err)
	}
	if err := d.try(abroad, t.ID, func(*ticket.Ticket) error { return nil }); !errs.Is(err, errs.NotFound) {
		d.Errorf("changed from abroad: %v", err)
	}
	for name, like := range map[string]ticket.Ticket{
		"contact": {Contact: t.Contact}, "conversation": {Conversation: t.Conversation}, "assignee": {Assignee: t.Assignee},
		"team": {Team: t.Team}, "type": {Type: t.Type},
	} {
		err := d.f.Store.Within(d.Context(), abroad, func(ctx context.Context, tx ticket.Tx) error {
			all, err := tx.Types(ctx)
			if err != nil {
				return err
			}
			like.Workspace, like.Title = abroad, "x"
			if like.Type == "" {
				like.Type = all[0].ID
			}
			return tx.Save(ctx, ticket.Start(d.turn(d.owner()), like))
		})
		if !errs.Is(err, errs.NotFound) {
			d.Errorf("a ticket with a foreign %s: %v", name, err)
		}
	}
	if n := d.open(abroad, ticket.Ticket{Title: "first"}).Number; n != 1 {
		d.Errorf("the first ticket abroad has number %d", n)
	}
	found, err := d.f.Reader.Find(d.Context(), abroad, ticket.Query{Sort: ticket.ByUpdate, Reach: identity.Everywhere()}, page.Request{})
	d.OK(err)
	d.same("tickets abroad", len(found.Items), 1)
}

func (d *desk) pair(a, b ticket.ID, fn func(a, b *ticket.Ticket) error) error {
	return d.f.Store.Within(d.Context(), d.WS, func(ctx context.Context, tx ticket.Tx) error {
		x, err := tx.Ticket(ctx, a)
		if err != nil {
			return err
		}
		y, err := tx.Ticket(ctx, b)
		if err != nil {
			return err
		}
		if err := fn(x, y); err != nil {
			return err
		}
		if err := tx.Save(ctx, x); err != nil {
			return err
		}
		return tx.Save(ctx, y)
	})
}

func links(d *desk) {
	a, b := d.open(d.WS, ticket.Ticket{Title: "a"}), d.open(d.WS, ticket.Ticket{Title: "b"})
	var made ticket.Link
	d.OK(d.pair(a.ID, b.ID, func(a, b *ticket.Ticket) (err error) {
		made, err = a.Link(d.turn(d.owner()), ticket.Blocks, b)
		return err
	}))
	d.work(b.ID, func(t *ticket.Ticket) error {
		title := "renamed"
		return t.Edit(d.turn(d.owner()), ticket.Edit{Title: &title}, ticket.Type{ID: t.Type})
	})
	d.same("one end", d.get(a.ID).Links, []ticket.Link{{ID: made.ID, Kind: ticket.Blocks, Ticket: b.ID, Number: 2, Title: "renamed", Status: ticket.New}})
	d.same("the other", d.get(b.ID).Links, []ticket.Link{{ID: made.ID, Kind: ticket.BlockedBy, Ticket: a.ID, Number: 1, Title: "a", Status: ticket.New}})
	d.OK(d.pair(a.ID, b.ID, func(a, b *ticket.Ticket) error { return a.Unlink(d.turn(d.owner()), made.ID, b) }))
	d.same("gone", len(d.get(a.ID).Links)+len(d.get(b.ID).Links), 0)

	d.OK(d.pair(a.ID, b.ID, func(a, b *ticket.Ticket) error { return a.MergeInto(d.turn(d.owner()), b, false) }))
	merged := d.get(a.ID)
	if merged.MergedInto != b.ID || merged.Before == nil || merged.Status != ticket.Closed {
		d.Errorf("merged: %s", conversationtest.Show(merged))
	}
	d.OK(d.f.Store.Within(d.Context(), d.WS, func(ctx context.Context, tx ticket.Tx) error {
		yes, err := tx.Absorbs(ctx, b.ID)
		no, err2 := tx.Absorbs(ctx, a.ID)
		if !yes || no || err2 != nil {
			d.Errorf("absorbs: %v %v %v", yes, no, err2)
		}
		return err
	}))
	found, err := d.f.Reader.Find(d.Context(), d.WS, ticket.Query{Sort: ticket.ByUpdate, Reach: identity.Everywhere()}, page.Request{})
	d.OK(err)
	d.same("in the list", len(found.Items), 1)
	d.OK(d.pair(a.ID, b.ID, func(a, b *ticket.Ticket) error { return a.Unmerge(d.turn(d.owner()), b) }))
	if back := d.get(a.ID); back.Status != ticket.New || back.MergedInto != "" || !back.ClosedAt.IsZero() {
		d.Errorf("unmerged: %s", conversationtest.Show(back))
	}
}

func sent(d *desk) {
	t := d.full()
	var ch *ticket.Change
	d.work(t.ID, func(t *ticket.Ticket) (err error) {
		ch, err = t.Comment(d.turn(d.owner()), ticket.Written{
			ClientID: "a", Text: "@Lin", Mentions: []ticket.Mention{{Member: d.Owner.ID, Name: d.Owner.Name}},
		})
		return err
	})
	d.OK(d.f.Store.Within(d.Context(), d.WS, func(ctx context.Context, tx ticket.Tx) error {
		found, err := tx.Sent(ctx, t.ID, string(d.Owner.ID), "a")
		if err != nil {
			return err
		}
		d.same("the comment", *found, stored(*ch))
		other, err := tx.Sent(ctx, t.ID, "mem_other", "a")
		if other != nil {
			d.Errorf("another author's: %v", other)
		}
		return err
	}))
}

func history(d *desk) {
	t := d.open(d.WS, ticket.Ticket{Title: "x"})
	for i := range 6 {
		d.work(t.ID, func(t *ticket.Ticket) error {
			_, err := t.Comment(d.turn(d.owner()), ticket.Written{ClientID: string(rune('a' + i)), Text: "x", Public: i%2 == 0})
			return err
		})
	}
	seqs := func(r conversation.Range) []uint64 {
		all, err := d.f.Reader.Timeline(d.Context(), d.WS, t.ID, r)
		d.OK(err)
		out := make([]uint64, len(all))
		for i, ch := range all {
			if out[i] = ch.Seq; r.Public {
				out[i] = ch.PublicSeq
			}
		}
		return out
	}
	two := uint64(2)
	d.same("the newest", seqs(conversation.Range{Limit: 2}), []uint64{7, 8})
	d.same("before 4", seqs(conversation.Range{Before: 4, Limit: 2}), []uint64{2, 3})
	d.same("after 2", seqs(conversation.Range{After: &two, Limit: 2}), []uint64{3, 4})
	d.same("the newest public", seqs(conversation.Range{Public: true, Limit: 2}), []uint64{4, 5})
	d.same("public after 2", seqs(conversation.Range{Public: true, After: &two, Limit: 2}), []uint64{3, 4})
}
