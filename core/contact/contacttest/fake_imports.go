package contacttest

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/contact/importing"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// Imports keeps imports in memory, into the contacts of a Fake. It implements
// importing.Store and importing.Desk.
type Imports struct {
	Contacts *Fake

	mu   sync.Mutex
	kept map[importKey]*kept
}

type importKey struct {
	workspace identity.WorkspaceID
	id        importing.ID
}

type kept struct {
	importing.Import
	file   []byte
	errors []importing.RowError
}

// NewImports returns an Imports without any.
func NewImports(contacts *Fake) *Imports {
	return &Imports{Contacts: contacts, kept: make(map[importKey]*kept)}
}

func (f *Imports) find(workspace identity.WorkspaceID, id importing.ID) (*kept, error) {
	if k, ok := f.kept[importKey{workspace, id}]; ok {
		return k, nil
	}
	return nil, errs.Absent()
}

// Create implements importing.Store.
func (f *Imports) Create(_ context.Context, i importing.Import, file []byte, events ...event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	i.Actor.Role = ""
	f.kept[importKey{i.Workspace, i.ID}] = &kept{Import: i, file: slices.Clone(file)}
	f.Contacts.feed.Append(events...)
	return nil
}

// Import implements importing.Store.
func (f *Imports) Import(_ context.Context, workspace identity.WorkspaceID, id importing.ID) (importing.Import, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	k, err := f.find(workspace, id)
	if err != nil {
		return importing.Import{}, err
	}
	return k.Import, nil
}

// Imports implements importing.Store.
func (f *Imports) Imports(_ context.Context, workspace identity.WorkspaceID, p page.Request) (page.Page[importing.Import], error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []importing.Import
	for k, v := range f.kept {
		if k.workspace == workspace {
			all = append(all, v.Import)
		}
	}
	slices.SortFunc(all, func(a, b importing.Import) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), strings.Compare(string(b.ID), string(a.ID)))
	})
	return paged(all, p, func(i importing.Import) string { return string(i.ID) })
}

// put keeps what changed of an import.
func (k *kept) put(i importing.Import) {
	if i.Position == 0 {
		k.errors = nil
	}
	if i.State == importing.Done || i.State == importing.Failed {
		k.file = nil
	}
	k.Import = i
}

// Change implements importing.Store.
func (f *Imports) Change(_ context.Context, workspace identity.WorkspaceID, id importing.ID, change func(*importing.Import) ([]event.Event, error)) (importing.Import, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	k, err := f.find(workspace, id)
	if err != nil {
		return importing.Import{}, err
	}
	i := k.Import
	i.Mapping = maps.Clone(i.Mapping)
	events, err := change(&i)
	if err != nil {
		return importing.Import{}, err
	}
	k.put(i)
	f.Contacts.feed.Append(events...)
	return i, nil
}

// Errors implements importing.Store.
func (f *Imports) Errors(_ context.Context, workspace identity.WorkspaceID, id importing.ID, limit int) ([]importing.RowError, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	k, err := f.find(workspace, id)
	if err != nil {
		return nil, nil // an import that is not there has no errors
	}
	out := slices.Clone(k.errors)
	slices.SortStableFunc(out, func(a, b importing.RowError) int { return cmp.Or(a.Row-b.Row, a.Place-b.Place) })
	return out[:min(limit, len(out))], nil
}

// Busy implements importing.Desk.
func (f *Imports) Busy(_ context.Context, limit int) ([]importing.Ref, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []importing.Ref
	for k, v := range f.kept {
		if (v.State == importing.Checking || v.State == importing.Running) && len(out) < limit {
			out = append(out, importing.Ref{Workspace: k.workspace, ID: k.id})
		}
	}
	return out, nil
}

// File implements importing.Desk.
func (f *Imports) File(_ context.Context, workspace identity.WorkspaceID, id importing.ID) io.Reader {
	f.mu.Lock()
	defer f.mu.Unlock()
	k, err := f.find(workspace, id)
	if err != nil {
		return strings.NewReader("")
	}
	return bytes.NewReader(k.file)
}

