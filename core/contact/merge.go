package contact

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
)

// MergeID names a merge of two contacts: mrg_.
type MergeID string

// Merge is one contact taken for another. Nothing is moved but the pointer
// from source to target: identities, notes and page views stay where they came
// to, so that an undo takes exactly those back.
type Merge struct {
	Workspace identity.WorkspaceID
	ID        MergeID
	Source    ID
	Target    ID
	Filled    Filled
	Actor     identity.Actor
	At        time.Time
	UndoneAt  time.Time // zero = it stands

	SourceName string // read-only, joined by the store
}

// Filled is what the target had not and got from the source, by the name of
// the field; attributes as "attributes.<key>".
type Filled map[string]any

// MergeStore keeps merges of contacts.
type MergeStore interface {
	// Merge loads both contacts, the target as its survivor, lets decide work on
	// the target, and saves the target and the merge with the events. From then
	// on source, and all that was merged into it, stands for target, and so do
	// their conversations. Errors: errs.Absent, and what decide returns.
	Merge(ctx context.Context, workspace identity.WorkspaceID, source, into ID, decide func(source Contact, target *Contact) (Merge, []event.Event, error)) (Contact, error)
	// Undo loads what a merge concerns, lets decide work on it, and makes the
	// source stand for itself again, with what was merged into it and their
	// conversations.
	Undo(ctx context.Context, workspace identity.WorkspaceID, id MergeID, decide func(u *Undoing) ([]event.Event, error)) (Undoing, error)
	// Merges lists the merges into a contact and of it, the newest first.
	Merges(ctx context.Context, workspace identity.WorkspaceID, id ID) ([]Merge, error)
	// Duplicates finds at most limit other contacts with the same e-mail
	// address, telephone number or name, in that order.
	Duplicates(ctx context.Context, workspace identity.WorkspaceID, c Contact, limit int) ([]Duplicate, error)
}

// Undoing is a merge that is taken back.
type Undoing struct {
	Merge  Merge
	Source Contact
	// Chain is where what the source gave may have gone: the target, and the
	// contacts that it was merged into since, in that order.
	Chain []Link
}

// Link is a contact of a chain, and the merge that made it stand for the next;
// nil for the last.
type Link struct {
	Contact Contact
	Onward  *Merge
}

// Duplicate is a contact that may be the same person.
type Duplicate struct {
	Contact Contact
	Reason  string // email, phone or name
}

// Merging is the use cases of merges.
type Merging struct {
	store    MergeStore
	contacts Store
	now      func() time.Time
	ids      id.Source
}

// NewMerging returns a Merging.
func NewMerging(store MergeStore, contacts Store, now func() time.Time) *Merging {
	return &Merging{store: store, contacts: contacts, now: now, ids: id.NewSource(now)}
}

// Merge takes source for the same person as into. The fields of into win; its
// empty ones are filled. Only people merge: a contact who proved who they are
// is never merged into one who did not, since that would open the verified
// customer's history to whoever wrote under the other name.
func (m *Merging) Merge(ctx context.Context, scope identity.Scope, source, into ID) (Merge, Contact, error) {
	if err := scope.Require(identity.ContactMerge); err != nil {
		return Merge{}, Contact{}, err
	}
	if scope.Member() == "" {
		return Merge{}, Contact{}, errs.New(errs.Forbidden, "contact.merge_member", "Contacts are merged by people only.")
	}
	if source == into {
		return Merge{}, Contact{}, errSame()
	}
	if err := Reached(ctx, m.contacts, scope, source, into); err != nil {
		return Merge{}, Contact{}, err
	}
	var made Merge
	target, err := m.store.Merge(ctx, scope.Workspace, source, into, func(source Contact, target *Contact) (Merge, []event.Event, error) {
		switch {
		case source.MergedInto != "":
			return Merge{}, nil, errMerged()
		case source.ID == target.ID:
			return Merge{}, nil, errSame()
		case source.Group || target.Group:
			return Merge{}, nil, errs.New(errs.Conflict, "contact.merge_group", "A group is not a person, and is merged with nobody.")
		case source.Verified && !target.Verified:
			return Merge{}, nil, errs.New(errs.Conflict, "contact.merge_verified",
				"A verified contact is not merged into an unverified one. Merge the other way round.")
		}
		made = Merge{
			Workspace: scope.Workspace, ID: MergeID(m.ids.New("mrg")), Source: source.ID, Target: target.ID,
			Filled: fill(target, source), Actor: scope.Actor, At: m.now(), SourceName: source.Name,
		}
		target.UpdatedAt = made.At
		events := m.changed(scope.Workspace, source.ID, target.ID)
		events[0].Audit = identity.Record(ctx, scope, "contact.merged", source.target()).
			Say(map[string]string{"into": string(target.ID), "merge": string(made.ID)})
		return made, events, nil
	})
	return made, target, err
}

