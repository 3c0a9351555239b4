package queue_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/calendar"
	"github.com/patchbay-im/patchbay/core/calendar/calendartest"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event/eventtest"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/queue/queuetest"
	"github.com/patchbay-im/patchbay/core/team"
)

// everybody knows every id that has the right prefix, and who is there.
type everybody struct {
	skills *queuetest.Fake
	hours  *calendartest.Fake
	teams  map[identity.MemberID][]team.ID
}

func (*everybody) HasMember(_ identity.WorkspaceID, m identity.MemberID) bool {
	return strings.HasPrefix(string(m), "mem_")
}

func (*everybody) HasInbox(_ identity.WorkspaceID, i string) bool {
	return strings.HasPrefix(i, "inb_")
}

func (*everybody) HasTeam(_ identity.WorkspaceID, t team.ID) bool {
	return strings.HasPrefix(string(t), "tea_")
}

func (*everybody) HasCalendar(_ identity.WorkspaceID, c calendar.ID) bool {
	return strings.HasPrefix(string(c), "cal_")
}

// Staff implements queue.People.
func (e *everybody) Staff(ctx context.Context, w identity.WorkspaceID) ([]queue.Colleague, error) {
	var out []queue.Colleague
	for m, teams := range e.teams {
		has, err := e.skills.Abilities(ctx, w, m)
		if err != nil {
			return nil, err
		}
		out = append(out, queue.Colleague{Member: m, Teams: teams, Skills: has})
	}
	slices.SortFunc(out, func(a, b queue.Colleague) int { return strings.Compare(string(a.Member), string(b.Member)) })
	return out, nil
}

func newService() (*queue.Service, *everybody, *eventtest.Feed) {
	feed := eventtest.NewFeed()
	people := &everybody{teams: map[identity.MemberID][]team.ID{}, hours: calendartest.NewFake(feed)}
	people.skills = queuetest.NewFake(people, feed)
	return queue.NewService(people.skills, people.skills, people, people.hours, time.Now), people, feed
}

func as(role identity.Role) identity.Scope {
	return identity.Scope{Workspace: "wsp_1", Actor: identity.Actor{Kind: identity.ActorMember, ID: "mem_1", Role: role}}
}

func skill(t *testing.T, s *queue.Service, name string) queue.SkillID {
	t.Helper()
	k, err := s.CreateSkill(t.Context(), as(identity.RoleSupervisor), name)
	if err != nil {
		t.Fatal(err)
	}
	return k.ID
}

func TestAQueuesLife(t *testing.T) {
	s, _, feed := newService()
	name, target := "  VIP 贵宾 ", time.Minute
	made, err := s.Create(t.Context(), as(identity.RoleSupervisor), queue.Patch{Name: &name, Target: &target})
	if err != nil || made.Name != "VIP 贵宾" || made.Revision != 1 || made.Target != target {
		t.Fatalf("%+v, %v", made, err)
	}
	value, first := 3, 1
	changed, err := s.Update(t.Context(), as(identity.RoleOwner), made.ID, queue.Patch{Value: &value, Revision: &first})
	if err != nil || changed.Value != 3 || changed.Revision != 2 || changed.Target != target {
		t.Fatalf("%+v, %v", changed, err)
	}
	if _, err := s.Update(t.Context(), as(identity.RoleOwner), made.ID, queue.Patch{Value: &first, Revision: &first}); errs.As(err).Code != "queue.stale" {
		t.Fatal(err)
	}
	if err := s.Delete(t.Context(), as(identity.RoleSupervisor), made.ID); err != nil {
		t.Fatal(err)
	}
	p, err := s.List(t.Context(), as(identity.RoleAgent), page.Request{})
	if err != nil || len(p.Items) > 0 {
		t.Fatal(p, err)
	}
	events, err := feed.Since(t.Context(), "wsp_1", 0, 10)
	if err != nil || len(events) != 3 {
		t.Fatal(events, err)
	}
	for i, action := range []string{"queue.created", "queue.updated", "queue.deleted"} {
		e := events[i]
		if e.Type != queue.Changed || string(e.Data) != `{"id":"`+string(made.ID)+`"}` || e.Audit.Action != action || e.Audit.Target.Name != made.Name {
			t.Errorf("%+v", e)
		}
	}
}

