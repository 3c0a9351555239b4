package dispatch_test

import (
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/dispatch/dispatchtest"
	"github.com/patchbay-im/patchbay/core/identity"
)

const rings = 20 * time.Second

// onOffers is onFloor where work is offered.
func onOffers(t *testing.T, fn func(f *floor)) {
	t.Helper()
	onFloor(t, nil, func(f *floor) {
		f.mem.SetOffering(f.ws, dispatch.Offering{Ring: rings, Misses: 2})
		f.d.Signal(f.ws, dispatch.Signal{Settings: true})
		f.pass(0)
		fn(f)
	})
}

// rings expects that an item rings for a member.
func (f *floor) rings(it dispatch.Item, want identity.MemberID) {
	f.Helper()
	if got := f.ringing(it).Member; got != want {
		f.Fatalf("%s rings for %q, want %q", it.ID, got, want)
	}
}

func TestUnansweredWorkGoesOn(t *testing.T) {
	t.Parallel()
	onOffers(t, func(f *floor) {
		a := f.present(1)
		f.pass(time.Second)
		b := f.present(1)
		it := f.ask(time.Minute)
		f.rings(it, a)
		f.owned(it, "")
		if at := f.d.Position(f.ws, it.Key); at.Place != 1 || !at.Available {
			t.Fatalf("who rings somewhere is told %d, %t", at.Place, at.Available)
		}
		f.pass(rings - time.Second)
		f.rings(it, a)
		f.pass(time.Second)
		f.rings(it, b)
		if err := f.answer(it, a, true); err == nil {
			t.Fatal("an offer that was taken back was accepted")
		}
		if err := f.answer(it, b, true); err != nil {
			t.Fatal(err)
		}
		f.owned(it, b)
		f.pass(time.Second)
		if place := f.place(it); place != 0 {
			t.Fatalf("who is served was told %d last", place)
		}
	})
}

func TestWhoRejectsIsSpared(t *testing.T) {
	t.Parallel()
	onOffers(t, func(f *floor) {
		a := f.present(1)
		it := f.ask(time.Minute)
		if err := f.answer(it, a, false); err != nil {
			t.Fatal(err)
		}
		f.pass(59 * time.Second)
		f.rings(it, "")
		if w := f.waiting()[it.Key]; !w.WaitingSince.Equal(it.WaitingSince) {
			t.Fatalf("waits since %v, want %v", w.WaitingSince, it.WaitingSince)
		}
		f.pass(2 * time.Second)
		f.rings(it, a)
	})
}

func TestWhoMissesTooManyIsAway(t *testing.T) {
	t.Parallel()
	onOffers(t, func(f *floor) {
		a := f.present(1)
		first, second := f.ask(2*time.Minute), f.ask(time.Minute)
		f.rings(first, a)
		f.pass(rings)
		f.rings(second, a)
		f.pass(rings)
		f.status(a, dispatch.AgentStatus{Status: dispatch.Away, Capacity: 1, Reason: dispatch.NoAnswer})
		f.pass(5 * time.Minute)
		f.rings(first, "")
		f.rings(second, "")
		if err := f.d.Choose(f.Context(), f.ws, a, dispatch.Available, ""); err != nil {
			t.Fatal(err)
		}
		f.pass(0)
		f.rings(first, a)
		if row := f.row(a); row.Missed != 0 {
			t.Fatalf("who is back has missed %d", row.Missed)
		}
	})
}

// What rings when the server stops rings on, and ends in time after the start;
// the count of misses is kept too.
func TestOffersOutliveARestart(t *testing.T) {
	t.Parallel()
	onOffers(t, func(f *floor) {
		a := f.present(1)
		it := f.ask(time.Minute)
		f.rings(it, a)
		f.silence(a)
		f.stop()
		f.pass(5 * time.Second)
		f.open()
		f.come(a)
		f.rings(it, a)
		f.pass(rings - 6*time.Second)
		f.rings(it, a)
		f.pass(time.Second)
		f.rings(it, "")
		if missed := f.row(a).Missed; missed != 1 {
			t.Fatalf("missed %d", missed)
		}
	})
}

func TestWhoIsLostIsAskedNothing(t *testing.T) {
	t.Parallel()
	onOffers(t, func(f *floor) {
		f.mem.SetOffering(f.ws, dispatch.Offering{Ring: 2 * time.Minute, Misses: 2})
		f.d.Signal(f.ws, dispatch.Signal{Settings: true})
		f.pass(0)
		a := f.present(1)
		it := f.ask(time.Minute)
		f.rings(it, a)
		b := f.present(1)
		f.silence(a)
		f.pass(45 * time.Second) // the lease, and not the ring
		f.rings(it, b)
		if missed := f.row(a).Missed; missed != 0 {
			t.Fatalf("who was lost missed %d", missed)
		}
	})
}

// Libredesk #385: a person's choice ends an offer, and nothing takes it back.
func TestAManualChoiceEndsAnOffer(t *testing.T) {
	t.Parallel()
	onOffers(t, func(f *floor) {
		a := f.present(1)
		chosen := f.mem.NewMember(f.ws, 1)
		it := f.ask(time.Minute)
		f.rings(it, a)
		f.do(it, dispatchtest.Assign, chosen)
		f.pass(2 * rings)
		f.owned(it, chosen)
		if err := f.answer(it, a, true); err == nil {
			t.Fatal("it was accepted all the same")
		}
		if row := f.row(a); row.Used != 0 || row.Missed != 0 {
			t.Fatalf("the row is %+v", row)
		}
	})
}

// One moment of inattention is one miss, whatever the capacity: the others wait
// or ring for colleagues.
func TestOneOfferRingsAtATime(t *testing.T) {
	t.Parallel()
	onOffers(t, func(f *floor) {
		a := f.present(5)
		first, second := f.ask(3*time.Minute), f.ask(2*time.Minute)
		f.rings(first, a)
		f.rings(second, "")
		b := f.present(5)
		third := f.ask(time.Minute)
		f.rings(second, b)
		f.rings(third, "")
		if err := f.answer(first, a, true); err != nil {
			t.Fatal(err)
		}
		f.pass(0)
		f.rings(third, a)
		f.pass(rings)
		if row := f.row(a); row.Missed != 1 {
			t.Fatalf("one ring that was not heard is %d misses", row.Missed)
		}
	})
}

// Who waits behind what rings is not told to be next, and then told otherwise.
func TestPlacesDoNotGoBackWhileWorkRings(t *testing.T) {
	t.Parallel()
	onOffers(t, func(f *floor) {
		a := f.present(1)
		first, second := f.ask(2*time.Minute), f.ask(time.Minute)
		f.rings(first, a)
		for range 3 { // waits, rings, waits again
			f.pass(time.Second)
			if place := f.d.Position(f.ws, second.Key).Place; place != 2 || f.place(second) != 2 {
				t.Fatalf("the second is at %d, told %d", place, f.place(second))
			}
			if place := f.place(first); place != 1 {
				t.Fatalf("the first was told %d", place)
			}
		}
		if err := f.answer(first, a, true); err != nil {
			t.Fatal(err)
		}
		f.pass(time.Second)
		if f.place(first) != 0 || f.place(second) != 1 {
			t.Fatalf("once one is accepted they are told %d and %d", f.place(first), f.place(second))
		}
	})
}
