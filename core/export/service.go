package export

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Rules of the making.
const (
	lease    = 2 * time.Minute // whoever makes one and says nothing so long is given up
	beat     = time.Second     // how often progress is written down
	shown    = 50              // exports that a workspace sees
	fallback = 7               // days
)

// Deps is what the service needs.
type Deps struct {
	Store Store
	Press Press
	// Known is errs.Absent when there is no such contact.
	Known func(ctx context.Context, w identity.WorkspaceID, c contact.ID) error
	// Days is how long a workspace keeps a file.
	Days func(ctx context.Context, w identity.WorkspaceID) (int, error)
	Now  func() time.Time
	Log  *slog.Logger
}

// Service holds the use cases. It is safe for concurrent use.
type Service struct {
	Deps
	ids id.Source
}

// NewService returns a Service.
func NewService(d Deps) *Service { return &Service{Deps: d, ids: id.NewSource(d.Now)} }

// Start asks for an export, of one contact or of everything.
func (s *Service) Start(ctx context.Context, scope identity.Scope, who contact.ID, files bool) (Job, error) {
	if err := s.may(scope); err != nil {
		return Job{}, err
	}
	if who != "" {
		if err := s.Known(ctx, scope.Workspace, who); err != nil {
			return Job{}, err
		}
	}
	j := Job{Of: Of{Workspace: scope.Workspace, Contact: who, Files: files}, ID: ID(s.ids.New("exp")), State: Queued, Actor: scope.Actor, CreatedAt: s.Now()}
	return j, s.Store.Create(ctx, j, s.said(ctx, scope, Created, j))
}

// may refuses those who see less than everything: an export has all of it.
func (s *Service) may(scope identity.Scope) error {
	if err := scope.Require(identity.WorkspaceExport); err != nil {
		return err
	}
	if !scope.Reach().All() {
		return errs.New(errs.Forbidden, "export.reach", "An export holds everything of the workspace, and your role reaches a part of it.")
	}
	return nil
}

func (s *Service) said(ctx context.Context, scope identity.Scope, action string, j Job) event.Event {
	r := identity.Record(ctx, scope, action, event.Party{Kind: "export", ID: string(j.ID)})
	detail := map[string]any{"files": j.Files}
	if j.Contact != "" {
		detail["contact_id"] = string(j.Contact)
	}
	return event.Event{ID: s.ids.New("chg"), Workspace: string(j.Workspace), At: s.Now(), Audit: r.Say(detail)}
}

// Jobs lists the workspace's newest.
func (s *Service) Jobs(ctx context.Context, scope identity.Scope) ([]Job, error) {
	if err := s.may(scope); err != nil {
		return nil, err
	}
	return s.Store.Jobs(ctx, scope.Workspace, shown)
}

// Job returns one.
func (s *Service) Job(ctx context.Context, scope identity.Scope, id ID) (Job, error) {
	if err := s.may(scope); err != nil {
		return Job{}, err
	}
	return s.Store.Job(ctx, scope.Workspace, id)
}

// Delete cancels an export that is being made, or throws the file of one away.
func (s *Service) Delete(ctx context.Context, scope identity.Scope, id ID) error {
	if err := s.may(scope); err != nil {
		return err
	}
	_, err := s.Store.Change(ctx, scope.Workspace, id, func(j *Job) ([]event.Event, error) {
		if j.Busy() {
			j.State, j.FinishedAt = Cancelled, s.Now()
		}
		j.ExpiresAt = s.Now()
		return []event.Event{s.said(ctx, scope, Deleted, *j)}, nil
	})
	if err != nil {
		return err
	}
	return s.Tidy(ctx)
}

// Download opens the file for reading. It is recorded.
func (s *Service) Download(ctx context.Context, scope identity.Scope, id ID) (Job, File, error) {
	if err := s.may(scope); err != nil {
		return Job{}, nil, err
	}
	j, err := s.Store.Change(ctx, scope.Workspace, id, func(j *Job) ([]event.Event, error) {
		if j.State != Done || !j.HasFile || !s.Now().Before(j.ExpiresAt) {
			return nil, expired()
		}
		return []event.Event{s.said(ctx, scope, Downloaded, *j)}, nil
	})
	if err != nil {
		return j, nil, err
	}
	f, err := s.Press.Open(id)
	if errors.Is(err, ErrLost) {
		err = expired()
	}
	return j, f, err
}

