package dispatch_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/identity"
)

func TestForsaken(t *testing.T) {
	t.Parallel()
	onFloor(t, nil, func(f *floor) {
		forsaken := func(waited time.Duration) []dispatch.Forsaken {
			return f.d.Forsaken(time.Now().Add(-waited))
		}
		f.ask(time.Minute)
		f.pass(time.Second)
		if got := forsaken(0); len(got) != 0 {
			f.Fatalf("nobody works here: %+v", got)
		}
		m := f.mem.NewMember(f.ws, 1)
		f.changed(m)
		old := f.ask(time.Hour)
		got := forsaken(30 * time.Minute)
		if len(got) != 1 || got[0].Item.Key != old.Key || got[0].Workspace != f.ws || !slices.Equal(got[0].Could, []identity.MemberID{m}) {
			f.Fatalf("%+v", got)
		}
		if got := forsaken(2 * time.Hour); len(got) != 0 {
			f.Fatalf("nobody has waited for so long: %+v", got)
		}
		f.come(m) // takes the oldest; the other waits for somebody who is there
		f.owned(old, m)
		if got := forsaken(0); len(got) != 0 {
			f.Fatalf("%s is there, and busy: %+v", m, got)
		}
		if err := f.d.Choose(f.Context(), f.ws, m, dispatch.Away, ""); err != nil {
			f.Fatal(err)
		}
		f.pass(time.Millisecond)
		if got := forsaken(0); len(got) != 1 {
			f.Fatalf("%s is away: %+v", m, got)
		}
	})
}

// A class is forsaken when its own people are not there, whoever else is.
func TestForsakenByItsTeam(t *testing.T) {
	t.Parallel()
	onFloor(t, nil, func(f *floor) {
		f.shut()
		f.policy.Match = dispatch.BySkill{}
		mine, other := f.mem.NewMember(f.ws, 5), f.mem.NewMember(f.ws, 5)
		f.mem.SetProfile(f.ws, mine, dispatch.ProfileOf("tea_b", "tea_a"))
		f.open()
		it := f.mem.NewItem(f.ws, time.Now().Add(-time.Hour))
		it.Class = "tea_a"
		f.d.Signal(f.ws, dispatch.Signal{Waits: []dispatch.Item{it}})
		f.come(other)
		f.pass(time.Second)
		f.owned(it, "")
		if got := f.d.Forsaken(time.Now()); len(got) != 1 || !slices.Equal(got[0].Could, []identity.MemberID{mine}) {
			f.Fatalf("%+v", got)
		}
	})
}

// Whoever waits for a team is told whether somebody of that team is available.
func TestHopeOfATeam(t *testing.T) {
	t.Parallel()
	onFloor(t, nil, func(f *floor) {
		f.shut()
		f.policy.Match = dispatch.BySkill{}
		mine, other := f.mem.NewMember(f.ws, 1), f.mem.NewMember(f.ws, 1)
		f.mem.SetProfile(f.ws, mine, dispatch.ProfileOf("tea_a"))
		f.open()
		anybodys, team := f.mem.NewItem(f.ws, time.Now()), f.mem.NewItem(f.ws, time.Now())
		team.Class = "tea_a"
		f.d.Signal(f.ws, dispatch.Signal{Waits: []dispatch.Item{team, anybodys}})
		know := func(when string, ofTeam, ofAnybody bool) {
			f.Helper()
			f.pass(time.Second)
			asked := f.d.Position(f.ws, team.Key).Available
			f.mu.Lock()
			told := f.hopes[team.Key]
			f.mu.Unlock()
			if told != ofTeam || asked != ofTeam || f.d.Available(f.ws, "tea_a") != ofTeam || f.d.Available(f.ws, "") != ofAnybody {
				f.Fatalf("%s: told %v and asked %v of the team; %v of anybody", when, told, asked, f.d.Available(f.ws, ""))
			}
		}
		know("nobody is there", false, false)
		f.come(other) // takes what is anybody's, and is busy
		f.owned(anybodys, other)
		know("a stranger is there", false, true)
		choose := func(status dispatch.Status) {
			f.Helper()
			if err := f.d.Choose(f.Context(), f.ws, mine, status, ""); err != nil {
				f.Fatal(err)
			}
			synctest.Wait() // what it leads to follows
		}
		choose(dispatch.Away)
		f.come(mine)
		know("the team's own is away", false, true)
		busy := f.mem.NewItem(f.ws, time.Now().Add(-time.Minute))
		f.d.Signal(f.ws, dispatch.Signal{Waits: []dispatch.Item{busy}})
		synctest.Wait()            // a signal and a choice come by ways of their own
		choose(dispatch.Available) // and takes the elder
		f.owned(busy, mine)
		know("the team's own is busy", true, true)
		f.mem.SetProfile(f.ws, mine, dispatch.ProfileOf("tea_b"))
		f.changed(mine)
		know("they left the team", false, true)
		f.mem.SetProfile(f.ws, other, dispatch.ProfileOf("tea_a", "tea_b"))
		f.changed(other)
		know("another joined", true, true)
	})
}

func TestGroups(t *testing.T) {
	t.Parallel()
	match := dispatch.BySkill{}
	both := dispatch.ProfileOf("tea_b", "tea_a", "tea_b")
	if both != dispatch.ProfileOf("tea_a", "tea_b") || dispatch.ProfileOf() != "" {
		t.Fatalf("%q", both)
	}
	for _, tt := range []struct {
		profile dispatch.Profile
		class   dispatch.Class
		may     bool
	}{
		{both, "", true},
		{"", "", true},
		{both, "tea_a", true},
		{both, "tea_b", true},
		{both, "tea_", false},
		{"", "tea_a", false},
		{dispatch.ProfileOf("tea_ab"), "tea_a", false},
		{both, "tea_a tea_b", false},
	} {
		if may := match.May(tt.profile, tt.class); may != tt.may {
			t.Errorf("%q serves %q: %v", tt.profile, tt.class, may)
		}
	}
}
