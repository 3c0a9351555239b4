package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// series is one measurement, round by round.
type series struct {
	Name   string    `json:"name"`
	Unit   string    `json:"unit"`
	Values []float64 `json:"values"`
	Median float64   `json:"median"`
	Least  float64   `json:"least"`
	Most   float64   `json:"most"`
}

func (s *series) add(v float64) { s.Values = append(s.Values, v) }

func (s *series) close() {
	if len(s.Values) == 0 {
		return
	}
	s.Median, s.Least, s.Most = at(s.Values, 50), slices.Min(s.Values), slices.Max(s.Values)
}

// at returns a percentile.
func at(values []float64, percent int) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(len(sorted)*percent/100, len(sorted)-1)]
}

// gate is what a ratio must reach.
type gate struct {
	Name  string  `json:"name"`
	Ratio float64 `json:"ratio"`
	Least float64 `json:"at_least"`
	Holds bool    `json:"holds"`
}

// report is everything that was measured.
type report struct {
	At      time.Time `json:"at"`
	Machine string    `json:"machine"`
	Load    string    `json:"load"` // of the machine, when it began
	Took    float64   `json:"took_s"`
	// Disturbed rounds of the streams are not counted.
	Disturbed int       `json:"disturbed_rounds"`
	Series    []*series `json:"series"`
	Calls     []calls   `json:"calls"`
	Gates     []gate    `json:"gates"`
}

// series returns one by its name, and makes it when it is new.
func (r *report) series(name, unit string) *series {
	for _, s := range r.Series {
		if s.Name == name {
			return s
		}
	}
	s := &series{Name: name, Unit: unit}
	r.Series = append(r.Series, s)
	return s
}

// ratios returns what two series are to one another, round by round.
func ratios(of, to *series) []float64 {
	var out []float64
	for i := range min(len(of.Values), len(to.Values)) {
		out = append(out, of.Values[i]/to.Values[i])
	}
	return out
}

// gate adds a ratio that must be reached: the median of the rounds'.
func (r *report) gate(name string, of, to *series, least float64) {
	r.atLeast(name, at(ratios(of, to), 50), least)
}

// atLeast adds a ratio that must be reached.
func (r *report) atLeast(name string, ratio, least float64) {
	r.Gates = append(r.Gates, gate{Name: name, Ratio: ratio, Least: least, Holds: ratio >= least})
}

func (r *report) holds() bool {
	return !slices.ContainsFunc(r.Gates, func(g gate) bool { return !g.Holds })
}

// String returns the table.
func (r *report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s, load %s, %.0f s, %d disturbed rounds not counted\n", r.At.UTC().Format(time.DateTime), r.Machine, r.Load, r.Took, r.Disturbed)
	fmt.Fprintf(&b, "%-52s %12s   %s\n", "", "median", "least .. most")
	for _, s := range r.Series {
		format := "%-52s %12.2f   %.2f .. %.2f %s\n"
		if s.Median >= 1000 {
			format = "%-52s %12.0f   %.0f .. %.0f %s\n"
		}
		fmt.Fprintf(&b, format, s.Name, s.Median, s.Least, s.Most, s.Unit)
	}
	if len(r.Calls) > 0 {
		fmt.Fprintf(&b, "%-52s %12s %12s\n", "calls, µs", "p50", "p99")
	}
	for _, c := range r.Calls {
		fmt.Fprintf(&b, "%-52s %12.0f %12.0f\n", c.Name, c.P50, c.P99)
	}
	for _, g := range r.Gates {
		word := "OK"
		if !g.Holds {
			word = "FAIL"
		}
		fmt.Fprintf(&b, "%-52s %12.2f   at least %.2f: %s\n", g.Name, g.Ratio, g.Least, word)
	}
	return b.String()
}
