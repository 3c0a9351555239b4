package catalog

import (
	"context"
	"slices"

	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
)

// LabelPatch is what a label becomes; nil stays as it is.
type LabelPatch struct {
	Name, Color, Description *string
}

// Labels lists the labels of the workspace, by name. Needs CatalogRead.
func (s *Service) Labels(ctx context.Context, scope identity.Scope) ([]Label, error) {
	if err := scope.Require(identity.CatalogRead); err != nil {
		return nil, err
	}
	return s.store.Labels(ctx, scope.Workspace)
}

// CreateLabel makes a label. Needs CatalogManage. Name and colour are required.
func (s *Service) CreateLabel(ctx context.Context, scope identity.Scope, p LabelPatch) (Label, error) {
	if err := scope.Require(identity.CatalogManage); err != nil {
		return Label{}, err
	}
	none := ""
	for _, f := range []**string{&p.Name, &p.Color, &p.Description} {
		if *f == nil {
			*f = &none
		}
	}
	if err := p.check(); err != nil {
		return Label{}, err
	}
	l := Label{Workspace: scope.Workspace, ID: LabelID(s.ids.New("lab")), CreatedAt: s.time()}
	p.apply(&l)
	if err := s.store.CreateLabel(ctx, l, audited(s.changed(l.Workspace, LabelChanged, string(l.ID), l.CreatedAt),
		record(ctx, scope, "label", "created", string(l.ID), l.Name))); err != nil {
		return Label{}, err
	}
	return l, nil
}

// UpdateLabel changes a label. Needs CatalogManage.
func (s *Service) UpdateLabel(ctx context.Context, scope identity.Scope, id LabelID, p LabelPatch) (Label, error) {
	if err := scope.Require(identity.CatalogManage); err != nil {
		return Label{}, err
	}
	if err := p.check(); err != nil {
		return Label{}, err
	}
	r := record(ctx, scope, "label", "updated", string(id), "")
	return s.store.ChangeLabel(ctx, scope.Workspace, id, func(l *Label) error {
		before, d := *l, event.Differences{}
		p.apply(l)
		d.Note("name", before.Name, l.Name)
		d.Note("color", before.Color, l.Color)
		d.Note("description", before.Description, l.Description)
		r.Target.Name = l.Name
		r.Say(d)
		return nil
	}, audited(s.changed(scope.Workspace, LabelChanged, string(id), s.time()), r))
}

// DeleteLabel takes a label away: from everybody's choice at once, and off the
// conversations that carry it shortly after. Needs CatalogManage.
func (s *Service) DeleteLabel(ctx context.Context, scope identity.Scope, id LabelID) error {
	if err := scope.Require(identity.CatalogManage); err != nil {
		return err
	}
	all, err := s.store.Labels(ctx, scope.Workspace)
	if err != nil {
		return err
	}
	r := record(ctx, scope, "label", "deleted", string(id), "")
	if i := slices.IndexFunc(all, func(l Label) bool { return l.ID == id }); i >= 0 {
		r.Target.Name = all[i].Name
	}
	at := s.time()
	return s.store.DeleteLabel(ctx, scope.Workspace, id, at, audited(s.changed(scope.Workspace, LabelChanged, string(id), at), r))
}

// check refuses wrong values and puts the others into their stored form.
func (p *LabelPatch) check() error {
	var w wrong
	put(&p.Name, func(v string) string { return w.Name("/name", v, MaxName) })
	put(&p.Color, w.color)
	put(&p.Description, func(v string) string { return w.Line("/description", v, MaxDescription) })
	return w.err()
}

func (p *LabelPatch) apply(l *Label) {
	set(&l.Name, p.Name)
	set(&l.Color, p.Color)
	set(&l.Description, p.Description)
}

// put replaces a value that is there by what fn makes of it.
func put[T any](v **T, fn func(T) T) {
	if *v != nil {
		n := fn(**v)
		*v = &n
	}
}

func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}
