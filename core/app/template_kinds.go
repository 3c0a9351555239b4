package app

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/team"
	"github.com/patchbay-im/patchbay/core/template"
	"github.com/patchbay-im/patchbay/core/ticket"
	"github.com/patchbay-im/patchbay/core/view"
)

// templateKinds are the objects that an industry template can make, in the
// order in which they are made: references point backwards.
func templateKinds(c *catalog.Service, t *team.Service, k *ticket.Service, v *view.Service) []template.Named {
	return []template.Named{
		{Name: "team", Kind: teamKind(t)},
		{Name: "label", Kind: labelKind(c)},
		{Name: "attribute", Kind: attributeKind(c)},
		{Name: "canned_reply", Kind: cannedKind(c)},
		{Name: "ticket_type", Kind: typeKind(k)},
		{Name: "view", Kind: viewKind(v)},
	}
}

// kindOf is a template.Kind of values of one Go type. Its JSON is the normal
// form: the fields in the order of the struct.
type kindOf[T any] struct {
	tidy   func(*T)                                                       // into the form in which it is stored; nil = it is
	named  func(T) string                                                 // by what people know it
	all    func(context.Context, identity.Scope, T) (map[string]T, error) // by id; those that could have the name of a value, at least
	one    func(context.Context, identity.Scope, string) (T, error)       // nil = look among all
	create func(context.Context, identity.Scope, T) (string, error)
	update func(context.Context, identity.Scope, string, T) error
	remove func(context.Context, identity.Scope, string) error
}

func (k kindOf[T]) read(value json.RawMessage) (T, error) {
	var v T
	d := json.NewDecoder(bytes.NewReader(value))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		return v, errs.Wrap(err, errs.Unavailable, "template.broken", "The template is broken: "+err.Error()+". Tell its author.")
	}
	if k.tidy != nil {
		k.tidy(&v)
	}
	if k.named(v) == "" {
		return v, errs.New(errs.Unavailable, "template.broken", "The template is broken: an object has no name. Tell its author.")
	}
	return v, nil
}

// Normal implements template.Kind.
func (k kindOf[T]) Normal(value json.RawMessage) (json.RawMessage, error) {
	v, err := k.read(value)
	if err != nil {
		return nil, err
	}
	return json.Marshal(v)
}

// Find implements template.Kind.
func (k kindOf[T]) Find(ctx context.Context, scope identity.Scope, value json.RawMessage) (string, bool, error) {
	wanted, err := k.read(value)
	if err != nil {
		return "", false, err
	}
	all, err := k.all(ctx, scope, wanted)
	for id, v := range all {
		if strings.EqualFold(k.named(v), k.named(wanted)) {
			return id, true, nil
		}
	}
	return "", false, err
}

// Read implements template.Kind.
func (k kindOf[T]) Read(ctx context.Context, scope identity.Scope, id string) (json.RawMessage, bool, error) {
	v, found, err := k.get(ctx, scope, id)
	if err != nil || !found {
		return nil, false, err
	}
	raw, err := json.Marshal(v)
	return raw, true, err
}

func (k kindOf[T]) get(ctx context.Context, scope identity.Scope, id string) (T, bool, error) {
	if k.one != nil {
		v, err := k.one(ctx, scope, id)
		if errs.Is(err, errs.NotFound) {
			return v, false, nil
		}
		return v, err == nil, err
	}
	var none T
	all, err := k.all(ctx, scope, none)
	v, found := all[id]
	return v, found, err
}

// Create implements template.Kind.
func (k kindOf[T]) Create(ctx context.Context, scope identity.Scope, value json.RawMessage) (string, error) {
	v, err := k.read(value)
	if err != nil {
		return "", err
	}
	return k.create(ctx, scope, v)
}

// Update implements template.Kind.
func (k kindOf[T]) Update(ctx context.Context, scope identity.Scope, id string, value json.RawMessage) error {
	v, err := k.read(value)
	if err != nil {
		return err
	}
	return k.update(ctx, scope, id, v)
}

// Delete implements template.Kind.
func (k kindOf[T]) Delete(ctx context.Context, scope identity.Scope, id string) error {
	return k.remove(ctx, scope, id)
}