// Advance implements importing.Desk.
func (f *Imports) Advance(ctx context.Context, workspace identity.WorkspaceID, id importing.ID, state importing.State, position int, work func(context.Context, *importing.Import, importing.Tx) (importing.Step, error)) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	k, err := f.find(workspace, id)
	if err != nil {
		return false, err
	}
	if k.State != state || k.Position != position {
		return false, nil
	}
	f.Contacts.mu.Lock()
	defer f.Contacts.mu.Unlock()
	tx := importTx{fake: f.Contacts, workspace: workspace, contacts: map[contact.ID]contact.Contact{}, organisations: map[contact.OrganisationID]contact.Organisation{}}
	i := k.Import
	step, err := work(ctx, &i, tx)
	if err != nil {
		return false, err
	}
	k.put(i)
	k.errors = append(k.errors, step.Errors[:min(len(step.Errors), max(0, importing.MaxErrors-len(k.errors)))]...)
	for id, c := range tx.contacts {
		f.Contacts.contacts[key{workspace, id}] = c
	}
	for id, o := range tx.organisations {
		f.Contacts.organisations[organisationKey{workspace, id}] = o
	}
	f.Contacts.feed.Append(step.Events...)
	return true, nil
}

// Sweep implements importing.Desk.
func (f *Imports) Sweep(_ context.Context, before time.Time, limit int) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	maps.DeleteFunc(f.kept, func(_ importKey, k *kept) bool {
		old := n < limit && k.UpdatedAt.Before(before) && k.State != importing.Checking && k.State != importing.Running
		if old {
			n++
		}
		return old
	})
	return n, nil
}

// importTx holds what a batch has written.
type importTx struct {
	fake          *Fake
	workspace     identity.WorkspaceID
	contacts      map[contact.ID]contact.Contact
	organisations map[contact.OrganisationID]contact.Organisation
}

// all returns the contacts as the batch sees them, the oldest first.
func (t importTx) all() []contact.Contact {
	seen := maps.Clone(t.contacts)
	for k, c := range t.fake.contacts {
		if _, written := seen[k.id]; k.workspace == t.workspace && !written {
			seen[k.id] = t.fake.joined(c)
		}
	}
	return slices.SortedFunc(maps.Values(seen), func(a, b contact.Contact) int {
		merged := cmp.Compare(min(len(a.MergedInto), 1), min(len(b.MergedInto), 1))
		return cmp.Or(merged, a.CreatedAt.Compare(b.CreatedAt), strings.Compare(string(a.ID), string(b.ID)))
	})
}

// Find implements importing.Tx.
func (t importTx) Find(_ context.Context, by importing.Match, value string) (*contact.Contact, error) {
	all := t.all()
	i := slices.IndexFunc(all, func(c contact.Contact) bool {
		has := map[importing.Match]string{importing.ByEmail: c.Email, importing.ByPhone: c.Phone, importing.ByExternal: c.External}[by]
		return value != "" && has == value
	})
	if i < 0 {
		return nil, nil //nolint:nilnil // the port says nil for none
	}
	if person := all[i].Person(); person != all[i].ID {
		i = slices.IndexFunc(all, func(c contact.Contact) bool { return c.ID == person })
	}
	return &all[i], nil
}

// Organisation implements importing.Tx.
func (t importTx) Organisation(_ context.Context, name string) (contact.OrganisationID, error) {
	found := contact.OrganisationID("")
	for k, o := range t.fake.organisations {
		if k.workspace == t.workspace && o.Name == name && (found == "" || o.ID < found) {
			found = o.ID
		}
	}
	for id, o := range t.organisations {
		if o.Name == name && (found == "" || id < found) {
			found = id
		}
	}
	return found, nil
}

// AddOrganisation implements importing.Tx.
func (t importTx) AddOrganisation(_ context.Context, o contact.Organisation) error {
	t.organisations[o.ID] = o
	return storable(o.Name)
}

// Add implements importing.Tx.
func (t importTx) Add(ctx context.Context, c contact.Contact) error { return t.Save(ctx, c) }

// Save implements importing.Tx.
func (t importTx) Save(_ context.Context, c contact.Contact) error {
	t.contacts[c.ID] = c
	return keepable(c)
}
