package contacttest

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
)

// take returns a contact as a store gives it. f.mu is held.
func (f *Fake) take(workspace identity.WorkspaceID, id contact.ID) (contact.Contact, error) {
	c, ok := f.contacts[key{workspace, id}]
	if !ok {
		return c, errs.Absent()
	}
	return f.joined(c), nil
}

// Merge implements contact.MergeStore.
func (f *Fake) Merge(_ context.Context, workspace identity.WorkspaceID, source, into contact.ID, decide func(contact.Contact, *contact.Contact) (contact.Merge, []event.Event, error)) (contact.Contact, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	from, err := f.take(workspace, source)
	if err != nil {
		return contact.Contact{}, err
	}
	target, err := f.take(workspace, into)
	if err != nil {
		return contact.Contact{}, err
	}
	if target, err = f.take(workspace, target.Person()); err != nil {
		return contact.Contact{}, err
	}
	m, events, err := decide(from, &target)
	if err != nil {
		return contact.Contact{}, err
	}
	f.contacts[key{workspace, target.ID}] = target
	m.Actor.Role = ""
	f.merges[mergeKey{workspace, m.ID}] = m
	for k, c := range f.contacts {
		if k.workspace == workspace && (c.ID == source || c.Survivor == source) {
			c.Survivor = target.ID
			f.contacts[k] = c
		}
	}
	from = f.contacts[key{workspace, source}]
	from.MergedInto = target.ID
	f.contacts[key{workspace, source}] = from
	f.feed.Append(events...)
	return f.take(workspace, target.ID)
}

// Undo implements contact.MergeStore.
func (f *Fake) Undo(_ context.Context, workspace identity.WorkspaceID, id contact.MergeID, decide func(*contact.Undoing) ([]event.Event, error)) (contact.Undoing, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	u, err := f.undoing(workspace, id)
	if err != nil {
		return u, err
	}
	events, err := decide(&u)
	if err != nil {
		return u, err
	}
	f.merges[mergeKey{workspace, id}] = u.Merge
	root := u.Chain[len(u.Chain)-1].Contact.ID
	for _, l := range u.Chain {
		f.contacts[key{workspace, l.Contact.ID}] = l.Contact
		if l.Onward != nil {
			f.merges[mergeKey{workspace, l.Onward.ID}] = *l.Onward
		}
	}
	f.contacts[key{workspace, u.Source.ID}] = u.Source
	for k, c := range f.contacts {
		if k.workspace == workspace && c.Survivor == root && f.below(c, u.Source.ID) {
			c.Survivor = u.Source.ID
			f.contacts[k] = c
		}
	}
	f.feed.Append(events...)
	if u.Source, err = f.take(workspace, u.Source.ID); err == nil {
		u.Chain[0].Contact, err = f.take(workspace, u.Merge.Target)
	}
	return u, err
}

// below reports whether a chain of merges leads from a contact to another.
func (f *Fake) below(c contact.Contact, to contact.ID) bool {
	for c.MergedInto != "" && c.MergedInto != to {
		c = f.contacts[key{c.Workspace, c.MergedInto}]
	}
	return c.MergedInto == to
}

func (f *Fake) undoing(workspace identity.WorkspaceID, id contact.MergeID) (contact.Undoing, error) {
	m, ok := f.merges[mergeKey{workspace, id}]
	if !ok {
		return contact.Undoing{}, errs.Absent()
	}
	u := contact.Undoing{Merge: m}
	var err error
	if u.Source, err = f.take(workspace, m.Source); err != nil {
		return u, err
	}
	for next := m.Target; next != ""; {
		c, err := f.take(workspace, next)
		if err != nil {
			return u, err
		}
		link := contact.Link{Contact: c}
		for k, on := range f.merges {
			if k.workspace == workspace && on.Source == c.ID && on.UndoneAt.IsZero() {
				on.Filled = maps.Clone(on.Filled)
				link.Onward = &on
			}
		}
		u.Chain, next = append(u.Chain, link), c.MergedInto
	}
	return u, nil
}

// Merges implements contact.MergeStore.
func (f *Fake) Merges(_ context.Context, workspace identity.WorkspaceID, id contact.ID) ([]contact.Merge, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []contact.Merge
	for k, m := range f.merges {
		if k.workspace == workspace && (m.Source == id || m.Target == id) {
			m.SourceName = f.contacts[key{workspace, m.Source}].Name
			out = append(out, m)
		}
	}
	slices.SortFunc(out, func(a, b contact.Merge) int {
		return cmp.Or(b.At.Compare(a.At), strings.Compare(string(b.ID), string(a.ID)))
	})
	return out, nil
}

// Duplicates implements contact.MergeStore.
func (f *Fake) Duplicates(_ context.Context, workspace identity.WorkspaceID, c contact.Contact, limit int) ([]contact.Duplicate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []contact.Duplicate
	seen := map[contact.ID]bool{c.ID: true}
	for _, by := range []struct {
		reason string
		value  func(contact.Contact) string
	}{
		{"email", func(c contact.Contact) string { return c.Email }},
		{"phone", func(c contact.Contact) string { return c.Phone }},
		{"name", func(c contact.Contact) string { return c.Name }},
	} {
		ids := slices.SortedFunc(maps.Keys(f.contacts), func(a, b key) int { return cmp.Compare(a.id, b.id) })
		for _, k := range ids {
			other := f.contacts[k]
			same := k.workspace == workspace && by.value(c) != "" && by.value(other) == by.value(c) && other.MergedInto == "" && !other.Group
			if same && !seen[other.ID] && len(out) < limit {
				seen[other.ID] = true
				out = append(out, contact.Duplicate{Contact: f.joined(other), Reason: by.reason})
			}
		}
	}
	return out, nil
}
