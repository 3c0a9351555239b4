// Command crash kills the real server under load and checks that it kept its
// word: go run ./core/internal/crash -cycles 60 -seed 7. With -mutants it does
// the same to builds with seeded bugs, each of which the check must catch.
// docs/operate/crash-testing.md says what is checked.
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

// options are the flags.
type options struct {
	cycles  int
	clients int
	seed    uint64
	binary  string
	mutants bool
	short   bool
	keep    bool
}

func main() {
	var o options
	flag.IntVar(&o.cycles, "cycles", 60, "how often the server is killed with kill -9")
	flag.IntVar(&o.clients, "clients", 32, "how many clients work meanwhile")
	flag.Uint64Var(&o.seed, "seed", uint64(time.Now().UnixNano()%1e6), "chooses when and what is killed, and what clients write")
	flag.StringVar(&o.binary, "binary", "", "a built server instead of one built here")
	flag.BoolVar(&o.mutants, "mutants", false, "check that seeded bugs are caught")
	flag.BoolVar(&o.short, "short", false, "6 cycles, 16 clients")
	flag.BoolVar(&o.keep, "keep", false, "keep the data folder and the server's log")
	flag.Parse()
	if o.short {
		o.cycles, o.clients = 6, 16
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := work(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "crash: "+err.Error())
		os.Exit(1)
	}
}

// errBroken says that a run did not hold; the details are printed.
var errBroken = errors.New("FAIL")

func work(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp("", "patchbay-crash-")
	if err != nil {
		return fmt.Errorf("make a folder to work in: %w", err)
	}
	if o.mutants {
		err = mutants(ctx, o, dir)
	} else {
		err = crash(ctx, o, dir)
	}
	if err == nil && !o.keep {
		return os.RemoveAll(dir) //nolint:wrapcheck // it names the folder
	}
	fmt.Fprintln(os.Stderr, "data and logs are in "+dir)
	return err
}

// crash is one run on the product as it ships.
func crash(ctx context.Context, o options, dir string) error {
	product, err := build(ctx, o, dir, "")
	if err != nil {
		return err
	}
	result, err := run(ctx, plan{
		product: product, dir: filepath.Join(dir, "run"), cycles: o.cycles, clients: o.clients, seed: o.seed, patience: time.Minute,
	})
	if err != nil {
		return err
	}
	fmt.Print(result.report.String())
	fmt.Println(result.line())
	if len(result.report.Violations) > 0 {
		return errBroken
	}
	return nil
}

func build(ctx context.Context, o options, dir, tags string) (rig.Product, error) {
	if o.binary != "" && tags == "" {
		p := rig.Product{Binary: o.binary}
		err := p.BuildPlugins(ctx, filepath.Join(dir, "plugins"), "webchat", "echo")
		return p, err
	}
	return rig.Build(ctx, dir, tags, "webchat", "echo")
}
