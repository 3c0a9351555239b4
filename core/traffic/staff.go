package traffic

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/dispatch/simulate"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/queue"
)

// Person is a member who may be given work, with how much at once.
type Person struct {
	queue.Colleague

	Capacity int
	Limits   dispatch.PerChannel
}

// halfHour is how exactly members come and go at the same time.
const halfHour = simulate.Seconds(1800)

// crew is the staff of a day, in groups.
type crew struct {
	groups []Group
	staff  []simulate.Staff
}

// crewOf makes the staff of those who were there. Each member is an entry of
// their own: with their own breaks, like the others of their group in all else.
func (f *fold) crewOf(people []Person, a attendance, called names, gaps *gaps) crew {
	byKey, order := map[string][]simulate.Staff{}, map[string]Group{}
	works := map[identity.MemberID]bool{}
	for _, p := range people {
		works[p.Member] = true
		shifts := a.shifts(p.Member)
		if s, acted := f.acts[p.Member]; acted && !a.known[p.Member] {
			gaps.add(GapPresence, 1)
			shifts = []simulate.Shift{{From: seconds(s.from.Sub(f.from)), To: max(seconds(s.to.Sub(f.from)), seconds(s.from.Sub(f.from))+1)}}
		}
		if len(shifts) == 0 {
			continue
		}
		g := Group{Teams: p.Teams, Skills: p.Skills, Capacity: p.Capacity, From: nearest(shifts[0].From), To: nearest(shifts[len(shifts)-1].To)}
		st := simulate.Staff{Count: 1, Skills: called.needs(p.Skills), Budget: p.Capacity, Limits: limitsOf(p.Limits), Shifts: shifts}
		for _, t := range p.Teams {
			st.Groups = append(st.Groups, called.team(t))
		}
		key := fmt.Sprintf("%v|%v|%d|%v|%06.0f|%06.0f", p.Teams, p.Skills, p.Capacity, p.Limits, float64(g.From), float64(g.To))
		order[key] = g
		byKey[key] = append(byKey[key], st)
	}
	for m := range f.acts {
		if !works[m] {
			gaps.add(GapGone, 1)
		}
	}
	return pack(byKey, order, called)
}

// pack numbers the groups and names their members.
func pack(byKey map[string][]simulate.Staff, groups map[string]Group, called names) crew {
	var out crew
	seen := map[string]int{}
	for i, key := range slices.Sorted(maps.Keys(byKey)) {
		g := groups[key]
		parts := []string{fmt.Sprintf("%d. %s-%s", i+1, clock(g.From), clock(g.To))}
		if len(byKey[key][0].Groups) > 0 {
			parts = append(parts, strings.Join(byKey[key][0].Groups, " + "))
		}
		if len(g.Skills) > 0 {
			parts = append(parts, called.text(g.Skills))
		}
		g.Key, g.Count = once(seen, strings.Join(parts, ", ")), len(byKey[key])
		for n, st := range byKey[key] {
			st.Kind, st.Name = g.Key, fmt.Sprintf("%s #%d", g.Key, n+1)
			out.staff = append(out.staff, st)
		}
		out.groups = append(out.groups, g)
	}
	return out
}

func nearest(s simulate.Seconds) simulate.Seconds {
	return simulate.Seconds(math.Round(float64(s/halfHour))) * halfHour
}

// clock is a time since the day began as a clock shows it, on a day without a
// change of clocks.
func clock(s simulate.Seconds) string {
	return fmt.Sprintf("%02d:%02d", int(s)/3600, int(s)%3600/60)
}

func limitsOf(limits dispatch.PerChannel) map[string]int {
	var out map[string]int
	for c, n := range limits {
		if n != 0 {
			if out == nil {
				out = map[string]int{}
			}
			out[dispatch.Channel(c).String()] = n
		}
	}
	return out
}
