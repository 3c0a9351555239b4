package policy

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/dispatch/simulate"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Which names a plan of a workspace: Draft, Current, or the number of a revision.
type Which string

// The plans that have no number.
const (
	WhichDraft   Which = "draft"
	WhichCurrent Which = "current" // in force; none was published: the zero Plan
)

// Side is a plan, and who is there.
type Side struct {
	Plan     Which
	Staffing []Headcount // groups of the day that are not as they were; each once
}

// Played is what a plan would do to a day.
type Played struct {
	Plan     dispatch.Plan
	Scenario simulate.Scenario // with the side's people
	People   int
	Warnings []dispatch.Warning // by them
	Result   simulate.Result
}

// Comparison is two sides on the same day.
type Comparison struct {
	View
	Played [2]Played
}

// comparing is how long a comparison may take, with its waiting for another. A
// day of the largest size takes well below a second of a processor.
const comparing = 10 * time.Second

// Compare plays a day by two sides, one comparison at a time. The same day and
// sides give the same answer, as long as nothing that was recorded is erased and
// nobody's skills change. Needs TeamManage and reach over everything. Its errors:
// errs.Absent for a revision that there is none of, Invalid for a name, a day or
// people that cannot be, with every wrong field, and Unavailable when it takes too
// long.
func (s *Service) Compare(ctx context.Context, scope identity.Scope, sides [2]Side, day Day) (Comparison, error) {
	var out Comparison
	if err := manages(scope); err != nil {
		return out, err
	}
	ctx, cancel := context.WithTimeout(ctx, comparing)
	defer cancel()
	select {
	case s.compares <- struct{}{}:
		defer func() { <-s.compares }()
	case <-ctx.Done():
		return out, busy(ctx.Err())
	}
	var err error
	if out.View, err = s.view(ctx, scope.Workspace, day); err != nil {
		return out, late(err)
	}
	for i, side := range sides {
		p := &out.Played[i]
		if p.Plan, err = s.plan(ctx, scope.Workspace, "/plans/"+strconv.Itoa(i), side.Plan); err != nil {
			return out, late(err)
		}
		if p.Scenario, err = staffed(out.Scenario, side.Staffing, "/staffing/"+strconv.Itoa(i)); err != nil {
			return out, err
		}
	}
	for i := range out.Played {
		if err := out.Played[i].play(ctx, string(sides[i].Plan)); err != nil {
			return out, late(err)
		}
	}
	return out, nil
}

// play plays the day.
func (p *Played) play(ctx context.Context, name string) error {
	budgets := make([]int, len(p.Scenario.Staff))
	for i, st := range p.Scenario.Staff {
		budgets[i] = st.Budget
		p.People += st.Count
	}
	var err error
	if p.Warnings, err = p.Plan.Check(budgets...); err != nil {
		return err //nolint:wrapcheck // it names the fields
	}
	p.Result, err = simulate.Run(ctx, p.Scenario, simulate.Planned(name, p.Plan))
	return err //nolint:wrapcheck // it names the fields
}

// late says that there was no time.
func late(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return busy(err)
	}
	return err
}

func busy(err error) error {
	return errs.Wrap(err, errs.Unavailable, "policy.compare_busy", "The comparison took too long. Try again, or take a smaller day.")
}

// plan looks up a plan by its name.
func (s *Service) plan(ctx context.Context, w identity.WorkspaceID, pointer string, which Which) (dispatch.Plan, error) {
	if which == WhichDraft || which == WhichCurrent {
		st, err := s.store.State(ctx, w)
		if which == WhichDraft {
			return st.Draft.Plan, err
		}
		return st.Published.Plan, err
	}
	n, err := strconv.ParseUint(string(which), 10, 63)
	if err != nil {
		return dispatch.Plan{}, errs.New(errs.Invalid, "policy.which", "Name the draft, the current policy, or the number of a revision.").
			WithFields(errs.Field{Pointer: pointer, Code: "enum", Detail: "must be draft, current, or a number"})
	}
	r, err := s.store.Revision(ctx, w, n)
	return r.Plan, err
}

func channelKnown(name string) bool {
	_, ok := dispatch.ParseChannel(name)
	return ok
}
