// Package contacttest is the conformance suite of contact.Store and an
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

// Fake keeps contacts in memory. It implements contact.Store. It is safe for
// concurrent use.
type Fake struct {
	feed *eventtest.Feed

	mu       sync.Mutex
	contacts map[key]contact.Contact
	known    map[known]contact.Identity
}

type key struct {
	workspace identity.WorkspaceID
	id        contact.ID
}

type known struct {
	workspace       identity.WorkspaceID
	inbox, external string
}

// NewFake returns an empty Fake that writes its events to feed.
func NewFake(feed *eventtest.Feed) *Fake {
	return &Fake{feed: feed, contacts: make(map[key]contact.Contact), known: make(map[known]contact.Identity)}
}

// Begin starts a transaction, which the caller runs alone: commit makes what
// it did visible.
func (f *Fake) Begin(workspace identity.WorkspaceID) (tx contact.Tx, commit func()) {
	t := &fakeTx{fake: f, workspace: workspace}
	return t, t.commit
}

type fakeTx struct {
	fake      *Fake
	workspace identity.WorkspaceID
	made      []contact.Contact
	whos      []contact.Identity
}

// ByIdentity implements contact.Tx.
func (t *fakeTx) ByIdentity(_ context.Context, inbox, external string) (*contact.Contact, error) {
	for i, who := range t.whos {
		if who.Inbox == inbox && who.External == external {
			c := t.made[i]
			return &c, nil
		}
	}
	return t.fake.find(t.workspace, inbox, external), nil
}

// Create implements contact.Tx.
func (t *fakeTx) Create(ctx context.Context, c contact.Contact, who contact.Identity) error {
	if err := storable(c, who); err != nil {
		return err
	}
	if found, _ := t.ByIdentity(ctx, who.Inbox, who.External); found != nil {
		return errs.New(errs.Conflict, "storage.conflict", "Something with the same key exists already.")
	}
	c.Workspace, who.Workspace, who.Contact = t.workspace, t.workspace, c.ID
	t.made, t.whos = append(t.made, c), append(t.whos, who)
	return nil
}

func (t *fakeTx) commit() {
	t.fake.mu.Lock()
	defer t.fake.mu.Unlock()
	for i, c := range t.made {
		t.fake.contacts[key{c.Workspace, c.ID}] = c
		who := t.whos[i]
		t.fake.known[known{who.Workspace, who.Inbox, who.External}] = who
	}
}

// storable refuses what a database cannot keep.
func storable(c contact.Contact, who contact.Identity) error {
	texts := []string{c.Name, c.Email, c.Phone, c.Note, who.External}
	for k, v := range c.Attributes {
		texts = append(texts, k, v)
	}
	for _, text := range texts {
		if strings.ContainsRune(text, 0) || text != strings.ToValidUTF8(text, "") {
			return errs.New(errs.Invalid, "storage.text", "The text holds a NUL character or is not valid UTF-8. Remove what is broken.")
		}
	}
	return nil
}

func (f *Fake) find(workspace identity.WorkspaceID, inbox, external string) *contact.Contact {
	f.mu.Lock()
	defer f.mu.Unlock()
	who, ok := f.known[known{workspace, inbox, external}]
	if !ok {
		return nil
	}
	c := copied(f.contacts[key{workspace, who.Contact}])
	return &c
}

func copied(c contact.Contact) contact.Contact {
	c.Attributes = maps.Clone(c.Attributes)
	if c.Attributes == nil {
		c.Attributes = map[string]string{}
	}
	return c
}

// Named returns a contact's name and whether there is one.
func (f *Fake) Named(workspace identity.WorkspaceID, id contact.ID) (string, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c, ok := f.contacts[key{workspace, id}]
	return c.Name, ok
}

// ByExternal returns the contact an inbox knows under an external id; "" = nobody.
func (f *Fake) ByExternal(workspace identity.WorkspaceID, inbox, external string) contact.ID {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.known[known{workspace, inbox, external}].Contact
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
		if who.Workspace == workspace && who.Contact == id {
			whos = append(whos, who)
		}
	}
	slices.SortFunc(whos, func(a, b contact.Identity) int {
		return cmp.Or(strings.Compare(a.Inbox, b.Inbox), strings.Compare(a.External, b.External))
	})
	return copied(c), whos, nil
}

// List implements contact.Store.
func (f *Fake) List(_ context.Context, workspace identity.WorkspaceID, query string, p page.Request) (page.Page[contact.Contact], error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out page.Page[contact.Contact]
	after, err := page.Decode(p.Cursor, 2)
	if err != nil {
		return out, err
	}
	var all []contact.Contact
	for k, c := range f.contacts {
		if k.workspace == workspace && matches(c, query) {
			all = append(all, copied(c))
		}
	}
	slices.SortFunc(all, func(a, b contact.Contact) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), strings.Compare(string(b.ID), string(a.ID)))
	})
	for _, c := range all {
		at := strconv.FormatInt(c.CreatedAt.UnixMicro(), 10)
		if after != nil && (at > after[0] || at == after[0] && string(c.ID) >= after[1]) {
			continue
		}
		if len(out.Items) == p.Size() {
			last := out.Items[len(out.Items)-1]
			out.Next = page.Encode(strconv.FormatInt(last.CreatedAt.UnixMicro(), 10), string(last.ID))
			break
		}
		out.Items = append(out.Items, c)
	}
	return out, nil
}

func matches(c contact.Contact, query string) bool {
	for _, text := range []string{c.Name, c.Email, c.Phone} {
		if strings.Contains(lower(text), lower(query)) {
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

// Update implements contact.Store.
func (f *Fake) Update(_ context.Context, workspace identity.WorkspaceID, id contact.ID, change func(*contact.Contact) ([]event.Event, error)) (contact.Contact, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	before, ok := f.contacts[key{workspace, id}]
	if !ok {
		return contact.Contact{}, errs.Absent()
	}
	c := copied(before)
	events, err := change(&c)
	if err == nil {
		err = storable(c, contact.Identity{})
	}
	if err != nil {
		return contact.Contact{}, err
	}
	c.Workspace, c.ID, c.CreatedAt = workspace, id, before.CreatedAt
	f.contacts[key{workspace, id}] = c
	f.feed.Append(events...)
	return copied(c), nil
}
