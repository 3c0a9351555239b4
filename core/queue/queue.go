// Package queue is streams of work: who serves them, how well they must know
// what, by when a customer should hear something, and what happens to who waits
// longer. A team decides who sees a conversation, a queue decides who is given
// it and in which order (docs/adr/0056-queues-skills-policies.md).
package queue

import (
	"slices"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/calendar"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/team"
)

type (
	// ID names a queue: que_.
	ID string
	// SkillID names a skill: skl_.
	SkillID string
)

// Limits.
const (
	MaxName        = 60  // characters (Unicode code points)
	MaxDescription = 500 // characters
	MaxQueues      = 200 // of a workspace
	MaxSkills      = 500 // of a workspace
	MaxAbilities   = 50  // skills of a member
	MaxNeeds       = 10  // skills that a queue asks for
	MaxRungs       = 8   // of a ladder
	MaxInboxes     = 200 // of a queue
	MinLevel       = 1
	MaxLevel       = 5
	MaxValue       = 100
	MaxWait        = 7 * 24 * time.Hour // of a target, a rung, an overflow, a sticky wait
)

// The types of the events that say that a queue or a skill came, changed or
// went. Their data is {"id": "..."}, and so is their subject.
const (
	Changed      = "queue.changed"
	SkillChanged = "skill.changed"
)

// Queue is a stream of work.
type Queue struct {
	Workspace   identity.WorkspaceID
	ID          ID
	Name        string // unique in the workspace
	Description string
	Team        team.ID // who serves it; "" = everybody
	Plan
	// Inboxes are those whose new conversations wait in it, by id, each once; an
	// inbox has at most one queue. It goes before the inbox's team.
	Inboxes   []string
	Revision  int // 1, 2, 3, ...: grows with every change
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Plan is what dispatch needs to know of a queue. Its durations are whole
// seconds.
type Plan struct {
	Needs     []Need        // by skill, each once: who serves it has all of them
	Target    time.Duration // for the first answer; 0 = none
	Value     int           // 0 = ordinary; larger = worth more
	Exclusive bool          // each conversation takes a whole agent
	Tickets   bool          // the tickets of its team that nobody has wait in it, too; of no team, if it has none
	Ladder    []Rung        // by After
	Overflow  Overflow
	Calendar  calendar.ID // when it is open; "" = always
	Outside   Outside     // what happens to who comes while it is closed
	Callback  Callbacks   // what is offered to who waits in front of a window
	Left      Left        // what happens to the conversation of who left while they waited
	// Sticky is how long a conversation is kept for the member who answered its
	// contact last, if that member serves the queue; 0 = not at all.
	Sticky time.Duration
}

// Need is a skill with the least level that is asked for.
type Need struct {
	Skill SkillID
	Level int // MinLevel to MaxLevel
}

// Rung widens who may serve, after a time of waiting. It changes what the rungs
// before it have left.
type Rung struct {
	After time.Duration
	Lower []Need    // to these levels
	Drop  []SkillID // these are asked for no more
}

// Overflow says whose people may serve too, after a time of waiting. The zero
// value = nobody's.
type Overflow struct {
	Queue ID
	After time.Duration
}

// Skill is something that members can, better or worse.
type Skill struct {
	Workspace identity.WorkspaceID
	ID        SkillID
	Name      string    // unique in the workspace
	Members   []Ability // who has it, by member
	CreatedAt time.Time
}

// Ability is how well a member can something.
type Ability struct {
	Member identity.MemberID
	Level  int // MinLevel to MaxLevel
}

// OfTickets returns the queue in which the tickets of a team wait, if there is one.
func OfTickets(all map[ID]Queue, of team.ID) (Queue, bool) {
	for _, q := range all {
		if q.Tickets && q.Team == of {
			return q, true
		}
	}
	return Queue{}, false
}

// Gone is a deleted queue. It is remembered until nothing refers to it.
type Gone struct {
	Workspace identity.WorkspaceID
	ID        ID
	At        time.Time
}

// Step is one way in which an item of a queue may be served.
type Step struct {
	After time.Duration
	Team  team.ID
	Needs []Need
	// Own says that the team is the queue's own, so that an item that was given to
	// another keeps that one.
	Own bool
}

// Steps are the ways in which what waits in a queue may be served: at once,
// after each rung, and by the people of the queues that it overflows into, one
// behind the other. all finds those. The first step is there always and is at
// once; the others are in no order of time.
func (q Queue) Steps(all map[ID]Queue) []Step { return q.StepsFor(all, nil) }

// StepsFor are Steps of what asks for more than the queue does. Rungs lower and
// drop that too; what is left of it after the time of an overflow is asked of the
// people there.
func (q Queue) StepsFor(all map[ID]Queue, more []Need) []Step {
	needs := Both(q.Needs, more)
	out := []Step{{Team: q.Team, Needs: needs, Own: true}}
	for _, r := range q.Ladder {
		needs = r.apply(needs)
		out = append(out, Step{After: r.After, Team: q.Team, Needs: needs, Own: true})
	}
	seen := map[ID]bool{q.ID: true}
	for after, at := time.Duration(0), q; at.Overflow.Queue != "" && !seen[at.Overflow.Queue]; {
		next, known := all[at.Overflow.Queue]
		if !known {
			break
		}
		after += at.Overflow.After
		out = append(out, Step{After: after, Team: next.Team, Needs: Both(next.Needs, q.left(more, after))})
		seen[next.ID] = true
		at = next
	}
	return out
}

// left is what is still asked for after a time of waiting.
func (q Queue) left(needs []Need, after time.Duration) []Need {
	for _, r := range q.Ladder {
		if r.After <= after {
			needs = r.apply(needs)
		}
	}
	return needs
}

// Both are the needs of two, by skill, each once at its higher level.
func Both(a, b []Need) []Need {
	if len(b) == 0 {
		return a
	}
	out := slices.Clone(a)
	for _, n := range b {
		if i := slices.IndexFunc(out, func(o Need) bool { return o.Skill == n.Skill }); i >= 0 {
			out[i].Level = max(out[i].Level, n.Level)
		} else {
			out = append(out, n)
		}
	}
	slices.SortFunc(out, func(a, b Need) int { return strings.Compare(string(a.Skill), string(b.Skill)) })
	return out
}

// Circle reports, as an error that names them, queues that overflow into each
// other once q is what it is now. all is the queues of the workspace.
func (q Queue) Circle(all map[ID]Queue) error {
	names := []string{q.Name}
	for at := q.Overflow.Queue; at != "" && len(names) <= MaxQueues; {
		if at == q.ID {
			return Circle(append(names, q.Name)...)
		}
		next := all[at]
		names, at = append(names, next.Name), next.Overflow.Queue
	}
	return nil
}

// apply returns what is asked for when the rung is reached.
func (r Rung) apply(needs []Need) []Need {
	var out []Need
	for _, n := range needs {
		if r.drops(n.Skill) {
			continue
		}
		for _, l := range r.Lower {
			if l.Skill == n.Skill {
				n.Level = min(n.Level, l.Level)
			}
		}
		out = append(out, n)
	}
	return out
}

func (r Rung) drops(s SkillID) bool { return slices.Contains(r.Drop, s) }
