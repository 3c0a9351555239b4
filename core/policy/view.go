package policy

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/patchbay-im/patchbay/core/dispatch/simulate"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/traffic"
)

// Recorder knows what was recorded of a workspace's days. It is traffic.Service.
type Recorder interface {
	List(ctx context.Context, w identity.WorkspaceID) (traffic.Calendar, error)
	Day(ctx context.Context, w identity.WorkspaceID, date string) (traffic.Day, error)
}

// View is a day before it is played: the scenario with its people as they were,
// in groups, and, of a recorded one, what is not known of it.
type View struct {
	traffic.Day
}

// Headcount is how many members of a group there are to be.
type Headcount struct {
	Group string // its Key
	Count int    // 0 to MaxHeadcount
}

// MaxHeadcount is how many members a group may be made to have.
const MaxHeadcount = 1000

// Days says which days were recorded, and how much came on them. Needs
// TeamManage and reach over everything.
func (s *Service) Days(ctx context.Context, scope identity.Scope) (traffic.Calendar, error) {
	if err := manages(scope); err != nil {
		return traffic.Calendar{}, err
	}
	return s.recorder.List(ctx, scope.Workspace)
}

// Look returns a day without playing it. Needs TeamManage and reach over
// everything. Its errors are those that Compare has of the day.
func (s *Service) Look(ctx context.Context, scope identity.Scope, day Day) (View, error) {
	if err := manages(scope); err != nil {
		return View{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, comparing)
	defer cancel()
	v, err := s.view(ctx, scope.Workspace, day)
	return v, late(err)
}

func (s *Service) view(ctx context.Context, w identity.WorkspaceID, day Day) (View, error) {
	if day.Kind == DayRecorded {
		found, err := s.recorder.Day(ctx, w, day.Date)
		found.Scenario.Seed = day.Seed
		return View{found}, err
	}
	scenario, err := day.madeUp()
	out := View{traffic.Day{Scenario: scenario}}
	for _, st := range scenario.Staff {
		g := traffic.Group{Key: st.Name, Count: st.Count, Capacity: st.Budget, To: scenario.Length}
		for _, skill := range slices.Sorted(maps.Keys(st.Skills)) {
			g.Skills = append(g.Skills, queue.Need{Skill: queue.SkillID(skill), Level: st.Skills[skill]})
		}
		out.Groups = append(out.Groups, g)
	}
	return out, err
}

// staffed is a scenario with other people: of a group that has fewer the last stay
// away, one that has more has some of its members twice.
func staffed(s simulate.Scenario, counts []Headcount, pointer string) (simulate.Scenario, error) {
	if len(counts) == 0 {
		return s, nil
	}
	var r errs.Refusals
	wanted := map[string]int{}
	for i, c := range counts {
		at := fmt.Sprintf("%s/%d", pointer, i)
		within(&r, at+"/count", float64(c.Count), 0, MaxHeadcount)
		if _, twice := wanted[c.Group]; twice {
			r.Refuse(at+"/group", "duplicate", "must be named once")
		}
		if !has(s, c.Group) {
			r.Refuse(at+"/group", "unknown", "must be a group of the day")
		}
		wanted[c.Group] = c.Count
	}
	out := s
	out.Staff = nil
	people := 0
	for i, n := range heads(s.Staff, wanted) {
		if n > 0 {
			st := s.Staff[i]
			st.Count = n
			out.Staff = append(out.Staff, st)
			people += n
		}
	}
	if people == 0 || people > simulate.MaxAgents {
		r.Refuse(pointer, "range", fmt.Sprintf("must leave 1 to %d members", simulate.MaxAgents))
	}
	return out, r.Refused("policy.day", "The day cannot be played with these members; fields says why.")
}

// groupOf is the key of the group that a staff belongs to.
func groupOf(st simulate.Staff) string {
	if st.Kind != "" {
		return st.Kind
	}
	return st.Name
}

func has(s simulate.Scenario, group string) bool {
	for _, st := range s.Staff {
		if groupOf(st) == group {
			return true
		}
	}
	return false
}

// heads is how many there are of each staff, when so many are wanted of groups.
func heads(staff []simulate.Staff, wanted map[string]int) []int {
	out := make([]int, len(staff))
	left := maps.Clone(wanted)
	of := map[string][]int{} // the staff of a group
	for i, st := range staff {
		group, n := groupOf(st), st.Count
		if _, changed := wanted[group]; changed {
			n = min(n, left[group])
			left[group] -= n
		}
		out[i] = n
		of[group] = append(of[group], i)
	}
	for group, more := range left {
		for i := range more {
			if entries := of[group]; len(entries) > 0 {
				out[entries[i%len(entries)]]++
			}
		}
	}
	return out
}
