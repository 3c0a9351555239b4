package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/patchbay-im/patchbay/core/config/document"
	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/dispatch/simulate"
	"github.com/patchbay-im/patchbay/core/errs"
)

// Simulation plays days of customers against policies, and compares them.
type Simulation struct {
	File      string   // a scenario; "" = a made-up one
	Synthetic string   // "everyday" or "digital", where there is no file
	Load      float64  // of the made-up one
	Policies  []string // names (see ways) or files; the first says what work weighs to ways of others
	Days      int      // seeds from the scenario's on
	JSON      bool
	Out       io.Writer
}

const (
	maxSimulatedDays = 1000
	maxSimulatedWays = 6
	pollEvery        = 5 * time.Minute
)

// played is a policy and its days.
type played struct {
	Policy   string             `json:"policy"`
	Warnings []dispatch.Warning `json:"warnings"`
	Days     []simulate.Result  `json:"days"`
}

// Run plays, and prints a table or JSON. What it refuses is Invalid and names
// the file.
func (s Simulation) Run(ctx context.Context) error {
	scenario, err := s.scenario()
	if err != nil {
		return err
	}
	if s.Days < 1 || s.Days > maxSimulatedDays {
		return badSimulation("--days must be from 1 to %d", maxSimulatedDays)
	}
	ways, err := s.ways()
	if err != nil {
		return err
	}
	all := make([]played, len(ways))
	for i, way := range ways {
		warnings, err := way.Plan.Check(budgets(scenario)...)
		if err != nil {
			return fmt.Errorf("%s: %w", way.Name, err)
		}
		all[i] = played{Policy: way.Name, Warnings: append([]dispatch.Warning{}, warnings...)}
		for day := range s.Days {
			one := scenario
			one.Seed += uint64(day)
			result, err := simulate.Run(ctx, one, way)
			if err != nil {
				return err //nolint:wrapcheck // it names the fields
			}
			all[i].Days = append(all[i].Days, result)
		}
	}
	if s.JSON {
		e := json.NewEncoder(s.Out)
		e.SetIndent("", "  ")
		return e.Encode(map[string]any{"policies": all}) //nolint:wrapcheck // a closed terminal
	}
	return printSimulation(s.Out, scenario, all)
}

// scenario reads the file, or makes one up.
func (s Simulation) scenario() (simulate.Scenario, error) {
	var out simulate.Scenario
	switch {
	case s.File != "" && s.Synthetic != "":
		return out, badSimulation("give a file or --synthetic, not both")
	case s.File != "":
		if err := readSimulated(s.File, &out); err != nil {
			return out, err
		}
		return out, out.Check() //nolint:wrapcheck // it names the fields
	case s.Load <= 0 || s.Load > 10:
		return out, badSimulation("--load must be above 0 and at most 10")
	case s.Synthetic == "everyday":
		return simulate.Everyday(s.Load), nil
	case s.Synthetic == "digital":
		return simulate.DigitalDay(s.Load), nil
	case s.Synthetic == "":
		return out, badSimulation("give the file of a scenario, or --synthetic everyday")
	default:
		return out, badSimulation("--synthetic must be everyday or digital")
	}
}

// ways are the policies by name, or as their files say.
func (s Simulation) ways() ([]simulate.Way, error) {
	names := s.Policies
	if len(names) == 0 && s.Synthetic != "" {
		names = []string{"everyday", "round-robin"}
	} else if len(names) == 0 {
		names = []string{"default", "round-robin"}
	}
	if len(names) > maxSimulatedWays {
		return nil, badSimulation("--policy may be given %d times at most", maxSimulatedWays)
	}
	var out []simulate.Way
	var weights dispatch.Plan // of ways that are no policies of ours
	for i, name := range names {
		var way simulate.Way
		switch name {
		case "default":
			way = simulate.Planned(name, dispatch.Plan{})
		case "everyday":
			way = simulate.Planned(name, simulate.EverydayPlan())
		case "round-robin":
			way = simulate.RoundRobin(weights)
		case "least-loaded":
			way = simulate.LeastLoaded(weights)
		case "poll":
			way = simulate.Polled(weights, pollEvery)
		default:
			var plan dispatch.Plan
			if err := readSimulated(name, &plan); err != nil {
				return nil, err
			}
			way = simulate.Planned(name, plan)
		}
		if i == 0 {
			weights = way.Plan
		}
		way.Name = name
		out = append(out, way)
	}
	return out, nil
}

