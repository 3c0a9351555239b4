package notification_test

import (
	"context"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/notification"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// work changes tickets in one transaction, as a member; of the id "" a new one.
func (o *office) change(id ticket.ID, by identity.Member, fn func(turn ticket.Turn, t *ticket.Ticket) error) ticket.ID {
	o.Helper()
	o.OK(o.work.Within(o.Context(), o.WS, func(ctx context.Context, tx ticket.Tx) error {
		turn := ticket.Turn{Actor: scope(by).Actor, At: o.Tick(), IDs: o.IDs}
		if id == "" {
			types, err := tx.Types(ctx)
			if err != nil {
				return err
			}
			t := ticket.Start(turn, ticket.Ticket{Workspace: o.WS, Type: types[0].ID, Title: "Broken 坏了", DueAt: turn.At.Add(-time.Second)})
			id = t.ID
			return tx.Save(ctx, t)
		}
		t, err := tx.Ticket(ctx, id)
		if err == nil {
			err = fn(turn, t)
		}
		if err != nil {
			return err
		}
		return tx.Save(ctx, t)
	}))
	return id
}

func write(text string, public bool, mentions ...ticket.Mention) func(ticket.Turn, *ticket.Ticket) error {
	return func(turn ticket.Turn, t *ticket.Ticket) error {
		_, err := t.Comment(turn, ticket.Written{ClientID: turn.IDs.New("x"), Text: text, Public: public, Mentions: mentions})
		return err
	}
}

func (o *office) kinds(m identity.Member) map[notification.Kind]int {
	out := make(map[notification.Kind]int)
	for _, n := range o.list(m) {
		out[n.Kind]++
	}
	return out
}

// TestTickets: who is given one, who is mentioned, who has or follows it, and a
// due date that passes; nobody of their own doings, and once.
func TestTickets(t *testing.T) {
	o := newOffice(t)
	lin, wang, zhou := o.Member(o.WS, "lin@example.com", "Lin", 5), o.Member(o.WS, "wang@example.com", "Wang", 5), o.Member(o.WS, "zhou@example.com", "Zhou", 5)
	id := o.change("", o.Owner, nil)
	o.change(id, o.Owner, func(turn ticket.Turn, k *ticket.Ticket) error {
		if err := k.Assign(turn, ticket.Destination{Member: &lin}); err != nil {
			return err
		}
		return write("please call them", false)(turn, k)
	})
	o.OK(o.observe())
	o.change(id, wang, func(turn ticket.Turn, k *ticket.Ticket) error { return k.Follow(turn, wang.ID, true) })
	given := o.has(lin, notification.TicketAssigned)[0]
	if given.Text != "please call them" || given.Seq == 0 || *given.Ticket != (notification.Ticket{ID: id, Number: 1, Title: "Broken 坏了"}) || given.Conversation != "" {
		t.Fatalf("it was given as %+v %+v", given, given.Ticket)
	}
	o.has(wang)

	o.change(id, zhou, write("looks broken", false, ticket.Mention{Member: wang.ID, Name: "Wang"}))
	o.change(id, zhou, write("on its way", true))
	o.change(id, zhou, write("第二次", true))
	o.OK(o.observe())
	o.at = 0
	o.OK(o.observe()) // everything once more
	if got := o.kinds(wang); got[notification.TicketMention] != 1 || got[notification.TicketComment] != 1 || len(got) != 2 {
		t.Errorf("who follows was told %v", got)
	}
	if got := o.kinds(lin); got[notification.TicketComment] != 1 || got[notification.TicketAssigned] != 1 {
		t.Errorf("the assignee was told %v", got)
	}
	if n := o.list(lin)[0]; n.Text != "第二次" || n.Actor.Name != "Zhou" {
		t.Errorf("the newest is %+v", n)
	}
	o.has(zhou)

	o.change(id, o.Owner, func(turn ticket.Turn, k *ticket.Ticket) error { k.PassDue(turn); return nil })
	o.change(id, lin, func(turn ticket.Turn, k *ticket.Ticket) error {
		return k.Assign(turn, ticket.Destination{Member: &zhou})
	})
	o.OK(o.observe())
	for who, want := range map[string]map[notification.Kind]int{"lin": o.kinds(lin), "wang": o.kinds(wang)} {
		if want[notification.TicketOverdue] != 1 {
			t.Errorf("%s, who had or followed it, was told %v", who, want)
		}
	}
	o.has(zhou, notification.TicketAssigned) // it was overdue before it became theirs
}

// TestTicketRatings: whose ticket it is learns what the customer says.
func TestTicketRatings(t *testing.T) {
	o := newOffice(t)
	lin := o.Member(o.WS, "lin@example.com", "Lin", 5)
	id := o.change("", o.Owner, nil)
	o.change(id, lin, func(turn ticket.Turn, k *ticket.Ticket) error {
		if err := k.Assign(turn, ticket.Destination{Member: &lin}); err != nil {
			return err
		}
		return k.SetStatus(turn, ticket.Solved, ticket.Type{})
	})
	o.change(id, o.Owner, func(turn ticket.Turn, k *ticket.Ticket) error {
		turn.Actor = identity.Actor{Kind: identity.ActorContact, ID: "con_1", Name: "顾客"}
		return k.Rate(turn, ticket.Rating{Score: 5, Comment: "很好"})
	})
	o.OK(o.observe())
	if n := o.has(lin, notification.Rating)[0]; n.Text != "5/5 很好" || n.Ticket == nil || n.Ticket.ID != id {
		t.Errorf("the rating is told as %+v", n)
	}
}

// TestTicketsBeyondReach: nobody is told of a ticket that they do not reach,
// whatever mentions them.
func TestTicketsBeyondReach(t *testing.T) {
	o := newOffice(t)
	lin, wang := o.Member(o.WS, "lin@example.com", "Lin", 5), o.Member(o.WS, "wang@example.com", "Wang", 5)
	own := func(m identity.Member) identity.Reach { return identity.Reach{Kind: identity.ReachOwn, Member: m.ID} }
	o.limited = map[identity.MemberID]identity.Reach{lin.ID: own(lin), wang.ID: own(wang)}
	o.store.CoversTicket = func(identity.WorkspaceID, identity.Reach, ticket.ID) bool { return true }
	id := o.change("", o.Owner, nil)
	o.change(id, o.Owner, func(turn ticket.Turn, k *ticket.Ticket) error {
		return k.Assign(turn, ticket.Destination{Member: &lin})
	})
	o.change(id, o.Owner, write("look", false, ticket.Mention{Member: wang.ID, Name: "Wang"}, ticket.Mention{Member: lin.ID, Name: "Lin"}))
	o.OK(o.observe())
	o.has(wang)
	o.has(lin, notification.TicketMention, notification.TicketAssigned)
}
