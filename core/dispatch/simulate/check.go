package simulate

import (
	"fmt"
	"math"
	"strconv"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/errs"
)

// What one run may be: some minutes of one processor at most.
const (
	MaxLength    = Seconds(31 * 24 * 3600)
	MaxQueues    = 200
	MaxOutages   = 1_000
	MaxAgents    = 5_000
	MaxCustomers = 1_000_000
	maxPoints    = 10_000
	maxRungs     = 10
	maxBudget    = 1_000
	maxName      = 100
)

// CodeScenario is the code of a scenario that Check refuses.
const CodeScenario = "simulation.scenario"

// refusals are what is wrong, by JSON pointer.
type refusals struct{ errs.Refusals }

func (r *refusals) span(pointer string, v, least, most Seconds) {
	if math.IsNaN(float64(v)) || v < least || v > most {
		r.Refuse(pointer, "out_of_range", fmt.Sprintf("must be from %g to %g seconds", float64(least), float64(most)))
	}
}

func (r *refusals) number(pointer string, v, least, most float64) {
	if math.IsNaN(v) || v < least || v > most {
		r.Refuse(pointer, "out_of_range", fmt.Sprintf("must be from %g to %g", least, most))
	}
}

func (r *refusals) name(pointer, name string, seen map[string]bool) {
	switch {
	case name == "" || len(name) > maxName:
		r.Refuse(pointer, "out_of_range", fmt.Sprintf("must have 1 to %d bytes", maxName))
	case seen[name]:
		r.Refuse(pointer, "duplicate", "must be used once")
	}
	seen[name] = true
}

// Check refuses what cannot be played: Invalid, CodeScenario, every wrong value
// named by its JSON pointer.
func (s Scenario) Check() error {
	r := &refusals{}
	r.span("/length_s", s.Length, 1, MaxLength)
	r.span("/warm_up_s", s.WarmUp, 0, s.Length)
	queues := map[string]bool{}
	if len(s.Queues) == 0 || len(s.Queues) > MaxQueues {
		r.Refuse("/queues", "out_of_range", fmt.Sprintf("must be 1 to %d", MaxQueues))
	} else {
		for i, q := range s.Queues {
			q.check(r, at("/queues", i), s.Length, queues)
		}
	}
	s.checkStaff(r)
	s.checkArrivals(r, queues)
	r.number("/offers/missed", s.Offers.Missed, 0, 0.95)
	if s.Offers.Missed > 0 {
		r.span("/offers/ring_s", s.Offers.Ring, 1, 3600)
	}
	if len(s.Outages) > MaxOutages {
		r.Refuse("/outages", "too_long", fmt.Sprintf("has more than %d", MaxOutages))
	}
	for i, o := range s.Outages {
		p := at("/outages", i)
		r.span(p+"/at_s", o.At, 0, s.Length)
		r.number(p+"/share", o.Share, 0, 1)
		r.span(p+"/lease_s", o.Lease, 0, MaxLength)
		if o.For != 0 {
			r.span(p+"/for_s", o.For, o.Lease, MaxLength)
		}
	}
	return r.Refused(CodeScenario, "The scenario cannot be played.")
}

func (q Queue) check(r *refusals, p string, length Seconds, seen map[string]bool) {
	r.name(p+"/name", q.Name, seen)
	if q.Channel != "" {
		if _, ok := dispatch.ParseChannel(q.Channel); !ok {
			r.Refuse(p+"/channel", "enum", "must be chat, message, mail, ticket or voice")
		}
	}
	q.Skills.check(r, p+"/skills")
	if len(q.Ladder) > maxRungs {
		r.Refuse(p+"/ladder", "too_long", fmt.Sprintf("has more than %d rungs", maxRungs))
	}
	for i, g := range q.Ladder {
		r.span(at(p+"/ladder", i)+"/after_s", g.After, 0, MaxLength)
		g.Skills.check(r, at(p+"/ladder", i)+"/skills")
	}
	r.span(p+"/target_s", q.Target, 0, MaxLength)
	r.number(p+"/value", float64(q.Value), 0, 1_000)
	r.number(p+"/cost", q.Cost, 0, 1e6)
	r.span(p+"/patience_s", q.Patience, 0, MaxLength)
	r.number(p+"/known", q.Known, 0, 1)
	q.Traffic.check(r, p+"/traffic", length)
	q.Handling.check(r, p+"/handling")
}

