// Command dispatch measures what a decision of dispatch costs on this machine:
// make bench-dispatch. Absolute figures are those of the machine; what travels
// is the ratio to a bare loop in the same run, and how the cost grows.
// docs/operate/benchmarks.md explains the rows.
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
)

// The gates: see docs/operate/benchmarks.md.
const (
	gateDecisions = 100_000          // in a second of one processor
	gateGrowth    = 4                // of the cost, from 1,000 waiting to 100,000
	gateSlow      = time.Millisecond // p99 of one decision among 5,000 requirements
)

func main() {
	short := flag.Bool("short", false, "fewer and shorter rounds")
	flag.Parse()
	rounds, steps := 5, 100_000
	if *short {
		rounds, steps = 3, 20_000
	}
	if !run(rounds, steps) {
		fmt.Fprintln(os.Stderr, "dispatch: below a gate")
		os.Exit(1)
	}
}

// row is one measurement, repeated in rounds.
type row struct {
	name  string
	make  func() func() // returns what makes one decision
	rates []float64     // decisions in a second of processor time
	wall  []float64     // decisions in a second
}

func run(rounds, steps int) bool {
	fifo := dispatch.Policy{Match: dispatch.BySkill{}, Starve: 4}
	cmu := fifo
	cmu.Items, cmu.Agents = dispatch.CMu{Values: map[int]float64{1: 3}}, dispatch.Pack{}
	house := func(p dispatch.Policy, waiting int) func() func() {
		return func() func() { return newHouse(p, waiting).step }
	}
	rows := []*row{
		{name: "bare heaps, 100,000 waiting", make: func() func() { return newBare(100_000).step }},
		{name: "first come, 1,000 waiting", make: house(fifo, 1_000)},
		{name: "first come, 100,000 waiting", make: house(fifo, 100_000)},
		{name: "c-mu and pack, 1,000 waiting", make: house(cmu, 1_000)},
		{name: "c-mu and pack, 100,000 waiting", make: house(cmu, 100_000)},
	}
	for range rounds { // in turns, so that whatever else the machine does meets all
		for _, r := range rows {
			r.measure(steps)
		}
	}
	fmt.Printf("%d agents with %d profiles, %d classes; medians of %d rounds of %d decisions\n\n", agents, profiles, classes, rounds, steps)
	fmt.Printf("%-32s %14s %14s %10s\n", "", "in a CPU second", "in a second", "to bare")
	for _, r := range rows {
		fmt.Printf("%-32s %14.0f %14.0f %10.3f\n", r.name, median(r.rates), median(r.wall), ratio(r, rows[0]))
	}
	ok := true
	for _, r := range []*row{rows[2], rows[4]} {
		best := slices.Max(r.rates) // of the round that was disturbed the least
		ok = gate(r.name+", best round", best, gateDecisions, best >= gateDecisions) && ok
	}
	for _, i := range []int{1, 3} {
		growth := ratio(rows[i], rows[i+1])
		ok = gate("growth of cost, "+rows[i].name, growth, gateGrowth, growth <= gateGrowth) && ok
	}
	return skills(rounds, steps/10) && ok
}

// measure runs steps decisions on a fresh house.
func (r *row) measure(steps int) {
	step := r.make()
	for range steps / 10 {
		step()
	}
	cpu, began := processor(), time.Now()
	for range steps {
		step()
	}
	r.rates = append(r.rates, float64(steps)/(processor()-cpu).Seconds())
	r.wall = append(r.wall, float64(steps)/time.Since(began).Seconds())
}

func gate(what string, got, want float64, reached bool) bool {
	verdict := "reached"
	if !reached {
		verdict = "NOT REACHED"
	}
	fmt.Printf("%s: %.4g, gate %.4g: %s\n", what, got, want, verdict)
	return reached
}

// ratio is the median of the rounds' ratios.
func ratio(r, base *row) float64 {
	all := make([]float64, len(r.rates))
	for i := range r.rates {
		all[i] = r.rates[i] / base.rates[i]
	}
	return median(all)
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}

// processor returns the time that this process has been on a processor.
func processor() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // an argument that the system does not know
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
