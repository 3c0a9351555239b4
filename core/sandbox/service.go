package sandbox

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Actions in the audit log: of the parent, and Filled of the sandbox too.
const (
	Made    = "sandbox.created"
	Reset   = "sandbox.reset"
	Deleted = "sandbox.deleted"
	Expired = "sandbox.expired" // nobody used it
	founded = "workspace.founded"
)

// erased is the type of the event after which everything that is shown of a
// workspace is asked for again: erasure's.
const erased = "erasure.changed"

// Deps is what the service needs.
type Deps struct {
	Store  Store
	People People
	Limits Limits
	// Fill puts sample data into the empty sandbox.
	Fill func(ctx context.Context, s Sandbox) error
	// Shut ends what this node and others hold of a workspace that ended: sockets,
	// followers of its feed, what is remembered.
	Shut func(ctx context.Context, w identity.WorkspaceID)
	// Unindex takes a workspace out of the search index.
	Unindex func(ctx context.Context, w identity.WorkspaceID) error
	// Discard removes the file of an export.
	Discard func(export string) error
	// Bury removes the files that are on the list.
	Bury func(ctx context.Context) error
	// Rest waits, unless the context ends.
	Rest func(ctx context.Context, d time.Duration)
	Now  func() time.Time
	Log  *slog.Logger
}

// People reads members and workspaces. identity's stores are one.
type People interface {
	Member(ctx context.Context, w identity.WorkspaceID, id identity.MemberID) (identity.Member, error)
	Workspace(ctx context.Context, id identity.WorkspaceID) (identity.Workspace, error)
}

// Service holds the use cases. It is safe for concurrent use.
type Service struct {
	Deps
	ids  id.Source
	ring chan struct{} // there is work
}

// NewService returns a Service.
func NewService(d Deps) *Service {
	return &Service{Deps: d, ids: id.NewSource(d.Now), ring: make(chan struct{}, 1)}
}

func (s *Service) time() time.Time { return s.Now().UTC().Truncate(time.Millisecond) }

// List returns the workspace's sandboxes. Needs SandboxManage.
func (s *Service) List(ctx context.Context, scope identity.Scope) ([]Sandbox, error) {
	if err := scope.Require(identity.SandboxManage); err != nil {
		return nil, err
	}
	return s.Store.Sandboxes(ctx, scope.Workspace)
}

// Get returns one of them, or errs.Absent. Needs SandboxManage.
func (s *Service) Get(ctx context.Context, scope identity.Scope, sandbox identity.WorkspaceID) (Sandbox, error) {
	if err := scope.Require(identity.SandboxManage); err != nil {
		return Sandbox{}, err
	}
	return s.Store.Sandbox(ctx, scope.Workspace, sandbox)
}

// EndsAt is when a sandbox ends by itself if nobody uses it; zero = it does not.
func (s *Service) EndsAt(x Sandbox) time.Time {
	if s.Limits.Idle == 0 || !x.There() {
		return time.Time{}
	}
	last := x.CreatedAt
	for _, t := range []time.Time{x.UsedAt, x.FilledAt} {
		if t.After(last) {
			last = t
		}
	}
	return last.Add(s.Limits.Idle)
}

// Draft is a sandbox to be made.
type Draft struct {
	Name   string // "" = one after its maker
	Locale string // of the sample data; "" = the parent's
}

