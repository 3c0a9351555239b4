package queue

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/team"
)

// Advice is what there is to say of a queue beside itself.
type Advice struct {
	Serves   int // how many colleagues may be given its work at once
	Reaches  int // ... and when everything of its ladder and its overflow is reached
	Warnings []Warning
}

// Warning is something that is allowed, and likely not what is meant.
type Warning struct {
	Pointer string
	Code    string // "nobody", "nobody_has", "never_opens"
	Detail  string
	Nearest identity.MemberID // who lacks the least; "" = nobody is of the team
}

// advise looks at a queue among all queues of the workspace.
func advise(q Queue, all map[ID]Queue, staff []Colleague) Advice {
	var out Advice
	steps := q.Steps(all)
	for _, c := range staff {
		if c.serves(steps[0]) {
			out.Serves++
		}
		if slices.ContainsFunc(steps, c.serves) {
			out.Reaches++
		}
	}
	out.Warnings = q.Lacking(staff)
	return out
}

// Lacking says what of the queue's needs nobody has, or that nobody has all of
// them; nil = somebody serves it.
func (q Queue) Lacking(staff []Colleague) []Warning {
	var out []Warning
	for i, n := range q.Needs {
		if !slices.ContainsFunc(staff, func(c Colleague) bool { return c.of(q.Team) && c.level(n.Skill) >= n.Level }) {
			near := nearest(staff, q.Team, []Need{n})
			out = append(out, Warning{
				Pointer: "/skills/" + strconv.Itoa(i), Code: "nobody_has", Nearest: near,
				Detail: fmt.Sprintf("nobody who could serve has it at level %d", n.Level),
			})
		}
	}
	if len(out) == 0 && !slices.ContainsFunc(staff, q.ServedBy) {
		near := nearest(staff, q.Team, q.Needs)
		out = append(out, Warning{Pointer: "/skills", Code: "nobody", Nearest: near, Detail: "nobody has all that is asked for"})
	}
	return out
}

// warnings says what is to be said of a queue's hours.
func (s Standing) warnings() []Warning {
	if !s.Closed || !s.Opens.IsZero() {
		return nil
	}
	return []Warning{{Pointer: "/calendar_id", Code: "never_opens", Detail: "its calendar does not open any more: nothing of it is given out"}}
}

// nearest returns who of a team lacks the fewest levels, the first by id of
// those who are equal.
func nearest(staff []Colleague, of team.ID, needs []Need) identity.MemberID {
	best, least := identity.MemberID(""), 0
	for _, c := range staff {
		if !c.of(of) {
			continue
		}
		lacks := 0
		for _, n := range needs {
			lacks += max(n.Level-c.level(n.Skill), 0)
		}
		if best == "" || lacks < least {
			best, least = c.Member, lacks
		}
	}
	return best
}

func (c Colleague) of(t team.ID) bool { return t == "" || slices.Contains(c.Teams, t) }

func (c Colleague) level(s SkillID) int {
	for _, n := range c.Skills {
		if n.Skill == s {
			return n.Level
		}
	}
	return 0
}

func (c Colleague) serves(s Step) bool {
	return c.of(s.Team) && !slices.ContainsFunc(s.Needs, func(n Need) bool { return c.level(n.Skill) < n.Level })
}
