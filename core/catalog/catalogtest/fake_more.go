package catalogtest

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

func (f *Fake) defined(w identity.WorkspaceID, of catalog.Target) []catalog.Attribute {
	var out []catalog.Attribute
	for k, a := range f.attributes {
		if k.workspace == w && (of == "" || a.Target == of) {
			a.Options = slices.Clone(a.Options)
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(a, b catalog.Attribute) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	return out
}

// Attributes implements catalog.Attributes.
func (f *Fake) Attributes(_ context.Context, w identity.WorkspaceID, of catalog.Target) ([]catalog.Attribute, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.defined(w, of), nil
}

// CreateAttribute implements catalog.Attributes.
func (f *Fake) CreateAttribute(_ context.Context, a catalog.Attribute, events ...event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	there := f.defined(a.Workspace, a.Target)
	if slices.ContainsFunc(there, func(o catalog.Attribute) bool { return o.Key == a.Key }) {
		return catalog.AttributeTaken()
	}
	if len(there) >= catalog.MaxAttributes {
		return catalog.TooMany()
	}
	if err := storable(append(slices.Clone(a.Options), a.Key, a.Name)...); err != nil {
		return err
	}
	f.attributes[key{a.Workspace, string(a.ID)}] = a
	return f.done(events)
}

// ChangeAttribute implements catalog.Attributes.
func (f *Fake) ChangeAttribute(_ context.Context, w identity.WorkspaceID, id catalog.AttributeID, change func(*catalog.Attribute) error, events ...event.Event) (catalog.Attribute, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	k := key{w, string(id)}
	a, ok := f.attributes[k]
	if !ok {
		return a, errs.Absent()
	}
	wanted := a
	if err := change(&wanted); err != nil {
		return catalog.Attribute{}, err
	}
	a.Name, a.Options, a.Required = wanted.Name, wanted.Options, wanted.Required
	if err := storable(append(slices.Clone(a.Options), a.Name)...); err != nil {
		return catalog.Attribute{}, err
	}
	f.attributes[k] = a
	return a, f.done(events)
}

// DeleteAttribute implements catalog.Attributes.
func (f *Fake) DeleteAttribute(_ context.Context, w identity.WorkspaceID, id catalog.AttributeID, events ...event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	k := key{w, string(id)}
	if _, ok := f.attributes[k]; !ok {
		return errs.Absent()
	}
	delete(f.attributes, k)
	return f.done(events)
}

// Canned implements catalog.CannedReplies.
func (f *Fake) Canned(_ context.Context, w identity.WorkspaceID, id catalog.CannedID) (catalog.Canned, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c, ok := f.canned[key{w, string(id)}]
	if !ok {
		return c, errs.Absent()
	}
	return c, nil
}

func (f *Fake) cannedFree(c catalog.Canned) error {
	for k, o := range f.canned {
		if k.workspace == c.Workspace && o.ID != c.ID && o.Scope == c.Scope && o.Member == c.Member && o.Team == c.Team && o.Shortcut == c.Shortcut {
			return catalog.CannedTaken()
		}
	}
	return storable(c.Shortcut, c.Title, c.Text, c.Locale)
}

// CreateCanned implements catalog.CannedReplies.
func (f *Fake) CreateCanned(_ context.Context, c catalog.Canned, events ...event.Event) error {
	switch {
	case c.Scope == catalog.Personal && !f.known.HasMember(c.Workspace, c.Member), c.Scope == catalog.OfTeam && !f.known.HasTeam(c.Workspace, c.Team):
		return errs.Absent()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.cannedFree(c); err != nil {
		return err
	}
	f.canned[key{c.Workspace, string(c.ID)}] = c
	return f.done(events)
}

// ChangeCanned implements catalog.CannedReplies.
func (f *Fake) ChangeCanned(_ context.Context, w identity.WorkspaceID, id catalog.CannedID, change func(*catalog.Canned) error, events ...event.Event) (catalog.Canned, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	k := key{w, string(id)}
	c, ok := f.canned[k]
	if !ok {
		return c, errs.Absent()
	}
	wanted := c
	if err := change(&wanted); err != nil {
		return catalog.Canned{}, err
	}
	c.Shortcut, c.Title, c.Text, c.Locale, c.UpdatedAt = wanted.Shortcut, wanted.Title, wanted.Text, wanted.Locale, wanted.UpdatedAt
	if err := f.cannedFree(c); err != nil {
		return catalog.Canned{}, err
	}
	f.canned[k] = c
	return c, f.done(events)
}

// DeleteCanned implements catalog.CannedReplies.
func (f *Fake) DeleteCanned(_ context.Context, w identity.WorkspaceID, id catalog.CannedID, events ...event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	k := key{w, string(id)}
	if _, ok := f.canned[k]; !ok {
		return errs.Absent()
	}
	delete(f.canned, k)
	return f.done(events)
}

// UseCanned implements catalog.CannedReplies.
func (f *Fake) UseCanned(_ context.Context, w identity.WorkspaceID, id catalog.CannedID) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	k := key{w, string(id)}
	c, ok := f.canned[k]
	if !ok {
		return errs.Absent()
	}
	c.Uses++
	f.canned[k] = c
	return nil
}

// FindCanned implements catalog.CannedReplies.
func (f *Fake) FindCanned(_ context.Context, w identity.WorkspaceID, q catalog.CannedQuery, p page.Request) (page.Page[catalog.Canned], error) {
	var out page.Page[catalog.Canned]
	after, err := page.Decode(p.Cursor, 2)
	if err != nil && q.Words == "" {
		return out, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	seen := f.seen(w, q)
	for _, c := range seen {
		shadowed := !q.Shadowed && slices.ContainsFunc(seen, func(n catalog.Canned) bool { return n.Shortcut == c.Shortcut && width(n) < width(c) })
		if shadowed || q.Scope != "" && c.Scope != q.Scope || q.Words != "" && rank(c, q.Words) < 0 {
			continue
		}
		if q.Words == "" && after != nil && cmp.Or(cmp.Compare(c.Shortcut, after[0]), cmp.Compare(string(c.ID), after[1])) <= 0 {
			continue
		}
		out.Items = append(out.Items, c)
	}
	slices.SortFunc(out.Items, func(a, b catalog.Canned) int {
		byName := cmp.Or(cmp.Compare(a.Shortcut, b.Shortcut), cmp.Compare(a.ID, b.ID))
		if q.Words == "" {
			return byName
		}
		return cmp.Or(rank(a, q.Words)-rank(b, q.Words), cmp.Compare(b.Uses, a.Uses), byName)
	})
	if size := p.Size(); len(out.Items) > size {
		out.Items = out.Items[:size]
		if q.Words == "" {
			out.Next = page.Encode(out.Items[size-1].Shortcut, string(out.Items[size-1].ID))
		}
	}
	return out, nil
}

func (f *Fake) seen(w identity.WorkspaceID, q catalog.CannedQuery) []catalog.Canned {
	var out []catalog.Canned
	for k, c := range f.canned {
		visible := c.Scope == catalog.Workspace || c.Scope == catalog.Personal && c.Member == q.Member ||
			c.Scope == catalog.OfTeam && (q.AllTeams || slices.Contains(q.Teams, c.Team))
		if k.workspace == w && visible {
			out = append(out, c)
		}
	}
	return out
}

func width(c catalog.Canned) int {
	return slices.Index([]catalog.Scope{catalog.Personal, catalog.OfTeam, catalog.Workspace}, c.Scope)
}

// rank is how well words fit, the best 0; -1 = not at all.
func rank(c catalog.Canned, words string) int {
	switch {
	case c.Shortcut == words:
		return 0
	case strings.HasPrefix(c.Shortcut, words):
		return 1
	case strings.Contains(strings.ToLower(c.Title), words):
		return 2
	case strings.Contains(strings.ToLower(c.Text), words):
		return 3
	default:
		return -1
	}
}
