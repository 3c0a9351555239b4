package dispatch_test

import (
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/identity"
)

// reoffer is within what work is given again once it is known that its agent is
// lost: the ninth scenario of the dispatch benchmark, with the dispatcher around
// the engine.
const reoffer = 2 * time.Second

// A third of the agents vanishes at once, hundreds come at once, and at the end
// of hours all go. Nothing is owned twice, lost, or beyond anybody's capacity,
// and whatever can be given again is, in time.
func TestManyVanishAndManyCome(t *testing.T) {
	t.Parallel()
	onFloor(t, nil, func(f *floor) {
		var staff []identity.MemberID
		for range 60 {
			staff = append(staff, f.present(4))
		}
		items := f.asks(120)
		f.balanced(staff, items, 0)
		lost := map[identity.MemberID]bool{}
		for _, m := range staff[:18] {
			lost[m] = true
			f.silence(m)
		}
		f.givenAgain(items, lost)
		f.balanced(staff, items, 0)

		items = append(items, f.asks(400)...) // far more than who is left can take
		f.balanced(staff, items, 120+400-42*4)
		for range 500 {
			m := f.mem.NewMember(f.ws, 4)
			f.d.Beat(f.ws, m, "tab")
			staff = append(staff, m)
		}
		f.pass(reoffer)
		f.balanced(staff, items, 0)

		for m := range f.tabs {
			f.silence(m)
		}
		f.pass(time.Minute) // every lease is over, of those too who beat only once
		f.balanced(staff, items, len(items))
		f.come(staff[len(staff)-1])
		f.pass(reoffer)
		f.balanced(staff, items, len(items)-4)
	})
}

// asks makes items that have waited, each a little less than the one before.
func (f *floor) asks(n int) []dispatch.Item {
	var out []dispatch.Item
	for i := range n {
		out = append(out, f.ask(time.Minute-time.Duration(i)*time.Millisecond))
	}
	return out
}

// givenAgain waits for the leases of the lost to end, and expects their items
// elsewhere soon after.
func (f *floor) givenAgain(items []dispatch.Item, lost map[identity.MemberID]bool) {
	f.Helper()
	gone := map[identity.MemberID]time.Time{} // since when it is known
	taken := 0
	for began := time.Now(); time.Since(began) < time.Minute; f.pass(100 * time.Millisecond) {
		for m := range lost {
			if gone[m].IsZero() && f.seen(m) == dispatch.Offline {
				gone[m] = time.Now()
			}
		}
		taken = 0
		for _, it := range items {
			owner := f.owner(it)
			if lost[owner] {
				taken++
			}
			if since := gone[owner]; !since.IsZero() && time.Since(since) > reoffer {
				f.Fatalf("%s is still with %s, who was lost %s ago", it.ID, owner, time.Since(since))
			}
		}
	}
	if len(gone) != len(lost) || taken > 0 {
		f.Fatalf("%d of %d are seen to be gone, and have %d items", len(gone), len(lost), taken)
	}
}

// balanced expects that so many items wait, since they came, that all others are
// owned, and that loads are what is owned and within capacity.
func (f *floor) balanced(staff []identity.MemberID, items []dispatch.Item, waiting int) {
	f.Helper()
	owned := map[identity.MemberID]int{}
	queue := f.waiting()
	for _, it := range items {
		owner, in := f.owner(it), false
		if back, waits := queue[it.Key]; waits {
			in = true
			if !back.WaitingSince.Equal(it.WaitingSince) {
				f.Fatalf("%s waits since %s, and came %s", it.ID, back.WaitingSince, it.WaitingSince)
			}
		}
		if in == (owner != "") {
			f.Fatalf("%s is owned by %q and waits: %v", it.ID, owner, in)
		}
		if owner != "" {
			owned[owner]++
		}
	}
	if len(queue) != waiting || f.d.Stats().Waiting != waiting {
		f.Fatalf("%d wait, %d in the index, want %d", len(queue), f.d.Stats().Waiting, waiting)
	}
	for _, m := range staff {
		if row := f.row(m); row.Used != owned[m] || row.Used > row.Capacity {
			f.Fatalf("%s has %d of %d, and %d items", m, row.Used, row.Capacity, owned[m])
		}
	}
}
