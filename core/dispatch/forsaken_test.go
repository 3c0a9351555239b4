package dispatch_test

import (
	"slices"
	"testing"
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
		f.policy.Match = dispatch.ByGroup{}
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

func TestGroups(t *testing.T) {
	t.Parallel()
	match := dispatch.ByGroup{}
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
