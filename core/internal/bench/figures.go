package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// series is one measurement, round by round.
type series struct {
	name  string
	base  *series // what it is compared with in the same round; nil = nothing
	rates []float64
}

func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}

// ratio is the median of the rounds' ratios.
func (s *series) ratio() float64 {
	if s.base == nil {
		return 1
	}
	var all []float64
	for i, r := range s.rates {
		all = append(all, r/s.base.rates[i])
	}
	return median(all)
}

// figures is everything that was measured.
type figures struct {
	series []*series

	storage, http, chat []*series // those that the gates are for

	seen             *seen
	idle             float64
	ready            []float64
	calm             memory
	visitors, agents int
	rate             int
	connections      int
}

// measurement is a series with what does one message of it.
type measurement struct {
	series  *series
	workers int
	do      func(ctx context.Context, worker int) error
	open    func(ctx context.Context) (do func(ctx context.Context, worker int) error, done func(), err error)
}

func (f *figures) measure(ctx context.Context, sc scale, product rig.Product, dir, profile string) error {
	f.visitors, f.agents, f.rate, f.connections = sc.visitors, sc.agents, sc.rate, sc.idle
	var err error
	if f.ready, f.calm, err = measureStart(ctx, product, dir, sc.starts); err != nil {
		return err
	}
	s, err := openSite(ctx, product, filepath.Join(dir, "site"))
	if err != nil {
		return err
	}
	defer s.close() //nolint:errcheck // a log in a temporary folder
	if err := s.admit(ctx, sc.visitors); err != nil {
		return err
	}
	conversations, err := s.greet(ctx)
	if err != nil {
		return err
	}
	if err := f.throughput(ctx, sc, s, conversations, dir, profile); err != nil {
		return err
	}
	if f.seen, err = measureSeen(ctx, s, sc); err != nil {
		return err
	}
	f.idle, err = measureIdle(ctx, product, filepath.Join(dir, "idle"), sc.idle)
	return err
}

// throughput measures the bare loop, the storage layer and the API in turns,
// so that what else the machine does meets them all.
func (f *figures) throughput(ctx context.Context, sc scale, s *site, conversations []string, dir, profile string) error {
	seed, err := openOffice(ctx, filepath.Join(dir, "bare.db"), sc.visitors)
	if err != nil {
		return err
	}
	if err := seed.store.Close(ctx); err != nil {
		return fmt.Errorf("close the bare database: %w", err)
	}
	b, err := openBare(ctx, filepath.Join(dir, "bare.db"))
	if err != nil {
		return err
	}
	defer b.close()
	o, err := openOffice(ctx, filepath.Join(dir, "office.db"), sc.visitors)
	if err != nil {
		return err
	}
	defer o.store.Close(ctx) //nolint:errcheck // thrown away
	p, err := openPoster(ctx, s.server.Address, 64)
	if err != nil {
		return err
	}
	defer p.close()
	all := f.plan(s, conversations, b, o, p)
	for round := range sc.rounds {
		for i := range all {
			m := all[(i+round)%len(all)]
			if err := m.run(ctx, sc.span, profile); err != nil {
				return fmt.Errorf("%s: %w", m.series.name, err)
			}
		}
	}
	return nil
}