func TestWhoMayWhat(t *testing.T) {
	s, _, _ := newService()
	name := "VIP"
	visitor := identity.Scope{Workspace: "wsp_1", Actor: identity.Actor{Kind: identity.ActorContact, ID: "vis_1"}}
	for who, scope := range map[string]identity.Scope{"an agent": as(identity.RoleAgent), "a visitor": visitor} {
		for what, do := range map[string]func() error{
			"makes a queue":   func() error { _, err := s.Create(t.Context(), scope, queue.Patch{Name: &name}); return err },
			"changes a queue": func() error { _, err := s.Update(t.Context(), scope, "que_1", queue.Patch{}); return err },
			"deletes a queue": func() error { return s.Delete(t.Context(), scope, "que_1") },
			"makes a skill":   func() error { _, err := s.CreateSkill(t.Context(), scope, name); return err },
			"renames a skill": func() error { _, err := s.RenameSkill(t.Context(), scope, "skl_1", name); return err },
			"deletes a skill": func() error { return s.DeleteSkill(t.Context(), scope, "skl_1") },
			"gives skills":    func() error { _, err := s.SetAbilities(t.Context(), scope, "mem_1", nil); return err },
		} {
			if err := do(); !errs.Is(err, errs.Forbidden) {
				t.Error(who, what, err)
			}
		}
	}
	for what, do := range map[string]func() error{
		"lists queues": func() error { _, err := s.List(t.Context(), visitor, page.Request{}); return err },
		"sees a queue": func() error { _, err := s.Get(t.Context(), visitor, "que_1"); return err },
		"lists skills": func() error { _, err := s.ListSkills(t.Context(), visitor, page.Request{}); return err },
		"sees skills":  func() error { _, err := s.Abilities(t.Context(), visitor, "mem_1"); return err },
	} {
		if err := do(); !errs.Is(err, errs.Forbidden) {
			t.Error("a visitor", what, err)
		}
	}
}

