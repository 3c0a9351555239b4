package instancetest

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/instance"
)

// Fixture is an implementation under test.
type Fixture struct {
	Store instance.ConditionStore
	// Workspace makes a new workspace.
	Workspace func(tb testing.TB) identity.WorkspaceID
	// Account makes an inbox ("inb_...") or a connection ("pin_...") in it.
	Account func(tb testing.TB, w identity.WorkspaceID, id string, enabled bool)
}

type suite struct {
	*testing.T
	Fixture
	w   identity.WorkspaceID
	now time.Time
}

// Run holds a store to the port.
func Run(t *testing.T, fresh func(t *testing.T) Fixture) {
	t.Helper()
	for name, test := range map[string]func(*suite){
		"kept": (*suite).kept, "refused": (*suite).refused, "due": (*suite).due, "counted": (*suite).counted, "at once": (*suite).atOnce,
	} {
		t.Run(name, func(t *testing.T) {
			f := fresh(t)
			test(&suite{T: t, Fixture: f, w: f.Workspace(t), now: time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)})
		})
	}
}

func (s *suite) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *suite) same(got, want any) {
	s.Helper()
	if g, x := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want); g != x {
		s.Fatalf("got  %s\nwant %s", g, x)
	}
}

// report changes a condition as a Watch does.
func (s *suite) report(w identity.WorkspaceID, id string, h instance.Health, at time.Time) instance.Condition {
	s.Helper()
	c, err := s.Store.ChangeCondition(s.Context(), w, id, func(c *instance.Condition) ([]event.Event, error) {
		*c = c.After(instance.Report{Workspace: w, Instance: id, Health: h, Revision: 7, At: at})
		return nil, nil
	})
	s.must(err)
	return c
}

func well() instance.Health { return instance.Health{State: "ok"} }

func down() instance.Health {
	return instance.Health{State: "down", Code: "provider_unreachable", Detail: "没有回应"}
}

func rejected() instance.Health {
	return instance.Health{State: "down", Code: instance.CodeAuthExpired, Detail: "535 wrong password"}
}

// Rejected is a condition after the far side rejected its credentials for good.
func Rejected(c instance.Condition) instance.Condition {
	for range instance.RejectionsNeeded {
		at := c.RejectedAt.Add(instance.RejectedFor)
		if c.RejectedAt.IsZero() {
			at = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
		}
		c = c.After(instance.Report{Health: rejected(), Revision: c.Revision, At: at})
	}
	return c
}

func (s *suite) kept() {
	ctx := s.Context()
	s.Account(s, s.w, "inb_kept", true)
	s.Account(s, s.w, "pin_kept", true)
	for _, id := range []string{"inb_kept", "pin_kept"} {
		before, err := s.Store.Condition(ctx, s.w, id)
		s.must(err)
		s.same(before, instance.Condition{Workspace: s.w, Instance: id, State: instance.ConditionUnknown})
		s.report(s.w, id, well(), s.now)
		s.report(s.w, id, rejected(), s.now.Add(time.Second))
		want := s.report(s.w, id, down(), s.now.Add(time.Minute))
		if len(want.Turns) != 3 || want.Rejections != 1 || want.Revision != 7 || want.NoticeAt.IsZero() || want.GoodAt.IsZero() {
			s.Fatalf("%+v", want)
		}
		got, err := s.Store.Condition(ctx, s.w, id)
		s.must(err)
		s.same(got, want)
	}
	turn := func(next func(instance.Condition) instance.Condition) (c instance.Condition) {
		c, err := s.Store.ChangeCondition(ctx, s.w, "inb_kept", func(c *instance.Condition) ([]event.Event, error) {
			*c = next(*c)
			return nil, nil
		})
		s.must(err)
		return c
	}
	s.same(turn(Rejected).Paused(7), true)
	resumed := turn(func(c instance.Condition) instance.Condition { return c.Again(s.now.Add(2 * time.Minute)) })
	kept, err := s.Store.Condition(ctx, s.w, "inb_kept")
	s.must(err)
	s.same(kept, resumed)
	s.same(kept.ResumedAt, s.now.Add(2*time.Minute))
	all, err := s.Store.Conditions(ctx, s.w)
	s.must(err)
	if c := all["pin_kept"]; len(all) != 2 || c.Detail != down().Detail || c.Turns != nil {
		s.Fatalf("%+v", all)
	}
	for i := range 2 * instance.MaxTurns {
		h := well()
		if i%2 == 0 {
			h = instance.Health{State: "down", Code: "x", Detail: strings.Repeat("长", 400)}
		}
		s.report(s.w, "inb_kept", h, s.now.Add(time.Hour+time.Duration(i)*time.Second))
	}
	c, err := s.Store.Condition(ctx, s.w, "inb_kept")
	s.must(err)
	if len(c.Turns) != instance.MaxTurns || !c.Turns[0].At.After(c.Turns[1].At) {
		s.Fatalf("%d turns, the newest at %v", len(c.Turns), c.Turns[0].At)
	}
}