// teamOf is a team as templates have it; who is in it is people's choice.
type teamOf struct {
	Name        string `json:"name"`
	Description string `json:"description"`
}

func teamKind(s *team.Service) template.Kind {
	of := func(t team.Team) teamOf { return teamOf{t.Name, t.Description} }
	return kindOf[teamOf]{
		named: func(t teamOf) string { return t.Name },
		all: func(ctx context.Context, scope identity.Scope, _ teamOf) (map[string]teamOf, error) {
			out := make(map[string]teamOf)
			request := page.Request{Limit: page.MaxLimit}
			for {
				p, err := s.List(ctx, scope, request)
				if err != nil {
					return nil, err
				}
				for _, t := range p.Items {
					out[string(t.ID)] = of(t)
				}
				if p.Next == "" {
					return out, nil
				}
				request.Cursor = p.Next
			}
		},
		one: func(ctx context.Context, scope identity.Scope, id string) (teamOf, error) {
			t, err := s.Get(ctx, scope, team.ID(id))
			return of(t), err
		},
		create: func(ctx context.Context, scope identity.Scope, v teamOf) (string, error) {
			t, err := s.Create(ctx, scope, team.Patch{Name: &v.Name, Description: &v.Description})
			return string(t.ID), err
		},
		update: func(ctx context.Context, scope identity.Scope, id string, v teamOf) error {
			_, err := s.Update(ctx, scope, team.ID(id), team.Patch{Name: &v.Name, Description: &v.Description})
			return err
		},
		remove: func(ctx context.Context, scope identity.Scope, id string) error {
			return s.Delete(ctx, scope, team.ID(id))
		},
	}
}

// labelOf is a label as templates have it.
type labelOf struct {
	Name        string `json:"name"`
	Color       string `json:"color"`
	Description string `json:"description"`
}

func labelKind(s *catalog.Service) template.Kind {
	patch := func(v labelOf) catalog.LabelPatch {
		return catalog.LabelPatch{Name: &v.Name, Color: &v.Color, Description: &v.Description}
	}
	return kindOf[labelOf]{
		tidy:  func(v *labelOf) { v.Color = strings.ToLower(v.Color) },
		named: func(v labelOf) string { return v.Name },
		all: func(ctx context.Context, scope identity.Scope, _ labelOf) (map[string]labelOf, error) {
			labels, err := s.Labels(ctx, scope)
			out := make(map[string]labelOf, len(labels))
			for _, l := range labels {
				out[string(l.ID)] = labelOf{l.Name, l.Color, l.Description}
			}
			return out, err
		},
		create: func(ctx context.Context, scope identity.Scope, v labelOf) (string, error) {
			l, err := s.CreateLabel(ctx, scope, patch(v))
			return string(l.ID), err
		},
		update: func(ctx context.Context, scope identity.Scope, id string, v labelOf) error {
			_, err := s.UpdateLabel(ctx, scope, catalog.LabelID(id), patch(v))
			return err
		},
		remove: func(ctx context.Context, scope identity.Scope, id string) error {
			return s.DeleteLabel(ctx, scope, catalog.LabelID(id))
		},
	}
}

// attributeOf is a custom attribute as templates have it. Target, key and type
// stay what they are.
type attributeOf struct {
	Target   catalog.Target `json:"target"`
	Key      string         `json:"key"`
	Name     string         `json:"name"`
	Type     catalog.Type   `json:"type"`
	Options  []string       `json:"options"`
	Required bool           `json:"required"`
}

