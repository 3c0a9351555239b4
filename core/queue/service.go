package queue

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/calendar"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/team"
)

// Service holds the use cases of queues and skills. Who may see teams sees them,
// who may change teams changes them.
//
// Concurrency: safe for concurrent use; there are no goroutines.
type Service struct {
	store     Store
	skills    Skills
	people    People
	calendars calendar.Directory
	now       func() time.Time
	ids       id.Source
}

// NewService returns a Service.
func NewService(store Store, skills Skills, people People, calendars calendar.Directory, now func() time.Time) *Service {
	return &Service{store: store, skills: skills, people: people, calendars: calendars, now: now, ids: id.NewSource(now)}
}

// Patch is what a queue becomes; nil stays as it is.
type Patch struct {
	Name        *string
	Description *string
	Team        *team.ID
	Inboxes     *[]string
	Needs       *[]Need
	Target      *time.Duration
	Value       *int
	Exclusive   *bool
	Tickets     *bool
	Ladder      *[]Rung
	Overflow    *Overflow
	Sticky      *time.Duration
	Calendar    *calendar.ID
	Outside     *Outside
	WhenLeft    *LeftDo
	LeftAfter   *time.Duration
	Callback    *Callbacks
	Revision    *int // that the change was made on; another one by now is Stale
}

// Advised is a queue with what there is to say of it.
type Advised struct {
	Queue
	Advice

	Now Standing
}

// List returns a page of queues. Needs TeamRead.
func (s *Service) List(ctx context.Context, scope identity.Scope, request page.Request) (page.Page[Advised], error) {
	var out page.Page[Advised]
	if err := scope.Require(identity.TeamRead); err != nil {
		return out, err
	}
	found, err := s.store.Queues(ctx, scope.Workspace, request)
	if err != nil {
		return out, err
	}
	out.Next = found.Next
	out.Items, err = s.advised(ctx, scope.Workspace, found.Items...)
	return out, err
}

// Get returns a queue. Needs TeamRead.
func (s *Service) Get(ctx context.Context, scope identity.Scope, id ID) (Advised, error) {
	if err := scope.Require(identity.TeamRead); err != nil {
		return Advised{}, err
	}
	q, err := s.store.Queue(ctx, scope.Workspace, id)
	if err != nil {
		return Advised{}, err
	}
	return s.one(ctx, q)
}

func (s *Service) one(ctx context.Context, q Queue) (Advised, error) {
	out, err := s.advised(ctx, q.Workspace, q)
	if err != nil {
		return Advised{}, err
	}
	return out[0], nil
}

// advised looks at queues, with one read of those and one of the colleagues.
func (s *Service) advised(ctx context.Context, w identity.WorkspaceID, queues ...Queue) ([]Advised, error) {
	if len(queues) == 0 {
		return nil, nil
	}
	all, err := All(ctx, s.store, w)
	if err != nil {
		return nil, err
	}
	staff, err := s.people.Staff(ctx, w)
	if err != nil {
		return nil, err
	}
	out, at := make([]Advised, len(queues)), s.now()
	schedules := map[calendar.ID]*calendar.Schedule{}
	for i, q := range queues {
		if _, known := schedules[q.Calendar]; !known {
			if schedules[q.Calendar], err = scheduleOf(ctx, s.calendars, w, q.Calendar); err != nil {
				return nil, err
			}
		}
		out[i] = Advised{q, advise(q, all, staff), q.standing(schedules[q.Calendar], at)}
		out[i].Warnings = append(out[i].Warnings, out[i].Now.warnings()...)
	}
	return out, nil
}

// All returns every queue of a workspace.
func All(ctx context.Context, store Store, w identity.WorkspaceID) (map[ID]Queue, error) {
	out := map[ID]Queue{}
	err := page.Each(func(r page.Request) (page.Page[Queue], error) { return store.Queues(ctx, w, r) }, func(q Queue) { out[q.ID] = q })
	if err != nil {
		return nil, err
	}
	return out, nil
}

// manages reports why the actor may not change queues: as for teams.
func manages(scope identity.Scope) error {
	if err := scope.Require(identity.TeamManage); err != nil {
		return err
	}
	if !scope.Reach().All() {
		return errs.New(errs.Forbidden, "forbidden", "Queues and skills decide who is given what. Ask somebody whose role sees everything.")
	}
	return nil
}

// Create makes a queue. Needs TeamManage. A name is required.
func (s *Service) Create(ctx context.Context, scope identity.Scope, p Patch) (Advised, error) {
	if err := manages(scope); err != nil {
		return Advised{}, err
	}
	at := s.at()
	q := Queue{Workspace: scope.Workspace, ID: ID(s.ids.New("que")), Revision: 1, CreatedAt: at}
	if p.Name == nil {
		p.Name = new(string)
	}
	if err := p.apply(&q, at); err != nil {
		return Advised{}, err
	}
	created := s.changed(scope.Workspace, Changed, string(q.ID), at)
	created.Audit = identity.Record(ctx, scope, "queue.created", q.target()).Say(q.since(Queue{}))
	if err := s.store.Create(ctx, q, created); err != nil {
		return Advised{}, err
	}
	return s.one(ctx, q)
}

