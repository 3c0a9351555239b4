package backfill

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Inboxes knows inboxes and their channels.
type Inboxes interface {
	Get(ctx context.Context, scope identity.Scope, id channel.InboxID) (channel.Inbox, error)
	TypeOf(plugin channel.PluginID) (channel.Type, bool)
}

// Deps is what a Service stands on.
type Deps struct {
	Store   Store
	Inboxes Inboxes
	Stored  channel.Workspaces // inboxes, for runs under way
	FarSide channel.FarSide
	Now     func() time.Time
	Log     *slog.Logger
	Timing  Timing // the zero value is DefaultTiming
}

// Service holds the use cases, and does the work.
//
// Concurrency: safe for concurrent use. Run is one goroutine, with one for each
// run that it works on.
type Service struct {
	Deps
	ids  id.Source
	wake chan struct{} // somebody asked for a run, or there is room for another

	mu      sync.Mutex
	working map[ID]context.CancelFunc // runs of this server
}

// NewService returns a Service.
func NewService(d Deps) *Service {
	if d.Timing == (Timing{}) {
		d.Timing = DefaultTiming()
	}
	return &Service{Deps: d, ids: id.NewSource(d.Now), wake: make(chan struct{}, 1), working: make(map[ID]context.CancelFunc)}
}

// Start asks for everything that came to an inbox since a time. Needs
// InboxManage.
func (s *Service) Start(ctx context.Context, scope identity.Scope, inbox channel.InboxID, since time.Time) (Run, error) {
	if err := scope.Require(identity.InboxManage); err != nil {
		return Run{}, err
	}
	in, err := s.Inboxes.Get(ctx, scope, inbox)
	if err != nil {
		return Run{}, err
	}
	if t, ok := s.Inboxes.TypeOf(in.Plugin); !ok || !t.Capabilities.Able(channel.CanBackfill) {
		return Run{}, errs.New(errs.Invalid, "backfill.unable", "This channel cannot bring older messages: its far side does not keep them, or does not hand them out.")
	}
	if !in.Enabled {
		return Run{}, channel.SwitchedOff()
	}
	now := s.Now()
	switch {
	case since.After(now):
		return Run{}, badSince("future", "The time since which messages are to be brought is in the future.")
	case since.Before(now.Add(-MaxAge)):
		return Run{}, badSince("too_old", "Messages are brought from the last 90 days.")
	}
	r := Run{
		Workspace: scope.Workspace, ID: ID(s.ids.New("bfl")), Inbox: in.ID, Since: since.UTC().Truncate(time.Millisecond), State: Running,
		Actor: scope.Actor, StartedAt: now,
	}
	record := identity.Record(ctx, scope, Started, in.Target()).Say(map[string]any{"since": r.Since})
	if err := s.Store.Begin(ctx, r, event.Event{ID: s.ids.New("chg"), Workspace: string(r.Workspace), At: now, Audit: record}); err != nil {
		return r, err
	}
	s.look()
	return r, nil
}

// Stop ends the run of an inbox that is under way; what it has brought stays. It
// returns the run. On this server the channel is told at once, on another within
// half a minute. Needs InboxManage. NotRunning when there is none.
func (s *Service) Stop(ctx context.Context, scope identity.Scope, inbox channel.InboxID) (Run, error) {
	runs, err := s.Runs(ctx, scope, inbox)
	if err != nil {
		return Run{}, err
	}
	at := slices.IndexFunc(runs, func(r Run) bool { return r.State == Running })
	if at < 0 {
		return Run{}, NotRunning()
	}
	r, now := runs[at], s.Now()
	in, err := s.Inboxes.Get(ctx, scope, inbox)
	if err != nil {
		return Run{}, err
	}
	record := identity.Record(ctx, scope, Ended, in.Target()).Say(map[string]any{"since": r.Since})
	out, err := s.Store.Change(ctx, r.Workspace, r.ID, func(r *Run) error {
		if r.State != Running {
			return NotRunning()
		}
		r.State, r.FinishedAt = Stopped, now
		return nil
	}, event.Event{ID: s.ids.New("chg"), Workspace: string(r.Workspace), At: now, Audit: record})
	if err == nil {
		s.stop(r.ID)
	}
	return out, err
}

// stop ends the work on a run, if this server is at it.
func (s *Service) stop(id ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if cancel := s.working[id]; cancel != nil {
		cancel()
	}
}

// begun and ended keep the book of what this server works on.
func (s *Service) begun(id ID, cancel context.CancelFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.working[id] = cancel
}

func (s *Service) ended(id ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.working, id)
}

// look has Run look for work now.
func (s *Service) look() {
	select {
	case s.wake <- struct{}{}:
	default: // it will
	}
}

func badSince(code, sentence string) error {
	return errs.New(errs.Invalid, "backfill.since", sentence).WithFields(errs.Field{Pointer: "/since", Code: code, Detail: sentence})
}

// Runs lists the last runs of an inbox, the newest first. Needs InboxManage.
func (s *Service) Runs(ctx context.Context, scope identity.Scope, inbox channel.InboxID) ([]Run, error) {
	if err := scope.Require(identity.InboxManage); err != nil {
		return nil, err
	}
	in, err := s.Inboxes.Get(ctx, scope, inbox)
	if err != nil {
		return nil, err
	}
	return s.Store.Runs(ctx, in.Workspace, in.ID)
}