func expired() *errs.Error {
	return errs.New(errs.NotFound, "export.expired", "The file of this export is not there (any more). Make another one.")
}

// errStopped ends the making of one that was cancelled, or erased under.
var errStopped = errors.New("export: it was stopped")

// Work makes what waits, one after the other, and gives up what was left behind
// by a server that stopped; alone: there is no other server, so all that runs
// was. It returns when nothing waits.
func (s *Service) Work(ctx context.Context, alone bool) error {
	busy, err := s.Store.Busy(ctx)
	if err != nil {
		return err
	}
	for _, j := range busy {
		if j.State == Running {
			if alone || s.Now().After(j.ExpiresAt) {
				err = errors.Join(err, s.end(ctx, j, Failed, "export.interrupted", "The server was stopped while the export was made. Start it again.", Made{}))
			}
			continue
		}
		err = errors.Join(err, s.make(ctx, j))
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return errors.Join(err, s.Tidy(ctx))
}

// make makes one.
func (s *Service) make(ctx context.Context, j Job) error {
	taken := false
	j, err := s.Store.Change(ctx, j.Workspace, j.ID, func(j *Job) ([]event.Event, error) {
		if taken = j.State == Queued; taken {
			j.State, j.StartedAt, j.ExpiresAt = Running, s.Now(), s.Now().Add(lease)
		}
		return nil, nil
	})
	if err != nil || !taken {
		return err
	}
	last := s.Now()
	made, err := s.Press.Write(ctx, j.ID, j.Of, func(done, total int64) error {
		if now := s.Now(); now.Sub(last) >= beat || done == 0 {
			last = now
			return s.progress(ctx, j, done, total)
		}
		return ctx.Err()
	})
	switch {
	case err == nil:
		return s.end(ctx, j, Done, "", "", made)
	case ctx.Err() != nil, errors.Is(err, errStopped): // the next start says so, or it was said
		return ctx.Err()
	default:
		s.Log.ErrorContext(ctx, "an export failed", "export", string(j.ID), "error", err)
		code, detail := "export.failed", "It could not be written. The cause is in the server's log."
		if e := (*errs.Error)(nil); errors.As(err, &e) && e.Kind != errs.Internal {
			detail = e.Message
			if strings.HasPrefix(e.Code, "export.") {
				code = e.Code
			}
		}
		return s.end(ctx, j, Failed, code, detail, Made{})
	}
}

func (s *Service) progress(ctx context.Context, j Job, done, total int64) error {
	_, err := s.Store.Change(ctx, j.Workspace, j.ID, func(j *Job) ([]event.Event, error) {
		if j.State != Running {
			return nil, errStopped
		}
		j.Done, j.Total, j.ExpiresAt = done, total, s.Now().Add(lease)
		return nil, nil
	})
	return err
}

// end brings a running one to an end.
func (s *Service) end(ctx context.Context, j Job, state State, code, detail string, made Made) error {
	days, err := s.Days(ctx, j.Workspace)
	if err != nil || days == 0 {
		days = fallback
	}
	over := false
	_, err = s.Store.Change(ctx, j.Workspace, j.ID, func(j *Job) ([]event.Event, error) {
		if over = j.State != Running; over {
			j.HasFile = true // to be removed
			return nil, nil
		}
		j.State, j.FinishedAt, j.Code, j.Detail, j.Made = state, s.Now(), code, detail, made
		j.ExpiresAt, j.HasFile = j.FinishedAt.AddDate(0, 0, days), true
		if state != Done {
			j.ExpiresAt = j.FinishedAt
		} else {
			j.Done = 0
			for _, n := range made.Counts {
				j.Done += n
			}
			j.Total = j.Done
		}
		return nil, nil
	})
	return err
}

// Tidy removes files whose time is over.
func (s *Service) Tidy(ctx context.Context) error {
	old, err := s.Store.Expired(ctx, s.Now())
	err = errors.Join(err, s.Press.Sweep(s.Now().Add(-lease)))
	for _, j := range old {
		if failed := s.Press.Remove(j.ID); failed != nil {
			err = errors.Join(err, failed)
			continue
		}
		_, failed := s.Store.Change(ctx, j.Workspace, j.ID, func(j *Job) ([]event.Event, error) {
			j.HasFile = false
			return nil, nil
		})
		err = errors.Join(err, failed)
	}
	return err
}