func TestWhatIsRefused(t *testing.T) {
	s, _, feed := newService()
	de, ok := skill(t, s, "Deutsch"), "VIP"
	before, err := feed.Head(t.Context(), "wsp_1")
	if err != nil {
		t.Fatal(err)
	}
	needs := &[]queue.Need{{Skill: de, Level: 3}}
	rungs := func(r ...queue.Rung) queue.Patch { return queue.Patch{Name: &ok, Needs: needs, Ladder: &r} }
	to := func(level int) []queue.Need { return []queue.Need{{Skill: de, Level: level}} }
	wait := func(d time.Duration) *time.Duration { return &d }
	ten := 101
	for name, tt := range map[string]struct {
		patch         queue.Patch
		pointer, code string
	}{
		"no name":           {queue.Patch{}, "/name", "required"},
		"a level of 6":      {queue.Patch{Name: &ok, Needs: &[]queue.Need{{Skill: de, Level: 6}}}, "/skills", "level"},
		"a skill twice":     {queue.Patch{Name: &ok, Needs: &[]queue.Need{{Skill: de, Level: 1}, {Skill: de, Level: 2}}}, "/skills", "twice"},
		"an unknown skill":  {queue.Patch{Name: &ok, Needs: &[]queue.Need{{Skill: "skl_x", Level: 1}}}, "/skills", "unknown"},
		"half a second":     {queue.Patch{Name: &ok, Target: wait(time.Second / 2)}, "/target_s", "out_of_range"},
		"a month":           {queue.Patch{Name: &ok, Sticky: wait(31 * 24 * time.Hour)}, "/sticky_for_s", "out_of_range"},
		"much value":        {queue.Patch{Name: &ok, Value: &ten}, "/value", "out_of_range"},
		"overflow at once":  {queue.Patch{Name: &ok, Overflow: &queue.Overflow{Queue: "que_x"}}, "/overflow/after_s", "out_of_range"},
		"rungs backwards":   {rungs(queue.Rung{After: 2 * time.Minute, Lower: to(2)}, queue.Rung{After: time.Minute, Lower: to(1)}), "/ladder/1/after_s", "order"},
		"an empty rung":     {rungs(queue.Rung{After: time.Minute}), "/ladder/0", "no_effect"},
		"a rung that lifts": {rungs(queue.Rung{After: time.Minute, Lower: to(3)}), "/ladder/0", "no_effect"},
		"a skill not asked": {rungs(queue.Rung{After: time.Minute, Drop: []queue.SkillID{"skl_x"}}), "/ladder/0", "no_effect"},
		"dropped before":    {rungs(queue.Rung{After: time.Minute, Drop: []queue.SkillID{de}}, queue.Rung{After: 2 * time.Minute, Lower: to(1)}), "/ladder/1", "no_effect"},
		"a strange team":    {queue.Patch{Name: &ok, Team: new(team.ID("x"))}, "/team_id", "unknown"},
		"a strange inbox":   {queue.Patch{Name: &ok, Inboxes: &[]string{"x"}}, "/inbox_ids", "unknown"},
	} {
		_, err := s.Create(t.Context(), as(identity.RoleOwner), tt.patch)
		fields := errs.As(err).Fields
		if !errs.Is(err, errs.Invalid) || len(fields) == 0 || fields[0].Pointer != tt.pointer || fields[0].Code != tt.code {
			t.Errorf("%s: %v %+v", name, err, fields)
		}
	}
	if head, err := feed.Head(t.Context(), "wsp_1"); head != before || err != nil {
		t.Error("a refused queue left an event", head, err)
	}
}

func TestSkillsThatNobodyHas(t *testing.T) {
	s, people, _ := newService()
	de, fr := skill(t, s, "Deutsch"), skill(t, s, "Français")
	people.teams["mem_a"], people.teams["mem_b"], people.teams["mem_c"] = []team.ID{"tea_1"}, []team.ID{"tea_1"}, nil
	give := func(m identity.MemberID, has ...queue.Need) {
		t.Helper()
		if _, err := s.SetAbilities(t.Context(), as(identity.RoleOwner), m, has); err != nil {
			t.Fatal(err)
		}
	}
	give("mem_a", queue.Need{Skill: de, Level: 2})
	give("mem_b", queue.Need{Skill: de, Level: 3}, queue.Need{Skill: fr, Level: 1})
	give("mem_c", queue.Need{Skill: de, Level: 5}, queue.Need{Skill: fr, Level: 5})
	name, of := "VIP", team.ID("tea_1")
	made, err := s.Create(t.Context(), as(identity.RoleOwner), queue.Patch{
		Name: &name, Team: &of, Needs: &[]queue.Need{{Skill: de, Level: 4}},
		Ladder: &[]queue.Rung{{After: time.Minute, Lower: []queue.Need{{Skill: de, Level: 2}}}},
	})
	if err != nil || made.Serves != 0 || made.Reaches != 2 || len(made.Warnings) != 1 {
		t.Fatalf("%+v, %v", made, err)
	}
	if w := made.Warnings[0]; w.Code != "nobody_has" || w.Pointer != "/skills/0" || w.Nearest != "mem_b" {
		t.Fatalf("%+v", w)
	}
	both := []queue.Need{{Skill: de, Level: 3}, {Skill: fr, Level: 1}}
	give("mem_b", queue.Need{Skill: fr, Level: 1})
	give("mem_a", queue.Need{Skill: de, Level: 3})
	changed, err := s.Update(t.Context(), as(identity.RoleOwner), made.ID, queue.Patch{Needs: &both, Ladder: &[]queue.Rung{}})
	if err != nil || changed.Serves != 0 || len(changed.Warnings) != 1 || changed.Warnings[0].Code != "nobody" || changed.Warnings[0].Nearest != "mem_a" {
		t.Fatalf("%+v, %v", changed, err)
	}
	all := team.ID("")
	changed, err = s.Update(t.Context(), as(identity.RoleOwner), made.ID, queue.Patch{Team: &all})
	if err != nil || changed.Serves != 1 || changed.Reaches != 1 || len(changed.Warnings) > 0 {
		t.Fatalf("%+v, %v", changed, err)
	}
}

