package dispatch_test

import (
	"slices"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/identity"
)

func ticketOf(id, queue string, since time.Time) dispatch.Item {
	return dispatch.Item{Key: dispatch.Key{Kind: "ticket", ID: id}, Queue: queue, Channel: dispatch.Ticket, WaitingSince: since}
}

// Tickets wait beside conversations: no customer has a place behind one, boards
// count them beside, and a closed queue holds both.
func TestTicketsWaitBeside(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	e := dispatch.NewEngine(dispatch.Plan{}.Policy())
	for _, id := range []string{"a", "b"} {
		e.Wait(ticketOf(id, "sales", now.Add(-time.Hour)))
	}
	e.Wait(ticketOf("c", "", now.Add(-time.Hour)))
	talk := dispatch.Item{Key: dispatch.Key{Kind: "conversation", ID: "x"}, Queue: "sales", WaitingSince: now, Target: time.Minute}
	e.Wait(talk)
	if at := e.Position(talk.Key); at != 1 {
		t.Errorf("the customer is told place %d", at)
	}
	if at := e.Position(dispatch.Key{Kind: "ticket", ID: "b"}); at != 2 {
		t.Errorf("the second ticket is at %d", at)
	}
	want := []dispatch.QueueState{{Tickets: 1}, {Queue: "sales", Waiting: 1, Tickets: 2, Oldest: now}}
	if got := e.States(now); !slices.Equal(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	e.Set(dispatch.Agent{Member: "m", Status: dispatch.Available, Capacity: 5})
	e.Hold("sales", true, time.Time{})
	if got := e.Decide(now, 9); len(got) != 1 || got[0].Item.ID != "c" {
		t.Fatalf("given while the queue is closed: %+v", got)
	}
	e.Hold("sales", false, time.Time{})
	if got := e.Decide(now, 9); len(got) != 3 {
		t.Fatalf("given when it opens: %+v", got)
	}
	if m, _ := e.Agent("m"); m.Used != 4 || m.Aside != 3 || m.Has[dispatch.Ticket] != 3 {
		t.Errorf("%+v", m)
	}
}

// Where work rings, tickets are assigned outright, and nothing is given to whom
// something rings for.
func TestTicketsDoNotRing(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	e := dispatch.NewEngine(dispatch.Plan{}.Policy())
	e.Offers(true)
	e.Set(dispatch.Agent{Member: "m", Status: dispatch.Available, Capacity: 5})
	e.Wait(ticketOf("a", "", now.Add(-3*time.Minute)))
	e.Wait(dispatch.Item{Key: dispatch.Key{Kind: "conversation", ID: "x"}, WaitingSince: now.Add(-2 * time.Minute)})
	e.Wait(ticketOf("b", "", now.Add(-time.Minute)))
	got := e.Decide(now, 9)
	if len(got) != 2 || got[0].Item.ID != "a" || got[1].Item.ID != "x" {
		t.Fatalf("%+v", got)
	}
	if e.Position(got[0].Item.Key) != 0 || e.Position(got[1].Item.Key) != 1 {
		t.Error("the ticket rings, or the conversation does not")
	}
	if m, _ := e.Agent("m"); !m.Ringing {
		t.Errorf("%+v", m)
	}
	e.Undo(got[0], true)
	if m, _ := e.Agent("m"); !m.Ringing || m.Used != 1 || m.Aside != 0 {
		t.Errorf("a ticket that could not be given: %+v", m)
	}
}

// Nobody is called for a ticket at night, and one hides no customer.
func TestNobodyIsCalledForTickets(t *testing.T) {
	t.Parallel()
	onFloor(t, nil, func(f *floor) {
		m := f.mem.NewMember(f.ws, 1)
		f.d.Signal(f.ws, dispatch.Signal{Agents: []identity.MemberID{m}})
		it := f.mem.NewItem(f.ws, time.Now().Add(-time.Hour))
		f.mem.Channel(f.ws, it.Key, dispatch.Ticket)
		it.Channel = dispatch.Ticket
		f.d.Signal(f.ws, dispatch.Signal{Waits: []dispatch.Item{it}})
		f.pass(time.Second)
		if got := f.d.Forsaken(time.Now()); len(got) != 0 {
			t.Fatalf("%+v", got)
		}
		talk := f.ask(time.Minute)
		f.pass(time.Second)
		if got := f.d.Forsaken(time.Now()); len(got) != 1 || got[0].Item.Key != talk.Key {
			t.Fatalf("%+v", got)
		}
	})
}

// The dispatcher assigns a ticket where it offers conversations, and its index
// says what the store says.
func TestTheFloorGivesTickets(t *testing.T) {
	t.Parallel()
	onOffers(t, func(f *floor) {
		it := f.mem.NewItem(f.ws, time.Now())
		f.mem.Channel(f.ws, it.Key, dispatch.Ticket)
		it.Channel = dispatch.Ticket
		f.d.Signal(f.ws, dispatch.Signal{Waits: []dispatch.Item{it}})
		f.pass(time.Second)
		m := f.present(1)
		f.pass(time.Second)
		f.owned(it, m)
		f.pass(5 * time.Minute) // some comparisons with the store
		if s := f.d.Stats(); s.Healed != 0 || s.Waiting != 0 || s.Unanswered != 0 {
			t.Fatalf("%+v", s)
		}
	})
}
