package team

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// Service holds the use cases of teams.
//
// Concurrency: safe for concurrent use; there are no goroutines.
type Service struct {
	Directory
	// Moved is told after a team came, changed or went: what members reach may
	// have changed with it. nil = nobody.
	Moved func(ctx context.Context, w identity.WorkspaceID)

	store Store
	now   func() time.Time
	ids   id.Source
}

// NewService returns a Service.
func NewService(store Store, directory Directory, now func() time.Time) *Service {
	return &Service{Directory: directory, store: store, now: now, ids: id.NewSource(now)}
}

// Patch is what a team becomes; nil stays as it is.
type Patch struct {
	Name        *string
	Description *string
	Members     *[]identity.MemberID
	Inboxes     *[]string
}

// List returns a page of teams. Needs TeamRead.
func (s *Service) List(ctx context.Context, scope identity.Scope, request page.Request) (page.Page[Team], error) {
	if err := scope.Require(identity.TeamRead); err != nil {
		return page.Page[Team]{}, err
	}
	return s.store.Teams(ctx, scope.Workspace, request)
}

// Get returns a team. Needs TeamRead.
func (s *Service) Get(ctx context.Context, scope identity.Scope, id ID) (Team, error) {
	if err := scope.Require(identity.TeamRead); err != nil {
		return Team{}, err
	}
	return s.store.Team(ctx, scope.Workspace, id)
}

// Create makes a team. Needs TeamManage. A name is required.
func (s *Service) Create(ctx context.Context, scope identity.Scope, p Patch) (Team, error) {
	if err := manages(scope); err != nil {
		return Team{}, err
	}
	if p.Name == nil {
		p.Name = new(string)
	}
	if err := p.check(); err != nil {
		return Team{}, err
	}
	at := s.now().UTC().Truncate(time.Millisecond)
	t := Team{Workspace: scope.Workspace, ID: ID(s.ids.New("tea")), CreatedAt: at}
	p.apply(&t, at)
	created := s.changed(scope.Workspace, t.ID, at)
	created.Audit = identity.Record(ctx, scope, "team.created", t.target()).Say(t.since(Team{}))
	if err := s.store.Create(ctx, t, created); err != nil {
		return Team{}, err
	}
	s.moved(ctx, scope.Workspace)
	return t, nil
}

func (s *Service) moved(ctx context.Context, w identity.WorkspaceID) {
	if s.Moved != nil {
		s.Moved(ctx, w)
	}
}

// manages reports why the actor may not change teams. Who sees no more than
// their teams would choose what they see.
func manages(scope identity.Scope) error {
	if err := scope.Require(identity.TeamManage); err != nil {
		return err
	}
	if !scope.Reach().All() {
		return errs.New(errs.Forbidden, "forbidden", "Teams decide what you see. Ask somebody whose role sees everything.")
	}
	return nil
}

// Update changes a team. Needs TeamManage.
func (s *Service) Update(ctx context.Context, scope identity.Scope, id ID, p Patch) (Team, error) {
	if err := manages(scope); err != nil {
		return Team{}, err
	}
	if err := p.check(); err != nil {
		return Team{}, err
	}
	at := s.now().UTC().Truncate(time.Millisecond)
	changed := s.changed(scope.Workspace, id, at)
	changed.Audit = identity.Record(ctx, scope, "team.updated", event.Party{})
	after, err := s.store.Change(ctx, scope.Workspace, id, func(t *Team) error {
		before := *t
		p.apply(t, at)
		changed.Audit.Target = t.target()
		changed.Audit.Say(t.since(before))
		return nil
	}, changed)
	if err == nil {
		s.moved(ctx, scope.Workspace)
	}
	return after, err
}

// Delete takes a team away. Needs TeamManage. What waits for it goes to the
// queue of everybody shortly after; nothing is lost.
func (s *Service) Delete(ctx context.Context, scope identity.Scope, id ID) error {
	if err := manages(scope); err != nil {
		return err
	}
	t, err := s.store.Team(ctx, scope.Workspace, id)
	if err != nil {
		return err
	}
	at := s.now().UTC().Truncate(time.Millisecond)
	deleted := s.changed(scope.Workspace, id, at)
	deleted.Audit = identity.Record(ctx, scope, "team.deleted", t.target())
	err = s.store.Delete(ctx, scope.Workspace, id, at, deleted)
	if err == nil {
		s.moved(ctx, scope.Workspace)
	}
	return err
}

func (t Team) target() event.Party {
	return event.Party{Kind: "team", ID: string(t.ID), Name: t.Name}
}

// since says what became of the team.
func (t Team) since(before Team) event.Differences {
	d := event.Differences{}
	d.Note("name", before.Name, t.Name)
	d.Note("description", before.Description, t.Description)
	if !slices.Equal(before.Members, t.Members) {
		d.Note("members", before.Members, t.Members)
	}
	if !slices.Equal(before.Inboxes, t.Inboxes) {
		d.Note("inboxes", before.Inboxes, t.Inboxes)
	}
	return d
}

func (s *Service) changed(w identity.WorkspaceID, id ID, at time.Time) event.Event {
	data, err := json.Marshal(map[string]string{"id": string(id)})
	if err != nil { // strings always marshal
		data = []byte(`{}`)
	}
	return event.Event{ID: s.ids.New("chg"), Workspace: string(w), Type: Changed, Subject: string(id), At: at, Data: data}
}

// check refuses wrong values and puts the others into their stored form.
func (p *Patch) check() error {
	var w wrong
	if p.Name != nil {
		name := w.Name("/name", *p.Name, MaxName)
		p.Name = &name
	}
	if p.Description != nil {
		text := w.Text("/description", strings.TrimSpace(*p.Description), MaxDescription, true)
		p.Description = &text
	}
	if p.Members != nil {
		members := list(&w, "/member_ids", *p.Members, MaxMembers)
		p.Members = &members
	}
	if p.Inboxes != nil {
		inboxes := list(&w, "/inbox_ids", *p.Inboxes, MaxInboxes)
		p.Inboxes = &inboxes
	}
	return w.err()
}

func (p *Patch) apply(t *Team, at time.Time) {
	if p.Name != nil {
		t.Name = *p.Name
	}
	if p.Description != nil {
		t.Description = *p.Description
	}
	if p.Members != nil {
		t.Members = *p.Members
	}
	if p.Inboxes != nil {
		t.Inboxes = *p.Inboxes
	}
	t.UpdatedAt = at
}
