package simulate_test

import (
	"slices"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/dispatch/simulate"
)

// forecaster is the engine, asked by each customer who comes how long it will
// take, and looked at for how long it did.
type forecaster struct {
	*dispatch.Engine
	said    map[dispatch.Key]time.Duration
	ratios  []float64 // waited / expected
	unknown int       // waited, and nothing was expected
}

func (f *forecaster) Wait(it dispatch.Item) {
	f.Advance(it.WaitingSince)
	wait, known := f.ExpectedWait(it.Queue)
	f.Engine.Wait(it)
	if known {
		f.said[it.Key] = wait
	}
}

func (f *forecaster) Decide(now time.Time, limit int) []dispatch.Assignment {
	out := f.Engine.Decide(now, limit)
	for _, as := range out {
		waited := now.Sub(as.Item.WaitingSince)
		if waited < 20*time.Second || as.Item.Channel == dispatch.Ticket { // nobody needs to be told
			continue
		}
		said, known := f.said[as.Item.Key]
		if !known {
			f.unknown++
			continue
		}
		f.ratios = append(f.ratios, waited.Seconds()/max(said.Seconds(), 1))
	}
	return out
}

// What customers are told when they come, beside how long it took: of those who
// waited for 20 seconds or more and were served.
func TestExpectedWaitIsHonest(t *testing.T) {
	t.Parallel()
	calm, _ := equalAgents(0.95, 0, 5e4, 5e3)
	impatient, _ := equalAgents(1.2, 120, 2e4, 3e3)
	few := simulate.Scenario{
		Length: 1e5,
		Queues: []simulate.Queue{{Name: "chat", Traffic: simulate.Traffic{PerHour: 29}, Handling: simulate.Handling{Mean: 360}}},
		Staff:  []simulate.Staff{{Name: "agents", Count: 3}},
	}
	for _, c := range []struct {
		name  string
		s     simulate.Scenario
		way   simulate.Way
		least float64 // share within half of it
	}{
		{"50 equal agents, load 0.95", calm, fifo(), 0.6},
		{"50 equal agents, load 1.2, patience of 120 s", impatient, fifo(), 0.6},
		{"3 agents, load 0.97", few, fifo(), 0.5},
		{"digital day, peaks × 1.3", simulate.DigitalDay(1.3), costly(), 0.33},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var ratios []float64
			unknown := 0
			for seed := range pick(uint64(20), 2) {
				f := &forecaster{said: map[dispatch.Key]time.Duration{}}
				c.s.Seed = seed + 1
				_, err := simulate.Run(t.Context(), c.s, simulate.Way{Name: c.way.Name, Plan: c.way.Plan, New: func() simulate.Dispatcher {
					f.Engine = dispatch.NewEngine(c.way.Plan.Policy())
					return f
				}})
				if err != nil {
					t.Fatal(err)
				}
				ratios, unknown = append(ratios, f.ratios...), unknown+f.unknown
			}
			slices.Sort(ratios)
			median, within := ratios[len(ratios)/2], 0
			for _, r := range ratios {
				if r >= 0.5 && r <= 1.5 {
					within++
				}
			}
			share := float64(within) / float64(len(ratios))
			t.Logf("%d waits, %d more not known: waited / expected has median %.2f; %.0f %% within ±50 %%", len(ratios), unknown, median, 100*share)
			if median < 0.67 || median > 1.9 || share < c.least || unknown > len(ratios)/20 {
				t.Error("what is told is not what happens")
			}
		})
	}
}
