// Package restart decides when a plugin that ended is started again: soon, with
// a growing pause, or hardly at all. It keeps a record of one plugin and has no
// clock of its own.
package restart

import "time"

// Rules are the numbers behind the decisions.
type Rules struct {
	Base         time.Duration   // bound of the first pause; doubled with each crash
	Cap          time.Duration   // bound of every pause
	Settled      time.Duration   // after so long ready, all is forgotten
	Window       time.Duration   // crashes within it count
	Crashes      int             // so many of them: quarantine
	FailedStarts int             // so many in a row: quarantine
	Probes       []time.Duration // pauses before single starts in quarantine; the last repeats
}

// Defaults returns the rules a server runs with.
func Defaults() Rules {
	return Rules{
		Base: 500 * time.Millisecond, Cap: time.Minute, Settled: 10 * time.Minute,
		Window: 10 * time.Minute, Crashes: 5, FailedStarts: 3,
		Probes: []time.Duration{15 * time.Minute, time.Hour, 6 * time.Hour},
	}
}

// Record is what is known of one plugin. It is used by one goroutine.
type Record struct {
	rules  Rules
	jitter func() float64 // in [0, 1)

	crashes      []time.Time
	step         int // how often the pause was doubled
	failedStarts int
	probes       int // > 0: in quarantine, or on probation after it
}

// New returns an empty record.
func New(rules Rules, jitter func() float64) *Record {
	return &Record{rules: rules, jitter: jitter}
}

// Verdict says what to do next.
type Verdict struct {
	Wait       time.Duration
	Quarantine bool
	Why        string // of a quarantine: "5 crashes in 10m0s"
}

// Ended notes that the process ended at a moment, after having been ready for
// a while; 0 means that it never became ready.
func (r *Record) Ended(at time.Time, ready time.Duration) Verdict {
	if ready >= r.rules.Settled {
		r.Forgive()
	}
	if ready > 0 {
		r.failedStarts = 0
	} else {
		r.failedStarts++
	}
	r.crashes = append(r.crashes, at)
	for len(r.crashes) > 0 && at.Sub(r.crashes[0]) > r.rules.Window {
		r.crashes = r.crashes[1:]
	}
	switch {
	case r.probes > 0:
		return r.quarantine("the probe failed")
	case r.failedStarts >= r.rules.FailedStarts:
		return r.quarantine("it failed to start again and again")
	case len(r.crashes) >= r.rules.Crashes:
		return r.quarantine("it crashes again and again")
	}
	bound := r.rules.Cap
	if r.step < 30 {
		bound = min(bound, r.rules.Base<<r.step)
	}
	r.step++
	return Verdict{Wait: time.Duration(r.jitter() * float64(bound))}
}

func (r *Record) quarantine(why string) Verdict {
	wait := r.rules.Probes[min(r.probes, len(r.rules.Probes)-1)]
	r.probes++
	return Verdict{Wait: wait, Quarantine: true, Why: why}
}

// Forgive empties the record: somebody mended the plugin, or it has run long
// enough.
func (r *Record) Forgive() {
	r.crashes, r.step, r.failedStarts, r.probes = nil, 0, 0, 0
}
