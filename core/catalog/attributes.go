package catalog

import (
	"context"
	"slices"

	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
)

// NewAttribute is a definition to make.
type NewAttribute struct {
	Target   Target
	Key      string
	Name     string
	Type     Type
	Options  []string
	Required bool
}

// AttributePatch is what a definition becomes; nil stays as it is.
type AttributePatch struct {
	Name     *string
	Options  *[]string
	Required *bool
}

// Attributes lists the definitions of a target, the oldest first; of both when
// it is "". Needs CatalogRead.
func (s *Service) Attributes(ctx context.Context, scope identity.Scope, of Target) ([]Attribute, error) {
	if err := scope.Require(identity.CatalogRead); err != nil {
		return nil, err
	}
	return s.store.Attributes(ctx, scope.Workspace, of)
}

// CreateAttribute makes a definition. Needs CatalogManage.
func (s *Service) CreateAttribute(ctx context.Context, scope identity.Scope, n NewAttribute) (Attribute, error) {
	if err := scope.Require(identity.CatalogManage); err != nil {
		return Attribute{}, err
	}
	var w wrong
	oneOf(&w, "/target", n.Target, OfConversation, OfContact)
	oneOf(&w, "/type", n.Type, Text, Number, Boolean, Date, List, Link)
	w.key(n.Key)
	a := Attribute{
		Workspace: scope.Workspace, ID: AttributeID(s.ids.New("cat")), Target: n.Target, Key: n.Key,
		Name: w.Name("/name", n.Name, MaxName), Type: n.Type, Options: w.options(n.Type, n.Options), Required: n.Required, CreatedAt: s.time(),
	}
	if err := w.err(); err != nil {
		return Attribute{}, err
	}
	if err := s.store.CreateAttribute(ctx, a, audited(s.changed(a.Workspace, AttributeChanged, string(a.ID), a.CreatedAt),
		record(ctx, scope, "attribute", "created", string(a.ID), a.Key))); err != nil {
		return Attribute{}, err
	}
	return a, nil
}

// UpdateAttribute changes a definition; key, type and target stay what they
// are, for the values that were given. Needs CatalogManage.
func (s *Service) UpdateAttribute(ctx context.Context, scope identity.Scope, id AttributeID, p AttributePatch) (Attribute, error) {
	if err := scope.Require(identity.CatalogManage); err != nil {
		return Attribute{}, err
	}
	r := record(ctx, scope, "attribute", "updated", string(id), "")
	return s.store.ChangeAttribute(ctx, scope.Workspace, id, func(a *Attribute) error {
		var w wrong
		before := *a
		if p.Name != nil {
			a.Name = w.Name("/name", *p.Name, MaxName)
		}
		if p.Options != nil {
			a.Options = w.options(a.Type, *p.Options)
		}
		set(&a.Required, p.Required)
		r.Target.Name = a.Key
		r.Say(a.since(before))
		return w.err()
	}, audited(s.changed(scope.Workspace, AttributeChanged, string(id), s.time()), r))
}

// DeleteAttribute removes a definition. Values that were given stay where they
// are, and can be taken away. Needs CatalogManage.
func (s *Service) DeleteAttribute(ctx context.Context, scope identity.Scope, id AttributeID) error {
	if err := scope.Require(identity.CatalogManage); err != nil {
		return err
	}
	all, err := s.store.Attributes(ctx, scope.Workspace, "")
	if err != nil {
		return err
	}
	r := record(ctx, scope, "attribute", "deleted", string(id), "")
	if i := slices.IndexFunc(all, func(a Attribute) bool { return a.ID == id }); i >= 0 {
		r.Target.Name = all[i].Key
	}
	return s.store.DeleteAttribute(ctx, scope.Workspace, id, audited(s.changed(scope.Workspace, AttributeChanged, string(id), s.time()), r))
}

// since says what became of the definition.
func (a Attribute) since(before Attribute) event.Differences {
	d := event.Differences{}
	d.Note("name", before.Name, a.Name)
	d.Note("required", before.Required, a.Required)
	if !slices.Equal(before.Options, a.Options) {
		d.Note("options", before.Options, a.Options)
	}
	return d
}
