package dispatch

import (
	"fmt"
	"time"
)

// Plan is a policy as data, as an administrator writes it: what an item is
// worth, who goes first and who is given it. The zero value is first come, first
// served, by whoever has been idle the longest; everything weighs one.
type Plan struct {
	Order  OrderPlan  `json:"order"`
	Agents ChoicePlan `json:"agents"`
	// Starvation is after how many times its target an item goes before all that
	// are not as late: 0 = 4, -1 = never, otherwise 1 to 100.
	Starvation float64                 `json:"starvation,omitempty"`
	Channels   map[Channel]ChannelPlan `json:"channels,omitempty"` // one that is not there: the zero value
	Values     []ValuePlan             `json:"values,omitempty"`   // at most 20, each value once
	Sticky     StickyPlan              `json:"sticky"`
}

// OrderPlan is the order of items.
type OrderPlan struct {
	// By is "" or "arrival" (FIFO), "value" (StrictPriority), "ageing" (Ageing),
	// "deadline" (Deadline) or "cost" (CMu).
	By     string `json:"by,omitempty"`
	BoostS int    `json:"boost_s,omitempty"` // of ageing: seconds of waiting that a unit of value is worth; 1 to 30 days
}

// ChoicePlan is the order of agents.
type ChoicePlan struct {
	By      string      `json:"by,omitempty"` // "" or "longest_idle", "least_loaded", "pack"
	Reserve ReservePlan `json:"reserve"`
}

// ReservePlan keeps agents who have nothing for exclusive channels; see Reserve.
type ReservePlan struct {
	Free     int       `json:"free,omitempty"` // how many; 0 to 1000
	Channels []Channel `json:"channels,omitempty"`
}

// ChannelPlan is what items of a channel take, and what is expected of them.
type ChannelPlan struct {
	Weight    int      `json:"weight,omitempty"`     // of the budget of an agent, for each; 0 = 1, at most 100
	Limit     int      `json:"limit,omitempty"`      // of an agent at once, who has none of their own: 0 = as the budget allows, -1 = given to nobody, at most 1000
	Exclusive bool     `json:"exclusive,omitempty"`  // takes a whole agent
	TargetS   int      `json:"target_s,omitempty"`   // seconds to the first answer, where the queue says nothing else; 0 = none, at most 30 days
	Cost      *float64 `json:"cost,omitempty"`       // of missing a target, beside other channels; none = 1, 0 = nothing, at most 1,000,000
	HandlingS int      `json:"handling_s,omitempty"` // mean seconds of an agent's time for one; 0 = 300, at most 7 days
}

// ValuePlan says what an item of a value costs beside an ordinary one.
type ValuePlan struct {
	Value int     `json:"value"` // 1 to 100
	Cost  float64 `json:"cost"`  // by how much more than value 0; 0 to 1,000,000. A value that is not listed: 1 + value
}

// StickyPlan is how long an item waits for the agent whom its customer knows,
// where its queue says nothing else.
type StickyPlan struct {
	ForS int `json:"for_s,omitempty"` // seconds; 0 = not at all, at most 7 days
}

// defaultStarvation is what a plan means where it says nothing.
const defaultStarvation = 4

// What OrderPlan.By and ChoicePlan.By say.
const (
	byArrival  = "arrival"
	byValue    = "value"
	byAgeing   = "ageing"
	byDeadline = "deadline"
	byCost     = "cost"

	byIdle = "longest_idle"
	byLoad = "least_loaded"
	byRoom = "pack"
)

// Policy compiles a plan that Check accepts.
func (p Plan) Policy() Policy {
	out := Policy{Items: p.items(), Agents: p.agents(), Match: BySkill{}, Starve: p.Starvation}
	switch {
	case p.Starvation == 0:
		out.Starve = defaultStarvation
	case p.Starvation < 0:
		out.Starve = 0
	}
	return out
}

func (p Plan) items() ItemPolicy {
	switch p.Order.By {
	case byValue:
		return StrictPriority{}
	case byAgeing:
		return Ageing{Boost: seconds(p.Order.BoostS)}
	case byDeadline:
		return Deadline{}
	case byCost:
		out := CMu{Values: map[int]float64{}}
		for c, ch := range p.Channels {
			out.Handling[c] = seconds(ch.HandlingS)
			if ch.Cost != nil {
				out.Costs[c] = *ch.Cost
				if *ch.Cost == 0 {
					out.Costs[c] = -1
				}
			}
		}
		for _, v := range p.Values {
			out.Values[v.Value] = v.Cost
		}
		return out
	default:
		return FIFO{}
	}
}

func (p Plan) agents() AgentPolicy {
	var out AgentPolicy = LongestIdle{}
	switch p.Agents.By {
	case byLoad:
		out = LeastLoaded{}
	case byRoom:
		out = Pack{}
	}
	if p.Agents.Reserve.Free == 0 {
		return out
	}
	reserve := Reserve{Among: out, Free: p.Agents.Reserve.Free}
	for _, c := range p.Agents.Reserve.Channels {
		reserve.For[c] = true
	}
	return reserve
}

// Shape returns an item with what the plan says of its channel: weight, whether
// it is exclusive, its target unless it has one, and for how long it waits for
// its agent, if it has one.
func (p Plan) Shape(it Item) Item {
	ch := p.Channels[it.Channel]
	it.Weight, it.Exclusive = max(ch.Weight, 1), ch.Exclusive
	it.StickyFor = p.Wait()
	return normal(p.Aim(it))
}

// Aim returns an item with the target that the plan says of its channel, unless
// it has one.
func (p Plan) Aim(it Item) Item {
	if it.Target == 0 {
		it.Target = seconds(p.Channels[it.Channel].TargetS)
	}
	return it
}

// Wait returns how long an item waits for the agent whom its customer knows,
// where its queue says nothing else; 0 = not at all.
func (p Plan) Wait() time.Duration { return seconds(p.Sticky.ForS) }

// Limits returns how many items of each channel an agent is given at once,
// where nothing else is said of them; see Agent.Limits.
func (p Plan) Limits() PerChannel {
	var out PerChannel
	for c, ch := range p.Channels {
		out[c] = ch.Limit
	}
	return out
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }

// MarshalText implements encoding.TextMarshaler: the channel's name.
func (c Channel) MarshalText() ([]byte, error) {
	if int(c) >= Channels {
		return nil, fmt.Errorf("there is no %v", c)
	}
	return []byte(c.String()), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (c *Channel) UnmarshalText(text []byte) error {
	found, ok := ParseChannel(string(text))
	if !ok {
		return fmt.Errorf("%q is no channel", text)
	}
	*c = found
	return nil
}
