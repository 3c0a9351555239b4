// Package routingtest is the conformance suite of routing's port and an in-memory
// fake that passes it.
package routingtest

import (
	"context"
	"slices"
	"sync"

	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/event/eventtest"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/routing"
)

// Fake keeps rules in memory. It implements routing.Store. It is safe for
// concurrent use.
type Fake struct {
	feed *eventtest.Feed

	mu   sync.Mutex
	kept map[identity.WorkspaceID]routing.Document
}

// NewFake returns an empty Fake that writes its events to feed.
func NewFake(feed *eventtest.Feed) *Fake {
	return &Fake{feed: feed, kept: map[identity.WorkspaceID]routing.Document{}}
}

// Document implements routing.Store.
func (f *Fake) Document(_ context.Context, w identity.WorkspaceID) (routing.Document, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	d := f.kept[w]
	d.List = slices.Clone(d.List)
	return d, nil
}

// Save implements routing.Store.
func (f *Fake) Save(_ context.Context, w identity.WorkspaceID, d routing.Document, events ...event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.kept[w].Revision+1 != d.Revision {
		return routing.Changed()
	}
	d.List = slices.Clone(d.List)
	f.kept[w] = d
	f.feed.Append(events...)
	return nil
}
