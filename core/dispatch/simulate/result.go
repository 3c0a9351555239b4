package simulate

import (
	"math"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
)

// Result is what came of a run. Waits are those of customers until their first
// answer; who left before counts as not within the target.
type Result struct {
	Scenario string `json:"scenario,omitempty"`
	Way      string `json:"way"`
	Seed     uint64 `json:"seed"`

	All      Figures       `json:"all"`
	Queues   []QueueResult `json:"queues"`   // in the scenario's order
	Channels []QueueResult `json:"channels"` // those that somebody came by, by their names, in dispatch's order
	Agents   []AgentResult `json:"agents"`   // in the scenario's order
	Waits    []Band        `json:"waits"`    // how waits are spread
	Series   []Quarter     `json:"series"`   // by quarter of an hour, the warm-up too

	Occupancy float64 `json:"occupancy"` // mean over agents who were there
	Fairness  float64 `json:"fairness"`  // Jain's index of their occupancies: 1 = all equal
}

// Figures are of a set of customers.
type Figures struct {
	Arrived   int `json:"arrived"`
	Served    int `json:"served"` // answered, and with an agent to the end, of their talk or of the run
	Abandoned int `json:"abandoned"`
	Left      int `json:"left"` // waiting, or given and not answered, when the run ended

	Wait Spread `json:"wait"` // of those who were answered

	Within         float64 `json:"within"`          // share of those with a target who were answered within it
	WeightedWithin float64 `json:"weighted_within"` // the same, each customer counted by their queue's cost

	Missed       int     `json:"missed"`        // offers that nobody took
	Returned     int     `json:"returned"`      // customers given again after they were taken back
	ReturnedWait Spread  `json:"returned_wait"` // from then until they were given again
	PassedOver   int     `json:"passed_over"`   // given while an older one of the same queue and value waited whom the same agent could have had
	Known        int     `json:"known"`         // customers whom one agent knows
	Kept         float64 `json:"kept"`          // share of them who were given to that agent first
}

// Spread is of lengths of time, in seconds.
type Spread struct {
	Mean float64 `json:"mean_s"`
	P50  float64 `json:"p50_s"`
	P95  float64 `json:"p95_s"`
	Max  float64 `json:"max_s"`
}

// Band is how many customers were answered after so long: longer than the band
// before, and at most UpTo.
type Band struct {
	UpTo  float64 `json:"up_to_s,omitempty"` // 0 = however long; the last band
	Count int     `json:"count"`
}

// QueueResult is Figures of a queue.
type QueueResult struct {
	Name string `json:"name"`
	Figures
}

// AgentResult is what an agent did.
type AgentResult struct {
	Member    string  `json:"member"`
	Staff     string  `json:"staff"`
	There     float64 `json:"there_s"`   // after the warm-up
	Occupancy float64 `json:"occupancy"` // mean share of the budget in use while there
	Served    int     `json:"served"`
}

// Quarter is a quarter of an hour.
type Quarter struct {
	At        float64 `json:"at_s"` // its beginning
	Arrived   int     `json:"arrived"`
	Answered  int     `json:"answered"`    // of those who arrived then
	Due       int     `json:"due"`         // of those who arrived then: with a target
	Abandoned int     `json:"abandoned"`   // of those who arrived then
	MeanWait  float64 `json:"mean_wait_s"` // of those who arrived then and were answered
	Within    float64 `json:"within"`      // of those who arrived then
	Waiting   int     `json:"waiting"`     // at its end
	Busy      float64 `json:"busy"`        // share of the budget of everybody there, at its end
}

// tally is what a queue counts as it happens.
type tally struct {
	missed, passed int
	returned       []time.Duration
}

func (t *tally) add(o tally) {
	t.missed += o.missed
	t.passed += o.passed
	t.returned = append(t.returned, o.returned...)
}

func (t *tally) reoffer(c *customer, after time.Duration) {
	if c.counts {
		t.returned = append(t.returned, after)
	}
}

const quarterLength = 15 * time.Minute

// quarter is what is seen at the end of one.
type quarter struct {
	waiting int
	busy    float64
}

// measure plans a look at the end of each quarter of an hour.
func (f *floor) measure() {
	for at := time.Duration(0); at < f.length; at += quarterLength {
		q := &quarter{}
		f.quarters = append(f.quarters, q)
		f.book(min(at+quarterLength, f.length), func() error {
			q.busy, q.waiting = f.inUse(), f.waiting()
			if f.d.Len() != q.waiting {
				return broken(f.way + ": who waits is not who is in its index")
			}
			return nil
		})
	}
}

// inUse is the share of the budget of everybody at work that is in use.
func (f *floor) inUse() float64 {
	used, budget := 0, 0
	for _, a := range f.agents {
		if !a.working {
			continue
		}
		budget += a.Capacity
		if a.Exclusive {
			used += a.Capacity
		} else {
			used += a.Used
		}
	}
	return ratio(float64(used), float64(budget))
}

// waiting counts who waits.
func (f *floor) waiting() int {
	n := 0
	for _, s := range f.queues {
		for _, c := range s.all[s.oldest:] {
			if c.state == waiting {
				n++
			}
		}
	}
	return n
}

