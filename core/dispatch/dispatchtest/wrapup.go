package dispatchtest

import (
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

const wrapUp = 90 * time.Second

// finished makes a member who has just finished work, and whose wrap-up that
// began. Clock times of the case are its end's from here on.
func (h *house) finished() (m identity.MemberID, until time.Time) {
	h.Helper()
	h.f.SetWrapUp(h.T, h.ws, wrapUp)
	m = h.member(2)
	it := h.item(time.Minute)
	h.mustClaim(it, m)
	before := time.Now().Add(-time.Second)
	h.do(it, Resolve, m)
	until = h.row(m).WrapUpUntil
	if until.Before(before.Add(wrapUp)) || until.After(time.Now().Add(wrapUp+time.Second)) {
		h.Fatalf("the wrap-up ends at %v", until)
	}
	h.used(m, 0)
	return m, until
}

func testWrapUp(h *house) {
	m, until := h.finished()
	next := h.item(time.Minute)
	for _, at := range []time.Time{until.Add(-wrapUp), until.Add(-time.Millisecond)} {
		h.now = at
		h.refused(next, m, dispatch.CodeAgentFull)
	}
	h.waits(next)
	h.now = until
	h.mustClaim(next, m)
	h.owner(next, m)
	// Nothing but the claim minds it.
	other := h.item(time.Minute)
	h.do(other, Assign, m)
	h.owner(other, m)
}

func testWrapUpEnded(h *house) {
	m, until := h.finished()
	next := h.item(time.Minute)
	h.now = until.Add(-wrapUp)
	if err := h.f.Store.SaveAgent(h.Context(), h.ws, dispatch.AgentState{Member: m, Status: dispatch.Available, Online: true}); err != nil {
		h.Fatal(err)
	}
	h.refused(next, m, dispatch.CodeAgentFull) // coming and going ends no wrap-up
	for range 2 {
		if err := h.f.Store.EndWrapUp(h.Context(), h.ws, m); err != nil {
			h.Fatal(err)
		}
	}
	if until := h.row(m).WrapUpUntil; !until.IsZero() {
		h.Fatalf("a wrap-up until %v", until)
	}
	h.mustClaim(next, m)
	if err := h.f.Store.EndWrapUp(h.Context(), h.ws, "mem_none"); !errs.Is(err, errs.NotFound) {
		h.Fatalf("an unknown member: %v", err)
	}
	abroad := h.f.NewWorkspace(h.T)
	if err := h.f.Store.EndWrapUp(h.Context(), abroad, m); !errs.Is(err, errs.NotFound) {
		h.Fatalf("a member of another workspace: %v", err)
	}
}

func testNoWrapUp(h *house) {
	m := h.member(5)
	for _, act := range []Act{Answer, Snooze, Requeue, Resolve} {
		if act != Resolve {
			h.f.SetWrapUp(h.T, h.ws, wrapUp)
		} else {
			h.f.SetWrapUp(h.T, h.ws, 0)
		}
		it := h.item(time.Minute)
		h.mustClaim(it, m)
		h.do(it, act, m)
		if until := h.row(m).WrapUpUntil; !until.IsZero() {
			h.Fatalf("%s began a wrap-up until %v", act, until)
		}
	}
}
