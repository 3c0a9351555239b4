package backfilltest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/channel/backfill"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Fixture is an implementation under test.
type Fixture struct {
	Store backfill.Store
	// Workspace makes a new workspace.
	Workspace func(tb testing.TB) identity.WorkspaceID
}

type suite struct {
	*testing.T
	Fixture
	w   identity.WorkspaceID
	now time.Time
	n   int
}

// Run holds a store to the port.
func Run(t *testing.T, fresh func(t *testing.T) Fixture) {
	t.Helper()
	for name, test := range map[string]func(*suite){
		"kept": (*suite).kept, "one at a time": (*suite).one, "the last": (*suite).last, "changed": (*suite).changed,
	} {
		t.Run(name, func(t *testing.T) {
			f := fresh(t)
			test(&suite{T: t, Fixture: f, w: f.Workspace(t), now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)})
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

// run is a new run of an inbox, a second after the one before.
func (s *suite) run(inbox channel.InboxID) backfill.Run {
	s.n++
	s.now = s.now.Add(time.Second)
	return backfill.Run{
		Workspace: s.w, ID: backfill.ID(fmt.Sprintf("bfl_%03d", s.n)), Inbox: inbox, Since: s.now.Add(-time.Hour), State: backfill.Running,
		Actor: identity.Actor{Kind: identity.ActorMember, ID: "mem_1", Name: "Wei 李"}, StartedAt: s.now,
	}
}

func (s *suite) begin(inbox channel.InboxID) backfill.Run {
	s.Helper()
	r := s.run(inbox)
	s.must(s.Store.Begin(s.Context(), r, event.Event{ID: "chg_" + string(r.ID), Workspace: string(s.w), At: s.now}))
	return r
}

func (s *suite) change(r backfill.Run, change func(*backfill.Run)) backfill.Run {
	s.Helper()
	out, err := s.Store.Change(s.Context(), r.Workspace, r.ID, func(r *backfill.Run) error { change(r); return nil })
	s.must(err)
	return out
}

func (s *suite) runs(inbox channel.InboxID) []backfill.Run {
	s.Helper()
	out, err := s.Store.Runs(s.Context(), s.w, inbox)
	s.must(err)
	return out
}

// Everything of a run comes back as it was.
func (s *suite) kept() {
	r := s.begin("inb_1")
	s.same(s.runs("inb_1"), []backfill.Run{r})
	s.same(s.runs("inb_2"), []backfill.Run(nil))
	full := r
	full.State, full.FinishedAt = backfill.Failed, s.now.Add(time.Minute)
	full.Counts = backfill.Counts{Found: 9, New: 4, Known: 3, Refused: 2}
	full.Refusals = []backfill.Refusal{{Code: "sender", Detail: "no \"id\"", Count: 2}}
	full.Code, full.Detail, full.Holder, full.Until = "plugin.no_answer", "不在", "clm_1", s.now.Add(time.Hour)
	s.same(s.change(r, func(r *backfill.Run) { *r = full }), full)
	s.same(s.runs("inb_1"), []backfill.Run{full})
	other, err := s.Store.Runs(s.Context(), s.Workspace(s), "inb_1")
	s.must(err)
	s.same(other, []backfill.Run(nil))
}

// An inbox has one run at a time, however many ask at once; another inbox its own.
func (s *suite) one() {
	var asking sync.WaitGroup
	var mu sync.Mutex
	begun, refused := 0, 0
	for range 8 {
		r := s.run("inb_1")
		asking.Go(func() {
			err := s.Store.Begin(s.Context(), r, event.Event{ID: "chg_" + string(r.ID), Workspace: string(s.w), At: r.StartedAt})
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				begun++
			case errs.As(err).Code == "backfill.under_way" && errs.Is(err, errs.Conflict):
				refused++
			default:
				s.Errorf("refused with %v", err)
			}
		})
	}
	asking.Wait()
	if begun != 1 || refused != 7 {
		s.Fatalf("%d begun, %d refused", begun, refused)
	}
	second := s.begin("inb_2")
	running, err := s.Store.Running(s.Context())
	s.must(err)
	mine := 0
	for _, r := range running {
		if r.Workspace == s.w {
			mine++
		}
	}
	if mine != 2 || running[len(running)-1].ID != second.ID {
		s.Fatalf("%d run: %+v", mine, running)
	}
	s.change(second, func(r *backfill.Run) { r.State = backfill.Done })
	s.begin("inb_2")
}

// The last of an inbox stay, the newest first.
func (s *suite) last() {
	other := s.begin("inb_2")
	var want []backfill.Run
	for range backfill.Kept + 3 {
		r := s.begin("inb_1")
		r = s.change(r, func(r *backfill.Run) { r.State, r.FinishedAt = backfill.Done, s.now })
		want = append([]backfill.Run{r}, want...)
	}
	s.same(s.runs("inb_1"), want[:backfill.Kept])
	s.same(s.runs("inb_2"), []backfill.Run{other})
}

// A change that fails changes nothing, and a run that is not there cannot be changed.
func (s *suite) changed() {
	r := s.begin("inb_1")
	no := errors.New("no")
	_, err := s.Store.Change(s.Context(), s.w, r.ID, func(r *backfill.Run) error { r.State = backfill.Done; return no })
	if !errors.Is(err, no) {
		s.Fatal(err)
	}
	s.same(s.runs("inb_1"), []backfill.Run{r})
	for _, w := range []identity.WorkspaceID{s.w, s.Workspace(s)} {
		id := backfill.ID("bfl_none")
		if w != s.w {
			id = r.ID
		}
		if _, err := s.Store.Change(s.Context(), w, id, func(*backfill.Run) error { return nil }); !errs.Is(err, errs.NotFound) {
			s.Fatal(err)
		}
	}
}