// What asks for more than its queue does: rungs lower and drop that too, and what
// is left of it is asked of the people whom it overflows to.
func TestStepsForMore(t *testing.T) {
	de := func(level int) []queue.Need { return []queue.Need{{Skill: "de", Level: level}} }
	a := queue.Queue{ID: "a", Plan: queue.Plan{
		Needs:    []queue.Need{{Skill: "de", Level: 2}, {Skill: "it", Level: 1}},
		Ladder:   []queue.Rung{{After: time.Minute, Lower: de(1)}, {After: time.Hour, Drop: []queue.SkillID{"de"}}},
		Overflow: queue.Overflow{Queue: "b", After: 2 * time.Minute},
	}}
	b := queue.Queue{ID: "b", Team: "tea_b"}
	got := a.StepsFor(map[queue.ID]queue.Queue{"a": a, "b": b}, []queue.Need{{Skill: "de", Level: 4}, {Skill: "vip", Level: 3}})
	vip := queue.Need{Skill: "vip", Level: 3}
	want := [][]queue.Need{
		{{Skill: "de", Level: 4}, {Skill: "it", Level: 1}, vip},
		{{Skill: "de", Level: 1}, {Skill: "it", Level: 1}, vip},
		{{Skill: "it", Level: 1}, vip},
		{{Skill: "de", Level: 1}, vip},
	}
	for i, s := range got {
		if !slices.Equal(s.Needs, want[i]) {
			t.Errorf("step %d asks for %+v, want %+v", i, s.Needs, want[i])
		}
	}
	if len(got) != len(want) || a.Needs[0].Level != 2 {
		t.Errorf("%d steps; the queue asks for %+v", len(got), a.Needs)
	}
}

func TestSteps(t *testing.T) {
	a := queue.Queue{ID: "a", Team: "tea_a", Plan: queue.Plan{
		Needs:    []queue.Need{{Skill: "de", Level: 4}, {Skill: "it", Level: 2}},
		Ladder:   []queue.Rung{{After: time.Minute, Lower: []queue.Need{{Skill: "de", Level: 2}}}, {After: 2 * time.Minute, Drop: []queue.SkillID{"it"}}},
		Overflow: queue.Overflow{Queue: "b", After: 5 * time.Minute},
	}}
	b := queue.Queue{ID: "b", Team: "tea_b", Plan: queue.Plan{Overflow: queue.Overflow{Queue: "c", After: time.Minute}}}
	c := queue.Queue{ID: "c", Plan: queue.Plan{Needs: []queue.Need{{Skill: "fr", Level: 1}}, Overflow: queue.Overflow{Queue: "a", After: time.Minute}}}
	got := a.Steps(map[queue.ID]queue.Queue{"a": a, "b": b, "c": c})
	want := []queue.Step{
		{Team: "tea_a", Needs: a.Needs, Own: true},
		{After: time.Minute, Team: "tea_a", Needs: []queue.Need{{Skill: "de", Level: 2}, {Skill: "it", Level: 2}}, Own: true},
		{After: 2 * time.Minute, Team: "tea_a", Needs: []queue.Need{{Skill: "de", Level: 2}}, Own: true},
		{After: 5 * time.Minute, Team: "tea_b"},
		{After: 6 * time.Minute, Needs: c.Needs},
	}
	if !slices.EqualFunc(got, want, func(x, y queue.Step) bool {
		return x.After == y.After && x.Team == y.Team && x.Own == y.Own && slices.Equal(x.Needs, y.Needs)
	}) {
		t.Errorf("%+v", got)
	}
}
