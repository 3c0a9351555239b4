package policy_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/policy"
)

// small is a day on which more come than can be answered at once.
func small(seed uint64) policy.Day {
	return policy.Day{
		Kind: policy.DayOwn, Seed: seed, Staff: []policy.Staff{{Count: 3, Capacity: 2}},
		Streams: []policy.Stream{
			{Channel: "chat", PerHour: 30, HandlingS: 600, TargetS: 60, PatienceS: 600},
			{Channel: "chat", PerHour: 4, HandlingS: 600, TargetS: 60, PatienceS: 600, Value: 1},
			{Channel: "mail", PerHour: 6, HandlingS: 300, TargetS: 1800},
		},
	}
}

var draftAndCurrent = [2]policy.Side{{Plan: policy.WhichDraft}, {Plan: policy.WhichCurrent}}

func TestCompare(t *testing.T) {
	t.Parallel()
	s, _ := open()
	ctx, owner := t.Context(), scope(identity.RoleOwner)
	plan := ordered("value")
	plan.Starvation = dispatch.Never
	if _, err := s.Save(ctx, owner, 0, plan); err != nil {
		t.Fatal(err)
	}
	a, err := s.Compare(ctx, owner, draftAndCurrent, small(1))
	if err != nil {
		t.Fatal(err)
	}
	valued, first := a.Played[0].Result, a.Played[1].Result
	if valued.All.Arrived == 0 || valued.All.Arrived != first.All.Arrived || a.Played[0].People != 3 {
		t.Fatalf("not the same day: %+v, %+v", valued.All, first.All)
	}
	if by, fifo := valued.Queues[1].Wait.Mean, first.Queues[1].Wait.Mean; by >= fifo/2 {
		t.Errorf("important customers wait %v s, and %v s first come, first served", by, fifo)
	}
	if len(a.Played[0].Warnings) == 0 {
		t.Error("nobody warns of ordinary customers who may wait for ever")
	}
	if len(valued.Channels) != 2 || valued.Channels[0].Name != "chat" || valued.Channels[0].Arrived+valued.Channels[1].Arrived != valued.All.Arrived {
		t.Errorf("channels: %+v", valued.Channels)
	}
	b, err := s.Compare(ctx, owner, draftAndCurrent, small(1))
	if err != nil || said(t, a) != said(t, b) {
		t.Errorf("the same comparison says something else (%v)", err)
	}
	if c, err := s.Compare(ctx, owner, draftAndCurrent, small(2)); err != nil || said(t, c) == said(t, a) {
		t.Errorf("another seed says the same (%v)", err)
	}
}

