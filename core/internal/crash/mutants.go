package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/crash/verdict"
	"github.com/patchbay-im/patchbay/core/internal/mutant"
	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// seeded is a bug, the invariant that must break by it, and how the verdict
// says so: a bug is not caught by breaking something else.
type seeded struct {
	bug, breaks, says string
	patience          time.Duration
}

func bugs() []seeded {
	return []seeded{
		{mutant.AckBeforeCommit, verdict.Acked, "was acknowledged", settling},
		{mutant.NoDedup, verdict.Acked, "is stored", settling},
		// A feed with holes never settles.
		{mutant.SplitOutbox, verdict.Outbox, "is not in the outbox", 4 * time.Second},
	}
}

// settling is longer than a webhook request waits that a kill left unprocessed.
const settling = 40 * time.Second

// caughtBy returns what the verdict says of the bug; "" = it did not notice.
func (b seeded) caughtBy(r verdict.Report) string {
	for _, v := range r.Violations {
		if v.Invariant == b.breaks && strings.Contains(v.Detail, b.says) {
			return v.Invariant + ": " + v.Detail
		}
	}
	return ""
}

// Sizes of a mutant's runs: a bug needs a kill at the wrong moment, so there
// are more runs when the first does not meet one.
const (
	mutantCycles  = 6
	mutantClients = 24
	mutantTries   = 4
)

// mutants runs every seeded bug until the check catches it, and the same build
// without a bug once, which must hold.
func mutants(ctx context.Context, o options, dir string) error {
	o.binary = "" // a build with the bugs in it
	product, err := build(ctx, o, dir, "mutant")
	if err != nil {
		return err
	}
	control, err := try(ctx, o, product, filepath.Join(dir, "control"), seeded{patience: settling}, 0)
	if err != nil {
		return err
	}
	fmt.Printf("no bug: %s\n%s", control.line(), control.report.String())
	caught := 0
	for _, b := range bugs() {
		ok, err := hunt(ctx, o, product, dir, b)
		if err != nil {
			return err
		}
		if ok {
			caught++
		}
	}
	clean := len(control.report.Violations) == 0
	word := map[bool]string{true: "OK", false: "FAIL"}[clean && caught == len(bugs())]
	fmt.Printf("mutants: caught %d/%d, control violations=%d %s\n", caught, len(bugs()), len(control.report.Violations), word)
	if word != "OK" {
		return errBroken
	}
	return nil
}

// hunt reports whether a bug is caught by the invariant that names it.
func hunt(ctx context.Context, o options, product rig.Product, dir string, b seeded) (bool, error) {
	for i := range mutantTries {
		r, err := try(ctx, o, product, filepath.Join(dir, fmt.Sprintf("%s-%d", b.bug, i)), b, uint64(i))
		if err != nil {
			return false, err
		}
		fmt.Printf("%s: kills=%d acked=%d lost=%d duplicated=%d gaps=%d broken=%s\n", b.bug, r.harm.kills, r.acks,
			r.report.Lost, r.report.Duplicated, r.report.Gaps, strings.Join(r.report.Broken(), ","))
		if word := b.caughtBy(r.report); word != "" {
			fmt.Println("  caught by " + word)
			return true, nil
		}
	}
	fmt.Printf("  %s SURVIVED: %s did not break by it\n", b.bug, b.breaks)
	return false, nil
}

func try(ctx context.Context, o options, product rig.Product, dir string, b seeded, round uint64) (result, error) {
	return run(ctx, plan{
		product: product, dir: dir, bug: b.bug, cycles: mutantCycles, clients: mutantClients, seed: o.seed + round, patience: b.patience,
	})
}
