package simulate_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/dispatch/simulate"
	"github.com/patchbay-im/patchbay/core/errs"
)

func play(t *testing.T, s simulate.Scenario, way simulate.Way) simulate.Result {
	t.Helper()
	r, err := simulate.Run(t.Context(), s, way)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// recorded is customers of one queue who come and take as told, in seconds, and one agent.
func recorded(customers ...[2]float64) simulate.Scenario {
	s := simulate.Scenario{
		Length: 3600, Queues: []simulate.Queue{{Name: "q", Target: 20, Handling: simulate.Handling{Mean: 60}}},
		Staff: []simulate.Staff{{Name: "agents", Count: 1}},
	}
	for _, c := range customers {
		s.Arrivals = append(s.Arrivals, simulate.Arrival{At: simulate.Seconds(c[0]), Queue: "q", Handling: simulate.Seconds(c[1])})
	}
	return s
}

// A small day, worked out by hand.
func TestByHand(t *testing.T) {
	t.Parallel()
	r := play(t, recorded([2]float64{0, 100}, [2]float64{10, 50}, [2]float64{20, 30}, [2]float64{1000, 60}), fifo())
	want := simulate.Spread{Mean: (0 + 90 + 130 + 0) / 4.0, P50: 0, P95: 130, Max: 130}
	if r.All.Wait != want || r.All.Within != 0.5 || r.All.Served != 4 || r.All.Left != 0 {
		t.Errorf("%+v", r.All)
	}
	if busy := 240.0 / 3600; !near(r.Occupancy, busy, 1e-4) || r.Agents[0].Served != 4 {
		t.Errorf("occupancy %v, want %v", r.Occupancy, busy)
	}
	if q := r.Series; q[0].Answered != 3 || q[0].Due != 3 || q[2].Answered != 0 || q[2].Due != 0 {
		t.Errorf("of each quarter: %+v", q)
	}
	if w := r.Waits; w[0] != (simulate.Band{UpTo: 5, Count: 2}) || w[4] != (simulate.Band{UpTo: 120, Count: 1}) || w[5] != (simulate.Band{UpTo: 300, Count: 1}) || w[len(w)-1].UpTo != 0 {
		t.Errorf("waits: %+v", w)
	}
	if q := r.Series; len(q) != 4 || q[0].Arrived != 3 || q[1].Arrived != 1 || !near(q[0].MeanWait, 220.0/3, 1e-5) {
		t.Errorf("%+v", q)
	}
	for i, way := range baselines(dispatch.Plan{}) {
		longest := []float64{130, 880, 130}[i] // the poll looks at 300, 600 and 900
		if r := play(t, recorded([2]float64{0, 100}, [2]float64{10, 50}, [2]float64{20, 30}), way); r.All.Wait.Max != longest {
			t.Errorf("%s: the longest wait was %v, want %v", way.Name, r.All.Wait.Max, longest)
		}
	}
}

// One who is not answered in time leaves; one who is does not.
func TestPatience(t *testing.T) {
	t.Parallel()
	s := recorded([2]float64{0, 100}, [2]float64{10, 50}, [2]float64{20, 30})
	s.Arrivals[1].Patience, s.Arrivals[2].Patience = 60, 90
	for _, way := range []simulate.Way{fifo(), simulate.RoundRobin(dispatch.Plan{}), simulate.LeastLoaded(dispatch.Plan{})} {
		r := play(t, s, way)
		if r.All.Abandoned != 1 || r.All.Served != 2 || r.All.Wait.Max != 80 || !near(r.All.Within, 1.0/3, 1e-5) {
			t.Errorf("%s: %+v", way.Name, r.All)
		}
	}
}

// blended is what work weighs in blend.
func blended() dispatch.Plan {
	return dispatch.Plan{
		Sticky: dispatch.StickyPlan{ForS: 30},
		Channels: map[dispatch.Channel]dispatch.ChannelPlan{
			dispatch.Voice: {Exclusive: true}, dispatch.Chat: {Weight: 2, Limit: 3},
		},
	}
}

func blend() simulate.Scenario {
	return simulate.Scenario{
		Name: "blend", Length: 4 * 3600, WarmUp: 600, Seed: 7,
		Queues: []simulate.Queue{
			{
				Name: "voice", Channel: "voice", Target: 20, Patience: 150, Cost: 4, Skills: simulate.Skills{"phone": 2},
				Traffic: simulate.Traffic{PerHour: 40}, Handling: simulate.Handling{Law: simulate.Lognormal, Mean: 240, CV: 1},
			},
			{
				Name: "chat", Target: 60, Value: 1, Cost: 2, Known: 0.3,
				Traffic:  simulate.Traffic{Curve: []simulate.Point{{0, 20}, {3600, 150}, {9000, 10}}},
				Handling: simulate.Handling{Law: simulate.Lognormal, Mean: 480, CV: 1.2}, Patience: 240,
			},
			{
				Name: "mail", Channel: "mail", Target: 1800, Traffic: simulate.Traffic{PerHour: 60}, Handling: simulate.Handling{Law: simulate.Fixed, Mean: 600},
				Group: "desk", Ladder: []simulate.Rung{{After: 900, Skills: simulate.Skills{"phone": 1}}},
			},
		},
		Staff: []simulate.Staff{
			{Name: "phones", Count: 6, Budget: 6, Skills: simulate.Skills{"phone": 3}, Limits: map[string]int{"chat": 2}},
			{Name: "desk", Count: 6, Budget: 6, Groups: []string{"desk"}, Limits: map[string]int{"voice": -1}, Shifts: []simulate.Shift{{0, 7200}, {9000, 28800}}},
		},
		Offers:  simulate.Offers{Missed: 0.1, Ring: 15},
		Outages: []simulate.Outage{{At: 5000, Share: 0.4, Lease: 30, For: 1200}},
	}
}

// The same seed gives the same bytes, another seed others; the customers are
// the same whatever the way, and nobody is lost.
func TestRepeats(t *testing.T) {
	t.Parallel()
	var before []simulate.Result
	for _, way := range append(baselines(blended()), simulate.Planned("ours", blended())) {
		r := play(t, blend(), way)
		one, err := json.Marshal(r)
		two, err2 := json.Marshal(play(t, blend(), way))
		if err != nil || err2 != nil || string(one) != string(two) {
			t.Errorf("%s: two runs of one seed differ (%v, %v)", way.Name, err, err2)
		}
		s := blend()
		s.Seed++
		if three, err := json.Marshal(play(t, s, way)); err != nil || strings.Replace(string(three), `"seed":8`, `"seed":7`, 1) == string(one) {
			t.Errorf("%s: another seed changes nothing (%v)", way.Name, err)
		}
		for i, q := range r.Queues {
			if q.Served+q.Abandoned+q.Left != q.Arrived || q.Left != 0 || q.Arrived == 0 {
				t.Errorf("%s: %s: %+v", way.Name, q.Name, q.Figures)
			}
			if len(before) > 0 && (before[0].Queues[i].Arrived != q.Arrived || before[0].Queues[i].Known != q.Known) {
				t.Errorf("%s: others came than with %s", way.Name, before[0].Way)
			}
		}
		if r.All.PassedOver != 0 {
			t.Errorf("%s: %d were given while an older equal waited", way.Name, r.All.PassedOver)
		}
		if r.All.Missed == 0 || r.All.Returned == 0 || r.All.Known == 0 || r.All.Abandoned == 0 {
			t.Errorf("%s: the day lacks something: %+v", way.Name, r.All)
		}
		before = append(before, r)
	}
}

// Who vanishes loses their work to others when it is noticed; a shift's end
// takes nothing away.
func TestOutageAndShift(t *testing.T) {
	t.Parallel()
	s := recorded([2]float64{0, 300}, [2]float64{10, 300}, [2]float64{500, 10})
	s.Outages = []simulate.Outage{{At: 100, Share: 1, Lease: 30}}
	s.Staff = append(s.Staff, simulate.Staff{Name: "late", Shifts: []simulate.Shift{{From: 120, To: 440}}})
	r := play(t, s, fifo())
	// The second is given to who comes at 120. The first, taken back at 130, is given when the second is through,
	// 20 seconds before the shift ends, and served to the end. The third finds nobody.
	if r.All.Returned != 1 || r.All.ReturnedWait.Max != 290 || r.All.Wait.Max != 110 || r.All.Served != 2 || r.All.Left != 1 {
		t.Errorf("%+v", r.All)
	}
	if r.Agents[1].There != 320 || r.Agents[0].There != 100 {
		t.Errorf("%+v", r.Agents)
	}
}

// Who leaves while it rings with an agent who then vanishes stays away: nobody
// is served after that, or counted twice.
func TestLeavesWhileItRings(t *testing.T) {
	t.Parallel()
	s := blend()
	s.Offers = simulate.Offers{Missed: 0.5, Ring: 300}
	s.Queues[0].Patience = 30
	s.Outages = []simulate.Outage{{At: 5000, Share: 0.6, Lease: 30, For: 1200}, {At: 10000, Share: 0.6, Lease: 30, For: 1200}}
	for seed := range uint64(3) {
		s.Seed = 1 + seed
		r := play(t, s, simulate.Planned("ours", blended()))
		for _, q := range r.Queues {
			if q.Served+q.Abandoned+q.Left != q.Arrived {
				t.Errorf("seed %d: %s: %+v", s.Seed, q.Name, q.Figures)
			}
		}
	}
}

// crook breaks a promise: the run must notice each.
type crook struct {
	*dispatch.Engine
	bend func([]dispatch.Assignment) []dispatch.Assignment
	keep func() bool
}

func (c crook) Decide(now time.Time, limit int) []dispatch.Assignment {
	return c.bend(c.Engine.Decide(now, limit))
}

func (c crook) Gone(key dispatch.Key) {
	if !c.keep() {
		c.Engine.Gone(key)
	}
}

func TestNoticesBrokenPromises(t *testing.T) {
	t.Parallel()
	var last []dispatch.Assignment
	again := func(as []dispatch.Assignment) []dispatch.Assignment { // gives what was given before
		out := append(slices.Clone(last), as...)
		last = as
		return out
	}
	one := func(change func(*dispatch.Assignment)) func([]dispatch.Assignment) []dispatch.Assignment {
		return func(as []dispatch.Assignment) []dispatch.Assignment {
			for i := range as {
				change(&as[i])
			}
			return as
		}
	}
	no := func() bool { return false }
	for name, c := range map[string]struct {
		way  crook
		says string
	}{
		"twice":           {crook{bend: again, keep: no}, "who does not wait"},
		"nobody":          {crook{bend: one(func(a *dispatch.Assignment) { a.Member = "x" }), keep: no}, "who does not work here"},
		"the first agent": {crook{bend: one(func(a *dispatch.Assignment) { a.Member = "agent-0001" }), keep: no}, "agent-0001"},
		"another arrival": {crook{bend: one(func(a *dispatch.Assignment) { a.Item.WaitingSince = a.Item.WaitingSince.Add(time.Second) }), keep: no}, "another arrival"},
		"a stranger":      {crook{bend: one(func(a *dispatch.Assignment) { a.Item.ID = "99999999" }), keep: no}, "never came"},
		"forgets to go":   {crook{bend: one(func(*dispatch.Assignment) {}), keep: func() bool { return true }}, ""},
	} {
		last = nil
		_, err := simulate.Run(t.Context(), blend(), simulate.Way{Name: name, New: func() simulate.Dispatcher {
			c.way.Engine = dispatch.NewEngine(dispatch.Policy{Match: dispatch.BySkill{}})
			return c.way
		}, Plan: blended()})
		if errs.KindOf(err) != errs.Internal || err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// newest serves who came last: no promise of a dispatcher, but seen.
type newest struct{}

func (newest) RankItem(item dispatch.Item) dispatch.Rank {
	return dispatch.Rank{-item.WaitingSince.UnixMilli()}
}

func TestSeesWhoIsPassedOver(t *testing.T) {
	t.Parallel()
	way := simulate.Way{Name: "newest first", New: func() simulate.Dispatcher {
		return dispatch.NewEngine(dispatch.Policy{Match: dispatch.BySkill{}, Items: newest{}})
	}}
	r := play(t, recorded([2]float64{0, 100}, [2]float64{10, 50}, [2]float64{20, 30}), way)
	if r.All.PassedOver != 1 || r.All.Wait.Max != 120 {
		t.Errorf("%+v", r.All)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		change  func(*simulate.Scenario)
		pointer string
	}{
		{func(s *simulate.Scenario) { s.Length = simulate.MaxLength + 1 }, "/length_s"},
		{func(s *simulate.Scenario) { s.WarmUp = s.Length + 1 }, "/warm_up_s"},
		{func(s *simulate.Scenario) { s.Queues = nil }, "/queues"},
		{func(s *simulate.Scenario) { s.Queues[1].Name = "voice" }, "/queues/1/name"},
		{func(s *simulate.Scenario) { s.Queues[0].Channel = "fax" }, "/queues/0/channel"},
		{func(s *simulate.Scenario) { s.Queues[0].Skills["phone"] = 6 }, "/queues/0/skills/phone"},
		{func(s *simulate.Scenario) { s.Queues[2].Ladder[0].After = -1 }, "/queues/2/ladder/0/after_s"},
		{func(s *simulate.Scenario) { s.Queues[1].Traffic.Curve[1].At = 0 }, "/queues/1/traffic/curve/1/at_s"},
		{func(s *simulate.Scenario) { s.Queues[1].Traffic.Curve[1].PerHour = 1e6 }, "/queues"},
		{func(s *simulate.Scenario) { s.Queues[0].Handling.Law = "normal" }, "/queues/0/handling/law"},
		{func(s *simulate.Scenario) { s.Queues[0].Handling.CV = 0 }, "/queues/0/handling/cv"},
		{func(s *simulate.Scenario) { s.Queues[0].Handling.Mean = 0 }, "/queues/0/handling/mean_s"},
		{func(s *simulate.Scenario) { s.Queues[1].Known = 1.1 }, "/queues/1/known"},
		{func(s *simulate.Scenario) { s.Staff = nil }, "/staff"},
		{func(s *simulate.Scenario) { s.Staff[0].Count = simulate.MaxAgents }, "/staff"},
		{func(s *simulate.Scenario) { s.Staff[0].Limits["fax"] = 1 }, "/staff/0/limits/fax"},
		{func(s *simulate.Scenario) { s.Staff[1].Shifts[0].To = -1 }, "/staff/1/shifts/0/to_s"},
		{func(s *simulate.Scenario) { s.Arrivals = []simulate.Arrival{{Queue: "fax"}} }, "/arrivals/0/queue"},
		{func(s *simulate.Scenario) { s.Offers.Ring = 0 }, "/offers/ring_s"},
		{func(s *simulate.Scenario) { s.Outages[0].For = 1 }, "/outages/0/for_s"},
	} {
		s := blend()
		c.change(&s)
		_, err := simulate.Run(t.Context(), s, fifo())
		e := errs.As(err)
		if err == nil || e.Kind != errs.Invalid || e.Code != simulate.CodeScenario || len(e.Fields) != 1 || e.Fields[0].Pointer != c.pointer {
			t.Errorf("%s: %v", c.pointer, err)
		}
	}
	if err := blend().Check(); err != nil {
		t.Error(err)
	}
}

// A scenario is a document: what is written reads back the same.
func TestDocument(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(blend())
	var back simulate.Scenario
	if err = errors.Join(err, json.Unmarshal(text, &back)); err != nil || !reflect.DeepEqual(back, blend()) {
		t.Errorf("%v\n%s", err, text)
	}
}

func TestEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := simulate.Run(ctx, blend(), fifo()); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
