package view

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/filter"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Changed is the type of the event that says a saved view was made, changed or
// deleted. Its data is {"id": "..."}.
const Changed = "view.changed"

// Deps are the ports that Service works on.
type Deps struct {
	Store       Store
	Lister      Lister
	Definitions Definitions
	Teams       Teams
	Now         func() time.Time
}

// Service holds the use cases of lists and views. It is safe for concurrent use.
type Service struct {
	Deps
	ids id.Source
}

// NewService returns a Service.
func NewService(d Deps) *Service { return &Service{Deps: d, ids: id.NewSource(d.Now)} }

// Fields returns what conversations of a workspace can be filtered by.
func (s *Service) Fields(ctx context.Context, workspace identity.WorkspaceID) (filter.Registry, error) {
	custom, err := s.Definitions.Attributes(ctx, workspace, "")
	if err != nil {
		return nil, err
	}
	return Fields(custom), nil
}

// owners lists under whom the views stand that a member sees.
func (s *Service) owners(ctx context.Context, scope identity.Scope) ([]string, error) {
	out := []string{""}
	if scope.Member() == "" {
		return out, nil
	}
	teams, err := s.Teams.TeamsOf(ctx, scope.Workspace, scope.Member())
	if err != nil {
		return nil, err
	}
	out = append(out, string(scope.Member()))
	for _, t := range teams {
		out = append(out, string(t))
	}
	return out, nil
}

// List returns the views that the member sees.
func (s *Service) List(ctx context.Context, scope identity.Scope) ([]View, error) {
	if err := scope.Require(identity.ConversationRead); err != nil {
		return nil, err
	}
	owners, err := s.owners(ctx, scope)
	if err != nil {
		return nil, err
	}
	return s.Store.Views(ctx, scope.Workspace, owners)
}

// Get returns a view that the member sees, or errs.Absent.
func (s *Service) Get(ctx context.Context, scope identity.Scope, view ID) (View, error) {
	if err := scope.Require(identity.ConversationRead); err != nil {
		return View{}, err
	}
	v, err := s.Store.View(ctx, scope.Workspace, view)
	if err != nil {
		return View{}, err
	}
	return v, s.visible(ctx, scope, v)
}

func (s *Service) visible(ctx context.Context, scope identity.Scope, v View) error {
	if v.Owner == "" || v.Owner == string(scope.Member()) || scope.Require(identity.CatalogManage) == nil && v.Scope == OfTeam {
		return nil
	}
	owners, err := s.owners(ctx, scope)
	if err == nil && !slices.Contains(owners, v.Owner) {
		err = errs.Absent()
	}
	return err
}

// Draft is a view to be saved, or (nil fields stay) a change of one.
type Draft struct {
	Name     *string
	Icon     *string
	Scope    *Visibility
	Team     *string // of a team's view
	Filter   json.RawMessage
	Sort     *Sort
	Columns  *[]string
	Position *int
}

// Create saves a view. A shared one needs CatalogManage.
func (s *Service) Create(ctx context.Context, scope identity.Scope, d Draft) (View, error) {
	if err := scope.Require(identity.ConversationRead); err != nil {
		return View{}, err
	}
	v := View{
		Workspace: scope.Workspace, ID: ID(s.ids.New("vie")), Scope: Personal, Sort: UpdatedDesc, Position: -1,
		Filter: json.RawMessage(`{"and":[]}`), CreatedBy: scope.Member(), CreatedAt: s.Now(), UpdatedAt: s.Now(),
	}
	if d.Name == nil {
		d.Name = new(string)
	}
	if d.Scope == nil {
		d.Scope = &v.Scope
	}
	if err := s.prepare(ctx, scope, &d); err != nil {
		return View{}, err
	}
	if err := s.apply(scope, &v, d); err != nil {
		return View{}, err
	}
	return s.Store.Create(ctx, v, s.changed(v.Workspace, v.ID, v.record(ctx, scope, "created")))
}

// Update changes a view. A shared one, before or after, needs CatalogManage.
func (s *Service) Update(ctx context.Context, scope identity.Scope, view ID, d Draft) (View, error) {
	before, err := s.Get(ctx, scope, view)
	if err != nil {
		return View{}, err
	}
	if err := s.mayChange(scope, before); err != nil {
		return View{}, err
	}
	if err := s.prepare(ctx, scope, &d); err != nil {
		return View{}, err
	}
	r := before.record(ctx, scope, "updated")
	return s.Store.Update(ctx, scope.Workspace, view, func(v *View) error {
		if err := s.mayChange(scope, *v); err != nil {
			return err
		}
		v.UpdatedAt = s.Now()
		err := s.apply(scope, v, d)
		*r = *v.record(ctx, scope, "updated")
		if before.Scope != Personal && r.Action == "" { // it was everybody's, and is no more
			*r = *before.record(ctx, scope, "updated")
		}
		return err
	}, s.changed(scope.Workspace, view, r))
}

