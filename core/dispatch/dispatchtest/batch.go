package dispatchtest

import (
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// claims makes claims in one transaction and returns the code of each; "" = it
// succeeded.
func (h *house) claims(claims ...dispatch.Claim) []string {
	h.Helper()
	results, err := h.f.Store.Claims(h.Context(), h.ws, claims)
	if err != nil || len(results) != len(claims) {
		h.Fatalf("claims: %d results of %d, %v", len(results), len(claims), err)
	}
	out := make([]string, len(results))
	for i, err := range results {
		if err != nil {
			out[i] = errs.As(err).Code
		}
	}
	return out
}

func (h *house) of(item dispatch.Item, member identity.MemberID) dispatch.Claim {
	return dispatch.Claim{
		Workspace: h.ws, Item: item.Key, Class: item.Class, Channel: item.Channel, Weight: 1, Member: member,
		By: identity.Actor{Kind: identity.ActorSystem}, At: h.now,
	}
}

// Claims of one transaction count for those after them, and a refused one
// hinders no other.
func testClaims(h *house) {
	a, b, gone := h.member(2), h.member(1), h.member(1)
	h.f.Suspend(h.T, h.ws, gone)
	items := make([]dispatch.Item, 5)
	for i := range items {
		items[i] = h.item(time.Duration(9-i) * time.Minute)
	}
	unknown := items[0]
	unknown.ID = "cnv_00000000000000000000000000"
	const taken, full = dispatch.CodeItemTaken, dispatch.CodeAgentFull
	got := h.claims(
		h.of(items[0], a), h.of(items[0], b), // the same item
		h.of(unknown, b), h.of(items[1], gone),
		h.of(items[1], b), h.of(items[2], b), // beyond what b can have
		h.of(items[2], a), h.of(items[3], a),
	)
	if want := []string{"", taken, taken, full, "", full, "", full}; !slices.Equal(got, want) {
		h.Fatalf("claims ended %q, want %q", got, want)
	}
	h.owner(items[0], a)
	h.owner(items[1], b)
	h.owner(items[2], a)
	h.used(a, 2)
	h.used(b, 1)
	h.waits(items[3], items[4])
	if got := h.claims(); len(got) != 0 {
		h.Fatalf("no claims ended %q", got)
	}
}

// Of the offers of one transaction one rings for a member.
func testClaimsOffer(h *house) {
	m := h.member(3)
	one, two := h.of(h.item(time.Hour), m), h.of(h.item(time.Minute), m)
	one.OfferFor, two.OfferFor = ring, ring
	if got := h.claims(one, two); !slices.Equal(got, []string{"", dispatch.CodeAgentFull}) {
		h.Fatalf("offers ended %q", got)
	}
	h.used(m, 1)
}

// As many claims at once as there are dispatchers by mistake, each of all items
// for the same few members.
func testRaceClaims(h *house) {
	members := []identity.MemberID{h.member(3), h.member(3)}
	items := make([]dispatch.Item, 8)
	for i := range items {
		items[i] = h.item(time.Duration(i) * time.Minute)
	}
	won := make([]int, racers)
	together(func(n int) error {
		all := make([]dispatch.Claim, len(items))
		for i := range items {
			all[i] = h.of(items[(i+n)%len(items)], members[(i+n)%2])
		}
		results, err := h.f.Store.Claims(h.Context(), h.ws, all)
		for _, err := range results {
			if err == nil {
				won[n]++
			}
		}
		return err //nolint:wrapcheck // the port's own error
	})
	total := 0
	for _, n := range won {
		total += n
	}
	if total != 6 {
		h.Fatalf("%d claims succeeded, there is room for 6", total)
	}
	for _, m := range members {
		h.used(m, 3)
	}
}
