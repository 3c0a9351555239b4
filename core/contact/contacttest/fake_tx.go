package contacttest

import (
	"cmp"
	"context"
	"maps"
	"time"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Begin starts a transaction, which the caller runs alone: commit makes what
// it did visible.
func (f *Fake) Begin(workspace identity.WorkspaceID) (tx contact.Tx, commit func()) {
	t := &fakeTx{fake: f, workspace: workspace, contacts: make(map[contact.ID]contact.Contact), known: make(map[known]contact.Identity), gone: make(map[known]known)}
	return t, t.commit
}

// fakeTx holds what a transaction has written.
type fakeTx struct {
	fake      *Fake
	workspace identity.WorkspaceID
	contacts  map[contact.ID]contact.Contact
	known     map[known]contact.Identity
	gone      map[known]known // identities that were proved to be somebody's
	events    []event.Event
}

func (t *fakeTx) identity(inbox, external string) (contact.Identity, bool) {
	k := known{t.workspace, inbox, external}
	if _, gone := t.gone[k]; gone {
		return contact.Identity{}, false
	}
	if who, ok := t.known[k]; ok {
		return who, true
	}
	t.fake.mu.Lock()
	defer t.fake.mu.Unlock()
	who, ok := t.fake.known[k]
	return who, ok
}

func (t *fakeTx) contact(id contact.ID) (contact.Contact, bool) {
	if c, ok := t.contacts[id]; ok {
		return c, true
	}
	t.fake.mu.Lock()
	defer t.fake.mu.Unlock()
	c, ok := t.fake.contacts[key{t.workspace, id}]
	if ok {
		c = t.fake.joined(c)
		c.OrganisationName, c.Verified = "", false
	}
	return c, ok
}

// ByIdentity implements contact.Tx.
func (t *fakeTx) ByIdentity(_ context.Context, inbox, external string) (*contact.Contact, error) {
	who, ok := t.identity(inbox, external)
	if !ok {
		return nil, nil //nolint:nilnil // the port says nil for nobody
	}
	c, _ := t.contact(who.Contact)
	if c.Survivor != "" {
		c, _ = t.contact(c.Survivor)
	}
	return &c, nil
}

// Person implements contact.Tx.
func (t *fakeTx) Person(_ context.Context, id contact.ID) (contact.Contact, []contact.Identity, error) {
	c, ok := t.contact(id)
	if ok && c.Survivor != "" {
		c, ok = t.contact(c.Survivor)
	}
	if !ok {
		return contact.Contact{}, nil, errs.Absent()
	}
	var whos []contact.Identity
	for _, who := range t.identities() {
		if of, _ := t.contact(who.Contact); of.ID == c.ID || of.Survivor == c.ID {
			whos = append(whos, who)
			c.Verified = c.Verified || !who.VerifiedAt.IsZero()
		}
	}
	return c, whos, nil
}

// Create implements contact.Tx.
func (t *fakeTx) Create(_ context.Context, c contact.Contact, who contact.Identity) error {
	if err := keepable(c); err != nil {
		return err
	}
	if err := storable(who.External, who.Label); err != nil {
		return err
	}
	if _, taken := t.identity(who.Inbox, who.External); taken {
		return conflict()
	}
	c.Workspace, who.Workspace, who.Contact = t.workspace, t.workspace, c.ID
	t.contacts[c.ID], t.known[known{t.workspace, who.Inbox, who.External}] = c, who
	return nil
}

// Join implements contact.Tx.
func (t *fakeTx) Join(_ context.Context, who contact.Identity) error {
	if err := storable(who.External, who.Label, who.Email, who.Phone); err != nil {
		return err
	}
	if _, taken := t.identity(who.Inbox, who.External); taken {
		return conflict()
	}
	if _, ok := t.contact(who.Contact); !ok {
		return errs.Absent()
	}
	who.Workspace = t.workspace
	t.known[known{t.workspace, who.Inbox, who.External}] = who
	return nil
}

// Joint implements contact.Tx.
func (t *fakeTx) Joint(_ context.Context, email, phone string) (*contact.Contact, error) {
	people := make(map[contact.ID]contact.Contact)
	for _, who := range t.identities() {
		if email != "" && who.Email == email || phone != "" && who.Phone == phone {
			c, _ := t.contact(who.Contact)
			if c.Survivor != "" {
				c, _ = t.contact(c.Survivor)
			}
			people[c.ID] = c
		}
	}
	if len(people) != 1 {
		return nil, nil //nolint:nilnil // the port says nil for nobody
	}
	for _, c := range people {
		return &c, nil
	}
	return nil, nil //nolint:nilnil // not reached
}

// identities are all of the workspace, as the transaction sees them.
func (t *fakeTx) identities() map[known]contact.Identity {
	out := make(map[known]contact.Identity)
	t.fake.mu.Lock()
	defer t.fake.mu.Unlock()
	for k, who := range t.fake.known {
		if _, gone := t.gone[k]; k.workspace == t.workspace && !gone {
			out[k] = who
		}
	}
	maps.Copy(out, t.known)
	return out
}

// Vouch implements contact.Tx.
func (t *fakeTx) Vouch(_ context.Context, inbox, external, email, phone string) error {
	who, ok := t.identity(inbox, external)
	if !ok {
		return nil
	}
	who.Email, who.Phone = cmp.Or(email, who.Email), cmp.Or(phone, who.Phone)
	t.known[known{t.workspace, inbox, external}] = who
	return nil
}

// Save implements contact.Tx.
func (t *fakeTx) Save(_ context.Context, c contact.Contact) error {
	if err := keepable(c); err != nil {
		return err
	}
	was, ok := t.contact(c.ID)
	if !ok {
		return errs.Absent()
	}
	was.Name, was.Email, was.Phone, was.Locale = c.Name, c.Email, c.Phone, c.Locale
	was.Attributes, was.UpdatedAt = c.Attributes, c.UpdatedAt
	t.contacts[c.ID] = was
	return nil
}

// Seen implements contact.Tx.
func (t *fakeTx) Seen(_ context.Context, id contact.ID, at time.Time) error {
	if c, ok := t.contact(id); ok && at.After(c.LastSeenAt) {
		c.LastSeenAt = at
		t.contacts[id] = c
	}
	return nil
}

// Verify implements contact.Tx.
func (t *fakeTx) Verify(_ context.Context, inbox, external string, at time.Time) error {
	if who, ok := t.identity(inbox, external); ok && who.VerifiedAt.IsZero() {
		who.VerifiedAt = at
		t.known[known{t.workspace, inbox, external}] = who
	}
	return nil
}

// Gather implements contact.Tx.
func (t *fakeTx) Gather(_ context.Context, inbox, external, title string, at time.Time, changed func(contact.Contact) event.Event) (*contact.Contact, error) {
	who, ok := t.identity(inbox, external)
	if !ok || !t.alone(who) {
		return nil, nil //nolint:nilnil // the port says nil for one who may be another
	}
	c, _ := t.contact(who.Contact)
	if c.Group && (title == "" || title == who.Label) {
		return &c, nil
	}
	title = cmp.Or(title, who.Label)
	if c.Name == who.Label {
		c.Name = title
	}
	c.Group, c.UpdatedAt = true, at
	who.Kind, who.Label, who.Email, who.Phone = contact.IdentityGroup, title, "", ""
	t.contacts[c.ID], t.known[known{t.workspace, inbox, external}] = c, who
	t.events = append(t.events, changed(c))
	return &c, nil
}

// Prove implements contact.Tx.
func (t *fakeTx) Prove(_ context.Context, inbox, visitor, person string, at time.Time) (bool, error) {
	who, ok := t.identity(inbox, visitor)
	if _, taken := t.identity(inbox, person); !ok || taken || !t.alone(who) {
		return false, nil
	}
	from, to := known{t.workspace, inbox, visitor}, known{t.workspace, inbox, person}
	t.gone[from] = to
	who.External, who.Kind, who.VerifiedAt = person, contact.IdentityUser, at
	t.known[to] = who
	return true, nil
}

// alone reports whether a contact has this identity only and was not merged,
// nor another into it.
func (t *fakeTx) alone(who contact.Identity) bool {
	c, ok := t.contact(who.Contact)
	if !ok || c.Survivor != "" {
		return false
	}
	t.fake.mu.Lock()
	defer t.fake.mu.Unlock()
	for _, o := range t.fake.contacts {
		if o.Workspace == t.workspace && o.Survivor == c.ID {
			return false
		}
	}
	for _, o := range t.fake.known {
		if o.Workspace == t.workspace && o.Contact == c.ID && (o.Inbox != who.Inbox || o.External != who.External) {
			return false
		}
	}
	return true
}

func (t *fakeTx) commit() {
	t.fake.mu.Lock()
	defer t.fake.mu.Unlock()
	for from, to := range t.gone {
		delete(t.fake.known, from)
		t.fake.views[to] = append(t.fake.views[to], t.fake.views[from]...)
		delete(t.fake.views, from)
	}
	for id, c := range t.contacts {
		t.fake.contacts[key{t.workspace, id}] = c
	}
	maps.Copy(t.fake.known, t.known)
	t.fake.feed.Append(t.events...)
}
