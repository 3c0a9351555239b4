package dispatchtest

import (
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

const ring = 20 * time.Second

// offer claims an item as an offer.
func (h *house) offer(item dispatch.Item, member identity.MemberID) dispatch.Offer {
	h.Helper()
	err := h.f.Store.Claim(h.Context(), dispatch.Claim{
		Workspace: h.ws, Item: item.Key, Class: item.Class, Channel: item.Channel, Weight: 1, Member: member,
		By: identity.Actor{Kind: identity.ActorSystem}, At: h.now, OfferFor: ring,
	})
	if err != nil {
		h.Fatalf("offer: %v", err)
	}
	return dispatch.Offer{Item: item, Member: member, Until: h.now.Add(ring)}
}

// ringing makes n offers, each to a member of their own.
func (h *house) ringing(n int) []dispatch.Offer {
	h.Helper()
	out := make([]dispatch.Offer, n)
	for i := range out {
		out[i] = h.offer(h.item(time.Duration(i)*time.Minute), h.member(2))
	}
	return out
}

// offered expects exactly these offers to stand.
func (h *house) offered(want ...dispatch.Offer) {
	h.Helper()
	got, err := h.f.Store.Offers(h.Context(), h.ws)
	if err != nil || len(got) != len(want) {
		h.Fatalf("offers are %+v, %v; want %+v", got, err, want)
	}
	known := make(map[dispatch.Key]dispatch.Offer, len(got))
	for _, o := range got {
		known[o.Item.Key] = o
	}
	for _, w := range want {
		o := known[w.Item.Key]
		if o.Member != w.Member || !o.Until.Equal(w.Until) || !o.Item.Equal(w.Item) {
			h.Fatalf("offered is %+v, want %+v", o, w)
		}
	}
}

func (h *house) takeBack(o dispatch.Offer) dispatch.Item {
	h.Helper()
	item, err := h.f.Store.TakeBack(h.Context(), h.ws, o)
	if err != nil {
		h.Fatalf("taking back: %v", err)
	}
	return item
}

// over expects that an offer cannot be taken back.
func (h *house) over(o dispatch.Offer) {
	h.Helper()
	_, err := h.f.Store.TakeBack(h.Context(), h.ws, o)
	if !errs.Is(err, errs.Conflict) || errs.As(err).Code != dispatch.CodeOfferOver {
		h.Fatalf("taking back what is over: %v", err)
	}
}

func (h *house) missed(m identity.MemberID, want int) {
	h.Helper()
	if got := h.row(m).Missed; got != want {
		h.Fatalf("%s has missed %d offers, want %d", m, got, want)
	}
}

func (h *house) answers(item dispatch.Item, m identity.MemberID, answer func(*house, dispatch.Item, identity.MemberID) error, ok bool) {
	h.Helper()
	if err := answer(h, item, m); (err == nil) != ok || err != nil && !errs.Is(err, errs.Conflict) {
		h.Fatalf("the answer of %s: %v", m, err)
	}
}

func accept(h *house, it dispatch.Item, m identity.MemberID) error {
	return h.f.Accept(h.T, h.ws, it.Key, m)
}

func reject(h *house, it dispatch.Item, m identity.MemberID) error {
	return h.f.Reject(h.T, h.ws, it.Key, m)
}

func testOffering(h *house) {
	is := func(want dispatch.Offering) {
		h.Helper()
		if got, err := h.f.Store.Offering(h.Context(), h.ws); err != nil || got != want {
			h.Fatalf("%+v, %v; want %+v", got, err, want)
		}
	}
	is(dispatch.Offering{})
	h.f.SetOffering(h.T, h.ws, dispatch.Offering{Ring: ring, Misses: 3})
	is(dispatch.Offering{Ring: ring, Misses: 3})
	h.f.SetOffering(h.T, h.ws, dispatch.Offering{})
	is(dispatch.Offering{})
}

func testOffer(h *house) {
	a, b, it := h.member(1), h.member(1), h.item(time.Minute)
	o := h.offer(it, a)
	h.offered(o)
	h.waits()
	h.owner(it, "")
	h.used(a, 1)
	if row := h.row(a); !row.IdleSince.Equal(h.now) || row.Missed != 0 {
		h.Fatalf("after an offer at %v the row is %+v", h.now, row)
	}
	h.refused(it, b, dispatch.CodeItemTaken)
	h.refused(it, a, dispatch.CodeItemTaken)
	h.refused(h.item(0), a, dispatch.CodeAgentFull)
	h.do(it, Ask, "") // who waits may write more
	h.offered(o)
}

func testOfferAccepted(h *house) {
	a, b, it := h.member(2), h.member(2), h.item(time.Minute)
	h.takeBack(h.offer(it, a))
	h.missed(a, 1)
	o := h.offer(it, a)
	h.answers(it, b, accept, false)
	h.answers(it, a, accept, true)
	h.answers(it, a, accept, true) // it is theirs
	h.owner(it, a)
	h.used(a, 1)
	h.missed(a, 0)
	h.offered()
	h.over(o)
	h.answers(it, a, reject, false)
	h.answers(it, b, accept, false)
	h.owner(it, a)
}

func testOfferRejected(h *house) {
	a, b, it := h.member(2), h.member(2), h.item(time.Minute)
	h.takeBack(h.offer(it, a))
	o := h.offer(it, a)
	h.answers(it, b, reject, false)
	h.answers(it, a, reject, true)
	h.answers(it, a, accept, false)
	h.waits(it)
	h.used(a, 0)
	h.missed(a, 1) // they were there
	h.over(o)
	h.offer(it, b)
	h.answers(it, b, accept, true)
	h.owner(it, b)
}

func testOfferUnanswered(h *house) {
	a, it := h.member(2), h.item(time.Minute)
	first := h.offer(it, a)
	other := first
	other.Until = other.Until.Add(time.Millisecond)
	h.over(other)
	if got := h.takeBack(first); !got.Equal(it) {
		h.Fatalf("taken back is %+v, want %+v", got, it)
	}
	h.waits(it)
	h.used(a, 0)
	h.over(first)
	h.answers(it, a, accept, false)
	h.now = h.now.Add(ring)
	second := h.offer(it, a)
	h.over(first) // another one
	h.takeBack(second)
	h.missed(a, 2)
	if err := h.f.Store.ForgetMissed(h.Context(), h.ws, a); err != nil {
		h.Fatal(err)
	}
	h.missed(a, 0)
	if err := h.f.Store.ForgetMissed(h.Context(), h.ws, "mem_none"); !errs.Is(err, errs.NotFound) {
		h.Fatalf("an unknown member: %v", err)
	}
}

func testOfferLost(h *house) {
	a, b := h.member(3), h.member(3)
	mine, theirs, answered := h.item(time.Hour), h.item(time.Minute), h.item(2*time.Minute)
	h.mustClaim(answered, a)
	h.do(answered, Answer, "")
	o := h.offer(mine, a)
	kept := h.offer(theirs, b)
	if got := h.release(a); len(got) != 1 || !got[0].Equal(mine) {
		h.Fatalf("released %+v, want %+v", got, mine)
	}
	h.waits(mine)
	h.offered(kept)
	h.over(o)
	h.used(a, 1)
	h.missed(a, 0)
}

func testOfferEnded(h *house) {
	for act, waits := range map[Act]bool{Resolve: false, Snooze: false, Assign: false, Requeue: true} {
		a, b, it := h.member(2), h.member(2), h.item(time.Minute)
		o := h.offer(it, a)
		h.do(it, act, b)
		h.offered()
		h.over(o)
		h.answers(it, a, accept, false)
		h.used(a, 0)
		h.missed(a, 0)
		_, queued := h.waiting()[it.Key]
		if queued != waits {
			h.Fatalf("after %s it waits: %t", act, queued)
		}
		if act == Assign {
			h.owner(it, b)
			h.used(b, 1)
		}
		if waits {
			h.do(it, Resolve, "")
		}
	}
}

func testOfferForeign(h *house) {
	a, it := h.member(2), h.item(time.Minute)
	o := h.offer(it, a)
	other := h.f.NewWorkspace(h.T)
	if got, err := h.f.Store.Offers(h.Context(), other); err != nil || len(got) != 0 {
		h.Fatalf("offers of another workspace: %v, %v", got, err)
	}
	if _, err := h.f.Store.TakeBack(h.Context(), other, o); !errs.Is(err, errs.Conflict) {
		h.Fatalf("taken back from another workspace: %v", err)
	}
	if err := h.f.Store.ForgetMissed(h.Context(), other, a); !errs.Is(err, errs.NotFound) {
		h.Fatalf("a member of another workspace: %v", err)
	}
	h.offered(o)
}

// One offer rings for a member at a time, whatever their capacity.
func testOfferAlone(h *house) {
	a, first, second, third := h.member(5), h.item(3*time.Minute), h.item(2*time.Minute), h.item(time.Minute)
	rings := func(want bool) {
		h.Helper()
		if got := h.row(a).Ringing; got != want {
			h.Fatalf("something rings: %t, want %t", got, want)
		}
	}
	rings(false)
	o := h.offer(first, a)
	rings(true)
	err := h.f.Store.Claim(h.Context(), dispatch.Claim{
		Workspace: h.ws, Item: second.Key, Class: second.Class, Channel: second.Channel, Weight: 1, Member: a,
		By: identity.Actor{Kind: identity.ActorSystem}, At: h.now, OfferFor: ring,
	})
	if !errs.Is(err, errs.Conflict) || errs.As(err).Code != dispatch.CodeAgentFull {
		h.Fatalf("a second offer beside the first: %v", err)
	}
	h.mustClaim(third, a) // is theirs at once
	h.offered(o)
	h.answers(first, a, accept, true)
	rings(false)
	h.offer(second, a)
	h.answers(second, a, reject, true)
	rings(false)
}

// Of an answer and the end of the ring exactly one counts, whatever the order.
func testRaceOffer(h *house) {
	const pairs = racers / 2
	offers := h.ringing(pairs)
	results := together(func(i int) error {
		if o := offers[i/2]; i%2 == 0 {
			_, err := h.f.Store.TakeBack(h.Context(), h.ws, o)
			return err
		}
		return accept(h, offers[i/2].Item, offers[i/2].Member)
	})
	owned := 0
	for i, o := range offers {
		back, took := results[2*i], results[2*i+1]
		if (back == nil) == (took == nil) {
			h.Fatalf("of one offer: taken back (%v), accepted (%v)", back, took)
		}
		if took == nil {
			owned++
			h.owner(o.Item, o.Member)
			h.used(o.Member, 1)
		} else {
			h.used(o.Member, 0)
		}
	}
	h.offered()
	if n := len(h.waiting()); n != pairs-owned {
		h.Fatalf("%d wait and %d are owned, of %d", n, owned, pairs)
	}
}

// Libredesk #385, with offers: a choice made by hand is never overwritten, by
// no offer and no answer to one.
func testRaceOfferManual(h *house) {
	const pairs = racers / 2
	chosen, offers := h.member(1), h.ringing(pairs)
	together(func(i int) error {
		if o := offers[i/2]; i%2 == 0 {
			h.do(o.Item, Assign, chosen)
			return nil
		}
		_ = accept(h, offers[i/2].Item, offers[i/2].Member) // before it counts, after it is refused
		return nil
	})
	for _, o := range offers {
		h.owner(o.Item, chosen)
		h.used(o.Member, 0)
	}
	h.used(chosen, pairs)
	h.offered()
}
