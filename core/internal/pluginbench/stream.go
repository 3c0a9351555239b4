package main

import (
	"context"
	"fmt"
	"os"
	"runtime/pprof"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// How a round goes: the flow begins, and is counted once it is warm.
const warm = 200 * time.Millisecond

// flow is something whose messages a second are measured.
type flow struct {
	name string
	pid  int // of the plugin, for its processor time
	// run lets messages flow until ctx ends; count grows with each receipt.
	run func(ctx context.Context, count *atomic.Int64) error
}

// flowed is what a round came to.
type flowed struct {
	rate         float64 // messages a second
	core, plugin float64 // processor time of one, in microseconds
}

// measure runs a flow for a span.
func (f flow) measure(ctx context.Context, span time.Duration, profile string) (out flowed, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var count atomic.Int64
	done := make(chan error, 1)
	go func() { done <- f.run(ctx, &count) }()
	wait := func(d time.Duration) error {
		select {
		case <-time.After(d):
			return nil
		case err := <-done:
			if err == nil {
				err = fmt.Errorf("%s ended too soon", f.name)
			}
			return err
		}
	}
	if err := wait(warm); err != nil {
		return out, err
	}
	if profile != "" {
		file, err := os.Create(profile)
		if err != nil {
			return out, fmt.Errorf("make the profile: %w", err)
		}
		defer file.Close() //nolint:errcheck // of a profile
		if err := pprof.StartCPUProfile(file); err != nil {
			return out, fmt.Errorf("start the profile: %w", err)
		}
		defer pprof.StopCPUProfile()
	}
	began, from, core, plugin := time.Now(), count.Load(), spent(os.Getpid()), spent(f.pid)
	if err := wait(span); err != nil {
		return out, err
	}
	took, n := time.Since(began), count.Load()-from
	core, plugin = spent(os.Getpid())-core, spent(f.pid)-plugin
	cancel()
	if err := <-done; err != nil {
		return out, err
	}
	if n == 0 {
		return out, fmt.Errorf("%s: not one message in %v", f.name, span)
	}
	each := func(d time.Duration) float64 { return float64(d.Microseconds()) / float64(n) }
	return flowed{rate: float64(n) / took.Seconds(), core: each(core), plugin: each(plugin)}, nil
}

// spent returns the processor time of a process, that of its dead threads
// included; 0 when it is gone.
func spent(pid int) time.Duration {
	var ts unix.Timespec
	const processTime = 2 // CPUCLOCK_SCHED, of clock_getcpuclockid(3)
	if err := unix.ClockGettime(int32(^pid<<3|processTime), &ts); err != nil {
		return 0
	}
	return time.Duration(ts.Nano())
}

// disturbed is the part of its best that the baseline must reach for a round to
// count: in the others the machine had something else to do.
const disturbed = 0.6

// streams measures the flows in turns, until there are enough rounds that were
// not disturbed, or twice as many in all.
func (b *bench) streams(ctx context.Context) error {
	flows := []flow{
		{name: rawNarrow, pid: b.raw.pid, run: rawStream{side: b.raw, window: narrow}.flow},
		{name: hostMemory, pid: b.pid(), run: b.deliver},
		{name: rawWide, pid: b.raw.pid, run: rawStream{side: b.raw, window: wide}.flow},
	}
	var rounds [][]flowed
	calm := func() (out [][]flowed) {
		best := 0.0
		for _, r := range rounds {
			best = max(best, r[0].rate)
		}
		for _, r := range rounds {
			if r[0].rate >= disturbed*best {
				out = append(out, r)
			}
		}
		return out
	}
	for len(calm()) < b.rounds && len(rounds) < 2*b.rounds {
		round := make([]flowed, len(flows))
		for i := range flows {
			at := (i + len(rounds)) % len(flows)
			profile := ""
			if flows[at].name == hostMemory {
				profile = b.profile
			}
			got, err := flows[at].measure(ctx, b.span, profile)
			if err != nil {
				return fmt.Errorf("%s: %w", flows[at].name, err)
			}
			round[at] = got
		}
		rounds = append(rounds, round)
	}
	for _, round := range calm() {
		for i, got := range round {
			b.note(flows[i].name, got)
		}
	}
	b.report.Disturbed = len(rounds) - len(calm())
	return nil
}

func (b *bench) note(name string, got flowed) {
	b.report.series(name, "messages/s").add(got.rate)
	b.report.series(name+": core", "µs of processor a message").add(got.core)
	b.report.series(name+": plugin", "µs of processor a message").add(got.plugin)
}

// deliver lets the core's deliverer hand messages to the plugin.
func (b *bench) deliver(ctx context.Context, count *atomic.Int64) error {
	before := b.spring.settled.Load()
	b.spring.flowing.Store(true)
	defer b.spring.flowing.Store(false)
	b.deliverer.Wake()
	return watch(ctx, func() { count.Store(b.spring.settled.Load() - before) })
}

// watch looks often until ctx ends.
func watch(ctx context.Context, look func()) error {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			look()
		case <-ctx.Done():
			return nil
		}
	}
}
