package dispatchtest

import (
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

func testRelease(h *house) {
	a, b := h.member(5), h.member(5)
	old, young := h.item(time.Hour), h.item(time.Minute)
	h.mustClaim(young, a)
	h.mustClaim(old, a)
	got := h.release(a)
	if len(got) != 2 {
		h.Fatalf("released %v, want both items", got)
	}
	for _, it := range got {
		want := map[dispatch.Key]time.Time{old.Key: old.WaitingSince, young.Key: young.WaitingSince}[it.Key]
		if !it.WaitingSince.Equal(want) || it.Weight != 1 {
			h.Fatalf("released %+v, want waiting since %v, weight 1", it, want)
		}
	}
	h.used(a, 0)
	h.owner(old, "")
	h.waits(old, young)
	if again := h.release(a); len(again) != 0 {
		h.Fatalf("released %v again", again)
	}
	h.mustClaim(old, b)
	h.owner(old, b)
	h.used(b, 1)
}

func testReleaseAnswered(h *house) {
	m := h.member(5)
	answered, asleep, done, open := h.item(4*time.Hour), h.item(3*time.Hour), h.item(2*time.Hour), h.item(time.Hour)
	for _, it := range []dispatch.Item{answered, asleep, done, open} {
		h.mustClaim(it, m)
	}
	h.do(answered, Answer, "")
	h.do(asleep, Snooze, "")
	h.do(done, Resolve, "")
	if got := h.release(m); len(got) != 1 || got[0].Key != open.Key {
		h.Fatalf("released %v, want only %v", got, open.Key)
	}
	h.used(m, 1)
	h.owner(answered, m)
	h.waits(open)

	h.do(answered, Ask, "")
	got := h.release(m)
	if len(got) != 1 || got[0].Key != answered.Key {
		h.Fatalf("released %v, want %v: its customer wrote again", got, answered.Key)
	}
	if !got[0].WaitingSince.After(answered.WaitingSince) {
		h.Fatalf("waits since %v: the time before the answer does not count", got[0].WaitingSince)
	}
	h.used(m, 0)
}

func testReleaseSuspended(h *house) {
	m, it := h.member(5), h.item(time.Hour)
	h.mustClaim(it, m)
	h.f.Suspend(h.T, h.ws, m)
	h.release(m) // suspension may have put it back already: then there is nothing left to release
	h.waits(it)
	h.owner(it, "")
}

func testReleaseOthers(h *house) {
	a, b, one, two := h.member(5), h.member(5), h.item(2*time.Hour), h.item(time.Hour)
	h.mustClaim(one, a)
	h.mustClaim(two, b)
	h.release(a)
	h.owner(two, b)
	h.used(b, 1)
	h.waits(one)
}

func testNewMember(h *house) {
	m := h.member(7)
	want := dispatch.AgentRow{AgentState: dispatch.AgentState{Member: m, Status: dispatch.Available}, Capacity: 7}
	got := h.row(m)
	if !got.IdleSince.IsZero() {
		h.Fatalf("idle since %v, want never", got.IdleSince)
	}
	if got.IdleSince = want.IdleSince; got != want {
		h.Fatalf("got %+v, want %+v", got, want)
	}
}

func testWorkspaces(h *house) {
	other := h.f.NewWorkspace(h.T)
	got, err := h.f.Store.Workspaces(h.Context())
	if err != nil || !slices.Contains(got, h.ws) || !slices.Contains(got, other) {
		h.Fatalf("got %v, %v; want %s and %s among them", got, err, h.ws, other)
	}
}

// Who saves that a member came leaves alone what they chose.
func testSavePresence(h *house) {
	m := h.member(2)
	for _, s := range []dispatch.AgentState{
		{Member: m, Online: true, IdleSince: h.now}, // who never chose is available
		{Member: m, Status: dispatch.Away, Reason: "lunch", Online: true, IdleSince: h.now},
		{Member: m, Online: false, IdleSince: h.now.Add(time.Second)},
	} {
		if err := h.f.Store.SaveAgent(h.Context(), h.ws, s); err != nil {
			h.Fatalf("save: %v", err)
		}
		want := s
		if s.Status == "" {
			want.Status = dispatch.Available
			if !s.Online {
				want.Status, want.Reason = dispatch.Away, "lunch"
			}
		}
		if got := h.row(m); got.Status != want.Status || got.Reason != want.Reason || got.Online != want.Online || !got.IdleSince.Equal(want.IdleSince) {
			h.Fatalf("got %+v, want %+v", got.AgentState, want)
		}
	}
}

func testSaveAgent(h *house) {
	m, it := h.member(2), h.item(time.Minute)
	h.mustClaim(it, m)
	for _, want := range []dispatch.AgentState{
		{Member: m, Status: dispatch.Away, Online: true, IdleSince: h.now.Add(time.Second), Reason: "午饭 🍜", Since: h.now.Add(-time.Hour)},
		{Member: m, Status: dispatch.Available, Online: false, IdleSince: h.now.Add(2 * time.Second)},
		{Member: m, Status: dispatch.Available, Online: true, IdleSince: h.now.Add(3 * time.Second)},
	} {
		if err := h.f.Store.SaveAgent(h.Context(), h.ws, want); err != nil {
			h.Fatalf("save: %v", err)
		}
		got := h.row(m)
		if !got.IdleSince.Equal(want.IdleSince) {
			h.Fatalf("idle since %v, want %v", got.IdleSince, want.IdleSince)
		}
		if !got.Since.Equal(want.Since) {
			h.Fatalf("since %v, want %v", got.Since, want.Since)
		}
		want.IdleSince, want.Since = got.IdleSince, got.Since
		if got.AgentState != want || got.Used != 1 || got.Capacity != 2 {
			h.Fatalf("got %+v, want %+v with used 1 of 2", got, want)
		}
	}
}

func testSaveUnknown(h *house) {
	err := h.f.Store.SaveAgent(h.Context(), h.ws, dispatch.AgentState{Member: "mem_00000000000000000000000000", Status: dispatch.Away})
	if !errs.Is(err, errs.NotFound) {
		h.Fatalf("got %v, want not found", err)
	}
}

func testLoads(h *house) {
	a, b, gone := h.member(1), h.member(2), h.member(3)
	h.f.Suspend(h.T, h.ws, gone)
	rows, err := h.f.Store.Loads(h.Context(), h.ws, []identity.MemberID{b, gone, "mem_00000000000000000000000000"})
	if err != nil || len(rows) != 1 || rows[0].Member != b || rows[0].Capacity != 2 {
		h.Fatalf("got %+v, %v; want only %s", rows, err, b)
	}
	if rows, err = h.f.Store.Loads(h.Context(), h.ws, nil); err != nil || len(rows) != 0 {
		h.Fatalf("nobody asked for: %+v, %v", rows, err)
	}
	all, err := h.f.Store.Agents(h.Context(), h.ws)
	if err != nil || len(all) != 2 {
		h.Fatalf("agents: %+v, %v; want %s and %s", all, err, a, b)
	}
}
