package searchtest

import (
	"context"
	"fmt"
	"strings"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/search"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// within changes tickets in one transaction.
func (d *desk) within(fn func(ctx context.Context, tx ticket.Tx) error) {
	d.Helper()
	d.OK(d.f.Tickets.Within(d.Context(), d.WS, fn))
}

// work makes a ticket of a customer, or of nobody.
func (d *desk) work(c *conversation.Conversation, like ticket.Ticket) ticket.Ticket {
	d.Helper()
	var out ticket.Ticket
	d.within(func(ctx context.Context, tx ticket.Tx) error {
		types, err := tx.Types(ctx)
		if err != nil {
			return err
		}
		like.Workspace, like.Type = d.WS, types[0].ID
		if c != nil {
			like.Contact, like.Conversation, like.Inbox = c.Contact, c.ID, c.Inbox
		}
		t := ticket.Start(d.turn(), like)
		err = tx.Save(ctx, t)
		out = *t
		return err
	})
	return out
}

func (d *desk) turn() ticket.Turn {
	return ticket.Turn{Actor: identity.Actor{Kind: identity.ActorMember, ID: string(d.Owner.ID), Name: d.Owner.Name}, At: d.Tick(), IDs: d.IDs}
}

func (d *desk) alter(id ticket.ID, fn func(t *ticket.Ticket) error) {
	d.Helper()
	d.within(func(ctx context.Context, tx ticket.Tx) error {
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

func (d *desk) comment(id ticket.ID, text string, public bool) {
	d.Helper()
	d.alter(id, func(t *ticket.Ticket) error {
		_, err := t.Comment(d.turn(), ticket.Written{ClientID: text, Text: text, Public: public})
		return err
	})
}

// testTickets: by number as people write it, by every text, by public and
// internal comments; the best first, each ticket once.
func testTickets(d *desk) {
	c := d.Receive(d.Inbox, "a", "", "hello")
	d.f.Rename(d.T, c, "王芳 Fang", "+8613912345678")
	first := d.work(&c, ticket.Ticket{Title: "退款没有到账", Description: "The parcel went back in May", Fields: map[string]any{"order": "PB-7781", "seats": 3.0}})
	for n := range 19 {
		d.work(nil, ticket.Ticket{Title: fmt.Sprint("filler ", n)})
	}
	d.comment(first.ID, "已经联系仓库核实", true)
	d.comment(first.ID, "VIP, be careful", false)
	d.comment(first.ID, "仓库说明天回复", false)
	for range 2 { // as it was there before, and again when the index is made anew
		d.catchUp()
		for _, asked := range []string{"T-1", "t1", "#1", "1"} {
			got := d.finds(search.Ticket, asked)
			if !strings.HasPrefix(got+"|", "T-1|") {
				d.Errorf("%s finds %s", asked, got)
			}
		}
		for asked, want := range map[string]string{
			"退款": "T-1", "到账": "T-1", "parcel may": "T-1", "pb-7781": "T-1", "王芳": "T-1", "13912345678": "T-1", "款到": "",
			"核实": "T-1: 已经联系仓库核实", "careful": "T-1: VIP, be careful", "仓库": "T-1: 仓库说明天回复", "T-20": "T-20", "T-21": "", "库核": "T-1: 已经联系仓库核实",
		} {
			conversationtest.Same(d.World, d.finds(search.Ticket, asked), want)
		}
		conversationtest.Same(d.World, d.finds("", "退款"), "T-1")
		d.OK(d.f.Index.Reset(d.Context()))
		conversationtest.Same(d.World, d.finds(search.Ticket, "退款"), "")
	}
	d.catchUp()
	a := d.ask(search.Question{Text: "仓库", Kind: search.Ticket})
	if h := a.Items[0].Highlights; len(h) != 1 || h[0].Field != "text" || h[0].Parts[0] != (search.Part{Text: "仓库", Hit: true}) {
		d.Errorf("the highlight is %+v", h)
	}
}

func testTicketsChange(d *desk) {
	d.catchUp()
	c := d.Receive(d.Inbox, "a", "", "hello")
	t, other := d.work(&c, ticket.Ticket{Title: "before"}), d.work(nil, ticket.Ticket{Title: "target"})
	d.catchUp()
	conversationtest.Same(d.World, d.finds(search.Ticket, "before"), "T-1")
	title := "afterwards"
	d.within(func(ctx context.Context, tx ticket.Tx) error {
		types, err := tx.Types(ctx)
		if err != nil {
			return err
		}
		t, err := tx.Ticket(ctx, t.ID)
		if err != nil {
			return err
		}
		if err := t.Edit(d.turn(), ticket.Edit{Title: &title}, types[0]); err != nil {
			return err
		}
		return tx.Save(ctx, t)
	})
	conversationtest.Same(d.World, d.finds(search.Ticket, "before"), "") // the text decides, whatever the index says
	d.comment(t.ID, "remark", false)
	d.f.Rename(d.T, c, "Quince", "")
	d.catchUp()
	for _, asked := range []string{"afterwards", "quince", "quince afterwards"} {
		conversationtest.Same(d.World, d.finds(search.Ticket, asked), "T-1")
	}
	d.within(func(ctx context.Context, tx ticket.Tx) error {
		from, err := tx.Ticket(ctx, t.ID)
		if err != nil {
			return err
		}
		into, err := tx.Ticket(ctx, other.ID)
		if err != nil {
			return err
		}
		if err := from.MergeInto(d.turn(), into, false); err != nil {
			return err
		}
		if err := tx.Save(ctx, from); err != nil {
			return err
		}
		return tx.Save(ctx, into)
	})
	for range 2 { // whether the index knows of the merge or not
		conversationtest.Same(d.World, d.finds(search.Ticket, "afterwards"), "")
		conversationtest.Same(d.World, d.finds(search.Ticket, "remark"), "")
		d.catchUp()
	}
}

// testTicketsReached: what is beyond reach, or beyond one's rights, is not found.
func testTicketsReached(d *desk) {
	mine := d.work(nil, ticket.Ticket{Title: "word mine"})
	d.alter(mine.ID, func(t *ticket.Ticket) error { return t.Assign(d.turn(), ticket.Destination{Member: &d.Owner}) })
	mate := d.Member(d.WS, "mate@example.com", "Mate", 5)
	d.comment(mine.ID, "deep", false)
	d.catchUp()
	scope := func(m identity.Member, p ...identity.Permission) identity.Scope {
		s := identity.Scope{Workspace: d.WS, Actor: identity.Actor{Kind: identity.ActorMember, ID: string(m.ID), Role: identity.RoleAgent}}
		return s.With(identity.Rights{Permissions: p, Reach: identity.Reach{Kind: identity.ReachOwn, Member: m.ID}})
	}
	rights := []identity.Permission{identity.ConversationRead, identity.TicketRead}
	for want, who := range []identity.Member{mate, d.Owner} {
		for _, asked := range []string{"word", "deep", "T-1"} {
			a, err := d.service.Find(d.Context(), scope(who, rights...), search.Question{Text: asked})
			d.OK(err)
			conversationtest.Same(d.World, len(a.Items), want)
		}
	}
	blind := scope(d.Owner, identity.ConversationRead)
	a, err := d.service.Find(d.Context(), blind, search.Question{Text: "word"})
	d.OK(err)
	conversationtest.Same(d.World, len(a.Items), 0)
	_, err = d.service.Find(d.Context(), blind, search.Question{Text: "word", Kind: search.Ticket})
	d.Fails(err, errs.Forbidden)
}
