// Package templatetest is the conformance suite of template.Store and an
// in-memory fake that passes it.
package templatetest

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/channel/template"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Fake keeps lists in memory. It is safe for concurrent use.
type Fake struct {
	mu    sync.Mutex
	lists map[key]template.List
}

type key struct {
	w     identity.WorkspaceID
	inbox channel.InboxID
}

// NewFake returns an empty Fake.
func NewFake() *Fake { return &Fake{lists: make(map[key]template.List)} }

func copied(l template.List) template.List {
	l.Refused, l.Templates = slices.Clone(l.Refused), slices.Clone(l.Templates)
	for _, t := range []*time.Time{&l.ListedAt, &l.AskedAt} {
		*t = t.Truncate(time.Microsecond)
	}
	return l
}

// List implements template.Store.
func (f *Fake) List(_ context.Context, w identity.WorkspaceID, inbox channel.InboxID) (template.List, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	l := f.lists[key{w, inbox}]
	l.Workspace, l.Inbox = w, inbox
	return copied(l), nil
}

// Save implements template.Store.
func (f *Fake) Save(_ context.Context, l template.List) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lists[key{l.Workspace, l.Inbox}] = copied(l)
	return nil
}

// Failed implements template.Store.
func (f *Fake) Failed(_ context.Context, l template.List) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	known := f.lists[key{l.Workspace, l.Inbox}]
	known.Workspace, known.Inbox = l.Workspace, l.Inbox
	known.Revision, known.AskedAt, known.Code, known.Detail = l.Revision, l.AskedAt.Truncate(time.Microsecond), l.Code, l.Detail
	f.lists[key{l.Workspace, l.Inbox}] = known
	return nil
}

// Template implements template.Store.
func (f *Fake) Template(_ context.Context, w identity.WorkspaceID, inbox channel.InboxID, id, language string) (channel.Template, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, t := range f.lists[key{w, inbox}].Templates {
		if t.ID == id && t.Language == language {
			return t, nil
		}
	}
	return channel.Template{}, template.Unknown()
}
