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
	"github.com/patchbay-im/patchbay/core/page"
)

// AddNote implements contact.NoteStore.
func (f *Fake) AddNote(_ context.Context, n contact.Note, events ...event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.contacts[key{n.Workspace, n.Contact}]; !ok {
		return errs.Absent()
	}
	if err := storable(n.Text, n.Author.Name); err != nil {
		return err
	}
	n.Author.Role = ""
	f.notes[noteKey{n.Workspace, n.ID}] = n
	f.feed.Append(events...)
	return nil
}

// Notes implements contact.NoteStore.
func (f *Fake) Notes(_ context.Context, workspace identity.WorkspaceID, id contact.ID, p page.Request) (page.Page[contact.Note], error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.contacts[key{workspace, id}]; !ok {
		return page.Page[contact.Note]{}, errs.Absent()
	}
	var all []contact.Note
	for k, n := range f.notes {
		if k.workspace == workspace && f.stands(workspace, n.Contact, id) {
			all = append(all, n)
		}
	}
	slices.SortFunc(all, func(a, b contact.Note) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), strings.Compare(string(b.ID), string(a.ID)))
	})
	return paged(all, p, func(n contact.Note) string { return string(n.ID) })
}

// ChangeNote implements contact.NoteStore.
func (f *Fake) ChangeNote(_ context.Context, workspace identity.WorkspaceID, of contact.ID, id contact.NoteID, change func(*contact.Note) (bool, []event.Event, error)) (contact.Note, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, ok := f.notes[noteKey{workspace, id}]
	if !ok || !f.stands(workspace, n.Contact, of) {
		return contact.Note{}, errs.Absent()
	}
	was := n
	remove, events, err := change(&n)
	if err == nil {
		err = storable(n.Text)
	}
	if err != nil {
		return contact.Note{}, err
	}
	was.Text, was.UpdatedAt = n.Text, n.UpdatedAt
	f.notes[noteKey{workspace, id}] = was
	if remove {
		delete(f.notes, noteKey{workspace, id})
	}
	f.feed.Append(events...)
	return was, nil
}

// whole fills in what a store joins or counts. f.mu is held.
func (f *Fake) whole(o contact.Organisation) contact.Organisation {
	o.Domains, o.Attributes = slices.Clone(o.Domains), maps.Clone(o.Attributes)
	if o.Attributes == nil {
		o.Attributes = map[string]any{}
	}
	o.Contacts = 0
	for k, c := range f.contacts {
		if k.workspace == o.Workspace && c.Organisation == o.ID && c.MergedInto == "" {
			o.Contacts++
		}
	}
	return o
}

// Organisation implements contact.OrganisationStore.
func (f *Fake) Organisation(_ context.Context, workspace identity.WorkspaceID, id contact.OrganisationID) (contact.Organisation, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	o, ok := f.organisations[organisationKey{workspace, id}]
	if !ok {
		return contact.Organisation{}, errs.Absent()
	}
	return f.whole(o), nil
}

// Organisations implements contact.OrganisationStore.
func (f *Fake) Organisations(_ context.Context, workspace identity.WorkspaceID, query string, p page.Request) (page.Page[contact.Organisation], error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []contact.Organisation
	for k, o := range f.organisations {
		if k.workspace == workspace && strings.Contains(lower(o.Name), lower(query)) {
			all = append(all, f.whole(o))
		}
	}
	slices.SortFunc(all, func(a, b contact.Organisation) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(string(a.ID), string(b.ID)))
	})
	return paged(all, p, func(o contact.Organisation) string { return string(o.ID) })
}

// OrganisationOf implements contact.OrganisationStore.
func (f *Fake) OrganisationOf(_ context.Context, workspace identity.WorkspaceID, domain string) (*contact.Organisation, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for k, o := range f.organisations {
		if k.workspace == workspace && slices.Contains(o.Domains, domain) {
			o = f.whole(o)
			return &o, nil
		}
	}
	return nil, nil //nolint:nilnil // the port says nil for none
}

// free refuses domains of others. f.mu is held.
func (f *Fake) free(o contact.Organisation) error {
	for k, other := range f.organisations {
		taken := slices.ContainsFunc(o.Domains, func(d string) bool { return slices.Contains(other.Domains, d) })
		if k.workspace == o.Workspace && other.ID != o.ID && taken {
			return contact.DomainTaken()
		}
	}
	return storable(append([]string{o.Name, o.Note}, o.Domains...)...)
}

// AddOrganisation implements contact.OrganisationStore.
func (f *Fake) AddOrganisation(_ context.Context, o contact.Organisation, events ...event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.free(o); err != nil {
		return err
	}
	f.organisations[organisationKey{o.Workspace, o.ID}] = o
	f.feed.Append(events...)
	return nil
}

// ChangeOrganisation implements contact.OrganisationStore.
func (f *Fake) ChangeOrganisation(_ context.Context, workspace identity.WorkspaceID, id contact.OrganisationID, change func(*contact.Organisation) error, events ...event.Event) (contact.Organisation, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	before, ok := f.organisations[organisationKey{workspace, id}]
	if !ok {
		return contact.Organisation{}, errs.Absent()
	}
	o := f.whole(before)
	if err := change(&o); err != nil {
		return contact.Organisation{}, err
	}
	o.Workspace, o.ID, o.CreatedAt = workspace, id, before.CreatedAt
	if err := f.free(o); err != nil {
		return contact.Organisation{}, err
	}
	f.organisations[organisationKey{workspace, id}] = o
	f.feed.Append(events...)
	return f.whole(o), nil
}

// RemoveOrganisation implements contact.OrganisationStore.
func (f *Fake) RemoveOrganisation(_ context.Context, workspace identity.WorkspaceID, id contact.OrganisationID, events ...event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.organisations[organisationKey{workspace, id}]; !ok {
		return errs.Absent()
	}
	delete(f.organisations, organisationKey{workspace, id})
	for k, c := range f.contacts {
		if k.workspace == workspace && c.Organisation == id {
			c.Organisation = ""
			f.contacts[k] = c
		}
	}
	f.feed.Append(events...)
	return nil
}
