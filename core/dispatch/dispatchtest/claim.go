package dispatchtest

import (
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

func testWaiting(h *house) {
	h.waits()
	young, old := h.item(time.Minute), h.item(time.Hour)
	h.waits(old, young)
	h.do(young, Resolve, "")
	h.waits(old)
	h.do(old, Snooze, "")
	h.waits()
}

func testClaim(h *house) {
	m, it := h.member(2), h.item(time.Minute)
	h.owner(it, "")
	h.used(m, 0)
	h.mustClaim(it, m)
	h.owner(it, m)
	h.waits()
	row := h.row(m)
	if row.Used != 1 || !row.IdleSince.Equal(h.now) {
		h.Fatalf("after a claim at %v the row is %+v", h.now, row)
	}
}

func testClaimTaken(h *house) {
	a, b, it := h.member(2), h.member(2), h.item(time.Minute)
	h.mustClaim(it, a)
	h.refused(it, b, dispatch.CodeItemTaken)
	h.refused(it, a, dispatch.CodeItemTaken)
	h.owner(it, a)
	h.used(a, 1)
	h.used(b, 0)
	unknown := it
	unknown.ID = "cnv_00000000000000000000000000"
	h.refused(unknown, b, dispatch.CodeItemTaken)
	h.used(b, 0)
}

// Libredesk #385: auto-assignment overwrote a manual one.
func testClaimManual(h *house) {
	a, b, it := h.member(2), h.member(2), h.item(time.Minute)
	h.do(it, Assign, a)
	h.waits()
	h.refused(it, b, dispatch.CodeItemTaken)
	h.owner(it, a)
	h.used(a, 1)
}

func testClaimOver(h *house) {
	m, done, asleep := h.member(5), h.item(time.Hour), h.item(time.Minute)
	h.do(done, Resolve, "")
	h.do(asleep, Snooze, "")
	h.refused(done, m, dispatch.CodeItemTaken)
	h.refused(asleep, m, dispatch.CodeItemTaken)
	h.used(m, 0)
}

func testClaimFull(h *house) {
	m, one, two, three := h.member(2), h.item(3*time.Minute), h.item(2*time.Minute), h.item(time.Minute)
	h.mustClaim(one, m)
	h.mustClaim(two, m)
	h.refused(three, m, dispatch.CodeAgentFull)
	h.used(m, 2)
	h.owner(three, "")
	h.waits(three)
	h.do(one, Resolve, "")
	h.mustClaim(three, m)
	h.used(m, 2)
}

func testClaimShrunk(h *house) {
	m, one, two := h.member(3), h.item(2*time.Minute), h.item(time.Minute)
	h.mustClaim(one, m)
	h.f.SetCapacity(h.T, h.ws, m, 1)
	if row := h.row(m); row.Capacity != 1 || row.Used != 1 {
		h.Fatalf("the row is %+v", row)
	}
	h.refused(two, m, dispatch.CodeAgentFull)
	h.f.SetCapacity(h.T, h.ws, m, 2)
	h.mustClaim(two, m)
}

func testClaimSuspended(h *house) {
	m, it := h.member(3), h.item(time.Minute)
	h.f.Suspend(h.T, h.ws, m)
	h.refused(it, m, dispatch.CodeAgentFull)
	h.waits(it)
}

func testClaimRetired(h *house) {
	m, it := h.member(3), h.item(time.Minute)
	h.f.Retire(h.T, h.ws, m)
	h.refused(it, m, dispatch.CodeAgentFull)
	h.waits(it)
	if rows, err := h.f.Store.Loads(h.Context(), h.ws, []identity.MemberID{m}); err != nil || len(rows) != 0 {
		h.Fatalf("Loads of who answers no customers: %v, %v", rows, err)
	}
	if rows, err := h.f.Store.Agents(h.Context(), h.ws); err != nil || len(rows) != 0 {
		h.Fatalf("Agents: %v, %v", rows, err)
	}
}

func testClaimForeign(h *house) {
	other := h.f.NewWorkspace(h.T)
	stranger, m := h.f.NewMember(h.T, other, 3), h.member(3)
	it := h.item(time.Minute)
	theirs := h.f.NewItem(h.T, other, h.now)
	h.refused(it, stranger, dispatch.CodeAgentFull)
	h.refused(theirs, m, dispatch.CodeItemTaken)
	h.waits(it)
	if rows, err := h.f.Store.Loads(h.Context(), h.ws, []identity.MemberID{stranger}); err != nil || len(rows) != 0 {
		h.Fatalf("Loads of another workspace's member: %v, %v", rows, err)
	}
	if got := h.release(stranger); len(got) != 0 {
		h.Fatalf("released %v of another workspace's member", got)
	}
	err := h.f.Store.SaveAgent(h.Context(), h.ws, dispatch.AgentState{Member: stranger, Status: dispatch.Away})
	if !errs.Is(err, errs.NotFound) {
		h.Fatalf("SaveAgent of another workspace's member: %v", err)
	}
}

func testOverride(h *house) {
	m, one, two, three := h.member(1), h.item(3*time.Minute), h.item(2*time.Minute), h.item(time.Minute)
	h.mustClaim(one, m)
	h.do(two, Assign, m)
	h.owner(two, m)
	h.used(m, 2)
	h.refused(three, m, dispatch.CodeAgentFull)
	h.do(one, Resolve, "")
	h.used(m, 1)
	h.refused(three, m, dispatch.CodeAgentFull)
}

func testFinished(h *house) {
	a, b, it := h.member(2), h.member(2), h.item(time.Minute)
	h.mustClaim(it, a)
	h.do(it, Assign, b) // moved by hand
	h.used(a, 0)
	h.used(b, 1)
	h.do(it, Requeue, "")
	h.used(b, 0)
	h.waits(it)
	h.mustClaim(it, a)
	h.do(it, Answer, "")
	h.used(a, 1)
	h.do(it, Resolve, "")
	h.used(a, 0)
}

// Rocket.Chat #20945: work on hold ate capacity.
func testSnooze(h *house) {
	m, one, two := h.member(1), h.item(2*time.Minute), h.item(time.Minute)
	h.mustClaim(one, m)
	h.do(one, Snooze, "")
	h.used(m, 0)
	h.mustClaim(two, m)
	h.used(m, 1)
}

// What waits for a group goes to its members alone, and only while it does.
func testClaimGroup(h *house) {
	in, out, it := h.member(5), h.member(5), h.item(time.Minute)
	group := h.f.NewGroup(h.T, h.ws, in)
	h.f.Route(h.T, h.ws, it.Key, group)
	waiting, err := h.f.Store.Waiting(h.Context(), h.ws)
	if err != nil || len(waiting) != 1 || waiting[0].Class != group {
		h.Fatalf("waiting are %+v, %v; want one of class %s", waiting, err, group)
	}
	h.refused(it, in, dispatch.CodeItemTaken) // it was for anybody when it was chosen
	it.Class = group
	h.refused(it, out, dispatch.CodeAgentFull)
	h.used(out, 0)
	if p := h.row(in).Profile; !(dispatch.BySkill{}).May(p, group) {
		h.Fatalf("the profile of a member is %q", p)
	}
	h.mustClaim(it, in)
	back := h.release(in)
	if len(back) != 1 || back[0].Class != group {
		h.Fatalf("taken back are %+v", back)
	}
	h.f.Route(h.T, h.ws, it.Key, "")
	h.refused(it, in, dispatch.CodeItemTaken)
	it.Class = ""
	h.mustClaim(it, out)
}
