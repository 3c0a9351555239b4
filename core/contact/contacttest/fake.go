// Package contacttest is the conformance suite of the contact ports and an
// in-memory fake that passes it.
package contacttest

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/event/eventtest"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// Fake keeps contacts in memory. It implements contact.Store, PageStore,
// NoteStore, OrganisationStore and MergeStore. It is safe for concurrent use.
type Fake struct {
	feed *eventtest.Feed
	// Talks tells who holds the conversations of a contact; nil = there are none.
	Talks func(workspace identity.WorkspaceID, id contact.ID) []identity.Holding

	mu            sync.Mutex
	contacts      map[key]contact.Contact
	known         map[known]contact.Identity
	views         map[known][]contact.PageView // the newest first
	notes         map[noteKey]contact.Note
	organisations map[organisationKey]contact.Organisation
	merges        map[mergeKey]contact.Merge
}

type key struct {
	workspace identity.WorkspaceID
	id        contact.ID
}

type known struct {
	workspace       identity.WorkspaceID
	inbox, external string
}

type noteKey struct {
	workspace identity.WorkspaceID
	id        contact.NoteID
}

type organisationKey struct {
	workspace identity.WorkspaceID
	id        contact.OrganisationID
}

type mergeKey struct {
	workspace identity.WorkspaceID
	id        contact.MergeID
}

// NewFake returns an empty Fake that writes its events to feed.
func NewFake(feed *eventtest.Feed) *Fake {
	return &Fake{
		feed: feed, contacts: make(map[key]contact.Contact), known: make(map[known]contact.Identity),
		views: make(map[known][]contact.PageView), notes: make(map[noteKey]contact.Note),
		organisations: make(map[organisationKey]contact.Organisation), merges: make(map[mergeKey]contact.Merge),
	}
}

func conflict() error {
	return errs.New(errs.Conflict, "storage.conflict", "Something with the same key exists already.")
}

// storable refuses what a database cannot keep.
func storable(texts ...string) error {
	for _, text := range texts {
		if strings.ContainsRune(text, 0) || text != strings.ToValidUTF8(text, "") {
			return errs.New(errs.Invalid, "storage.text", "The text holds a NUL character or is not valid UTF-8. Remove what is broken.")
		}
	}
	return nil
}

func keepable(c contact.Contact) error {
	texts := []string{c.Name, c.Email, c.Phone, c.Note, c.External, c.Locale}
	for k, v := range c.Attributes {
		texts = append(texts, k)
		if text, ok := v.(string); ok {
			texts = append(texts, text)
		}
	}
	return storable(texts...)
}

// joined fills in what a store joins. f.mu is held.
func (f *Fake) joined(c contact.Contact) contact.Contact {
	c.Attributes = maps.Clone(c.Attributes)
	if c.Attributes == nil {
		c.Attributes = map[string]any{}
	}
	c.OrganisationName = f.organisations[organisationKey{c.Workspace, c.Organisation}].Name
	c.Verified = false
	for _, who := range f.known {
		if who.Workspace == c.Workspace && !who.VerifiedAt.IsZero() && (who.Contact == c.ID || f.contacts[key{c.Workspace, who.Contact}].Survivor == c.ID) {
			c.Verified = true
		}
	}
	return c
}

// stands reports whether what belongs to a contact shows with another. f.mu is held.
func (f *Fake) stands(workspace identity.WorkspaceID, own, person contact.ID) bool {
	c, ok := f.contacts[key{workspace, own}]
	return ok && c.Person() == person
}

// Reached implements contact.Circle.
func (f *Fake) Reached(_ context.Context, workspace identity.WorkspaceID, within identity.Reach, ids []contact.ID) (map[contact.ID]bool, error) {
	out := make(map[contact.ID]bool)
	for _, id := range ids {
		f.mu.Lock()
		c, ok := f.contacts[key{workspace, id}]
		f.mu.Unlock()
		if ok && f.covers(within, c) {
			out[id] = true
		}
	}
	return out, nil
}

// covers reports whether a contact is in reach. f.mu is not held.
func (f *Fake) covers(within identity.Reach, c contact.Contact) bool {
	if within.All() || c.CreatedBy != "" && c.CreatedBy == within.Member && within.Covers(identity.Holding{Creator: within.Member}) {
		return true
	}
	return f.Talks != nil && slices.ContainsFunc(f.Talks(c.Workspace, c.Person()), within.Covers)
}

// Named returns a contact and whether there is one.
func (f *Fake) Named(workspace identity.WorkspaceID, id contact.ID) (contact.Contact, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c, ok := f.contacts[key{workspace, id}]
	return c, ok
}

