package dispatchtest

import (
	"slices"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Run checks that a store keeps the contract of dispatch.Store. fixture is called
// once per case; cases use workspaces of their own, so one database may serve
// them all.
func Run(t *testing.T, fixture func(t *testing.T) Fixture) {
	t.Helper()
	for name, fn := range map[string]func(*house){
		"new members":                        testNewMember,
		"workspaces are listed":              testWorkspaces,
		"waiting keeps the arrival time":     testWaiting,
		"claim gives the item":               testClaim,
		"claim of a taken item":              testClaimTaken,
		"claim leaves a manual choice alone": testClaimManual,
		"claim of work that is over":         testClaimOver,
		"claim beyond capacity":              testClaimFull,
		"claim after capacity shrank":        testClaimShrunk,
		"claim for a suspended member":       testClaimSuspended,
		"claim for who answers no customers": testClaimRetired,
		"claim across workspaces":            testClaimForeign,
		"claim for a group":                  testClaimGroup,
		"claims of one transaction":          testClaims,
		"offers of one transaction":          testClaimsOffer,
		"many claims of many items at once":  testRaceClaims,
		"manual override":                    testOverride,
		"finished work gives capacity back":  testFinished,
		"sleeping work eats no capacity":     testSnooze,
		"release":                            testRelease,
		"release keeps what is answered":     testReleaseAnswered,
		"release of a suspended member":      testReleaseSuspended,
		"release touches one member only":    testReleaseOthers,
		"saved agents":                       testSaveAgent,
		"saved presence alone":               testSavePresence,
		"save of an unknown member":          testSaveUnknown,
		"loads":                              testLoads,
		"no claim during a wrap-up":          testWrapUp,
		"a wrap-up that is ended":            testWrapUpEnded,
		"no wrap-up unless work is finished": testNoWrapUp,
		"one item, many claims at once":      testRaceItem,
		"one agent, many claims at once":     testRaceAgent,
		"claims against manual assignment":   testRaceManual,
		"claims against release":             testRaceRelease,
		"how work is given out":              testOffering,
		"an offer":                           testOffer,
		"one offer at a time":                testOfferAlone,
		"an offer that is accepted":          testOfferAccepted,
		"an offer that is rejected":          testOfferRejected,
		"an offer that is not answered":      testOfferUnanswered,
		"an offer whose member disappears":   testOfferLost,
		"what ends an offer":                 testOfferEnded,
		"offers across workspaces":           testOfferForeign,
		"an answer against taking back":      testRaceOffer,
		"offers and assignments by hand":     testRaceOfferManual,
		"who leads":                          testLead,
		"who leads alone":                    testLeadAlone,
		"a term that is over":                testTermOver,
		"many begin to lead at once":         testRaceLead,
	} {
		t.Run(name, func(t *testing.T) {
			f := fixture(t)
			fn(&house{T: t, f: f, ws: f.NewWorkspace(t), now: epoch()})
		})
	}
}

// epoch is when the cases take place: in the past of any clock that a store
// may use for what people do.
func epoch() time.Time { return time.Date(2025, 3, 1, 9, 30, 0, 250e6, time.UTC) }

// house is one workspace under test.
type house struct {
	*testing.T
	f   Fixture
	ws  identity.WorkspaceID
	now time.Time
}

func (h *house) member(capacity int) identity.MemberID {
	h.Helper()
	return h.f.NewMember(h.T, h.ws, capacity)
}

// item makes an item that has waited for so long.
func (h *house) item(waited time.Duration) dispatch.Item {
	h.Helper()
	return h.f.NewItem(h.T, h.ws, h.now.Add(-waited))
}

func (h *house) do(item dispatch.Item, act Act, member identity.MemberID) {
	h.Helper()
	h.f.Do(h.T, h.ws, item.Key, act, member)
}

func (h *house) claim(item dispatch.Item, member identity.MemberID) error {
	return h.f.Store.Claim(h.Context(), dispatch.Claim{
		Workspace: h.ws, Item: item.Key, Class: item.Class, Weight: 1, Member: member,
		By: identity.Actor{Kind: identity.ActorSystem}, At: h.now,
	})
}

func (h *house) mustClaim(item dispatch.Item, member identity.MemberID) {
	h.Helper()
	if err := h.claim(item, member); err != nil {
		h.Fatalf("claim: %v", err)
	}
}

// refused claims and expects a conflict with one of the codes.
func (h *house) refused(item dispatch.Item, member identity.MemberID, codes ...string) {
	h.Helper()
	err := h.claim(item, member)
	if !errs.Is(err, errs.Conflict) || !slices.Contains(codes, errs.As(err).Code) {
		h.Fatalf("claim returned %v, want a conflict with code %v", err, codes)
	}
}

func (h *house) release(member identity.MemberID) []dispatch.Item {
	h.Helper()
	items, err := h.f.Store.Release(h.Context(), h.ws, member, dispatch.AgentLost)
	if err != nil {
		h.Fatalf("release: %v", err)
	}
	return items
}

// waiting returns the waiting items by key.
func (h *house) waiting() map[dispatch.Key]dispatch.Item {
	h.Helper()
	items, err := h.f.Store.Waiting(h.Context(), h.ws)
	if err != nil {
		h.Fatalf("waiting: %v", err)
	}
	out := map[dispatch.Key]dispatch.Item{}
	for _, it := range items {
		if _, twice := out[it.Key]; twice {
			h.Fatalf("%v waits twice", it.Key)
		}
		out[it.Key] = it
	}
	return out
}

// waits expects exactly these items, with their arrival times.
func (h *house) waits(want ...dispatch.Item) {
	h.Helper()
	got := h.waiting()
	if len(got) != len(want) {
		h.Fatalf("%d items wait, want %d: %v", len(got), len(want), got)
	}
	for _, w := range want {
		g, ok := got[w.Key]
		if !ok {
			h.Fatalf("%v does not wait", w.Key)
		}
		if !g.WaitingSince.Equal(w.WaitingSince) {
			h.Fatalf("%v waits since %v, want %v", w.Key, g.WaitingSince, w.WaitingSince)
		}
		if g.Weight != 1 {
			h.Fatalf("%v weighs %d, want 1", w.Key, g.Weight)
		}
	}
}

func (h *house) owner(item dispatch.Item, want identity.MemberID) {
	h.Helper()
	if got := h.f.Owner(h.T, h.ws, item.Key); got != want {
		h.Fatalf("%v is owned by %q, want %q", item.Key, got, want)
	}
}

// row returns the member's row as Agents and Loads agree on it.
func (h *house) row(member identity.MemberID) dispatch.AgentRow {
	h.Helper()
	all, err := h.f.Store.Agents(h.Context(), h.ws)
	if err != nil {
		h.Fatalf("agents: %v", err)
	}
	some, err := h.f.Store.Loads(h.Context(), h.ws, []identity.MemberID{member})
	if err != nil {
		h.Fatalf("loads: %v", err)
	}
	i := slices.IndexFunc(all, func(r dispatch.AgentRow) bool { return r.Member == member })
	if i < 0 || len(some) != 1 {
		h.Fatalf("member %s: index %d of Agents, %d rows of Loads", member, i, len(some))
	}
	if !all[i].IdleSince.Equal(some[0].IdleSince) {
		h.Fatalf("Agents says idle since %v, Loads %v", all[i].IdleSince, some[0].IdleSince)
	}
	all[i].IdleSince, some[0].IdleSince = all[i].IdleSince.UTC(), all[i].IdleSince.UTC()
	if all[i] != some[0] {
		h.Fatalf("Agents says %+v, Loads %+v", all[i], some[0])
	}
	return all[i]
}

func (h *house) used(member identity.MemberID, want int) {
	h.Helper()
	if got := h.row(member).Used; got != want {
		h.Fatalf("%s has used %d, want %d", member, got, want)
	}
}
