package dispatchtest

import (
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

const racers = 16

// together runs fn(0..racers-1) at once and returns what each returned.
func together(fn func(i int) error) []error {
	var wg sync.WaitGroup
	out, gate := make([]error, racers), make(chan struct{})
	for i := range racers {
		wg.Go(func() {
			<-gate
			out[i] = fn(i)
		})
	}
	close(gate)
	wg.Wait()
	return out
}

// outcomes counts successes; any error must be a conflict with the code.
func (h *house) outcomes(results []error, code string) int {
	h.Helper()
	won := 0
	for _, err := range results {
		switch {
		case err == nil:
			won++
		case !errs.Is(err, errs.Conflict) || errs.As(err).Code != code:
			h.Fatalf("a claim failed with %v, want the code %s", err, code)
		}
	}
	return won
}

// Chatwoot #14495, #15275; Rocket.Chat #19352, #37776: two agents were
// assigned one conversation.
func testRaceItem(h *house) {
	it := h.item(time.Minute)
	members := make([]identity.MemberID, racers)
	for i := range members {
		members[i] = h.member(1)
	}
	results := together(func(i int) error { return h.claim(it, members[i]) })
	if won := h.outcomes(results, dispatch.CodeItemTaken); won != 1 {
		h.Fatalf("%d claims of one item succeeded", won)
	}
	for i, m := range members {
		want := 0
		if results[i] == nil {
			want = 1
			h.owner(it, m)
		}
		h.used(m, want)
	}
}

func testRaceAgent(h *house) {
	const capacity = 5
	m := h.member(capacity)
	items := make([]dispatch.Item, racers)
	for i := range items {
		items[i] = h.item(time.Duration(i) * time.Minute)
	}
	results := together(func(i int) error { return h.claim(items[i], m) })
	if won := h.outcomes(results, dispatch.CodeAgentFull); won != capacity {
		h.Fatalf("%d claims succeeded on a capacity of %d", won, capacity)
	}
	h.used(m, capacity)
	if n := len(h.waiting()); n != racers-capacity {
		h.Fatalf("%d items wait, want %d", n, racers-capacity)
	}
}

// A person's choice wins or comes after the claim; it is never overwritten.
func testRaceManual(h *house) {
	chosen := h.member(1)
	items, members := make([]dispatch.Item, racers), make([]identity.MemberID, racers)
	for i := range items {
		items[i], members[i] = h.item(time.Duration(i)*time.Minute), h.member(1)
	}
	results := together(func(i int) error {
		if i%2 == 0 {
			h.do(items[i/2], Assign, chosen)
			return nil
		}
		return h.claim(items[i/2], members[i])
	})
	h.outcomes(results, dispatch.CodeItemTaken)
	for i := range racers / 2 {
		h.owner(items[i], chosen)
	}
	h.used(chosen, racers/2)
	for _, m := range members {
		h.used(m, 0)
	}
}

// Work taken back while others claim ends with one owner, or in the queue.
func testRaceRelease(h *house) {
	lost, next := h.member(racers), h.member(racers)
	items := make([]dispatch.Item, racers)
	for i := range items {
		items[i] = h.item(time.Duration(i) * time.Minute)
		h.mustClaim(items[i], lost)
	}
	results := together(func(i int) error {
		if i == 0 {
			_, err := h.f.Store.Release(h.Context(), h.ws, lost, dispatch.AgentLost)
			return err
		}
		return h.claim(items[i], next)
	})
	won := h.outcomes(results[1:], dispatch.CodeItemTaken)
	h.used(lost, 0)
	h.used(next, won)
	if n := len(h.waiting()); n != racers-won {
		h.Fatalf("%d items wait and %d are owned, of %d", n, won, racers)
	}
}