// Update changes a queue. Needs TeamManage.
func (s *Service) Update(ctx context.Context, scope identity.Scope, id ID, p Patch) (Advised, error) {
	if err := manages(scope); err != nil {
		return Advised{}, err
	}
	at := s.at()
	changed := s.changed(scope.Workspace, Changed, string(id), at)
	changed.Audit = identity.Record(ctx, scope, "queue.updated", event.Party{})
	after, err := s.store.Change(ctx, scope.Workspace, id, func(q *Queue) error {
		if p.Revision != nil && *p.Revision != q.Revision {
			return Stale()
		}
		before := *q
		if err := p.apply(q, at); err != nil {
			return err
		}
		changed.Audit.Target = q.target()
		changed.Audit.Say(q.since(before))
		return nil
	}, changed)
	if err != nil {
		return Advised{}, err
	}
	return s.one(ctx, after)
}

// Delete takes a queue away. Needs TeamManage. What waits in it waits for its
// team, with its place by the time of its arrival.
func (s *Service) Delete(ctx context.Context, scope identity.Scope, id ID) error {
	if err := manages(scope); err != nil {
		return err
	}
	q, err := s.store.Queue(ctx, scope.Workspace, id)
	if err != nil {
		return err
	}
	at := s.at()
	deleted := s.changed(scope.Workspace, Changed, string(id), at)
	deleted.Audit = identity.Record(ctx, scope, "queue.deleted", q.target())
	return s.store.Delete(ctx, scope.Workspace, id, at, deleted)
}

func (s *Service) at() time.Time { return s.now().UTC().Truncate(time.Millisecond) }

func (s *Service) changed(w identity.WorkspaceID, typ, id string, at time.Time) event.Event {
	data, err := json.Marshal(map[string]string{"id": id})
	if err != nil { // strings always marshal
		data = []byte(`{}`)
	}
	return event.Event{ID: s.ids.New("chg"), Workspace: string(w), Type: typ, Subject: id, At: at, Data: data}
}

func (q Queue) target() event.Party {
	return event.Party{Kind: "queue", ID: string(q.ID), Name: q.Name}
}

// since says what became of the queue.
func (q Queue) since(before Queue) event.Differences {
	d := event.Differences{}
	d.Note("name", before.Name, q.Name)
	d.Note("description", before.Description, q.Description)
	d.Note("team", string(before.Team), string(q.Team))
	d.Note("target_s", seconds(before.Target), seconds(q.Target))
	d.Note("value", before.Value, q.Value)
	d.Note("exclusive", before.Exclusive, q.Exclusive)
	d.Note("tickets", before.Tickets, q.Tickets)
	d.Note("sticky_for_s", seconds(before.Sticky), seconds(q.Sticky))
	d.Note("overflow", string(before.Overflow.Queue), string(q.Overflow.Queue))
	d.Note("overflow_after_s", seconds(before.Overflow.After), seconds(q.Overflow.After))
	d.Note("calendar", string(before.Calendar), string(q.Calendar))
	if !before.Outside.equal(q.Outside) {
		d.Note("outside", string(before.Outside.Does()), string(q.Outside.Does()))
		for _, locale := range []string{English, Chinese} {
			d.Note("outside_text_"+strings.ToLower(locale[:2]), before.Outside.Texts[locale], q.Outside.Texts[locale])
		}
	}
	d.Note("callback", string(before.Callback.When()), string(q.Callback.When()))
	d.Note("callback_wait_s", seconds(before.Callback.Wait), seconds(q.Callback.Wait))
	d.Note("callback_ask", string(before.Callback.Asks()), string(q.Callback.Asks()))
	d.Note("when_left", string(before.Left.Does()), string(q.Left.Does()))
	d.Note("left_after_s", seconds(before.Left.After), seconds(q.Left.After))
	if !slices.Equal(before.Inboxes, q.Inboxes) {
		d.Note("inboxes", before.Inboxes, q.Inboxes)
	}
	if !slices.Equal(before.Needs, q.Needs) {
		d.Note("skills", before.Needs, q.Needs)
	}
	if !slices.EqualFunc(before.Ladder, q.Ladder, Rung.equal) {
		d.Note("ladder", before.Ladder, q.Ladder)
	}
	return d
}

func seconds(d time.Duration) int { return int(d / time.Second) }

func (r Rung) equal(o Rung) bool {
	return r.After == o.After && slices.Equal(r.Lower, o.Lower) && slices.Equal(r.Drop, o.Drop)
}

// apply makes a queue what the patch says, and refuses what it cannot be.
func (p *Patch) apply(q *Queue, at time.Time) error {
	var w wrong
	if p.Name != nil {
		q.Name = w.Name("/name", *p.Name, MaxName)
	}
	if p.Description != nil {
		q.Description = w.Text("/description", strings.TrimSpace(*p.Description), MaxDescription, true)
	}
	if p.Inboxes != nil {
		if q.Inboxes = id.Sorted(*p.Inboxes); len(q.Inboxes) > MaxInboxes {
			w.Refuse("/inbox_ids", "too_many", "has more than 200 entries")
		}
	}
	set(&q.Team, p.Team)
	set(&q.Needs, p.Needs)
	set(&q.Target, p.Target)
	set(&q.Value, p.Value)
	set(&q.Exclusive, p.Exclusive)
	set(&q.Tickets, p.Tickets)
	set(&q.Ladder, p.Ladder)
	set(&q.Overflow, p.Overflow)
	set(&q.Sticky, p.Sticky)
	set(&q.Calendar, p.Calendar)
	set(&q.Outside, p.Outside)
	set(&q.Callback, p.Callback)
	set(&q.Left.Do, p.WhenLeft)
	set(&q.Left.After, p.LeftAfter)
	q.Plan = w.plan(q.Plan)
	q.UpdatedAt = at
	return w.err()
}

func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}
