package dispatch_test

import (
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/dispatch/dispatchtest"
	"github.com/patchbay-im/patchbay/core/errs"
)

// wrapUp returns when a member's wrap-up ends, as colleagues are told.
func (f *floor) wrapUp(member dispatch.AgentStatus) time.Time {
	f.Helper()
	f.pass(250 * time.Millisecond)
	for _, a := range f.d.Presence(f.ws) {
		if a.Member == member.Member {
			if told := f.announced(a.Member); !told.WrapUpUntil.Equal(a.WrapUpUntil) {
				f.Fatalf("told %v, is %v", told.WrapUpUntil, a.WrapUpUntil)
			}
			return a.WrapUpUntil
		}
	}
	f.Fatalf("%s is not there", member.Member)
	return time.Time{}
}

func TestNoWorkDuringWrapUp(t *testing.T) {
	t.Parallel()
	onFloor(t, nil, func(f *floor) {
		f.mem.SetWrapUp(f.ws, 30*time.Second)
		m := f.present(2)
		me := dispatch.AgentStatus{Member: m}
		done := f.ask(0)
		f.owned(done, m)
		f.do(done, dispatchtest.Resolve, "")
		ends := time.Now().Add(30 * time.Second)
		if until := f.wrapUp(me); !until.Equal(ends) {
			f.Fatalf("the wrap-up ends at %v, want %v", until, ends)
		}
		next := f.ask(time.Minute)
		f.pass(time.Until(ends) - time.Millisecond)
		f.owned(next, "")
		if n := f.d.Stats().Refused; n > 0 {
			f.Fatalf("%d offers to an agent in a wrap-up", n)
		}
		if at := f.d.Position(f.ws, next.Key); at.Place != 1 || !at.Available {
			f.Fatalf("place %d, available %v", at.Place, at.Available)
		}
		f.pass(time.Millisecond)
		f.owned(next, m)
		if until := f.wrapUp(me); !until.IsZero() {
			f.Fatalf("still in a wrap-up until %v", until)
		}
	})
}

func TestReadyEndsAWrapUp(t *testing.T) {
	t.Parallel()
	onFloor(t, nil, func(f *floor) {
		f.mem.SetWrapUp(f.ws, 10*time.Minute)
		m := f.present(1)
		done := f.ask(0)
		f.do(done, dispatchtest.Resolve, "")
		next := f.ask(time.Minute)
		f.pass(time.Minute)
		f.owned(next, "")
		if err := f.d.Ready(f.Context(), f.ws, m); err != nil {
			f.Fatal(err)
		}
		f.pass(time.Millisecond)
		f.owned(next, m)
		if until := f.wrapUp(dispatch.AgentStatus{Member: m}); !until.IsZero() {
			f.Fatalf("still in a wrap-up until %v", until)
		}
		if err := f.d.Ready(f.Context(), f.ws, m); err != nil {
			f.Fatalf("nothing to end: %v", err)
		}
		if err := f.d.Ready(f.Context(), f.ws, "mem_unknown"); !errs.Is(err, errs.NotFound) {
			f.Fatalf("a stranger: %v", err)
		}
	})
}

// A restart ends no wrap-up, and an absent agent has it behind them.
func TestWrapUpSurvivesARestart(t *testing.T) {
	t.Parallel()
	onFloor(t, nil, func(f *floor) {
		f.mem.SetWrapUp(f.ws, 5*time.Minute)
		m := f.present(1)
		done := f.ask(0)
		f.do(done, dispatchtest.Resolve, "")
		next := f.ask(time.Minute)
		f.shut()
		f.open()
		f.come(m)
		f.pass(4 * time.Minute)
		f.owned(next, "")
		if until := f.wrapUp(dispatch.AgentStatus{Member: m}); until.IsZero() {
			f.Fatal("the restart ended the wrap-up")
		}
		f.pass(time.Minute)
		f.owned(next, m)
	})
}