func (f *figures) plan(s *site, conversations []string, b *bare, o *office, p *poster) []measurement {
	add := func(name string, base *series) *series {
		n := &series{name: name, base: base}
		f.series = append(f.series, n)
		return n
	}
	inbound, outbound := add("customer's message: bare loop", nil), add("agent's answer: bare loop", nil)
	receive, post := add("customer's message: storage layer", inbound), add("agent's answer: storage layer", outbound)
	httpVisitor, httpMember := add("customer's message: HTTP, 64 in flight", inbound), add("agent's answer: HTTP, 64 in flight", outbound)
	socket := add("customer's message: WebSocket, 512 in flight", inbound)
	f.storage, f.http, f.chat = []*series{receive, post}, []*series{httpVisitor, httpMember}, []*series{socket}
	return []measurement{
		{series: inbound, workers: inFlight, do: b.do(true)},
		{series: receive, workers: inFlight, do: o.receive},
		{series: httpVisitor, workers: len(p.conns), do: p.visitors(s)},
		{series: socket, workers: inFlight, open: func(ctx context.Context) (func(context.Context, int) error, func(), error) {
			c, err := openChat(ctx, s, len(s.visitors))
			if err != nil {
				return nil, nil, err
			}
			return c.say, func() { shut(c.sockets) }, nil
		}},
		{series: outbound, workers: inFlight, do: b.do(false)},
		{series: post, workers: inFlight, do: o.post},
		{series: httpMember, workers: len(p.conns), do: p.members(s, conversations)},
	}
}

func (m *measurement) run(ctx context.Context, span time.Duration, profile string) error {
	do := m.do
	if m.open != nil {
		opened, done, err := m.open(ctx)
		if err != nil {
			return err
		}
		defer done()
		do = opened
	}
	if profile != "" && m.series.name == "customer's message: storage layer" {
		file, err := os.Create(profile)
		if err != nil {
			return fmt.Errorf("make the profile: %w", err)
		}
		defer file.Close() //nolint:errcheck // of a profile
		if err := pprof.StartCPUProfile(file); err != nil {
			return fmt.Errorf("start the profile: %w", err)
		}
		defer pprof.StopCPUProfile()
	}
	rate, err := load(ctx, m.workers, span, do)
	if err == nil {
		m.series.rates = append(m.series.rates, rate)
	}
	return err
}

// least is the smallest ratio of some series.
func least(all []*series) float64 {
	out := all[0].ratio()
	for _, s := range all[1:] {
		out = min(out, s.ratio())
	}
	return out
}

func (f *figures) hold() bool { return min(least(f.http), least(f.chat)) >= gateAPI }

func (f *figures) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-46s %10s %21s %7s\n", "durable messages", "per second", "slowest .. fastest", "ratio")
	for _, s := range f.series {
		fmt.Fprintf(&b, "%-46s %10.0f %10.0f .. %-8.0f %6.2f\n", s.name, median(s.rates), slices.Min(s.rates), slices.Max(s.rates), s.ratio())
	}
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	row := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-46s "+format+"\n", append([]any{name}, args...)...)
	}
	b.WriteByte('\n')
	row(fmt.Sprintf("at %d/s, %d conversations, %d agents", f.rate, f.visitors, f.agents), "p50 %.1f ms, p99 %.1f ms from sending to seen elsewhere", ms(f.seen.shown.at(50)), ms(f.seen.shown.at(99)))
	row("", "p50 %.1f ms, p99 %.1f ms from sending to acknowledged", ms(f.seen.acked.at(50)), ms(f.seen.acked.at(99)))
	row(fmt.Sprintf("%d idle visitors", f.connections), "%.1f KiB a connection in the server", f.idle/1024)
	row("start to ready, no data", "%.0f ms (%.0f .. %.0f)", median(f.ready), slices.Min(f.ready), slices.Max(f.ready))
	row("memory of a server at rest", "%d MiB, %d of them its own", f.calm.resident>>20, f.calm.own>>20)
	fmt.Fprintf(&b, "gates: storage layer >= %.2f (wanted), API >= %.2f (required)\n", gateStorage, gateAPI)
	word := map[bool]string{true: "OK", false: "FAIL"}[f.hold()]
	fmt.Fprintf(&b, "bench: P2=%.2f P2b_http=%.2f P2b_ws=%.2f seen_p50=%.1fms seen_p99=%.1fms idle_kib=%.1f ready=%.0fms %s\n",
		least(f.storage), least(f.http), least(f.chat), ms(f.seen.shown.at(50)), ms(f.seen.shown.at(99)), f.idle/1024, median(f.ready), word)
	return b.String()
}
