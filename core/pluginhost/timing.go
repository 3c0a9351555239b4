package pluginhost

import (
	"time"

	"github.com/patchbay-im/patchbay/core/pluginhost/internal/restart"
)

// Timing is how long the host waits for what.
type Timing struct {
	Start time.Duration // from the launch of a process to ready

	HealthEvery   time.Duration // between two questions to the process
	HealthWithin  time.Duration // for the answer
	HealthMisses  int           // so many in a row end the process
	InstanceEvery time.Duration // between two questions about each inbox
	Stalled       time.Duration // items in flight and no receipt for so long end the process
	Overdue       time.Duration // an item in flight for so long, while others move: a fresh process takes over

	Drain     time.Duration // for what is in flight, before the process is told to end
	Terminate time.Duration // from SIGTERM to SIGKILL
	Reopen    time.Duration // before a delivery stream is opened again in a living process

	HandOver time.Duration // for what is in flight on a version that another takes over from

	MemoryEvery time.Duration // between two looks at the memory of the process
	Full        time.Duration // above 90 % of its limit for so long: it is replaced

	Look  time.Duration // between two looks at what is wanted of the plugins
	Place time.Duration // for so long a node has a plugin that runs on one node

	Backoff      time.Duration // bound of the first pause after a crash; doubled each time
	BackoffCap   time.Duration
	Settled      time.Duration // ready for so long, and all is forgotten
	Window       time.Duration // Crashes within it: quarantine
	Crashes      int
	Day          time.Duration // DayCrashes within it: quarantine
	DayCrashes   int
	FailedStarts int           // so many in a row: quarantine
	Rollback     time.Duration // a version in quarantine that became active since is left for the one before
	Probe        time.Duration
	ProbeLater   time.Duration
	ProbeLast    time.Duration // and ever after
}

// DefaultTiming returns what a server runs with.
func DefaultTiming() Timing {
	r := restart.Defaults()
	return Timing{
		Start:       10 * time.Second,
		HealthEvery: 10 * time.Second, HealthWithin: 2 * time.Second, HealthMisses: 3,
		InstanceEvery: 30 * time.Second, Stalled: time.Minute, Overdue: 2 * time.Minute,
		HandOver: 30 * time.Second, MemoryEvery: time.Second, Full: 5 * time.Minute,
		Look: 5 * time.Second, Place: 15 * time.Second, Rollback: time.Hour,
		Drain: 8 * time.Second, Terminate: 2 * time.Second, Reopen: time.Second,
		Backoff: r.Base, BackoffCap: r.Cap, Settled: r.Settled, Window: r.Window,
		Crashes: r.Crashes, Day: r.Day, DayCrashes: r.DayCrashes, FailedStarts: r.FailedStarts,
		Probe: r.Probes[0], ProbeLater: r.Probes[1], ProbeLast: r.Probes[2],
	}
}

// Patient returns what a server runs with whose plugin is run by its author in a
// debugger: nothing that stands still is ended for it, and its end is no reason to
// rest.
func Patient() Timing {
	const day = 24 * time.Hour
	t := DefaultTiming()
	t.Start, t.HealthEvery, t.HealthWithin, t.InstanceEvery, t.Stalled, t.Overdue, t.Full = day, day, day, day, day, day, day
	t.Drain, t.Terminate, t.HandOver = time.Second, 0, time.Second
	t.Backoff, t.BackoffCap = 100*time.Millisecond, 100*time.Millisecond
	t.Crashes, t.DayCrashes, t.FailedStarts = 1<<20, 1<<20, 1<<20
	return t
}

func (t Timing) rules() restart.Rules {
	return restart.Rules{
		Base: t.Backoff, Cap: t.BackoffCap, Settled: t.Settled, Window: t.Window,
		Crashes: t.Crashes, Day: t.Day, DayCrashes: t.DayCrashes, FailedStarts: t.FailedStarts,
		Probes: []time.Duration{t.Probe, t.ProbeLater, t.ProbeLast},
	}
}