func (t Traffic) check(r *refusals, p string, length Seconds) {
	const most = 1e6
	r.number(p+"/per_hour", t.PerHour, 0, most)
	if len(t.Curve) > maxPoints {
		r.Refuse(p+"/curve", "too_long", fmt.Sprintf("has more than %d points", maxPoints))
		return
	}
	last := Seconds(-1)
	for i, c := range t.Curve {
		r.span(at(p+"/curve", i)+"/at_s", c.At, 0, length)
		if c.At <= last {
			r.Refuse(at(p+"/curve", i)+"/at_s", "order", "must be later than the point before")
		}
		last = c.At
		r.number(at(p+"/curve", i)+"/per_hour", c.PerHour, 0, most)
	}
}

func (h Handling) check(r *refusals, p string) {
	r.span(p+"/mean_s", h.Mean, 0.001, 30*24*3600)
	switch h.Law {
	case "", Exponential, Fixed:
	case Lognormal:
		r.number(p+"/cv", h.CV, 0.01, 10)
	default:
		r.Refuse(p+"/law", "enum", "must be exponential, lognormal or fixed")
	}
}

func (s Skills) check(r *refusals, p string) {
	for _, skill := range s.list() {
		if skill.Level < 1 || skill.Level > 5 {
			r.Refuse(p+"/"+skill.ID, "out_of_range", "must be from 1 to 5")
		}
	}
}

func (s Scenario) checkStaff(r *refusals) {
	agents, seen := 0, map[string]bool{}
	for i, st := range s.Staff {
		p := at("/staff", i)
		r.name(p+"/name", st.Name, seen)
		r.number(p+"/count", float64(st.Count), 0, MaxAgents)
		r.number(p+"/budget", float64(st.Budget), 0, maxBudget)
		st.Skills.check(r, p+"/skills")
		for name, n := range st.Limits {
			if _, ok := dispatch.ParseChannel(name); !ok {
				r.Refuse(p+"/limits/"+name, "enum", "must be chat, message, mail, ticket or voice")
			}
			r.number(p+"/limits/"+name, float64(n), dispatch.Never, maxBudget)
		}
		for j, sh := range st.Shifts {
			r.span(at(p+"/shifts", j)+"/from_s", sh.From, 0, MaxLength)
			r.span(at(p+"/shifts", j)+"/to_s", sh.To, sh.From, MaxLength)
		}
		agents += max(st.Count, 1)
	}
	if agents == 0 || agents > MaxAgents {
		r.Refuse("/staff", "out_of_range", fmt.Sprintf("must be 1 to %d agents in all", MaxAgents))
	}
}

func (s Scenario) checkArrivals(r *refusals, queues map[string]bool) {
	customers := float64(len(s.Arrivals))
	for _, q := range s.Queues {
		customers += q.Traffic.total(float64(s.Length))
	}
	if customers > MaxCustomers {
		r.Refuse("/queues", "too_many", fmt.Sprintf("up to %.0f customers would come; %d are the most", customers, MaxCustomers))
		return
	}
	for i, a := range s.Arrivals {
		p := at("/arrivals", i)
		r.span(p+"/at_s", a.At, 0, s.Length)
		if !queues[a.Queue] {
			r.Refuse(p+"/queue", "unknown", "must be the name of a queue")
		}
		r.number(p+"/value", float64(a.Value), 0, 1_000)
		r.span(p+"/handling_s", a.Handling, 0, 30*24*3600)
		r.span(p+"/patience_s", a.Patience, 0, MaxLength)
		r.span(p+"/waited_s", a.Waited, 0, MaxLength)
	}
}

func at(pointer string, i int) string { return pointer + "/" + strconv.Itoa(i) }