// Undo takes a merge back: the source stands for itself again, with what came
// to its identities since, and what it had filled is taken from the target,
// unless somebody has changed it.
func (m *Merging) Undo(ctx context.Context, scope identity.Scope, id MergeID) (source, from Contact, err error) {
	if err := scope.Require(identity.ContactMerge); err != nil {
		return Contact{}, Contact{}, err
	}
	if err := m.reachesAll(ctx, scope, id); err != nil {
		return Contact{}, Contact{}, err
	}
	u, err := m.store.Undo(ctx, scope.Workspace, id, func(u *Undoing) ([]event.Event, error) {
		if !u.Merge.UndoneAt.IsZero() {
			return nil, errs.New(errs.Conflict, "contact.merge_undone", "This merge was undone before.")
		}
		u.takeBack(m.now())
		touched := []ID{u.Source.ID}
		for _, l := range u.Chain {
			touched = append(touched, l.Contact.ID)
		}
		events := m.changed(scope.Workspace, touched...)
		events[0].Audit = identity.Record(ctx, scope, "contact.unmerged", u.Source.target()).Say(map[string]string{"merge": string(id)})
		return events, nil
	})
	if err != nil {
		return Contact{}, Contact{}, err
	}
	return u.Source, u.Chain[0].Contact, nil
}

// reachesAll answers errs.Absent unless the actor reaches what a merge concerns.
// What that is, only the store's transaction knows: it is begun and given up.
func (m *Merging) reachesAll(ctx context.Context, scope identity.Scope, id MergeID) error {
	if scope.Reach().All() {
		return nil
	}
	var concerned []ID
	looked := errs.New(errs.Conflict, "contact.merge_looked", "Only looked at.")
	_, err := m.store.Undo(ctx, scope.Workspace, id, func(u *Undoing) ([]event.Event, error) {
		concerned = []ID{u.Source.ID}
		for _, l := range u.Chain {
			concerned = append(concerned, l.Contact.ID)
		}
		return nil, looked
	})
	if !errors.Is(err, looked) {
		return err
	}
	return Reached(ctx, m.contacts, scope, concerned...)
}

// List returns the merges of a contact, the newest first.
func (m *Merging) List(ctx context.Context, scope identity.Scope, id ID) ([]Merge, error) {
	if err := scope.Require(identity.ContactRead); err != nil {
		return nil, err
	}
	if err := Reached(ctx, m.contacts, scope, id); err != nil {
		return nil, err
	}
	if _, _, err := m.contacts.Get(ctx, scope.Workspace, id); err != nil {
		return nil, err
	}
	return m.store.Merges(ctx, scope.Workspace, id)
}

// maxDuplicates is how many candidates are offered.
const maxDuplicates = 20