func attributeKind(s *catalog.Service) template.Kind {
	return kindOf[attributeOf]{
		tidy:  func(v *attributeOf) { v.Options = append([]string{}, v.Options...) },
		named: func(v attributeOf) string { return string(v.Target) + "." + v.Key },
		all: func(ctx context.Context, scope identity.Scope, _ attributeOf) (map[string]attributeOf, error) {
			attributes, err := s.Attributes(ctx, scope, "")
			out := make(map[string]attributeOf, len(attributes))
			for _, a := range attributes {
				out[string(a.ID)] = attributeOf{a.Target, a.Key, a.Name, a.Type, append([]string{}, a.Options...), a.Required}
			}
			return out, err
		},
		create: func(ctx context.Context, scope identity.Scope, v attributeOf) (string, error) {
			a, err := s.CreateAttribute(ctx, scope, catalog.NewAttribute{
				Target: v.Target, Key: v.Key, Name: v.Name, Type: v.Type, Options: v.Options, Required: v.Required,
			})
			return string(a.ID), err
		},
		update: func(ctx context.Context, scope identity.Scope, id string, v attributeOf) error {
			patch := catalog.AttributePatch{Name: &v.Name, Required: &v.Required}
			if v.Type == catalog.List {
				patch.Options = &v.Options
			}
			_, err := s.UpdateAttribute(ctx, scope, catalog.AttributeID(id), patch)
			return err
		},
		remove: func(ctx context.Context, scope identity.Scope, id string) error {
			return s.DeleteAttribute(ctx, scope, catalog.AttributeID(id))
		},
	}
}

// cannedOf is a canned reply as templates have it: everybody's, or a team's.
type cannedOf struct {
	Shortcut string `json:"shortcut"`
	Title    string `json:"title"`
	Text     string `json:"text"`
	Locale   string `json:"locale"`
	Team     string `json:"team"` // its id; "" = everybody's
}

func (v cannedOf) scope() catalog.Scope {
	if v.Team != "" {
		return catalog.OfTeam
	}
	return catalog.Workspace
}

func cannedKind(s *catalog.Service) template.Kind {
	of := func(c catalog.Canned) cannedOf {
		return cannedOf{c.Shortcut, c.Title, c.Text, c.Locale, string(c.Team)}
	}
	patch := func(v cannedOf) catalog.CannedPatch {
		return catalog.CannedPatch{Shortcut: &v.Shortcut, Title: &v.Title, Text: &v.Text, Locale: &v.Locale}
	}
	return kindOf[cannedOf]{
		tidy:  func(v *cannedOf) { v.Shortcut = strings.ToLower(strings.TrimPrefix(v.Shortcut, "/")) },
		named: func(v cannedOf) string { return v.Team + "/" + v.Shortcut },
		all: func(ctx context.Context, scope identity.Scope, v cannedOf) (map[string]cannedOf, error) {
			found, err := s.FindCanned(ctx, scope, catalog.CannedSearch{
				Words: v.Shortcut, Scope: v.scope(), Paging: page.Request{Limit: page.MaxLimit},
			})
			out := make(map[string]cannedOf, len(found.Items))
			for _, c := range found.Items {
				out[string(c.ID)] = of(c)
			}
			return out, err
		},
		one: func(ctx context.Context, scope identity.Scope, id string) (cannedOf, error) {
			c, err := s.Canned(ctx, scope, catalog.CannedID(id))
			return of(c), err
		},
		create: func(ctx context.Context, scope identity.Scope, v cannedOf) (string, error) {
			w, err := s.CreateCanned(ctx, scope, catalog.NewCanned{Scope: v.scope(), Team: team.ID(v.Team), CannedPatch: patch(v)})
			return string(w.ID), err
		},
		update: func(ctx context.Context, scope identity.Scope, id string, v cannedOf) error {
			_, err := s.UpdateCanned(ctx, scope, catalog.CannedID(id), patch(v))
			return err
		},
		remove: func(ctx context.Context, scope identity.Scope, id string) error {
			return s.DeleteCanned(ctx, scope, catalog.CannedID(id))
		},
	}
}

// typeOf is a ticket type as templates have it.
type typeOf struct {
	Name        string    `json:"name"`
	Description string    `json:"description"`
	Fields      []fieldOf `json:"fields"`
	Archived    bool      `json:"archived"`
}

// fieldOf is a field of a ticket type.
type fieldOf struct {
	Key      string       `json:"key"`
	Name     string       `json:"name"`
	Type     catalog.Type `json:"type"`
	Options  []string     `json:"options"`
	Required bool         `json:"required"`
	Public   bool         `json:"public"`
}

