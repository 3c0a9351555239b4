// Package catalogtest is the conformance suite of catalog.Store and an
// in-memory fake that passes it.
package catalogtest

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/event/eventtest"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/team"
)

// Known says what there is in a workspace beside its catalogue.
type Known interface {
	// HasMember reports whether a member is of the workspace.
	HasMember(w identity.WorkspaceID, m identity.MemberID) bool
	// HasTeam reports whether a team is of the workspace.
	HasTeam(w identity.WorkspaceID, id team.ID) bool
	// Carries reports whether a conversation has the label.
	Carries(w identity.WorkspaceID, id catalog.LabelID) bool
}

// Fake keeps the catalogue in memory. It implements catalog.Store. It is safe
// for concurrent use.
type Fake struct {
	known Known
	feed  *eventtest.Feed

	mu         sync.Mutex
	labels     map[key]catalog.Label
	gone       map[key]time.Time // of labels
	attributes map[key]catalog.Attribute
	canned     map[key]catalog.Canned
}

type key struct {
	workspace identity.WorkspaceID
	id        string
}

// NewFake returns an empty Fake that writes its events to feed.
func NewFake(known Known, feed *eventtest.Feed) *Fake {
	return &Fake{
		known: known, feed: feed, labels: map[key]catalog.Label{}, gone: map[key]time.Time{},
		attributes: map[key]catalog.Attribute{}, canned: map[key]catalog.Canned{},
	}
}

// HasLabel reports whether there is such a label, a deleted one included.
func (f *Fake) HasLabel(w identity.WorkspaceID, id catalog.LabelID) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, ok := f.labels[key{w, string(id)}]
	return ok
}

// done tells of a change that was made.
func (f *Fake) done(events []event.Event) error {
	f.feed.Append(events...)
	return nil
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

func (f *Fake) there(w identity.WorkspaceID) []catalog.Label {
	var out []catalog.Label
	for k, l := range f.labels {
		if _, gone := f.gone[k]; !gone && k.workspace == w {
			out = append(out, l)
		}
	}
	slices.SortFunc(out, func(a, b catalog.Label) int { return cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return out
}

func (f *Fake) labelFree(l catalog.Label) error {
	name := strings.ToLower(l.Name)
	for _, other := range f.there(l.Workspace) {
		if theirs := strings.ToLower(other.Name); other.ID != l.ID && theirs == name {
			return catalog.LabelTaken()
		}
	}
	return storable(l.Name, l.Color, l.Description)
}

// Labels implements catalog.Labels.
func (f *Fake) Labels(_ context.Context, w identity.WorkspaceID) ([]catalog.Label, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.there(w), nil
}

// CreateLabel implements catalog.Labels.
func (f *Fake) CreateLabel(_ context.Context, l catalog.Label, events ...event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.labelFree(l); err != nil {
		return err
	}
	if len(f.there(l.Workspace)) >= catalog.MaxLabels {
		return catalog.TooMany()
	}
	f.labels[key{l.Workspace, string(l.ID)}] = l
	return f.done(events)
}

// ChangeLabel implements catalog.Labels.
func (f *Fake) ChangeLabel(_ context.Context, w identity.WorkspaceID, id catalog.LabelID, change func(*catalog.Label) error, events ...event.Event) (catalog.Label, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	k := key{w, string(id)}
	l, ok := f.labels[k]
	if _, gone := f.gone[k]; !ok || gone {
		return catalog.Label{}, errs.Absent()
	}
	wanted := l
	if err := change(&wanted); err != nil {
		return catalog.Label{}, err
	}
	l.Name, l.Color, l.Description = wanted.Name, wanted.Color, wanted.Description
	if err := f.labelFree(l); err != nil {
		return catalog.Label{}, err
	}
	f.labels[k] = l
	return l, f.done(events)
}

// DeleteLabel implements catalog.Labels.
func (f *Fake) DeleteLabel(_ context.Context, w identity.WorkspaceID, id catalog.LabelID, at time.Time, events ...event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	k := key{w, string(id)}
	_, ok := f.labels[k]
	if _, gone := f.gone[k]; !ok || gone {
		return errs.Absent()
	}
	f.gone[k] = at
	return f.done(events)
}

// DeletedLabels implements catalog.Graveyard.
func (f *Fake) DeletedLabels(_ context.Context, limit int) ([]catalog.Gone, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []catalog.Gone
	for k := range f.gone {
		if len(out) < limit {
			out = append(out, catalog.Gone{Workspace: k.workspace, ID: catalog.LabelID(k.id)})
		}
	}
	return out, nil
}

// PurgeLabel implements catalog.Graveyard.
func (f *Fake) PurgeLabel(_ context.Context, w identity.WorkspaceID, id catalog.LabelID) error {
	carried := f.known.Carries(w, id)
	f.mu.Lock()
	defer f.mu.Unlock()
	k := key{w, string(id)}
	if _, gone := f.gone[k]; gone && !carried {
		delete(f.gone, k)
		delete(f.labels, k)
	}
	return nil
}
