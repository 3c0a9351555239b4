// Package restart decides when a plugin that ended is started again: soon, with
// a growing pause, or hardly at all. It keeps a record of one plugin and has no
// clock of its own.
package restart

import (
	"fmt"
	"time"
)

// Rules are the numbers behind the decisions.
type Rules struct {
	Base         time.Duration   // bound of the first pause; doubled with each crash
	Cap          time.Duration   // bound of every pause
	Settled      time.Duration   // after so long ready, all is forgotten
	Window       time.Duration   // crashes within it count
	Crashes      int             // so many of them: quarantine
	Day          time.Duration   // crashes within it count too
	DayCrashes   int             // so many of them: quarantine
	FailedStarts int             // so many in a row: quarantine
	Probes       []time.Duration // pauses before single starts in quarantine; the last repeats
}

// Defaults returns the rules a server runs with.
func Defaults() Rules {
	return Rules{
		Base: 500 * time.Millisecond, Cap: time.Minute, Settled: 10 * time.Minute,
		Window: 10 * time.Minute, Crashes: 5, Day: 24 * time.Hour, DayCrashes: 20, FailedStarts: 3,
		Probes: []time.Duration{15 * time.Minute, time.Hour, 6 * time.Hour},
	}
}

// Record is what is known of one plugin. It is used by one goroutine.
type Record struct {
	rules  Rules
	jitter func() float64 // in [0, 1)

	crashes      []time.Time
	day          []time.Time // within Rules.Day; only Forgive empties it
	step         int         // how often the pause was doubled
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

// Weights of an end.
const (
	Excused = 0 // by no fault of its own: a poisonous message
	Crash   = 1
	Greedy  = 2 // out of memory
)

// Ended notes that the process ended at a moment, after having been ready for
// a while; 0 means that it never became ready. weight is how many crashes that
// is: Excused, Crash or Greedy.
func (r *Record) Ended(at time.Time, ready time.Duration, weight int) Verdict {
	if ready >= r.rules.Settled {
		r.settle()
	}
	if ready > 0 {
		r.failedStarts = 0
	} else {
		r.failedStarts++
	}
	for range weight {
		r.crashes, r.day = append(r.crashes, at), append(r.day, at)
	}
	r.crashes, r.day = since(r.crashes, at, r.rules.Window), since(r.day, at, r.rules.Day)
	switch {
	case weight == Excused:
		return Verdict{Wait: time.Duration(r.jitter() * float64(r.rules.Base))}
	case r.probes > 0:
		return r.quarantine("the probe failed")
	case r.failedStarts >= r.rules.FailedStarts:
		return r.quarantine("it failed to start again and again")
	case len(r.crashes) >= r.rules.Crashes:
		return r.quarantine("it crashes again and again")
	case r.rules.DayCrashes > 0 && len(r.day) >= r.rules.DayCrashes:
		return r.quarantine(fmt.Sprintf("it crashed %d times in %v", len(r.day), r.rules.Day))
	}
	bound := r.rules.Cap
	if r.step < 30 {
		bound = min(bound, r.rules.Base<<r.step)
	}
	r.step++
	return Verdict{Wait: time.Duration(r.jitter() * float64(bound))}
}

// since leaves out the moments that are longer ago than a window.
func since(moments []time.Time, at time.Time, window time.Duration) []time.Time {
	for len(moments) > 0 && at.Sub(moments[0]) > window {
		moments = moments[1:]
	}
	return moments
}

func (r *Record) quarantine(why string) Verdict {
	wait := r.rules.Probes[min(r.probes, len(r.rules.Probes)-1)]
	r.probes++
	return Verdict{Wait: wait, Quarantine: true, Why: why}
}

// settle forgets all but the crashes of the day: it has run long enough.
func (r *Record) settle() { r.crashes, r.step, r.failedStarts, r.probes = nil, 0, 0, 0 }

// Forgive empties the record: somebody mended the plugin.
func (r *Record) Forgive() {
	r.settle()
	r.day = nil
}