func typeKind(s *ticket.Service) template.Kind {
	draft := func(v typeOf) ticket.TypeDraft {
		fields := make([]ticket.Field, len(v.Fields))
		for i, f := range v.Fields {
			fields[i] = ticket.Field(f)
		}
		return ticket.TypeDraft{Name: &v.Name, Description: &v.Description, Fields: &fields, Archived: &v.Archived}
	}
	return kindOf[typeOf]{
		tidy: func(v *typeOf) {
			v.Fields = append([]fieldOf{}, v.Fields...)
			for i := range v.Fields {
				v.Fields[i].Options = append([]string{}, v.Fields[i].Options...)
			}
		},
		named: func(v typeOf) string { return v.Name },
		all: func(ctx context.Context, scope identity.Scope, _ typeOf) (map[string]typeOf, error) {
			types, err := s.Types(ctx, scope)
			out := make(map[string]typeOf, len(types))
			for _, t := range types {
				v := typeOf{Name: t.Name, Description: t.Description, Fields: make([]fieldOf, len(t.Fields)), Archived: !t.ArchivedAt.IsZero()}
				for i, f := range t.Fields {
					v.Fields[i] = fieldOf(f)
					v.Fields[i].Options = append([]string{}, f.Options...)
				}
				out[string(t.ID)] = v
			}
			return out, err
		},
		create: func(ctx context.Context, scope identity.Scope, v typeOf) (string, error) {
			t, err := s.CreateType(ctx, scope, draft(v))
			return string(t.ID), err
		},
		update: func(ctx context.Context, scope identity.Scope, id string, v typeOf) error {
			_, err := s.UpdateType(ctx, scope, ticket.TypeID(id), draft(v))
			return err
		},
		remove: func(ctx context.Context, scope identity.Scope, id string) error {
			return s.DeleteType(ctx, scope, ticket.TypeID(id))
		},
	}
}

// viewOf is a saved view as templates have it: everybody's, or a team's.
type viewOf struct {
	Name    string          `json:"name"`
	Icon    string          `json:"icon"`
	Filter  json.RawMessage `json:"filter"`
	Sort    view.Sort       `json:"sort"`
	Columns []string        `json:"columns"`
	Team    string          `json:"team"` // its id; "" = everybody's
}

func (v viewOf) draft() view.Draft {
	scope := view.Workspace
	d := view.Draft{Name: &v.Name, Icon: &v.Icon, Filter: v.Filter, Sort: &v.Sort, Columns: &v.Columns, Scope: &scope}
	if v.Team != "" {
		scope = view.OfTeam
		d.Team = &v.Team
	}
	return d
}

func viewKind(s *view.Service) template.Kind {
	of := func(v view.View) viewOf {
		out := viewOf{Name: v.Name, Icon: v.Icon, Filter: v.Filter, Sort: v.Sort, Columns: append([]string{}, v.Columns...)}
		if v.Scope == view.OfTeam {
			out.Team = v.Owner
		}
		return out
	}
	return kindOf[viewOf]{
		tidy: func(v *viewOf) {
			v.Columns = append([]string{}, v.Columns...)
			v.Sort = cmp.Or(v.Sort, view.UpdatedDesc)
		},
		named: func(v viewOf) string { return v.Team + "/" + v.Name },
		all: func(ctx context.Context, scope identity.Scope, _ viewOf) (map[string]viewOf, error) {
			views, err := s.List(ctx, scope)
			views = slices.DeleteFunc(views, func(v view.View) bool { return v.Scope == view.Personal })
			out := make(map[string]viewOf, len(views))
			for _, v := range views {
				out[string(v.ID)] = of(v)
			}
			return out, err
		},
		one: func(ctx context.Context, scope identity.Scope, id string) (viewOf, error) {
			v, err := s.Get(ctx, scope, view.ID(id))
			return of(v), err
		},
		create: func(ctx context.Context, scope identity.Scope, v viewOf) (string, error) {
			created, err := s.Create(ctx, scope, v.draft())
			return string(created.ID), err
		},
		update: func(ctx context.Context, scope identity.Scope, id string, v viewOf) error {
			_, err := s.Update(ctx, scope, view.ID(id), v.draft())
			return err
		},
		remove: func(ctx context.Context, scope identity.Scope, id string) error {
			return s.Delete(ctx, scope, view.ID(id))
		},
	}
}
