package connectiontest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/instance"
)

// Store is what the suite runs on.
type Store interface {
	extension.ConnectionStore
	extension.GrantStore
	extension.TokenStore
}

// Fixture is an implementation under test.
type Fixture struct {
	Store Store
	// Workspace makes a new workspace.
	Workspace func(tb testing.TB) identity.WorkspaceID
}

type suite struct {
	*testing.T
	Store
	w   identity.WorkspaceID
	now time.Time
	n   int
}

// Run holds a store to the ports.
func Run(t *testing.T, fresh func(t *testing.T) Fixture) {
	t.Helper()
	for name, test := range map[string]func(*suite, Fixture){
		"connections": (*suite).connections, "grants": (*suite).grants, "tokens": (*suite).tokens, "sign-ins": (*suite).signIns,
	} {
		t.Run(name, func(t *testing.T) {
			f := fresh(t)
			test(&suite{T: t, Store: f.Store, w: f.Workspace(t), now: time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)}, f)
		})
	}
}

func (s *suite) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *suite) is(err error, kind errs.Kind) {
	s.Helper()
	if !errs.Is(err, kind) {
		s.Fatalf("got %v, want %v", err, kind)
	}
}

func (s *suite) draft(w identity.WorkspaceID) extension.Connection {
	s.n++
	s.now = s.now.Add(time.Second)
	return extension.Connection{
		Workspace: w, ID: extension.ConnectionID(fmt.Sprintf("pin_%s_%03d", w, s.n)), Plugin: "test/link", Name: "商店", Config: []byte(`{"a":1}`),
		Secrets: instance.Sealed{"/key": "sealed"}, Revision: 1, Enabled: true, CreatedAt: s.now, UpdatedAt: s.now,
	}
}

func (s *suite) event(w identity.WorkspaceID) event.Event {
	s.n++
	return event.Event{ID: fmt.Sprintf("chg_%s_%d", w, s.n), Workspace: string(w), Type: extension.ConnectionChanged, Subject: "x", At: s.now}
}

func (s *suite) same(got, want any) {
	s.Helper()
	if g, x := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want); g != x {
		s.Fatalf("got  %s\nwant %s", g, x)
	}
}

func (s *suite) connections(f Fixture) {
	ctx, other := s.Context(), f.Workspace(s)
	c, theirs := s.draft(s.w), s.draft(other)
	s.must(s.CreateConnection(ctx, c, nil, s.event(s.w)))
	s.must(s.CreateConnection(ctx, theirs, nil))
	got, err := s.Connection(ctx, c.ID)
	s.must(err)
	s.same(got, c)
	_, err = s.UpdateConnection(ctx, other, c.ID, func(*extension.Connection) ([]event.Event, error) { return nil, nil })
	s.is(err, errs.NotFound)
	s.is(s.DeleteConnection(ctx, other, c.ID), errs.NotFound)
	got, err = s.UpdateConnection(ctx, s.w, c.ID, func(x *extension.Connection) ([]event.Event, error) {
		x.Name, x.Config, x.Secrets, x.Revision, x.Enabled = "shop", []byte(`{}`), nil, 2, false
		return []event.Event{s.event(s.w)}, nil
	})
	s.must(err)
	again, err := s.Connection(ctx, c.ID)
	s.must(err)
	s.same(again, got)
	refused := errs.New(errs.Conflict, "x", "x")
	_, err = s.UpdateConnection(ctx, s.w, c.ID, func(x *extension.Connection) ([]event.Event, error) { x.Name = "no"; return nil, refused })
	s.is(err, errs.Conflict)
	enabled, err := s.ConnectionsOf(ctx, "test/link")
	s.must(err)
	s.same(enabled, []extension.Connection{theirs})
	s.is(s.CreateConnection(ctx, theirs, nil), errs.Conflict)
	s.must(s.DeleteConnection(ctx, s.w, c.ID, s.event(s.w)))
	s.is(s.DeleteConnection(ctx, s.w, c.ID), errs.NotFound)
	for range extension.MaxConnections {
		s.must(s.CreateConnection(ctx, s.draft(s.w), nil))
	}
	s.is(s.CreateConnection(ctx, s.draft(s.w), nil), errs.Conflict)
	all, err := s.WorkspaceConnections(ctx, s.w)
	s.must(err)
	if len(all) != extension.MaxConnections || !slices.IsSortedFunc(all, func(a, b extension.Connection) int { return a.CreatedAt.Compare(b.CreatedAt) }) {
		s.Errorf("%d connections", len(all))
	}
}