// Duplicates returns contacts that may be the same person. It is for people
// to judge: nothing is merged by itself.
func (m *Merging) Duplicates(ctx context.Context, scope identity.Scope, id ID) ([]Duplicate, error) {
	if err := scope.Require(identity.ContactRead); err != nil {
		return nil, err
	}
	if err := Reached(ctx, m.contacts, scope, id); err != nil {
		return nil, err
	}
	c, _, err := m.contacts.Get(ctx, scope.Workspace, id)
	if err != nil || c.MergedInto != "" || c.Group {
		return nil, err
	}
	found, err := m.store.Duplicates(ctx, scope.Workspace, c, maxDuplicates)
	if err != nil || scope.Reach().All() || len(found) == 0 {
		return found, err
	}
	ids := make([]ID, len(found))
	for i, d := range found {
		ids[i] = d.Contact.ID
	}
	seen, err := m.contacts.Reached(ctx, scope.Workspace, scope.Reach(), ids)
	return slices.DeleteFunc(found, func(d Duplicate) bool { return !seen[d.Contact.ID] }), err
}

// target is the contact as the audit log names it: by its id alone. The log
// outlives an erasure, and who reads it need not see customers.
func (c Contact) target() event.Party {
	return event.Party{Kind: "contact", ID: string(c.ID)}
}

func (m *Merging) changed(w identity.WorkspaceID, ids ...ID) []event.Event {
	out := make([]event.Event, len(ids))
	for i, c := range ids {
		out[i] = event.Event{ID: m.ids.New("chg"), Workspace: string(w), Type: Changed, Subject: string(c), At: m.now(), Data: idData(string(c))}
	}
	return out
}

func errSame() error {
	return errs.New(errs.Invalid, "contact.merge_same", "These are the same contact already. Choose another.").
		WithFields(errs.Field{Pointer: "/into", Code: "same", Detail: "is the same contact"})
}

const ofAttributes = "attributes."

// texts are the fields that a merge may fill, beside the attributes.
func texts(c *Contact) map[string]*string {
	return map[string]*string{
		"name": &c.Name, "email": &c.Email, "phone": &c.Phone, "note": &c.Note, "external_id": &c.External, "locale": &c.Locale,
		"organisation_id": (*string)(&c.Organisation),
	}
}

// fill gives a contact what it has not, and returns that.
func fill(c *Contact, from Contact) Filled {
	out := Filled{}
	have := texts(c)
	for name, value := range texts(&from) {
		if *have[name] == "" && *value != "" {
			*have[name], out[name] = *value, *value
		}
	}
	change := map[string]any{}
	for key, value := range from.Attributes {
		if _, ok := c.Attributes[key]; !ok && len(c.Attributes)+len(change) < MaxAttributes {
			change[key], out[ofAttributes+key] = value, value
		}
	}
	c.Attributes = merged(c.Attributes, change)
	return out
}

// takeBack removes what a merge had filled, where it still is, and returns that.
func takeBack(c *Contact, f Filled) Filled {
	out, have, change := Filled{}, texts(c), map[string]any{}
	for name, value := range f {
		if key, ok := strings.CutPrefix(name, ofAttributes); ok {
			if is, there := c.Attributes[key]; there && reflect.DeepEqual(is, value) {
				change[key], out[name] = nil, value
			}
			continue
		}
		if to := have[name]; to != nil && *to == value {
			*to, out[name] = "", value
		}
	}
	c.Attributes = merged(c.Attributes, change)
	return out
}

// takeBack takes what the source gave from the target, and from wherever the
// target gave it on to.
func (u *Undoing) takeBack(at time.Time) {
	u.Merge.UndoneAt = at
	u.Source.UpdatedAt, u.Source.MergedInto, u.Source.Survivor = at, "", ""
	given := u.Merge.Filled
	for i := range u.Chain {
		link := &u.Chain[i]
		given = takeBack(&link.Contact, given)
		link.Contact.UpdatedAt = at
		if link.Onward == nil {
			return
		}
		on := Filled{}
		for name, value := range given {
			if is, ok := link.Onward.Filled[name]; ok && reflect.DeepEqual(is, value) {
				on[name] = value
				delete(link.Onward.Filled, name)
			}
		}
		given = on
	}
}