// readSimulated reads a file of a scenario or a policy.
func readSimulated(file string, into any) error {
	data, err := os.ReadFile(file) //nolint:gosec // named by whoever runs the command
	if err != nil {
		return badSimulation("%v", err)
	}
	if err := document.Read(data, into); err != nil {
		return badSimulation("%s %v", file, err)
	}
	return nil
}

func badSimulation(format string, args ...any) error {
	return errs.New(errs.Invalid, "simulation.input", fmt.Sprintf(format, args...)+".")
}

// budgets are those of the agents.
func budgets(s simulate.Scenario) []int {
	var out []int
	for _, st := range s.Staff {
		out = append(out, max(st.Budget, 1))
	}
	return out
}

// printSimulation prints a column for each policy: means over its days.
func printSimulation(w io.Writer, s simulate.Scenario, all []played) error {
	for _, p := range all {
		for _, warning := range p.Warnings {
			say(w, "%s: warning: %s: %s\n", p.Policy, warning.Pointer, warning.Detail)
		}
	}
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	line := func(name string, cell func(p played) string) { // cells of a column end with a tab, but for the last
		cells := []string{name}
		for _, p := range all {
			cells = append(cells, cell(p))
		}
		say(t, "%s\n", strings.Join(cells, "\t"))
	}
	number := func(name string, of func(simulate.Result) float64, format func(float64) string) {
		line(name, func(p played) string { return format(meanOf(p.Days, of)) })
	}
	line(s.Name, func(p played) string { return p.Policy })
	number("customers", func(r simulate.Result) float64 { return float64(r.All.Arrived) }, inWhole)
	number("in time", func(r simulate.Result) float64 { return r.All.Within }, inPercent)
	number("in time, weighted", func(r simulate.Result) float64 { return r.All.WeightedWithin }, inPercent)
	number("left unanswered", func(r simulate.Result) float64 { return part(r.All.Abandoned, r.All.Arrived) }, inPercent)
	number("never answered", func(r simulate.Result) float64 { return float64(r.All.Left) }, inWhole)
	number("wait, mean", func(r simulate.Result) float64 { return r.All.Wait.Mean }, inTime)
	number("wait, half below", func(r simulate.Result) float64 { return r.All.Wait.P50 }, inTime)
	number("wait, 95 % below", func(r simulate.Result) float64 { return r.All.Wait.P95 }, inTime)
	number("wait, longest", func(r simulate.Result) float64 { return r.All.Wait.Max }, inTime)
	number("agents busy", func(r simulate.Result) float64 { return r.Occupancy }, inPercent)
	number("fairness", func(r simulate.Result) float64 { return r.Fairness }, func(v float64) string { return strconv.FormatFloat(v, 'f', 3, 64) })
	if err := t.Flush(); err != nil {
		return err //nolint:wrapcheck // a closed terminal
	}
	say(w, "\nin time, mean wait\n")
	for i, q := range s.Queues {
		line(q.Name, func(p played) string {
			return inPercent(meanOf(p.Days, func(r simulate.Result) float64 { return r.Queues[i].Within })) + ", " +
				inTime(meanOf(p.Days, func(r simulate.Result) float64 { return r.Queues[i].Wait.Mean }))
		})
	}
	return t.Flush() //nolint:wrapcheck // a closed terminal
}

func meanOf(days []simulate.Result, of func(simulate.Result) float64) float64 {
	sum := 0.0
	for _, d := range days {
		sum += of(d)
	}
	return sum / float64(len(days))
}

func part(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}

func inWhole(v float64) string   { return strconv.FormatFloat(v, 'f', 0, 64) }
func inPercent(v float64) string { return strconv.FormatFloat(100*v, 'f', 1, 64) + " %" }

// inTime is seconds, or minutes when they are many.
func inTime(v float64) string {
	if v < 600 {
		return strconv.FormatFloat(v, 'f', 1, 64) + " s"
	}
	return strconv.FormatFloat(v/60, 'f', 0, 64) + " min"
}