// Make makes a sandbox of the acting member, filled with sample data. Needs
// SandboxManage. TooManyOfYours, TooMany.
func (s *Service) Make(ctx context.Context, scope identity.Scope, d Draft) (Sandbox, error) {
	if err := scope.Require(identity.SandboxManage); err != nil {
		return Sandbox{}, err
	}
	maker, err := s.People.Member(ctx, scope.Workspace, scope.Member())
	if err != nil {
		return Sandbox{}, err
	}
	parent, err := s.People.Workspace(ctx, scope.Workspace)
	if err != nil {
		return Sandbox{}, err
	}
	at := s.time()
	x := Sandbox{
		Parent: scope.Workspace, ID: identity.WorkspaceID(s.ids.New("wsp")), Locale: cmp.Or(d.Locale, parent.Locale),
		Maker: maker.ID, MakerName: maker.Name, Account: maker.Account,
		State: Filling, CreatedAt: at, UsedAt: at, DueAt: at.Add(lease),
	}
	if x.Name, err = name(d.Name, maker.Name); err != nil {
		return Sandbox{}, err
	}
	w := identity.Workspace{ID: x.ID, Name: x.Name, Locale: x.Locale, Settings: identity.NewSettings(), Parent: x.Parent, UsedAt: at, CreatedAt: at, UpdatedAt: at}
	owner := identity.Member{
		Workspace: x.ID, ID: identity.MemberID(s.ids.New("mem")), Account: maker.Account, Email: maker.Email, Name: maker.Name,
		Role: identity.RoleOwner, Capacity: identity.DefaultCapacity, CreatedAt: at, UpdatedAt: at,
	}
	within := identity.Record(ctx, scope, founded, event.Party{Kind: "workspace", ID: string(x.ID), Name: x.Name})
	if err := s.Store.Create(ctx, x, w, owner, s.Limits,
		s.said(ctx, scope, Made, x),
		s.event(x.ID, identity.WorkspaceChanged, string(x.ID), within)); err != nil {
		return Sandbox{}, err
	}
	s.Log.InfoContext(ctx, "sandbox made", "workspace", x.ID, "parent", x.Parent, "account", x.Account)
	if err := s.fill(context.WithoutCancel(ctx), x); err != nil { // it is done again when its lease is over
		s.Log.WarnContext(ctx, "a sandbox could not be filled and is tried again", "workspace", x.ID, "error", err)
	}
	return s.Store.Sandbox(ctx, x.Parent, x.ID)
}

// name checks the name of a sandbox.
func name(given, maker string) (string, error) {
	if given == "" {
		return cut("Sandbox · "+maker, identity.MaxName), nil
	}
	return identity.Name("/name", given)
}

// Reset empties a sandbox but for what was set up in it, and fills it anew. It
// returns before that is done. Needs SandboxManage. Busy, Over.
func (s *Service) Reset(ctx context.Context, scope identity.Scope, sandbox identity.WorkspaceID) (Sandbox, error) {
	x, err := s.Get(ctx, scope, sandbox)
	switch {
	case err != nil:
		return Sandbox{}, err
	case x.State == Filling:
		return Sandbox{}, Busy()
	case x.State == Ended:
		return Sandbox{}, Over()
	}
	x.State, x.DueAt = Filling, s.time()
	inside := identity.Record(ctx, scope, Reset, x.target())
	err = s.Store.Turn(ctx, Ready, x, s.said(ctx, scope, Reset, x), s.event(x.ID, "", "", inside))
	if errs.Is(err, errs.NotFound) { // somebody else was faster
		return Sandbox{}, Busy()
	}
	if err != nil {
		return Sandbox{}, err
	}
	s.Wake()
	return x, nil
}

// Delete closes a sandbox at once and for good; its rows and files follow. Needs
// SandboxManage.
func (s *Service) Delete(ctx context.Context, scope identity.Scope, sandbox identity.WorkspaceID) error {
	x, err := s.Get(ctx, scope, sandbox)
	if err != nil {
		return err
	}
	return s.end(ctx, "", x, false, s.said(ctx, scope, Deleted, x))
}

// end closes a sandbox.
func (s *Service) end(ctx context.Context, from State, x Sandbox, idle bool, said event.Event) error {
	x.State, x.Idle, x.DueAt = Ending, idle, s.time()
	x.EndedAt = x.DueAt
	if err := s.Store.Turn(ctx, from, x, said); err != nil {
		return err
	}
	s.Log.InfoContext(ctx, "sandbox closed", "workspace", x.ID, "parent", x.Parent, "unused", idle)
	s.Shut(ctx, x.ID)
	s.Wake()
	return nil
}

// said is the record of what was done to a sandbox, in the parent's audit log.
func (s *Service) said(ctx context.Context, scope identity.Scope, action string, x Sandbox) event.Event {
	r := identity.Record(ctx, scope, action, x.target()).Say(map[string]string{"made_by": string(x.Maker)})
	return s.event(x.Parent, "", "", r)
}

func (s *Service) event(w identity.WorkspaceID, typ, subject string, r *event.Record) event.Event {
	e := event.Event{ID: s.ids.New("chg"), Workspace: string(w), Type: typ, Subject: subject, At: s.time(), Audit: r}
	if typ != "" {
		e.Data, _ = json.Marshal(map[string]string{"id": subject}) //nolint:errchkjson // strings always marshal
	}
	return e
}

// cut shortens a text to so many characters.
func cut(text string, limit int) string {
	if r := []rune(text); len(r) > limit {
		return string(r[:limit])
	}
	return text
}