// ByExternal returns who stands for the contact an inbox knows under an
// external id; "" = nobody.
func (f *Fake) ByExternal(workspace identity.WorkspaceID, inbox, external string) contact.ID {
	f.mu.Lock()
	defer f.mu.Unlock()
	who, ok := f.known[known{workspace, inbox, external}]
	if !ok {
		return ""
	}
	return f.contacts[key{workspace, who.Contact}].Person()
}

// Get implements contact.Store.
func (f *Fake) Get(_ context.Context, workspace identity.WorkspaceID, id contact.ID) (contact.Contact, []contact.Identity, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c, ok := f.contacts[key{workspace, id}]
	if !ok {
		return contact.Contact{}, nil, errs.Absent()
	}
	var whos []contact.Identity
	for _, who := range f.known {
		if who.Workspace == workspace && f.stands(workspace, who.Contact, id) {
			whos = append(whos, who)
		}
	}
	slices.SortFunc(whos, func(a, b contact.Identity) int {
		return cmp.Or(strings.Compare(a.Inbox, b.Inbox), strings.Compare(a.External, b.External))
	})
	return f.joined(c), whos, nil
}

// List implements contact.Store.
func (f *Fake) List(_ context.Context, workspace identity.WorkspaceID, filter contact.Filter, p page.Request) (page.Page[contact.Contact], error) {
	f.mu.Lock()
	var all []contact.Contact
	for k, c := range f.contacts {
		if k.workspace == workspace && c.MergedInto == "" && matches(c, filter) {
			all = append(all, f.joined(c))
		}
	}
	f.mu.Unlock()
	all = slices.DeleteFunc(all, func(c contact.Contact) bool { return !f.covers(filter.Reach, c) })
	slices.SortFunc(all, func(a, b contact.Contact) int {
		switch filter.Sort {
		case contact.SortName:
			return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(string(a.ID), string(b.ID)))
		case contact.SortSeen:
			return cmp.Or(b.LastSeenAt.Compare(a.LastSeenAt), strings.Compare(string(b.ID), string(a.ID)))
		case contact.SortNewest:
		}
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), strings.Compare(string(b.ID), string(a.ID)))
	})
	return paged(all, p, func(c contact.Contact) string { return string(c.ID) })
}

// paged cuts a sorted list by the id of the last item seen.
func paged[T any](all []T, p page.Request, id func(T) string) (page.Page[T], error) {
	var out page.Page[T]
	after, err := page.Decode(p.Cursor, 1)
	if err != nil {
		return out, err
	}
	if after != nil {
		all = all[1+slices.IndexFunc(all, func(v T) bool { return id(v) == after[0] }):]
	}
	out.Items = all[:min(p.Size(), len(all)):len(all)]
	if len(all) > p.Size() {
		out.Next = page.Encode(id(all[p.Size()-1]))
	}
	return out, nil
}

func matches(c contact.Contact, filter contact.Filter) bool {
	if filter.Organisation != "" && c.Organisation != filter.Organisation {
		return false
	}
	for want, is := range map[string]string{filter.Email: c.Email, filter.Phone: c.Phone, filter.External: c.External} {
		if want != "" && want != is {
			return false
		}
	}
	for _, text := range []string{c.Name, c.Email, c.Phone} {
		if strings.Contains(lower(text), lower(filter.Query)) {
			return true
		}
	}
	return false
}

// lower changes ASCII letters only.
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + ('a' - 'A')
		}
		return r
	}, s)
}

// Add implements contact.Store.
func (f *Fake) Add(_ context.Context, c contact.Contact, events ...event.Event) error {
	if err := keepable(c); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.contacts[key{c.Workspace, c.ID}]; ok {
		return conflict()
	}
	f.contacts[key{c.Workspace, c.ID}] = c
	f.feed.Append(events...)
	return nil
}

// Update implements contact.Store.
func (f *Fake) Update(_ context.Context, workspace identity.WorkspaceID, id contact.ID, change func(*contact.Contact) ([]event.Event, error)) (contact.Contact, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	before, ok := f.contacts[key{workspace, id}]
	if !ok {
		return contact.Contact{}, errs.Absent()
	}
	c := f.joined(before)
	events, err := change(&c)
	if err == nil {
		err = keepable(c)
	}
	if err != nil {
		return contact.Contact{}, err
	}
	c.Workspace, c.ID, c.CreatedAt, c.MergedInto, c.Survivor = workspace, id, before.CreatedAt, before.MergedInto, before.Survivor
	f.contacts[key{workspace, id}] = c
	f.feed.Append(events...)
	return c, nil
}

func number(n int64) string { return strconv.FormatInt(n, 10) }