func (s *suite) refused() {
	ctx, other := s.Context(), s.Workspace(s)
	s.Account(s, s.w, "inb_refused", true)
	for w, id := range map[identity.WorkspaceID]string{other: "inb_refused", s.w: "inb_nothing"} {
		_, err := s.Store.ChangeCondition(ctx, w, id, func(*instance.Condition) ([]event.Event, error) {
			s.Error("asked about what is not there")
			return nil, nil
		})
		if !errs.Is(err, errs.NotFound) {
			s.Fatalf("%s: %v", id, err)
		}
	}
	_, err := s.Store.ChangeCondition(ctx, s.w, "inb_refused", func(c *instance.Condition) ([]event.Event, error) {
		c.State = instance.ConditionFailing
		return nil, errs.New(errs.Conflict, "x", "x")
	})
	if !errs.Is(err, errs.Conflict) {
		s.Fatal(err)
	}
	c, err := s.Store.Condition(ctx, s.w, "inb_refused")
	s.must(err)
	s.same(c.State, instance.ConditionUnknown)
}

func (s *suite) due() {
	ctx := s.Context()
	for i, id := range []string{"inb_due_a", "inb_due_b", "inb_due_c"} {
		s.Account(s, s.w, id, true)
		s.report(s.w, id, down(), s.now.Add(-time.Duration(i)*time.Minute))
	}
	due := func(at time.Time, limit int) string {
		found, err := s.Store.NoticesDue(ctx, at, limit)
		s.must(err)
		var out []string
		for _, c := range found {
			out = append(out, c.Instance)
		}
		return strings.Join(out, " ")
	}
	s.same(due(s.now, 9), "")
	s.same(due(s.now.Add(instance.Settled-time.Minute), 9), "inb_due_c inb_due_b")
	s.same(due(s.now.Add(instance.Settled), 2), "inb_due_c inb_due_b")
	_, err := s.Store.ChangeCondition(ctx, s.w, "inb_due_c", func(c *instance.Condition) ([]event.Event, error) {
		*c = c.Noticed()
		return nil, nil
	})
	s.must(err)
	s.same(due(s.now.Add(instance.Settled), 2), "inb_due_b inb_due_a")
}

func (s *suite) counted() {
	ctx := s.Context()
	before, err := s.Store.CountConditions(ctx)
	s.must(err)
	for id, enabled := range map[string]bool{"inb_count_a": true, "pin_count_b": true, "pin_count_c": false} {
		s.Account(s, s.w, id, enabled)
		s.report(s.w, id, down(), s.now)
	}
	after, err := s.Store.CountConditions(ctx)
	s.must(err)
	s.same(after[instance.ConditionFailing]-before[instance.ConditionFailing], 2)
}

// atOnce: of reports at the same time none is lost.
func (s *suite) atOnce() {
	s.Account(s, s.w, "inb_once", true)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			_, err := s.Store.ChangeCondition(s.Context(), s.w, "inb_once", func(c *instance.Condition) ([]event.Event, error) {
				c.Revision++
				return []event.Event{{
					ID: fmt.Sprintf("chg_%s_%d", s.w, i), Workspace: string(s.w), Type: instance.InboxHealthChanged, Subject: "inb_once", At: s.now,
				}}, nil
			})
			if err != nil {
				s.Error(err)
			}
		})
	}
	wg.Wait()
	c, err := s.Store.Condition(s.Context(), s.w, "inb_once")
	s.must(err)
	s.same(c.Revision, uint64(20))
}
