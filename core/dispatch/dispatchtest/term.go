package dispatchtest

import (
	"strconv"
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// node names a node of this case alone.
func (h *house) node(name string) string { return name + " of " + string(h.ws) }

func (h *house) alive(node string, until time.Time) {
	h.Helper()
	if err := h.f.Store.Alive(h.Context(), h.node(node), until); err != nil {
		h.Fatalf("alive: %v", err)
	}
}

// leads begins a term, which is larger than last.
func (h *house) leads(node string, at time.Time, last uint64) uint64 {
	h.Helper()
	term, err := h.f.Store.Lead(h.Context(), h.ws, h.node(node), at)
	if err != nil || term <= last {
		h.Fatalf("%s leads in term %d, %v; the last was %d", node, term, err, last)
	}
	return term
}

func (h *house) follows(node string, at time.Time) {
	h.Helper()
	_, err := h.f.Store.Lead(h.Context(), h.ws, h.node(node), at)
	h.conflict(err)
}

func (h *house) conflict(err error) {
	h.Helper()
	if !errs.Is(err, errs.Conflict) || errs.As(err).Code != dispatch.CodeNotLeading {
		h.Fatalf("got %v, want a conflict %s", err, dispatch.CodeNotLeading)
	}
}

func testLead(h *house) {
	at := h.now
	h.alive("a", at.Add(10*time.Second))
	h.alive("b", at.Add(30*time.Second))
	first := h.leads("a", at, 0)
	h.follows("b", at)
	again := h.leads("a", at, first) // after a restart under the same name
	h.follows("b", at.Add(9*time.Second))
	second := h.leads("b", at.Add(10*time.Second), again)
	h.follows("a", at.Add(11*time.Second))
	h.alive("b", time.Time{}) // it resigns
	h.leads("a", at.Add(11*time.Second), second)
	if _, err := h.f.Store.Lead(h.Context(), "wsp_none", h.node("a"), at); !errs.Is(err, errs.NotFound) {
		h.Fatalf("an unknown workspace is led: %v", err)
	}
}

func testLeadAlone(h *house) {
	h.alive("a", h.now.Add(time.Hour))
	last := h.leads("a", h.now, 0)
	for range 2 {
		term, err := h.f.Store.Lead(h.Context(), h.ws, "", h.now)
		if err != nil || term <= last {
			h.Fatalf("the only node leads in term %d, %v; the last was %d", term, err, last)
		}
		last = term
	}
}

// A node that was cut off writes nothing once another leads.
func testTermOver(h *house) {
	m, other := h.member(3), h.member(3)
	mine, theirs, offered := h.item(3*time.Minute), h.item(2*time.Minute), h.item(time.Minute)
	old := h.f.Store.Under(h.leads("a", h.now, 0))
	h.mustClaim(mine, m)
	rings := h.offer(offered, other)
	now := h.f.Store.Under(h.leads("b", h.now, 1))
	claim := dispatch.Claim{
		Workspace: h.ws, Item: theirs.Key, Class: theirs.Class, Weight: 1, Member: m,
		By: identity.Actor{Kind: identity.ActorSystem}, At: h.now,
	}
	state := dispatch.AgentState{Member: m, Status: dispatch.Away}
	h.conflict(old.Claim(h.Context(), claim))
	h.conflict(old.SaveAgent(h.Context(), h.ws, state))
	h.conflict(old.ForgetMissed(h.Context(), h.ws, m))
	h.conflict(old.EndWrapUp(h.Context(), h.ws, m))
	_, err := old.Release(h.Context(), h.ws, m, dispatch.AgentLost)
	h.conflict(err)
	_, err = old.TakeBack(h.Context(), h.ws, rings)
	h.conflict(err)
	h.owner(mine, m)
	h.waits(theirs)
	if got := h.row(m).Status; got != dispatch.Available {
		h.Fatalf("a node that leads no more made a member %s", got)
	}

	if err := now.Claim(h.Context(), claim); err != nil {
		h.Fatalf("claim of the node that leads: %v", err)
	}
	h.owner(theirs, m)
	if _, err := now.TakeBack(h.Context(), h.ws, rings); err != nil {
		h.Fatalf("take back: %v", err)
	}
	if items, err := now.Release(h.Context(), h.ws, m, dispatch.AgentLost); err != nil || len(items) != 2 {
		h.Fatalf("released %v, %v", items, err)
	}
	if err := now.SaveAgent(h.Context(), h.ws, state); err != nil || h.row(m).Status != dispatch.Away {
		h.Fatalf("save: %v, %+v", err, h.row(m))
	}
}

// Of nodes that begin at once one leads.
func testRaceLead(h *house) {
	for i := range racers {
		h.alive(strconv.Itoa(i), h.now.Add(time.Minute))
	}
	results := together(func(i int) error {
		_, err := h.f.Store.Lead(h.Context(), h.ws, h.node(strconv.Itoa(i)), h.now)
		return err //nolint:wrapcheck // the port's own error
	})
	if led := h.outcomes(results, dispatch.CodeNotLeading); led != 1 {
		h.Fatalf("%d nodes lead", led)
	}
}
