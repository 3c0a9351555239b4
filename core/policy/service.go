package policy

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// Service holds the use cases of policies.
//
// Concurrency: safe for concurrent use; there are no goroutines.
type Service struct {
	store    Store
	people   People
	recorder Recorder
	now      func() time.Time
	ids      id.Source
	compares chan struct{} // of one at a time
}

// People knows who may be given work.
type People interface {
	// Budgets lists the capacities that members who may be given work have, in any
	// order.
	Budgets(ctx context.Context, w identity.WorkspaceID) ([]int, error)
}

// Advised is a state with what its author may not mean by the draft, as the
// members are now.
type Advised struct {
	State
	Warnings []dispatch.Warning
}

// NewService returns a Service.
func NewService(store Store, people People, recorder Recorder, now func() time.Time) *Service {
	return &Service{store: store, people: people, recorder: recorder, now: now, ids: id.NewSource(now), compares: make(chan struct{}, 1)}
}

// State returns the draft and what is in force. Needs TeamRead.
func (s *Service) State(ctx context.Context, scope identity.Scope) (Advised, error) {
	if err := scope.Require(identity.TeamRead); err != nil {
		return Advised{}, err
	}
	st, err := s.store.State(ctx, scope.Workspace)
	return s.advised(ctx, scope, st, err)
}

// advised looks at a draft.
func (s *Service) advised(ctx context.Context, scope identity.Scope, st State, err error) (Advised, error) {
	if err != nil {
		return Advised{}, err
	}
	budgets, err := s.people.Budgets(ctx, scope.Workspace)
	if err != nil {
		return Advised{}, err
	}
	warnings, err := st.Draft.Plan.Check(budgets...)
	return Advised{st, warnings}, err //nolint:wrapcheck // it names the fields
}

// manages reports an error unless the scope may change how work is given out,
// which is given out to everybody.
func manages(scope identity.Scope) error {
	if err := scope.Require(identity.TeamManage); err != nil {
		return err
	}
	if !scope.Reach().All() {
		return errs.New(errs.Forbidden, "forbidden", "The policy decides who is given what. Ask somebody whose role sees everything.")
	}
	return nil
}

// Revisions lists what was in force, the newest first. Needs TeamRead.
func (s *Service) Revisions(ctx context.Context, scope identity.Scope, request page.Request) (page.Page[Revision], error) {
	if err := scope.Require(identity.TeamRead); err != nil {
		return page.Page[Revision]{}, err
	}
	return s.store.Revisions(ctx, scope.Workspace, request)
}

// Save changes the draft, if revision is still its own. Needs TeamManage and
// reach over everything, as all that changes does. Its
// errors: Stale, and Plan.Check's.
func (s *Service) Save(ctx context.Context, scope identity.Scope, revision uint64, plan dispatch.Plan) (Advised, error) {
	if err := manages(scope); err != nil {
		return Advised{}, err
	}
	if _, err := plan.Check(); err != nil {
		return Advised{}, err //nolint:wrapcheck // it names the fields
	}
	return s.change(ctx, scope, "policy.drafted", func(st *State, at time.Time) (event.Differences, error) {
		if st.Draft.Revision != revision {
			return nil, Stale()
		}
		d := event.Differences{}
		d.Note("plan", text(st.Draft.Plan), text(plan))
		st.Draft = Draft{Plan: plan, Revision: revision + 1, By: by(scope), At: at}
		return d, nil
	})
}

// Publish puts the draft in force, if revision is still its own. Needs
// TeamManage. Its errors: Stale, Unchanged, and Invalid for a note that is not
// accepted.
func (s *Service) Publish(ctx context.Context, scope identity.Scope, revision uint64, note string) (Advised, error) {
	if err := manages(scope); err != nil {
		return Advised{}, err
	}
	note, err := checkNote(note)
	if err != nil {
		return Advised{}, err
	}
	return s.change(ctx, scope, "policy.published", func(st *State, at time.Time) (event.Differences, error) {
		if st.Draft.Revision != revision || revision == 0 {
			return nil, Stale()
		}
		return st.publish(Revision{Plan: st.Draft.Plan, Note: note, By: by(scope), At: at})
	})
}

// Restore puts the plan of an older revision in force again, if published is
// still the number of the one in force. The draft becomes that plan as well.
// Needs TeamManage. Its errors: Stale, Unchanged, errs.Absent for no such
// revision, and Invalid for a note that is not accepted.
func (s *Service) Restore(ctx context.Context, scope identity.Scope, number, published uint64, note string) (Advised, error) {
	if err := manages(scope); err != nil {
		return Advised{}, err
	}
	note, err := checkNote(note)
	if err != nil {
		return Advised{}, err
	}
	old, err := s.store.Revision(ctx, scope.Workspace, number)
	if err != nil {
		return Advised{}, err
	}
	return s.change(ctx, scope, "policy.restored", func(st *State, at time.Time) (event.Differences, error) {
		if st.Published.Number != published {
			return nil, Stale()
		}
		st.Draft = Draft{Plan: old.Plan, Revision: st.Draft.Revision + 1, By: by(scope), At: at}
		return st.publish(Revision{Plan: old.Plan, Note: note, Restores: number, By: by(scope), At: at})
	})
}

// publish makes a revision the one in force, and says what changed.
func (st *State) publish(r Revision) (event.Differences, error) {
	if text(r.Plan) == text(st.Published.Plan) {
		return nil, Unchanged()
	}
	d := event.Differences{}
	d.Note("plan", text(st.Published.Plan), text(r.Plan))
	d.Note("note", "", r.Note)
	st.Published = r
	return d, nil
}

// change lets apply work on the state, and records what it did.
func (s *Service) change(ctx context.Context, scope identity.Scope, action string, apply func(*State, time.Time) (event.Differences, error)) (Advised, error) {
	at := s.now().UTC().Truncate(time.Millisecond)
	changed := event.Event{
		ID: s.ids.New("chg"), Workspace: string(scope.Workspace), Type: Changed, Subject: string(scope.Workspace), At: at, Data: []byte(`{}`),
		Audit: identity.Record(ctx, scope, action, event.Party{Kind: "policy"}),
	}
	st, err := s.store.Change(ctx, scope.Workspace, func(st *State) error {
		d, err := apply(st, at)
		if err == nil {
			changed.Audit.Say(d)
		}
		return err
	}, changed)
	return s.advised(ctx, scope, st, err)
}

// by is who does it, without what they may do.
func by(scope identity.Scope) identity.Actor {
	return identity.Actor{Kind: scope.Actor.Kind, ID: scope.Actor.ID, Name: scope.Actor.Name}
}

func checkNote(note string) (string, error) {
	var r errs.Refusals
	if !utf8.ValidString(note) {
		r.Refuse("/note", "invalid_text", "is not valid text (UTF-8)")
	} else if note = strings.TrimSpace(note); strings.ContainsFunc(note, func(c rune) bool { return identity.Deceptive(c) && c != '\n' }) {
		r.Refuse("/note", "invalid_character", "holds control characters")
	}
	if n := utf8.RuneCountInString(note); n > MaxNote {
		r.Refuse("/note", "too_long", fmt.Sprintf("has %d characters; at most %d", n, MaxNote))
	}
	return note, r.Refused("policy.note", "The note is not accepted.")
}

// text is a plan as the audit log keeps it.
func text(p dispatch.Plan) string {
	raw, err := json.Marshal(p)
	if err != nil { // channels are checked
		return ""
	}
	return string(raw)
}
