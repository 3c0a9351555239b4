package calendar

import (
	"context"
	"encoding/json"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// Service holds the use cases of calendars.
//
// Concurrency: safe for concurrent use; there are no goroutines.
type Service struct {
	store Store
	now   func() time.Time
	ids   id.Source
}

// NewService returns a Service.
func NewService(store Store, now func() time.Time) *Service {
	return &Service{store: store, now: now, ids: id.NewSource(now)}
}

// Patch is what a calendar becomes; nil stays as it is.
type Patch struct {
	Name       *string
	Zone       *string
	Week       *WeekDraft
	Exceptions *[]ExceptionDraft
}

// List returns a page of calendars. Needs TeamRead.
func (s *Service) List(ctx context.Context, scope identity.Scope, request page.Request) (page.Page[Calendar], error) {
	if err := scope.Require(identity.TeamRead); err != nil {
		return page.Page[Calendar]{}, err
	}
	return s.store.Calendars(ctx, scope.Workspace, request)
}

// Get returns a calendar. Needs TeamRead.
func (s *Service) Get(ctx context.Context, scope identity.Scope, id ID) (Calendar, error) {
	if err := scope.Require(identity.TeamRead); err != nil {
		return Calendar{}, err
	}
	return s.store.Calendar(ctx, scope.Workspace, id)
}

// Days returns the hours of the next n dates of a calendar, today's first. Needs
// TeamRead.
func (s *Service) Days(ctx context.Context, scope identity.Scope, id ID, n int) ([]Day, error) {
	c, err := s.Get(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	return c.Hours.Days(s.now(), n)
}

// Status is how a calendar stands at this moment.
type Status struct {
	Open     bool
	ChangeAt time.Time // when that changes; zero = never
	Warnings []Warning
}

// Status says how a calendar stands now.
func (s *Service) Status(c Calendar) (Status, error) {
	schedule, err := c.Hours.Schedule()
	if err != nil {
		return Status{}, err
	}
	now := s.now()
	at, _ := schedule.Next(now)
	return Status{Open: schedule.Open(now), ChangeAt: at, Warnings: c.Hours.Warnings(now)}, nil
}

// manages reports why the actor may not change calendars: as for teams.
func manages(scope identity.Scope) error {
	if err := scope.Require(identity.TeamManage); err != nil {
		return err
	}
	if !scope.Reach().All() {
		return errs.New(errs.Forbidden, "forbidden", "Business hours are those of everybody. Ask somebody whose role sees everything.")
	}
	return nil
}

// Create makes a calendar. Needs TeamManage. A name and a zone are required, and
// it must open at some time.
func (s *Service) Create(ctx context.Context, scope identity.Scope, p Patch) (Calendar, error) {
	if err := manages(scope); err != nil {
		return Calendar{}, err
	}
	if p.Name == nil {
		p.Name = new(string)
	}
	at := s.now().UTC().Truncate(time.Millisecond)
	c := Calendar{Workspace: scope.Workspace, ID: ID(s.ids.New("cal")), CreatedAt: at}
	if err := p.apply(&c, at); err != nil {
		return Calendar{}, err
	}
	created := s.changed(scope.Workspace, c.ID, at)
	created.Audit = identity.Record(ctx, scope, "calendar.created", c.target()).Say(c.since(Calendar{}))
	if err := s.store.Create(ctx, c, created); err != nil {
		return Calendar{}, err
	}
	return c, nil
}

// Update changes a calendar, if revision is still its own. Needs TeamManage.
func (s *Service) Update(ctx context.Context, scope identity.Scope, id ID, revision uint64, p Patch) (Calendar, error) {
	if err := manages(scope); err != nil {
		return Calendar{}, err
	}
	return s.change(ctx, scope, id, revision, "calendar.updated", p.apply)
}

// change lets apply work on a calendar of a revision.
func (s *Service) change(ctx context.Context, scope identity.Scope, id ID, revision uint64, action string, apply func(*Calendar, time.Time) error) (Calendar, error) {
	at := s.now().UTC().Truncate(time.Millisecond)
	changed := s.changed(scope.Workspace, id, at)
	changed.Audit = identity.Record(ctx, scope, action, event.Party{})
	return s.store.Change(ctx, scope.Workspace, id, func(c *Calendar) error {
		if c.Revision != revision {
			return Stale()
		}
		before := *c
		before.Hours = c.Hours.Clone()
		if err := apply(c, at); err != nil {
			return err
		}
		changed.Audit.Target = c.target()
		changed.Audit.Say(c.since(before))
		return nil
	}, changed)
}

// Delete takes a calendar away. Needs TeamManage.
func (s *Service) Delete(ctx context.Context, scope identity.Scope, id ID) error {
	if err := manages(scope); err != nil {
		return err
	}
	c, err := s.store.Calendar(ctx, scope.Workspace, id)
	if err != nil {
		return err
	}
	deleted := s.changed(scope.Workspace, id, s.now().UTC().Truncate(time.Millisecond))
	deleted.Audit = identity.Record(ctx, scope, "calendar.deleted", c.target())
	return s.store.Delete(ctx, scope.Workspace, id, deleted)
}

// since says what became of the calendar.
func (c Calendar) since(before Calendar) event.Differences {
	d := event.Differences{}
	d.Note("name", before.Name, c.Name)
	was, is := before.Hours.Draft(), c.Hours.Draft()
	d.Note("time_zone", was.Zone, is.Zone)
	d.Note("week", text(was.Week), text(is.Week))
	d.Note("exceptions", text(was.Exceptions), text(is.Exceptions))
	return d
}

// text is a draft as the audit log keeps it.
func text(v any) string {
	raw, err := json.Marshal(v)
	if err != nil { // texts always marshal
		return ""
	}
	return string(raw)
}

func (s *Service) changed(w identity.WorkspaceID, id ID, at time.Time) event.Event {
	data, err := json.Marshal(map[string]string{"id": string(id)})
	if err != nil { // strings always marshal
		data = []byte(`{}`)
	}
	return event.Event{ID: s.ids.New("chg"), Workspace: string(w), Type: Changed, Subject: string(id), At: at, Data: data}
}

// apply makes a calendar what the patch says, or says all that is wrong with it.
func (p Patch) apply(c *Calendar, at time.Time) error {
	var w wrong
	if p.Name != nil {
		c.Name = w.Name("/name", *p.Name, MaxName)
	}
	d := c.Hours.Draft()
	if p.Zone != nil {
		d.Zone = *p.Zone
	}
	if p.Week != nil {
		d.Week = *p.Week
	}
	if p.Exceptions != nil {
		d.Exceptions = *p.Exceptions
	}
	c.Hours = w.hours(d)
	if touched := p.Zone != nil || p.Week != nil || p.Exceptions != nil || c.Revision == 0; touched && len(w.Fields) == 0 {
		w.opens(c.Hours, at)
	}
	c.Revision++
	c.UpdatedAt = at
	return w.err()
}
