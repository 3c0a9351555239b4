// Package routing is a workspace's ordered list of rules that say where a
// conversation waits that enters the queue for the first time, and how urgent it
// is (docs/adr/0057-routing-rules.md).
package routing

import (
	"encoding/json"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/filter/rules"
	"github.com/patchbay-im/patchbay/core/queue"
)

// MaxRules bounds the rules of a workspace.
const MaxRules = 100

// CodeRules is the code of rules that are refused.
const CodeRules = "routing.rules"

// Document is a workspace's rules as they are kept.
type Document struct {
	Revision uint64 // grows with each change; 0 = there were never any
	Zone     string // an IANA time zone: of hours and weekdays; "" = UTC
	List     []Kept // in their order
	At       time.Time
}

// Kept is a rule as it is kept, and as the audit log and the API have it: its
// conditions may ask about what is not there any more.
type Kept struct {
	ID      string          `json:"id"`
	Name    string          `json:"name"`
	Enabled bool            `json:"enabled"`
	When    json.RawMessage `json:"when"`
	Then    Effects         `json:"then"`
}

// Effects are what a rule does.
type Effects struct {
	Queue    queue.ID              `json:"queue_id,omitempty"` // "" = it waits where it would
	Priority conversation.Priority `json:"priority,omitempty"` // "" = as it is
	Skills   []Need                `json:"skills,omitempty"`   // beside those of its queue; by skill, each once
	Value    int                   `json:"value,omitempty"`    // instead of its queue's; 0 = that
}

// Need is a skill with the least level that is asked for.
type Need struct {
	Skill queue.SkillID `json:"skill_id"`
	Level int           `json:"level"`
}

// Demand is what effects ask of who is given a conversation.
func (e Effects) Demand() conversation.Demand {
	out := conversation.Demand{Value: e.Value}
	for _, n := range e.Skills {
		out.Needs = append(out.Needs, queue.Need(n))
	}
	return out
}

type (
	// Rule is conditions over Fields, and what is done where they hold.
	Rule = rules.Rule[Effects]
	// Draft is a rule as it is to be.
	Draft = rules.Draft[Effects]
	// Trial is what a conversation would make of one rule.
	Trial = rules.Trial[Effects]
)

// keep returns a rule as it is kept.
func keep(r Rule) Kept {
	when, _ := json.Marshal(r.When) // a checked tree always marshals
	return Kept{ID: r.ID, Name: r.Name, Enabled: r.Enabled, When: when, Then: r.Then}
}

// text is a rule as the audit log has it.
func text(r Rule) string {
	out, _ := json.Marshal(keep(r)) // as above
	return string(out)
}

// Changed is the answer to a change of rules that somebody else has changed since.
func Changed() *errs.Error {
	return errs.New(errs.Conflict, "routing.stale", "Somebody else changed the rules meanwhile. Look at them again.")
}
