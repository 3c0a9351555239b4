package simulate_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/dispatch/simulate"
)

// equalAgents is M/M/50: what queueing theory knows exactly.
func equalAgents(load, patience, length, warmUp float64) (simulate.Scenario, float64) {
	perSecond := load * 50 / 180
	return simulate.Scenario{
		Length: simulate.Seconds(length), WarmUp: simulate.Seconds(warmUp),
		Queues: []simulate.Queue{{
			Name: "calls", Target: 20, Traffic: simulate.Traffic{PerHour: perSecond * 3600},
			Handling: simulate.Handling{Mean: 180}, Patience: simulate.Seconds(patience),
		}},
		Staff: []simulate.Staff{{Name: "agents", Count: 50}},
	}, perSecond
}

// S1: the engine beside Erlang C. One run of 8 hours would have a standard
// error of some 50 % at load 0.95, so runs are long: 1,000,000 seconds.
func TestS1ErlangC(t *testing.T) {
	bound := pick(0.05, 0.2)
	for _, load := range []float64{0.8, 0.9, 0.95} {
		s, perSecond := equalAgents(load, 0, pick(1e6, 1e5), pick(2e4, 5e3))
		theory := simulate.ErlangC(50, perSecond, 180)
		results := runs(t, s, fifo(), pick(40, 16))
		their := others(t, s, dispatch.Plan{}, 2)
		wait := over(results, meanWait().of)
		en, zh := fmt.Sprintf("50 equal agents, load %g, Erlang C", load), fmt.Sprintf("50 名相同客服，负载 %g，Erlang C", load)
		row{
			id: "S1", en: en, zh: zh, measure: meanWait(), reference: inSeconds(theory.MeanWait), ours: wait,
			markEN: "within 5 %", markZH: "误差 5 % 以内", pass: near(wait.mean, theory.MeanWait, bound),
		}.add(t, their)
		share := withinTarget("served in 20 s", "20 秒内接起")
		served := over(results, share.of)
		row{
			id: "S1", en: en, zh: zh, measure: share, reference: inPercent(theory.Within(20)), ours: served,
			markEN: "within 5 %", markZH: "误差 5 % 以内", pass: near(served.mean, theory.Within(20), bound),
		}.add(t, their)
	}
}

// S2: customers who leave after two minutes on average, beside Erlang A. Who
// leaves makes the queue forget faster, so that runs may be shorter.
func TestS2ErlangA(t *testing.T) {
	for _, load := range []float64{0.95, 1.05, 1.2} {
		s, perSecond := equalAgents(load, 120, pick(3e5, 5e4), pick(5e3, 3e3))
		theory := simulate.ErlangA(50, perSecond, 180, 120)
		left := over(runs(t, s, fifo(), pick(40, 8)), abandoned().of)
		row{
			id: "S2", en: fmt.Sprintf("patience of 120 s, load %g, Erlang A", load), zh: fmt.Sprintf("平均耐心 120 秒，负载 %g，Erlang A", load),
			measure: abandoned(), reference: inPercent(theory.Abandoned), ours: left,
			markEN: "within 5 %", markZH: "误差 5 % 以内", pass: near(left.mean, theory.Abandoned, pick(0.05, 0.1)),
		}.add(t, others(t, s, dispatch.Plan{}, 2))
	}
}

// Three agents forget fast, so that a short run is exact enough to see an agent
// more or less, a place too few, or a customer who was forgotten.
func TestFewAgents(t *testing.T) {
	t.Parallel()
	const perSecond, handling, patience = 0.21, 10.0, 30.0
	for _, c := range []struct {
		patience float64
		theory   simulate.Theory
	}{{0, simulate.ErlangC(3, perSecond, handling)}, {patience, simulate.ErlangA(3, perSecond, handling, patience)}} {
		s := simulate.Scenario{
			Length: 2e5, WarmUp: 1e3,
			Queues: []simulate.Queue{{
				Name: "calls", Traffic: simulate.Traffic{PerHour: perSecond * 3600}, Handling: simulate.Handling{Mean: handling}, Patience: simulate.Seconds(c.patience),
			}},
			Staff: []simulate.Staff{{Name: "agents", Count: 3}},
		}
		for _, way := range []simulate.Way{fifo(), simulate.LeastLoaded(dispatch.Plan{})} {
			results := runs(t, s, way, 6)
			left := over(results, abandoned().of).mean
			if c.patience > 0 && !near(left, c.theory.Abandoned, 0.03) {
				t.Errorf("%s: %v abandoned, want %v", way.Name, left, c.theory.Abandoned)
			}
			if wait := over(results, meanWait().of).mean; c.patience == 0 && !near(wait, c.theory.MeanWait, 0.03) {
				t.Errorf("%s: waited %v, want %v", way.Name, wait, c.theory.MeanWait)
			}
			busy := over(results, func(r simulate.Result) float64 { return r.Occupancy }).mean
			if want := perSecond * handling / 3 * (1 - left); !near(busy, want, 0.02) {
				t.Errorf("%s: occupancy %v, want %v", way.Name, busy, want)
			}
		}
	}
}

// The formulas beside values that others published or that follow by hand.
func TestTheory(t *testing.T) {
	t.Parallel()
	is := func(what string, got, want, by float64) {
		if math.IsNaN(got) || math.Abs(got-want) > by {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	one := simulate.ErlangC(1, 0.5, 1) // M/M/1: delayed = load, wait = load/(1-load)
	is("M/M/1 delayed", one.Delayed, 0.5, 1e-12)
	is("M/M/1 wait", one.MeanWait, 1, 1e-12)
	is("M/M/1 within 2", one.Within(2), 1-0.5*math.Exp(-1), 1e-12)
	is("M/M/2 delayed", simulate.ErlangC(2, 1, 1).Delayed, 1.0/3, 1e-12) // load 1: 2a²/... = 1/3
	is("Erlang C(90, 84)", simulate.ErlangC(90, 84.0/600, 600).MeanWait, 41.2, 0.05)
	if over := simulate.ErlangC(10, 11, 1); !math.IsInf(over.MeanWait, 1) || over.Within(20) > 1e-9 {
		t.Errorf("overload: %+v", over)
	}
	// Patience as long as handling: the number there is Poisson, whatever the agents.
	poisson := simulate.ErlangA(1, 2, 1, 1)
	is("M/M/1+M delayed", poisson.Delayed, 1-math.Exp(-2), 1e-9)
	is("M/M/1+M abandoned", poisson.Abandoned, (2-(1-math.Exp(-2)))/2, 1e-9) // load - busy, of the load
	// Nearly endless patience is Erlang C.
	c, a := simulate.ErlangC(50, 0.9*50/180, 180), simulate.ErlangA(50, 0.9*50/180, 180, 1e9)
	is("patience without end, delayed", a.Delayed, c.Delayed, 1e-5)
	is("patience without end, wait", a.MeanWait, c.MeanWait, 1e-3)
	if !math.IsNaN(a.Within(20)) {
		t.Error("Erlang A has no such closed form")
	}
}
