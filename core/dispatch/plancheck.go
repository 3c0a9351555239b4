package dispatch

import (
	"fmt"
	"slices"
	"strings"

	"github.com/patchbay-im/patchbay/core/errs"
)

// Warning is something that a plan can say and its author may not mean.
type Warning struct {
	Pointer string `json:"pointer"` // JSON pointer into the plan
	Code    string `json:"code"`    // one of the codes below
	Detail  string `json:"detail"`  // a sentence that may be shown
}

// Codes of warnings.
const (
	WarnStarves      = "starves"       // some items may wait for ever
	WarnTooHeavy     = "too_heavy"     // no agent has such a budget
	WarnToNobody     = "to_nobody"     // nobody is given items of the channel
	WarnNotExclusive = "not_exclusive" // agents are kept for a channel that does not need them
)

// Bounds of a plan's numbers.
const (
	maxCost     = 1e6
	maxPlanWait = 30 * 24 * 3600 // seconds
	maxPlanWork = 7 * 24 * 3600
	maxValues   = 20
)

// planCheck collects what is wrong with a plan.
type planCheck struct{ errs.Refusals }

func (c *planCheck) within(pointer string, n, low, high float64) {
	if !(n >= low && n <= high) {
		c.Refuse(pointer, "range", fmt.Sprintf("must be from %.10g to %.10g", low, high))
	}
}

// orZero is within for what 0 leaves as it is.
func (c *planCheck) orZero(pointer string, n, low, high float64) {
	if n != 0 && !(n >= low && n <= high) {
		c.Refuse(pointer, "range", fmt.Sprintf("must be 0, or from %.10g to %.10g", low, high))
	}
}

func (c *planCheck) oneOf(pointer, s string, known ...string) {
	if s != "" && !slices.Contains(known, s) {
		c.Refuse(pointer, "enum", "must be one of "+strings.Join(known, ", "))
	}
}

// Check refuses a plan that cannot be, naming every wrong field, and warns of
// what its author may not mean. budgets are those of the agents, where they are
// known.
func (p Plan) Check(budgets ...int) ([]Warning, error) {
	var c planCheck
	c.oneOf("/order/by", p.Order.By, byArrival, byValue, byAgeing, byDeadline, byCost)
	if p.Order.By == byAgeing && p.Order.BoostS == 0 {
		c.Refuse("/order/boost_s", "required", "is needed to order by ageing")
	}
	c.within("/order/boost_s", float64(p.Order.BoostS), 0, maxPlanWait)
	c.oneOf("/agents/by", p.Agents.By, byIdle, byLoad, byRoom)
	c.within("/agents/reserve/free", float64(p.Agents.Reserve.Free), 0, 1000)
	for i, ch := range p.Agents.Reserve.Channels {
		at := fmt.Sprintf("/agents/reserve/channels/%d", i)
		c.known(at, ch)
		if slices.Contains(p.Agents.Reserve.Channels[:i], ch) {
			c.Refuse(at, "twice", "is named twice")
			break
		}
	}
	if p.Starvation != Never {
		c.orZero("/starvation", p.Starvation, 1, 100)
	}
	for ch, plan := range p.Channels {
		c.channel("/channels/"+ch.String(), ch, plan)
	}
	c.values(p.Values)
	c.within("/sticky/for_s", float64(p.Sticky.ForS), 0, maxPlanWork)
	slices.SortStableFunc(c.Fields, func(a, b errs.Field) int { return strings.Compare(a.Pointer, b.Pointer) })
	if err := c.Refused("dispatch.plan", "The policy is not accepted; fields says why."); err != nil {
		return nil, err
	}
	return p.warnings(budgets), nil
}

func (c *planCheck) known(pointer string, ch Channel) {
	if int(ch) >= Channels {
		c.Refuse(pointer, "enum", "is no channel")
	}
}

func (c *planCheck) channel(at string, ch Channel, p ChannelPlan) {
	c.known(at, ch)
	c.orZero(at+"/weight", float64(p.Weight), 1, 100)
	c.within(at+"/limit", float64(p.Limit), Never, 1000)
	c.within(at+"/target_s", float64(p.TargetS), 0, maxPlanWait)
	c.within(at+"/handling_s", float64(p.HandlingS), 0, maxPlanWork)
	if p.Cost != nil {
		c.within(at+"/cost", *p.Cost, 0, maxCost)
	}
}

func (c *planCheck) values(all []ValuePlan) {
	if len(all) > maxValues {
		c.Refuse("/values", "too_many", fmt.Sprintf("has more than %d entries", maxValues))
	}
	for i, v := range all {
		at := fmt.Sprintf("/values/%d", i)
		c.within(at+"/value", float64(v.Value), 1, 100)
		c.within(at+"/cost", v.Cost, 0, maxCost)
		if slices.ContainsFunc(all[:i], func(o ValuePlan) bool { return o.Value == v.Value }) {
			c.Refuse(at+"/value", "taken", "is there twice")
		}
	}
}

// warnings returns what may not be meant, in the order of the channels.
func (p Plan) warnings(budgets []int) []Warning {
	var out []Warning
	if p.Order.By == byValue && p.Starvation == Never {
		out = append(out, Warning{"/order/by", WarnStarves, "Ordinary items may wait for ever while more valuable ones keep coming."})
	}
	for ch := range Channel(Channels) {
		out = append(out, p.channelWarnings("/channels/"+ch.String(), p.Channels[ch], budgets)...)
	}
	for i, ch := range p.Agents.Reserve.Channels {
		if !p.Channels[ch].Exclusive {
			out = append(out, Warning{
				fmt.Sprintf("/agents/reserve/channels/%d", i), WarnNotExclusive,
				"Items of this channel do not take a whole agent, so nobody need be kept for them.",
			})
		}
	}
	for i, v := range p.Values {
		if p.Order.By == byCost && v.Cost == 0 && p.Starvation == Never {
			out = append(out, Warning{fmt.Sprintf("/values/%d/cost", i), WarnStarves, costsNothing})
		}
	}
	return out
}

const costsNothing = "What costs nothing is served only while nothing else waits."

func (p Plan) channelWarnings(at string, ch ChannelPlan, budgets []int) []Warning {
	var out []Warning
	guarded := p.Starvation != Never && ch.TargetS > 0
	if p.Order.By == byValue && p.Starvation != Never && !guarded {
		out = append(out, Warning{
			at + "/target_s", WarnStarves,
			"Without a target, here or in its queue, an ordinary item may wait for ever while more valuable ones keep coming.",
		})
	}
	if p.Order.By == byCost && ch.Cost != nil && *ch.Cost == 0 && !guarded {
		out = append(out, Warning{at + "/cost", WarnStarves, costsNothing})
	}
	if len(budgets) > 0 && max(ch.Weight, 1) > slices.Max(budgets) {
		out = append(out, Warning{at + "/weight", WarnTooHeavy, fmt.Sprintf("No agent has such a budget: the largest is %d.", slices.Max(budgets))})
	}
	if ch.Limit == Never {
		out = append(out, Warning{at + "/limit", WarnToNobody, "Nobody is given items of this channel, unless their own settings say so."})
	}
	return out
}