// The claim knows of a wrap-up that nobody told the index of.
func TestAWrapUpThatWasNotTold(t *testing.T) {
	t.Parallel()
	onFloor(t, nil, func(f *floor) {
		f.mem.SetWrapUp(f.ws, 30*time.Second)
		m := f.present(3)
		done := f.ask(0)
		f.mem.Do(f.ws, done.Key, dispatchtest.Resolve, "") // and nobody says so
		next := f.ask(0)
		f.pass(29 * time.Second)
		f.owned(next, "")
		f.pass(time.Second)
		f.owned(next, m)
		if f.d.Stats().Failures > 0 {
			f.Fatal("a refused claim counts as a failure of the store")
		}
	})
}

func TestReasonAndSince(t *testing.T) {
	t.Parallel()
	onFloor(t, nil, func(f *floor) {
		m := f.present(1)
		seen := func() dispatch.AgentStatus {
			f.Helper()
			f.pass(250 * time.Millisecond)
			told := f.announced(m)
			for _, a := range f.d.Presence(f.ws) {
				if a == told {
					return a
				}
			}
			f.Fatalf("told %+v, is %+v", told, f.d.Presence(f.ws))
			return dispatch.AgentStatus{}
		}
		came := seen().Since
		f.pass(time.Minute)
		if now := seen(); !now.Since.Equal(came) || now.Since.IsZero() || now.Reason != "" {
			f.Fatalf("available since %v, came at %v", now.Since, came)
		}
		at := time.Now()
		if err := f.d.Choose(f.Context(), f.ws, m, dispatch.Away, "lunch"); err != nil {
			f.Fatal(err)
		}
		if now := seen(); now.Status != dispatch.Away || now.Reason != "lunch" || !now.Since.Equal(at) {
			f.Fatalf("%+v, away since %v", now, at)
		}
		f.pass(time.Minute)
		other := time.Now()
		if err := f.d.Choose(f.Context(), f.ws, m, dispatch.Away, "牙医"); err != nil {
			f.Fatal(err)
		}
		if now := seen(); now.Reason != "牙医" || !now.Since.Equal(other) {
			f.Fatalf("%+v, since %v", now, other)
		}
		f.shut()
		f.pass(5 * time.Second)
		f.open()
		f.come(m)
		now := f.d.Presence(f.ws)[0]
		if now.Status != dispatch.Away || now.Reason != "牙医" || !now.Since.Equal(other) {
			f.Fatalf("after a restart %+v, since %v", now, other)
		}
		if err := f.d.Choose(f.Context(), f.ws, m, dispatch.Available, ""); err != nil {
			f.Fatal(err)
		}
		if now := seen(); now.Status != dispatch.Available || now.Reason != "" {
			f.Fatalf("%+v", now)
		}
		f.silence(m)
		f.pass(31 * time.Second)
		if now := seen(); now.Status != dispatch.Offline || time.Since(now.Since) > 15*time.Second {
			f.Fatalf("%+v at %v", now, time.Now())
		}
	})
}

func TestReasonsThatAreRefused(t *testing.T) {
	t.Parallel()
	onFloor(t, nil, func(f *floor) {
		m := f.present(1)
		for _, tt := range []struct {
			status       dispatch.Status
			reason, code string
		}{
			{dispatch.Available, "lunch", "not_away"},
			{dispatch.Away, strings.Repeat("长", dispatch.MaxReason+1), "too_long"},
			{dispatch.Away, "a\nb", "invalid_character"},
			{dispatch.Away, "a\x00", "invalid_character"},
			{dispatch.Away, "a\xff", "invalid_character"},
			{dispatch.Away, "a\u202eb", "invalid_character"},
		} {
			err := f.d.Choose(f.Context(), f.ws, m, tt.status, tt.reason)
			if fields := errs.As(err).Fields; !errs.Is(err, errs.Invalid) || fields[0].Pointer != "/reason" || fields[0].Code != tt.code {
				f.Errorf("%q: %v", tt.reason, err)
			}
		}
		if f.seen(m) != dispatch.Available {
			f.Error("a refused choice counts")
		}
		if err := f.d.Choose(f.Context(), f.ws, m, dispatch.Away, strings.Repeat("长", dispatch.MaxReason)); err != nil {
			f.Error(err)
		}
	})
}
