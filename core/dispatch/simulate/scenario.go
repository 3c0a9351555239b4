package simulate

import (
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
)

// Seconds is a length of time, or a time since the start, as it stands in
// files. It counts by the millisecond.
type Seconds float64

// Duration returns s as a duration.
func (s Seconds) Duration() time.Duration { return seconds(float64(s)) }

// Scenario is what is played: who comes, and who is there to serve them.
type Scenario struct {
	Name     string    `json:"name,omitempty"`
	Length   Seconds   `json:"length_s"`            // customers come from 0 until then
	WarmUp   Seconds   `json:"warm_up_s,omitempty"` // who comes before is served, and counted nowhere
	Seed     uint64    `json:"seed,omitempty"`
	Queues   []Queue   `json:"queues"`
	Staff    []Staff   `json:"staff"`
	Arrivals []Arrival `json:"arrivals,omitempty"` // recorded, beside what the queues' traffic draws
	Offers   Offers    `json:"offers,omitzero"`
	Outages  []Outage  `json:"outages,omitempty"`
}

// Queue is a stream of customers who ask for the same.
type Queue struct {
	Name     string   `json:"name"`
	Channel  string   `json:"channel,omitempty"`  // "" = chat; see dispatch.Channel
	Group    string   `json:"group,omitempty"`    // agents of this group; "" = of any
	Skills   Skills   `json:"skills,omitempty"`   // that an agent must have, at least at the level
	Ladder   []Rung   `json:"ladder,omitempty"`   // who else may serve, after so long waiting
	Target   Seconds  `json:"target_s,omitempty"` // for the first answer; 0 = the plan's of the channel
	Value    int      `json:"value,omitempty"`    // 0 = ordinary; a larger one is worth more, as the policy says
	Cost     float64  `json:"cost,omitempty"`     // how much a customer counts in WeightedWithin; 0 = 1
	Traffic  Traffic  `json:"traffic,omitzero"`
	Handling Handling `json:"handling,omitzero"`
	Patience Seconds  `json:"patience_s,omitempty"` // mean, exponential; 0 = nobody leaves
	Known    float64  `json:"known,omitempty"`      // share of the customers whom one agent knows, drawn among those who may serve them

	// Exclusive says that each customer takes a whole agent, whatever the policy
	// says of the channel.
	Exclusive bool `json:"exclusive,omitempty"`
}

// Skills is levels, 1 to 5, by skill.
type Skills map[string]int

// Rung widens who may serve.
type Rung struct {
	After  Seconds `json:"after_s"`
	Group  string  `json:"group,omitempty"`
	Skills Skills  `json:"skills,omitempty"`
}

// Traffic is a Poisson stream.
type Traffic struct {
	PerHour float64 `json:"per_hour,omitempty"` // all along, unless there is a curve
	Curve   []Point `json:"curve,omitempty"`    // straight lines between points; before the first and after the last it is level
}

// Point is a rate at a time.
type Point struct {
	At      Seconds `json:"at_s"`
	PerHour float64 `json:"per_hour"`
}

// Law is a distribution of handling times.
type Law string

// The laws.
const (
	Exponential Law = "exponential"
	Lognormal   Law = "lognormal" // what measured handling times look like
	Fixed       Law = "fixed"
)

// Handling is how long an agent has a customer.
type Handling struct {
	Law  Law     `json:"law,omitempty"` // "" = exponential
	Mean Seconds `json:"mean_s"`
	CV   float64 `json:"cv,omitempty"` // lognormal: standard deviation / mean
}

// Staff is agents of the same kind.
type Staff struct {
	Name   string         `json:"name"`
	Count  int            `json:"count,omitempty"` // 0 = 1
	Groups []string       `json:"groups,omitempty"`
	Skills Skills         `json:"skills,omitempty"`
	Budget int            `json:"budget,omitempty"` // weight of work at once; 0 = 1
	Limits map[string]int `json:"limits,omitempty"` // items at once, by channel; -1 = none, 0 or not named = as the plan says
	Shifts []Shift        `json:"shifts,omitempty"` // none = there all along
	Kind   string         `json:"kind,omitempty"`   // of staff that differs in breaks only; nothing is decided by it
}

// Shift is a time at work. At its end agents finish what they have and are
// given nothing more.
type Shift struct {
	From Seconds `json:"from_s"`
	To   Seconds `json:"to_s"`
}

// Arrival is a customer who was recorded. What is zero is drawn as the queue's
// traffic would.
type Arrival struct {
	At       Seconds `json:"at_s"`
	Queue    string  `json:"queue"`
	Value    int     `json:"value,omitempty"`
	Handling Seconds `json:"handling_s,omitempty"`
	Patience Seconds `json:"patience_s,omitempty"`
	// Waited is how long they waited at least without leaving: what is drawn of
	// their patience comes on top of it.
	Waited Seconds `json:"waited_s,omitempty"`
}

// Offers is how agents answer. A missed one rings until its end, holds the
// agent meanwhile, and is kept from them for a minute; the customer waits again
// with their first arrival.
type Offers struct {
	Missed float64 `json:"missed,omitempty"` // share of offers that nobody takes
	Ring   Seconds `json:"ring_s,omitempty"`
}

// Outage makes agents vanish who are at work: their work is taken back when
// their lease has run out, and begins again with somebody else.
type Outage struct {
	At    Seconds `json:"at_s"`
	Share float64 `json:"share"`           // of those at work, drawn
	Lease Seconds `json:"lease_s"`         // until it is noticed
	For   Seconds `json:"for_s,omitempty"` // until they are back, at least as long as the lease; 0 = never
}

func (s Skills) list() []dispatch.Skill {
	out := make([]dispatch.Skill, 0, len(s))
	for id, level := range s {
		out = append(out, dispatch.Skill{ID: id, Level: level})
	}
	slices.SortFunc(out, func(a, b dispatch.Skill) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	return out
}

func (q Queue) class() dispatch.Class {
	return dispatch.ClassOf(dispatch.Requirement{Group: q.Group, Skills: q.Skills.list()})
}

func (q Queue) ladder() []dispatch.Rung {
	var out []dispatch.Rung
	for _, r := range q.Ladder {
		class := dispatch.ClassOf(dispatch.Requirement{Group: r.Group, Skills: r.Skills.list()})
		out = append(out, dispatch.Rung{After: r.After.Duration(), Class: class})
	}
	return out
}

// ChannelName returns the name of the queue's channel.
func (q Queue) ChannelName() string { return q.channel().String() }

func (q Queue) channel() dispatch.Channel {
	c, _ := dispatch.ParseChannel(q.Channel)
	return c
}

// limits are those of a plan but for what the staff has of its own.
func (s Staff) limits(out dispatch.PerChannel) dispatch.PerChannel {
	for name, n := range s.Limits {
		if c, ok := dispatch.ParseChannel(name); ok && n != 0 {
			out[c] = n
		}
	}
	return out
}

// on reports whether a member of the staff is at work at a time.
func (s Staff) on(at time.Duration) bool {
	if len(s.Shifts) == 0 {
		return true
	}
	return slices.ContainsFunc(s.Shifts, func(sh Shift) bool {
		return sh.From.Duration() <= at && at < sh.To.Duration()
	})
}