func TestCompareByNumber(t *testing.T) {
	t.Parallel()
	s, _ := open()
	ctx, owner := t.Context(), scope(identity.RoleOwner)
	if _, err := s.Save(ctx, owner, 0, ordered("deadline")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Publish(ctx, owner, 1, ""); err != nil {
		t.Fatal(err)
	}
	c, err := s.Compare(ctx, owner, [2]policy.Side{{Plan: "1"}, {Plan: policy.WhichCurrent}}, small(1))
	if err != nil || c.Played[0].Plan.Order.By != "deadline" || c.Played[1].Plan.Order.By != "deadline" {
		t.Fatalf("%+v, %v", c, err)
	}
	_, err = s.Compare(ctx, owner, [2]policy.Side{{Plan: "2"}, {Plan: policy.WhichCurrent}}, small(1))
	if !errs.Is(err, errs.NotFound) {
		t.Errorf("no such revision: %v", err)
	}
	_, err = s.Compare(ctx, owner, [2]policy.Side{{Plan: "yesterday"}, {Plan: policy.WhichCurrent}}, small(1))
	refused(t, err, errs.Invalid, "policy.which")
	_, err = s.Compare(ctx, scope(identity.RoleAgent), draftAndCurrent, small(1))
	if !errs.Is(err, errs.Forbidden) {
		t.Errorf("an agent: %v", err)
	}
}

// The made-up days are played, whatever their load.
func TestCompareMadeUpDays(t *testing.T) {
	t.Parallel()
	s, _ := open()
	for _, kind := range []policy.DayKind{policy.DayMessaging, policy.DayVoice} {
		c, err := s.Compare(t.Context(), scope(identity.RoleOwner), draftAndCurrent, policy.Day{Kind: kind, Load: 0.5})
		if err != nil || c.Played[0].People != 60 || c.Played[0].Result.All.Arrived < 1000 {
			t.Errorf("%s: %d people, %+v, %v", kind, c.Played[0].People, c.Played[0].Result.All, err)
		}
	}
}

func TestDaysThatCannotBe(t *testing.T) {
	t.Parallel()
	s, _ := open()
	change := func(fn func(*policy.Day)) policy.Day {
		d := small(1)
		fn(&d)
		return d
	}
	for pointer, day := range map[string]policy.Day{
		"/day/kind":                 {Kind: "tomorrow"},
		"/day/load":                 {Kind: policy.DayVoice, Load: 5},
		"/day/staff":                change(func(d *policy.Day) { d.Staff = nil }),
		"/day/streams":              change(func(d *policy.Day) { d.Streams[0].PerHour = policy.MaxCustomers / 2 }),
		"/day/staff/0/count":        change(func(d *policy.Day) { d.Staff[0].Count = 0 }),
		"/day/staff/0/capacity":     change(func(d *policy.Day) { d.Staff[0].Capacity = 101 }),
		"/day/streams/0/channel":    change(func(d *policy.Day) { d.Streams[0].Channel = "fax" }),
		"/day/streams/1/per_hour":   change(func(d *policy.Day) { d.Streams[1].PerHour = -1 }),
		"/day/streams/2/handling_s": change(func(d *policy.Day) { d.Streams[2].HandlingS = 0 }),
	} {
		_, err := s.Compare(t.Context(), scope(identity.RoleOwner), draftAndCurrent, day)
		refused(t, err, errs.Invalid, "policy.day")
		if fields := errs.As(err).Fields; len(fields) != 1 || fields[0].Pointer != pointer {
			t.Errorf("%s: %+v", pointer, fields)
		}
	}
}

// A recorded day is played with its people, or with others on either side.
func TestCompareRecorded(t *testing.T) {
	t.Parallel()
	s, _ := open()
	owner := scope(identity.RoleOwner)
	day := policy.Day{Kind: policy.DayRecorded, Date: "2026-11-20", Seed: 7}
	sides := draftAndCurrent
	sides[0].Staffing = []policy.Headcount{{Group: "1. sales", Count: 5}}
	c, err := s.Compare(t.Context(), owner, sides, day)
	if err != nil {
		t.Fatal(err)
	}
	more, same := c.Played[0], c.Played[1]
	if more.People != 5 || same.People != 2 || len(more.Scenario.Staff) != 2 || more.Scenario.Staff[0].Count != 3 || more.Scenario.Staff[1].Count != 2 {
		t.Errorf("%d and %d people: %+v", more.People, same.People, more.Scenario.Staff)
	}
	if more.Result.All.Arrived != 60 || same.Result.All.Arrived != 60 || more.Result.All.Wait.Mean >= same.Result.All.Wait.Mean {
		t.Errorf("with more people\n%+v\nas it was\n%+v", more.Result.All, same.Result.All)
	}
	if c.Groups[0].Count != 2 || len(c.Gaps) != 1 {
		t.Errorf("%+v, %+v", c.Groups, c.Gaps)
	}
	again, err := s.Compare(t.Context(), owner, sides, day)
	if err != nil || said(t, c) != said(t, again) {
		t.Errorf("the same comparison says something else (%v)", err)
	}
	day.Seed = 8
	if other, err := s.Compare(t.Context(), owner, sides, day); err != nil || said(t, c) == said(t, other) {
		t.Errorf("what was not recorded is the same by another seed (%v)", err)
	}
	sides[0].Staffing = []policy.Headcount{{Group: "1. sales", Count: 1}}
	if c, err := s.Compare(t.Context(), owner, sides, day); err != nil || c.Played[0].People != 1 || len(c.Played[0].Scenario.Staff) != 1 {
		t.Errorf("%+v, %v", c.Played[0].Scenario.Staff, err)
	}
}

func TestStaffingOfMadeUpDays(t *testing.T) {
	t.Parallel()
	s, _ := open()
	sides := draftAndCurrent
	v, err := s.Look(t.Context(), scope(identity.RoleOwner), policy.Day{Kind: policy.DayMessaging})
	if err != nil || len(v.Groups) != 6 || v.Groups[0].Count != 10 || len(v.Groups[0].Skills) != 2 {
		t.Fatalf("%+v, %v", v.Groups, err)
	}
	sides[1].Staffing = []policy.Headcount{{Group: v.Groups[0].Key, Count: 0}, {Group: v.Groups[1].Key, Count: 12}}
	c, err := s.Compare(t.Context(), scope(identity.RoleOwner), sides, policy.Day{Kind: policy.DayMessaging, Load: 0.5})
	if err != nil || c.Played[0].People != 60 || c.Played[1].People != 52 {
		t.Errorf("%d and %d, %v", c.Played[0].People, c.Played[1].People, err)
	}
}

func TestStaffingThatCannotBe(t *testing.T) {
	t.Parallel()
	s, _ := open()
	for pointer, counts := range map[string][]policy.Headcount{
		"/staffing/1":         {{Group: "1. sales", Count: 0}},
		"/staffing/1/0/count": {{Group: "1. sales", Count: -1}},
		"/staffing/1/1/group": {{Group: "1. sales", Count: 1}, {Group: "nobody", Count: 1}},
		"/staffing/1/2/group": {{Group: "1. sales", Count: 1}, {Group: "1. sales", Count: 2}, {Group: "1. sales", Count: 2}},
	} {
		sides := draftAndCurrent
		sides[1].Staffing = counts
		_, err := s.Compare(t.Context(), scope(identity.RoleOwner), sides, policy.Day{Kind: policy.DayRecorded, Date: "2026-11-20"})
		refused(t, err, errs.Invalid, "policy.day")
		if fields := errs.As(err).Fields; !slices.ContainsFunc(fields, func(f errs.Field) bool { return f.Pointer == pointer }) {
			t.Errorf("%s: %+v", pointer, fields)
		}
	}
	_, err := s.Compare(t.Context(), scope(identity.RoleOwner), draftAndCurrent, policy.Day{Kind: policy.DayRecorded, Date: "2026-11-21"})
	refused(t, err, errs.Invalid, "policy.day")
	for _, role := range []identity.Role{identity.RoleAgent} {
		if _, err := s.Days(t.Context(), scope(role)); !errs.Is(err, errs.Forbidden) {
			t.Errorf("%s: %v", role, err)
		}
		if _, err := s.Look(t.Context(), scope(role), policy.Day{Kind: policy.DayVoice}); !errs.Is(err, errs.Forbidden) {
			t.Errorf("%s: %v", role, err)
		}
	}
}

func said(t *testing.T, c policy.Comparison) string {
	t.Helper()
	raw, err := json.Marshal([]any{c.Played[0].Result, c.Played[1].Result})
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
