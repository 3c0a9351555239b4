package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
)

// The tower: many skills, and hardly two customers who ask the same.
const (
	towerSkills       = 200
	towerRequirements = 5_000
	towerWaiting      = 20_000
	towerAgents       = 2_000 // each with a profile of their own
)

// skills measures each decision of its own in a house of many skills (S11), and
// reports whether the slowest hundredth is fast enough, in the round that was
// disturbed the least.
func skills(rounds, steps int) bool {
	var best []time.Duration
	for range rounds {
		if took := newTower().play(steps); best == nil || part(took, 0.99) < part(best, 0.99) {
			best = took
		}
	}
	fmt.Printf("\n%d skills, %d requirements, %d agents with as many profiles, %d waiting; the best of %d rounds of %d decisions\n",
		towerSkills, towerRequirements, towerAgents, towerWaiting, rounds, steps)
	fmt.Printf("one decision: p50 %v, p99 %v, slowest %v\n", part(best, 0.5), part(best, 0.99), part(best, 1))
	p99 := part(best, 0.99)
	return gate("p99 of one decision, µs", float64(p99.Microseconds()), float64(gateSlow.Microseconds()), p99 <= gateSlow)
}

// play returns how long each decision took.
func (t *tower) play(steps int) []time.Duration {
	took := make([]time.Duration, 0, steps)
	for range steps {
		t.change()
		began := time.Now()
		got := t.engine.Decide(t.now, 16)
		took = append(took, time.Since(began))
		if len(got) == 0 {
			panic("nothing was given out, though somebody has room and their customers wait")
		}
		for _, as := range got { // another customer asks the same
			t.engine.Wait(t.item(as.Item.Class))
		}
	}
	return took
}

// tower is a house of many skills.
type tower struct {
	house
	draw *rand.Rand
}

func newTower() *tower {
	p := dispatch.Policy{Items: dispatch.CMu{Values: map[int]float64{1: 3}}, Agents: dispatch.Pack{}, Match: dispatch.BySkill{}, Starve: 4}
	t := &tower{house: house{engine: dispatch.NewEngine(p), now: time.Date(2025, 3, 1, 9, 0, 0, 0, time.UTC)}, draw: seeded()}
	asked := map[dispatch.Class]struct{}{}
	var all []dispatch.Class
	for len(all) < towerRequirements {
		c := dispatch.ClassOf(dispatch.Requirement{Skills: t.some(1 + t.draw.IntN(3))})
		if _, twice := asked[c]; !twice {
			asked[c] = struct{}{}
			all = append(all, c)
		}
	}
	for i := range towerWaiting {
		t.engine.Wait(t.item(all[i%len(all)]))
	}
	for i := range towerAgents {
		t.engine.Set(dispatch.Agent{
			Member: member(i), Profile: dispatch.AbilitiesOf(nil, t.some(5+t.draw.IntN(15))), Status: dispatch.Available,
			Capacity: budget, Used: budget, IdleSince: t.now,
		})
	}
	return t
}

// some draws skills at levels.
func (t *tower) some(n int) []dispatch.Skill {
	var out []dispatch.Skill
	for range n {
		out = append(out, dispatch.Skill{ID: fmt.Sprintf("skl_%03d", t.draw.IntN(towerSkills)), Level: 1 + t.draw.IntN(5)})
	}
	return out
}

// change has an agent finish an item.
func (t *tower) change() {
	a, _ := t.engine.Agent(member(t.draw.IntN(towerAgents)))
	a.Used, a.Has, a.IdleSince = max(a.Used-1, 0), dispatch.PerChannel{}, t.now
	t.engine.Set(a)
}

// part returns the duration that so large a part of all do not exceed.
func part(all []time.Duration, p float64) time.Duration {
	all = slices.Sorted(slices.Values(all))
	return all[min(int(p*float64(len(all))), len(all)-1)]
}
