package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/crash/verdict"
	"github.com/patchbay-im/patchbay/core/internal/mutant"
	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// seeded is a bug and the invariant that must break by it.
type seeded struct {
	bug, breaks string
}

func bugs() []seeded {
	return []seeded{
		{mutant.AckBeforeCommit, verdict.Acked},
		{mutant.NoDedup, verdict.Acked},
		{mutant.SplitOutbox, verdict.Outbox},
	}
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
	control, err := try(ctx, o, product, filepath.Join(dir, "control"), "", 0)
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
		r, err := try(ctx, o, product, filepath.Join(dir, fmt.Sprintf("%s-%d", b.bug, i)), b.bug, uint64(i))
		if err != nil {
			return false, err
		}
		broken := r.report.Broken()
		fmt.Printf("%s: kills=%d acked=%d lost=%d duplicated=%d gaps=%d broken=%s\n", b.bug, r.harm.kills, r.acks,
			r.report.Lost, r.report.Duplicated, r.report.Gaps, strings.Join(broken, ","))
		if slices.Contains(broken, b.breaks) {
			for _, v := range r.report.Violations {
				if v.Invariant == b.breaks {
					fmt.Printf("  caught: %s: %s\n", v.Invariant, v.Detail)
					break
				}
			}
			return true, nil
		}
	}
	fmt.Printf("  %s SURVIVED: %s did not break\n", b.bug, b.breaks)
	return false, nil
}

func try(ctx context.Context, o options, product rig.Product, dir, bug string, round uint64) (result, error) {
	p := plan{
		product: product, dir: dir, cycles: mutantCycles, clients: mutantClients, seed: o.seed + round,
		patience: 20 * time.Second,
	}
	if bug != "" {
		// A feed with holes never settles: it is broken at once or not at all.
		p.env, p.patience = []string{"PATCHBAY_MUTANT=" + bug}, 4*time.Second
	}
	return run(ctx, p)
}
