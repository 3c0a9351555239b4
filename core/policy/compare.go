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

// Played is what a plan would do to a day.
type Played struct {
	Plan     dispatch.Plan
	Warnings []dispatch.Warning // by the day's people
	Result   simulate.Result
}

// Comparison is two plans on the same day.
type Comparison struct {
	Scenario simulate.Scenario
	People   int
	Played   [2]Played
}

// comparing is how long a comparison may take, with its waiting for another. A
// day of the largest size takes well below a second of a processor.
const comparing = 10 * time.Second

// Compare plays a day by two plans, one comparison at a time. The same day and
// plans give the same answer. Needs TeamManage. Its errors: errs.Absent for a
// revision that there is none of, Invalid for a name or a day that cannot be,
// with every wrong field, and Unavailable when it takes too long.
func (s *Service) Compare(ctx context.Context, scope identity.Scope, plans [2]Which, day Day) (Comparison, error) {
	var out Comparison
	if err := manages(scope); err != nil {
		return out, err
	}
	scenario, err := day.scenario()
	if err != nil {
		return out, err
	}
	out.Scenario = scenario
	for i, which := range plans {
		if out.Played[i].Plan, err = s.plan(ctx, scope.Workspace, "/plans/"+strconv.Itoa(i), which); err != nil {
			return out, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, comparing)
	defer cancel()
	select {
	case s.compares <- struct{}{}:
		defer func() { <-s.compares }()
	case <-ctx.Done():
		return out, busy(ctx.Err())
	}
	budgets := make([]int, len(scenario.Staff))
	for i, st := range scenario.Staff {
		budgets[i] = st.Budget
		out.People += st.Count
	}
	for i := range out.Played {
		p := &out.Played[i]
		if p.Warnings, err = p.Plan.Check(budgets...); err != nil {
			return out, err //nolint:wrapcheck // it names the fields
		}
		p.Result, err = simulate.Run(ctx, scenario, simulate.Planned(string(plans[i]), p.Plan))
		if errors.Is(err, context.DeadlineExceeded) {
			err = busy(err)
		}
		if err != nil {
			return out, err
		}
	}
	return out, nil
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
