package app

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/patchbay-im/patchbay/core/catalog"
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

// teamOf is a team as templates have it; who is in it is people's choice.
type teamOf struct {
	Name        string `json:"name"`
	Description string `json:"description"`
}

func teamKind(s *team.Service) template.Kind {
	of := func(t team.Team) teamOf { return teamOf{t.Name, t.Description} }
	return kindOf[teamOf, team.ID]{
		named: func(t teamOf) string { return t.Name },
		all: func(ctx context.Context, scope identity.Scope, _ teamOf) (map[string]teamOf, error) {
			out := make(map[string]teamOf)
			err := page.Each(func(r page.Request) (page.Page[team.Team], error) { return s.List(ctx, scope, r) }, func(t team.Team) { out[string(t.ID)] = of(t) })
			return out, err
		},
		one: func(ctx context.Context, scope identity.Scope, id team.ID) (teamOf, error) {
			t, err := s.Get(ctx, scope, id)
			return of(t), err
		},
		create: func(ctx context.Context, scope identity.Scope, v teamOf) (team.ID, error) {
			t, err := s.Create(ctx, scope, team.Patch{Name: &v.Name, Description: &v.Description})
			return t.ID, err
		},
		update: func(ctx context.Context, scope identity.Scope, id team.ID, v teamOf) error {
			_, err := s.Update(ctx, scope, id, team.Patch{Name: &v.Name, Description: &v.Description})
			return err
		},
		remove: s.Delete,
	}
}

// labelOf is a label as templates have it.
type labelOf struct {
	Name        string `json:"name"`
	Color       string `json:"color"`
	Description string `json:"description"`
}