func (f *floor) result() Result {
	out := Result{Scenario: f.Name, Way: f.way, Seed: f.Seed}
	var everybody []*customer
	var all tally
	var by [dispatch.Channels][]*customer
	var tallies [dispatch.Channels]tally
	for _, s := range f.queues {
		counted := slices.DeleteFunc(slices.Clone(s.all), func(c *customer) bool { return !c.counts })
		out.Queues = append(out.Queues, QueueResult{s.Name, figures(counted, s.tally)})
		everybody = append(everybody, counted...)
		all.add(s.tally)
		c := s.channel
		by[c] = append(by[c], counted...)
		tallies[c].add(s.tally)
	}
	for c, customers := range by {
		if len(customers) > 0 {
			out.Channels = append(out.Channels, QueueResult{dispatch.Channel(c).String(), figures(customers, tallies[c])})
		}
	}
	out.All, out.Waits = figures(everybody, all), bands(everybody)
	var occupancies []float64
	for _, a := range f.agents {
		f.count(a)
		occupancy := ratio(a.busy, a.there.Seconds())
		if a.there > 0 {
			occupancies = append(occupancies, occupancy)
		}
		out.Agents = append(out.Agents, AgentResult{
			Member: string(a.Member), Staff: a.staff.Name,
			There: a.there.Seconds(), Occupancy: round(occupancy), Served: a.served,
		})
	}
	out.Occupancy, out.Fairness = round(mean(occupancies)), round(jain(occupancies))
	out.Series = f.series()
	return out
}

func figures(customers []*customer, t tally) Figures {
	out := Figures{Arrived: len(customers), Missed: t.missed, Returned: len(t.returned), PassedOver: t.passed, ReturnedWait: spread(t.returned)}
	var waits []time.Duration
	kept := 0
	var goal, reached, goalCost, reachedCost float64
	for _, c := range customers {
		switch {
		case c.state == waiting || c.state == ringing:
			out.Left++
		case c.answered:
			out.Served++
		default:
			out.Abandoned++
		}
		if c.answered {
			waits = append(waits, c.waited)
		}
		if c.friend != nil {
			out.Known++
			if c.met {
				kept++
			}
		}
		if c.Target == 0 {
			continue
		}
		cost := c.queue.Cost
		if cost == 0 {
			cost = 1
		}
		goal++
		goalCost += cost
		if c.within() {
			reached++
			reachedCost += cost
		}
	}
	out.Wait = spread(waits)
	out.Within, out.WeightedWithin = round(ratio(reached, goal)), round(ratio(reachedCost, goalCost))
	out.Kept = round(ratio(float64(kept), float64(out.Known)))
	return out
}

// series sorts customers into the quarters in which they came.
func (f *floor) series() []Quarter {
	out := make([]Quarter, len(f.quarters))
	waits, goals := make([][]float64, len(out)), make([][2]float64, len(out))
	for i, q := range f.quarters {
		out[i] = Quarter{At: (time.Duration(i) * quarterLength).Seconds(), Waiting: q.waiting, Busy: round(q.busy)}
	}
	for _, c := range f.customers {
		i := min(int(c.arrived/quarterLength), len(out)-1)
		out[i].Arrived++
		switch {
		case c.answered:
			waits[i] = append(waits[i], c.waited.Seconds())
		case c.state == through:
			out[i].Abandoned++
		}
		if c.Target > 0 {
			goals[i][0]++
			if c.within() {
				goals[i][1]++
			}
		}
	}
	for i := range out {
		out[i].Answered, out[i].Due = len(waits[i]), int(goals[i][0])
		out[i].MeanWait, out[i].Within = round(mean(waits[i])), round(ratio(goals[i][1], goals[i][0]))
	}
	return out
}

// bands sorts customers by how long they waited.
func bands(customers []*customer) []Band {
	ends := []float64{5, 15, 30, 60, 120, 300, 600, 1200, 3600, 0}
	out := make([]Band, len(ends))
	for i, end := range ends {
		out[i].UpTo = end
	}
	for _, c := range customers {
		if !c.answered {
			continue
		}
		i := slices.IndexFunc(ends, func(end float64) bool { return end == 0 || c.waited.Seconds() <= end })
		out[i].Count++
	}
	return out
}

func (c *customer) within() bool { return c.answered && c.waited <= c.Target }

func spread(of []time.Duration) Spread {
	if len(of) == 0 {
		return Spread{}
	}
	sorted := slices.Sorted(slices.Values(of))
	at := func(share float64) float64 { // nearest rank
		return sorted[max(int(math.Ceil(share*float64(len(sorted))))-1, 0)].Seconds()
	}
	sum := 0.0
	for _, d := range of {
		sum += d.Seconds()
	}
	return Spread{Mean: round(sum / float64(len(of))), P50: at(0.5), P95: at(0.95), Max: at(1)}
}

func mean(of []float64) float64 {
	sum := 0.0
	for _, v := range of {
		sum += v
	}
	return ratio(sum, float64(len(of)))
}

// jain is Jain's index of fairness: (sum x)^2 / (n * sum x^2); 1 for nothing.
func jain(of []float64) float64 {
	sum, squares := 0.0, 0.0
	for _, v := range of {
		sum += v
		squares += v * v
	}
	if squares == 0 {
		return 1
	}
	return sum * sum / (float64(len(of)) * squares)
}

func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

// round keeps six decimals: more would be noise.
func round(v float64) float64 { return math.Round(v*1e6) / 1e6 }