// Delete deletes a view. A shared one needs CatalogManage.
func (s *Service) Delete(ctx context.Context, scope identity.Scope, view ID) error {
	v, err := s.Get(ctx, scope, view)
	if err != nil {
		return err
	}
	return s.Store.Delete(ctx, scope.Workspace, view, func(v View) error { return s.mayChange(scope, v) }, s.changed(scope.Workspace, view, v.record(ctx, scope, "deleted")))
}

func (s *Service) mayChange(scope identity.Scope, v View) error {
	if v.Scope != Personal {
		return scope.Require(identity.CatalogManage)
	}
	if v.Owner != string(scope.Member()) {
		return errs.Absent()
	}
	return nil
}

// record makes the record of what is done to a view; an empty one for a
// personal view, which is its owner's matter.
func (v View) record(ctx context.Context, scope identity.Scope, verb string) *event.Record {
	if v.Scope == Personal {
		return &event.Record{}
	}
	return identity.Record(ctx, scope, "view."+verb, event.Party{Kind: "view", ID: string(v.ID), Name: v.Name})
}

// changed makes the event of a view.
func (s *Service) changed(w identity.WorkspaceID, view ID, r *event.Record) event.Event {
	data, err := json.Marshal(map[string]string{"id": string(view)})
	if err != nil { // strings always marshal
		data = []byte(`{}`)
	}
	return event.Event{
		ID: s.ids.New("chg"), Workspace: string(w), Type: Changed, Subject: string(view), At: s.Now(), Data: data, Audit: r,
	}
}

// prepare checks a draft and puts it into its stored form.
func (s *Service) prepare(ctx context.Context, scope identity.Scope, d *Draft) error {
	c := check{}
	c.text("/name", d.Name, MaxName, true)
	c.text("/icon", d.Icon, MaxIcon, false)
	if d.Sort != nil && !slices.Contains(Sorts(), *d.Sort) {
		c.Refuse("/sort", "enum", "is none of the orders there are")
	}
	if d.Columns != nil {
		c.columns(*d.Columns)
	}
	if d.Position != nil && (*d.Position < 0 || *d.Position > maxPosition) {
		c.Refuse("/position", "range", "is out of range")
	}
	if d.Scope != nil {
		if err := prepareScope(scope, d, &c); err != nil {
			return err
		}
	} else if d.Team != nil {
		c.Refuse("/team_id", "scope", "goes with the scope team")
	}
	if err := c.err(); err != nil || d.Filter == nil {
		return err
	}
	fields, err := s.Fields(ctx, scope.Workspace)
	if err != nil {
		return err
	}
	n, err := filter.Parse(d.Filter, fields)
	if err != nil {
		return err
	}
	d.Filter, err = json.Marshal(n)
	return err
}

const maxPosition = 1_000_000

func prepareScope(scope identity.Scope, d *Draft, c *check) error {
	switch *d.Scope {
	case Personal:
		if scope.Member() == "" {
			c.Refuse("/scope", "enum", "must be workspace: nobody in person asks")
		}
	case Workspace:
		return scope.Require(identity.CatalogManage)
	case OfTeam:
		if err := scope.Require(identity.CatalogManage); err != nil {
			return err
		}
		if d.Team == nil || !strings.HasPrefix(*d.Team, "tea_") || len(*d.Team) > 40 {
			c.Refuse("/team_id", "required", "names the team")
			return nil
		}
		return nil
	default:
		c.Refuse("/scope", "enum", "must be personal, team or workspace")
	}
	if d.Team != nil && *d.Scope != OfTeam {
		c.Refuse("/team_id", "scope", "goes with the scope team")
	}
	return nil
}

// apply changes a view by a draft that was prepared.
func (s *Service) apply(scope identity.Scope, v *View, d Draft) error {
	if d.Scope != nil {
		if v.Scope != Personal || *d.Scope != Personal {
			if err := scope.Require(identity.CatalogManage); err != nil {
				return err
			}
		}
		v.Scope, v.Owner = *d.Scope, ""
		switch *d.Scope {
		case Personal:
			v.Owner = string(scope.Member())
		case OfTeam:
			v.Owner = *d.Team
		case Workspace:
		}
	}
	set(&v.Name, d.Name)
	set(&v.Icon, d.Icon)
	set(&v.Sort, d.Sort)
	set(&v.Columns, d.Columns)
	set(&v.Position, d.Position)
	if d.Filter != nil {
		v.Filter = d.Filter
	}
	return nil
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}
