// Command pluginchaos does harm to a real plugin process under load and checks
// that the core kept its word: go run ./core/internal/pluginchaos -events 2000
// -seed 7. It kills and stops the process, slows it down, makes it flood its log,
// answer garbage and outgrow its memory, and puts one version in place of
// another all the while. With -bugs it does the same to a core with seeded bugs,
// each of which the verdict must catch. docs/operate/plugins.md says what is
// checked.
//
// Real are the host, the process, the protocol, the deliverer and the store:
// conversations in a database on disk, to which an agent writes all the while.
// With -store memory the ledger is one in memory, which is quicker and has more
// in flight at each harm.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"
)

// options are the flags.
type options struct {
	events int
	swaps  int
	seed   uint64
	bugs   bool
	strict bool
	limit  time.Duration
	store  string
}

// The ledgers.
const (
	inMemory = "memory"
	sqlite   = "sqlite"
)

// errBroken says that a run did not hold; the details are printed.
var errBroken = errors.New("FAIL")

func main() {
	var o options
	flag.IntVar(&o.events, "events", 2000, "how often harm is done")
	flag.IntVar(&o.swaps, "swaps", 20, "how often a version takes over before that, with no harm done")
	flag.Uint64Var(&o.seed, "seed", uint64(time.Now().UnixNano()%1e6), "chooses what is done, and when")
	flag.BoolVar(&o.bugs, "bugs", false, "check that seeded bugs are caught")
	flag.BoolVar(&o.strict, "strict", false, "every swap within 50 ms, not only the median: for a machine with nothing else to do")
	flag.DurationVar(&o.limit, "limit", 20*time.Minute, "for all the harm; a run that has not done it by then fails")
	flag.StringVar(&o.store, "store", sqlite, "where messages wait: sqlite (real conversations on disk) or memory")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := work(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "pluginchaos: "+err.Error())
		os.Exit(1)
	}
}

func work(ctx context.Context, o options) error {
	if o.store != sqlite && o.store != inMemory {
		return fmt.Errorf("-store is %s or %s", sqlite, inMemory)
	}
	if o.bugs {
		o.store = inMemory // where the bugs are
		return seeded(ctx, o)
	}
	r, err := run(ctx, o, "")
	if err != nil {
		return err
	}
	fmt.Print(r)
	if len(r.violations) > 0 {
		return errBroken
	}
	return nil
}

// seeded runs with each bug and reports those that the verdict did not catch.
func seeded(ctx context.Context, o options) error {
	missed := 0
	names := make([]string, 0, len(bugs()))
	for bug := range bugs() {
		names = append(names, bug)
	}
	slices.Sort(names)
	for _, bug := range names {
		r, err := run(ctx, o, bug)
		if err != nil {
			return err
		}
		said := ""
		for _, v := range r.violations {
			if v.invariant == bugs()[bug] {
				said = v.String()
			}
		}
		if said == "" {
			missed++
			fmt.Printf("MISSED  %-12s it must break %q\n%s", bug, bugs()[bug], r)
			continue
		}
		fmt.Printf("caught  %-12s %s\n", bug, said)
	}
	if missed > 0 {
		return errBroken
	}
	return nil
}