func (s *suite) grants(f Fixture) {
	ctx, other := s.Context(), f.Workspace(s)
	by := identity.Actor{Kind: identity.ActorMember, ID: "mem_1", Name: "Ada"}
	none, err := s.Granted(ctx, s.w, "test/link")
	s.must(err)
	if none.Revision != 0 || len(none.Grants) != 0 {
		s.Errorf("before anybody agreed: %+v", none)
	}
	first := instance.GrantsBy(by, []string{"state", "secrets"}, "1.0.0", s.now)
	s.must(s.CreateConnection(ctx, s.draft(s.w), first))
	got, err := s.Granted(ctx, s.w, "test/link")
	s.must(err)
	if got.Revision != 1 || !slices.Equal(got.Scopes(), []string{"secrets", "state"}) || got.Grants[0].By.Name != "Ada" || got.Grants[0].Version != "1.0.0" || !got.Grants[0].At.Equal(first[0].At) {
		s.Errorf("granted: %+v", got)
	}
	s.must(s.CreateConnection(ctx, s.draft(s.w), instance.GrantsBy(by, []string{"state", "lease"}, "2.0.0", s.now)))
	got, err = s.Granted(ctx, s.w, "test/link")
	s.must(err)
	if got.Revision != 2 || !slices.Equal(got.Scopes(), []string{"lease", "secrets", "state"}) || got.Grants[2].Version != "1.0.0" {
		s.Errorf("who agreed first stays: %+v", got)
	}
	changed, err := s.ChangeGrants(ctx, s.w, "test/link", func(g *instance.Granted) ([]event.Event, error) {
		g.Grants = g.Grants[:1]
		return []event.Event{s.event(s.w)}, nil
	})
	s.must(err)
	got, err = s.Granted(ctx, s.w, "test/link")
	s.must(err)
	s.same(got, changed)
	if got.Revision != 3 || !slices.Equal(got.Scopes(), []string{"lease"}) {
		s.Errorf("taken back: %+v", got)
	}
	if foreign, err := s.AllGranted(ctx, other); err != nil || len(foreign) != 0 {
		s.Errorf("the other workspace: %+v %v", foreign, err)
	}
	all, err := s.AllGranted(ctx, s.w)
	s.must(err)
	s.same(all, []instance.Granted{got})
}

func (s *suite) tokens(f Fixture) {
	ctx, other := s.Context(), f.Workspace(s)
	c := s.draft(s.w)
	s.must(s.CreateConnection(ctx, c, nil))
	t := extension.Token{Workspace: s.w, Instance: string(c.ID), Pointer: "/account", Sealed: "sealed", State: extension.TokenOK, ExpiresAt: s.now, Member: "mem_1", UpdatedAt: s.now}
	_, err := s.Token(ctx, s.w, t.Instance, t.Pointer)
	s.is(err, errs.NotFound)
	s.must(s.PutToken(ctx, t, s.event(s.w)))
	got, err := s.Token(ctx, s.w, t.Instance, t.Pointer)
	s.must(err)
	t.Revision = 1
	s.same(got, t)
	_, err = s.Token(ctx, other, t.Instance, t.Pointer)
	s.is(err, errs.NotFound)
	claim := func(t extension.Token, after time.Duration) bool {
		s.Helper()
		ok, err := s.ClaimToken(ctx, t, s.now.Add(after), s.now.Add(after+time.Minute))
		s.must(err)
		return ok
	}
	if !claim(got, 0) || claim(got, time.Second) || !claim(got, time.Minute) {
		s.Error("one at a time, until the claim lapses")
	}
	t.Sealed = "next"
	s.must(s.PutToken(ctx, t))
	s.is(s.PutToken(ctx, t), errs.Conflict) // of a revision that is over
	if claim(got, time.Hour) {
		s.Error("a token of an old revision was claimed")
	}
	s.must(s.DeleteConnection(ctx, s.w, c.ID))
	left, err := s.Tokens(ctx, s.w)
	s.must(err)
	if len(left) != 0 {
		s.Errorf("left of a deleted connection: %+v", left)
	}
}

func (s *suite) signIns(Fixture) {
	ctx := s.Context()
	x := extension.SignIn{
		Workspace: s.w, StateHash: "hash", Instance: "pin_1", Pointer: "/account", Sealed: "sealed", Member: "mem_1", Session: "ses_1",
		CreatedAt: s.now, ExpiresAt: s.now.Add(time.Minute),
	}
	s.must(s.BeginSignIn(ctx, x))
	for _, tt := range []struct {
		hash, session string
		at            time.Time
	}{{"other", "ses_1", s.now}, {"hash", "ses_2", s.now}, {"hash", "", s.now}, {"hash", "ses_1", x.ExpiresAt}} {
		_, err := s.TakeSignIn(ctx, tt.hash, tt.session, tt.at)
		s.is(err, errs.NotFound)
	}
	got, err := s.TakeSignIn(ctx, "hash", "ses_1", s.now)
	s.must(err)
	s.same(got, x)
	_, err = s.TakeSignIn(ctx, "hash", "ses_1", s.now)
	s.is(err, errs.NotFound)
}
