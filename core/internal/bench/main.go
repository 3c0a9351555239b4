// Command bench measures what a durable message costs on this machine:
// go run ./core/internal/bench. Absolute figures are those of the machine;
// what travels is the ratio to a bare loop that writes the same rows through
// the same driver in the same run. docs/operate/benchmarks.md explains the rows.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// scale is how much is measured.
type scale struct {
	rounds   int
	span     time.Duration // of one measurement
	visitors int           // each with an open conversation
	rate     int           // messages a second, for the latency
	steady   time.Duration // of the latency
	agents   int           // who see every message
	idle     int           // connections
	starts   int
}

// The gates: see Targets in docs/operate/benchmarks.md.
const (
	gateStorage = 0.6
	gateAPI     = 0.25
)

func main() {
	short := flag.Bool("short", false, "fewer and shorter rounds")
	binary := flag.String("binary", "", "a built server instead of one built here")
	only := flag.String("only", "", "messages, lists (lists and search over many conversations), tickets (the same over many tickets) or claims (work that dispatch gives out); empty = all")
	profile := flag.String("profile", "", "write a CPU profile of the storage layer to this file")
	flag.Parse()
	s := scale{rounds: 5, span: 2 * time.Second, visitors: 1000, rate: 500, steady: 8 * time.Second, agents: 20, idle: 5000, starts: 5}
	if *short {
		s = scale{rounds: 3, span: time.Second, visitors: 1000, rate: 300, steady: 4 * time.Second, agents: 10, idle: 2000, starts: 3}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	var err error
	for _, part := range []struct {
		name string
		run  func() error
	}{
		{"messages", func() error { return work(ctx, s, *binary, *profile) }},
		{"lists", func() error { return workLists(ctx, *short) }},
		{"tickets", func() error { return workTickets(ctx, *short) }},
		{"claims", func() error { return workClaims(ctx, *short) }},
	} {
		if err == nil && (*only == "" || *only == part.name) {
			err = part.run()
		}
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench: "+err.Error())
		os.Exit(1)
	}
}

var errBelow = errors.New("below the gate")

func work(ctx context.Context, s scale, binary, profile string) error {
	dir, err := os.MkdirTemp("", "patchbay-bench-")
	if err != nil {
		return fmt.Errorf("make a folder to work in: %w", err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // of the system's temporary folder
	product, err := build(ctx, dir, binary)
	if err != nil {
		return err
	}
	f := &figures{}
	if err := f.measure(ctx, s, product, dir, profile); err != nil {
		return err
	}
	fmt.Print(f)
	if !f.hold() {
		return errBelow
	}
	return nil
}

func build(ctx context.Context, dir, binary string) (rig.Product, error) {
	if binary != "" {
		p := rig.Product{Binary: binary}
		err := p.BuildPlugins(ctx, filepath.Join(dir, "plugins"), "webchat", "echo")
		return p, err
	}
	return rig.Build(ctx, dir, "", "webchat", "echo")
}