func labelKind(s *catalog.Service) template.Kind {
	of := func(l catalog.Label) labelOf { return labelOf{l.Name, l.Color, l.Description} }
	patch := func(v labelOf) catalog.LabelPatch {
		return catalog.LabelPatch{Name: &v.Name, Color: &v.Color, Description: &v.Description}
	}
	return kindOf[labelOf, catalog.LabelID]{
		tidy:  func(v *labelOf) { v.Color = strings.ToLower(v.Color) },
		named: func(v labelOf) string { return v.Name },
		all: func(ctx context.Context, scope identity.Scope, _ labelOf) (map[string]labelOf, error) {
			all, err := s.Labels(ctx, scope)
			return byID(all, err, func(l catalog.Label) catalog.LabelID { return l.ID }, of)
		},
		create: func(ctx context.Context, scope identity.Scope, v labelOf) (catalog.LabelID, error) {
			l, err := s.CreateLabel(ctx, scope, patch(v))
			return l.ID, err
		},
		update: func(ctx context.Context, scope identity.Scope, id catalog.LabelID, v labelOf) error {
			_, err := s.UpdateLabel(ctx, scope, id, patch(v))
			return err
		},
		remove: s.DeleteLabel,
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
	of := func(a catalog.Attribute) attributeOf {
		return attributeOf{a.Target, a.Key, a.Name, a.Type, append([]string{}, a.Options...), a.Required}
	}
	return kindOf[attributeOf, catalog.AttributeID]{
		tidy:  func(v *attributeOf) { v.Options = append([]string{}, v.Options...) },
		named: func(v attributeOf) string { return string(v.Target) + "." + v.Key },
		all: func(ctx context.Context, scope identity.Scope, _ attributeOf) (map[string]attributeOf, error) {
			all, err := s.Attributes(ctx, scope, "")
			return byID(all, err, func(a catalog.Attribute) catalog.AttributeID { return a.ID }, of)
		},
		create: func(ctx context.Context, scope identity.Scope, v attributeOf) (catalog.AttributeID, error) {
			a, err := s.CreateAttribute(ctx, scope, catalog.NewAttribute{
				Target: v.Target, Key: v.Key, Name: v.Name, Type: v.Type, Options: v.Options, Required: v.Required,
			})
			return a.ID, err
		},
		update: func(ctx context.Context, scope identity.Scope, id catalog.AttributeID, v attributeOf) error {
			patch := catalog.AttributePatch{Name: &v.Name, Required: &v.Required}
			if v.Type == catalog.List {
				patch.Options = &v.Options
			}
			_, err := s.UpdateAttribute(ctx, scope, id, patch)
			return err
		},
		remove: s.DeleteAttribute,
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
	return kindOf[cannedOf, catalog.CannedID]{
		tidy:  func(v *cannedOf) { v.Shortcut = strings.ToLower(strings.TrimPrefix(v.Shortcut, "/")) },
		named: func(v cannedOf) string { return v.Team + "/" + v.Shortcut },
		all: func(ctx context.Context, scope identity.Scope, v cannedOf) (map[string]cannedOf, error) {
			found, err := s.FindCanned(ctx, scope, catalog.CannedSearch{
				Words: v.Shortcut, Scope: v.scope(), Paging: page.Request{Limit: page.MaxLimit},
			})
			return byID(found.Items, err, func(c catalog.Canned) catalog.CannedID { return c.ID }, of)
		},
		one: func(ctx context.Context, scope identity.Scope, id catalog.CannedID) (cannedOf, error) {
			c, err := s.Canned(ctx, scope, id)
			return of(c), err
		},
		create: func(ctx context.Context, scope identity.Scope, v cannedOf) (catalog.CannedID, error) {
			w, err := s.CreateCanned(ctx, scope, catalog.NewCanned{Scope: v.scope(), Team: team.ID(v.Team), CannedPatch: patch(v)})
			return w.ID, err
		},
		update: func(ctx context.Context, scope identity.Scope, id catalog.CannedID, v cannedOf) error {
			_, err := s.UpdateCanned(ctx, scope, id, patch(v))
			return err
		},
		remove: s.DeleteCanned,
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
	of := func(t ticket.Type) typeOf {
		v := typeOf{Name: t.Name, Description: t.Description, Fields: make([]fieldOf, len(t.Fields)), Archived: !t.ArchivedAt.IsZero()}
		for i, f := range t.Fields {
			v.Fields[i] = fieldOf(f)
			v.Fields[i].Options = append([]string{}, f.Options...)
		}
		return v
	}
	draft := func(v typeOf) ticket.TypeDraft {
		fields := make([]ticket.Field, len(v.Fields))
		for i, f := range v.Fields {
			fields[i] = ticket.Field(f)
		}
		return ticket.TypeDraft{Name: &v.Name, Description: &v.Description, Fields: &fields, Archived: &v.Archived}
	}
	return kindOf[typeOf, ticket.TypeID]{
		tidy: func(v *typeOf) {
			v.Fields = append([]fieldOf{}, v.Fields...)
			for i := range v.Fields {
				v.Fields[i].Options = append([]string{}, v.Fields[i].Options...)
			}
		},
		named: func(v typeOf) string { return v.Name },
		all: func(ctx context.Context, scope identity.Scope, _ typeOf) (map[string]typeOf, error) {
			all, err := s.Types(ctx, scope)
			return byID(all, err, func(t ticket.Type) ticket.TypeID { return t.ID }, of)
		},
		create: func(ctx context.Context, scope identity.Scope, v typeOf) (ticket.TypeID, error) {
			t, err := s.CreateType(ctx, scope, draft(v))
			return t.ID, err
		},
		update: func(ctx context.Context, scope identity.Scope, id ticket.TypeID, v typeOf) error {
			_, err := s.UpdateType(ctx, scope, id, draft(v))
			return err
		},
		remove: s.DeleteType,
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
	return kindOf[viewOf, view.ID]{
		tidy: func(v *viewOf) {
			v.Columns = append([]string{}, v.Columns...)
			v.Sort = cmp.Or(v.Sort, view.UpdatedDesc)
		},
		named: func(v viewOf) string { return v.Team + "/" + v.Name },
		all: func(ctx context.Context, scope identity.Scope, _ viewOf) (map[string]viewOf, error) {
			views, err := s.List(ctx, scope)
			views = slices.DeleteFunc(views, func(v view.View) bool { return v.Scope == view.Personal })
			return byID(views, err, func(v view.View) view.ID { return v.ID }, of)
		},
		one: func(ctx context.Context, scope identity.Scope, id view.ID) (viewOf, error) {
			v, err := s.Get(ctx, scope, id)
			return of(v), err
		},
		create: func(ctx context.Context, scope identity.Scope, v viewOf) (view.ID, error) {
			created, err := s.Create(ctx, scope, v.draft())
			return created.ID, err
		},
		update: func(ctx context.Context, scope identity.Scope, id view.ID, v viewOf) error {
			_, err := s.Update(ctx, scope, id, v.draft())
			return err
		},
		remove: s.Delete,
	}
}
