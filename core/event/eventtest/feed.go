// Package eventtest is an event.Log in memory, for the fakes that write to one.
package eventtest

import (
	"context"
	"sync"

	"github.com/patchbay-im/patchbay/core/event"
)

// Feed holds the feed of every workspace. It is safe for concurrent use.
type Feed struct {
	mu     sync.Mutex
	events map[string][]event.Event
}

// NewFeed returns an empty Feed.
func NewFeed() *Feed { return &Feed{events: make(map[string][]event.Event)} }

// Append gives the events the next numbers of their workspaces.
func (f *Feed) Append(events ...event.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range events {
		if e.Type == "" { // for the audit log alone
			continue
		}
		e.Feed = uint64(len(f.events[e.Workspace]) + 1)
		f.events[e.Workspace] = append(f.events[e.Workspace], e)
	}
}

// Since implements event.Log.
func (f *Feed) Since(_ context.Context, workspace string, after uint64, limit int) ([]event.Event, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := f.events[workspace]
	if after >= uint64(len(all)) || limit <= 0 {
		return nil, nil
	}
	rest := all[after:]
	return append([]event.Event(nil), rest[:min(limit, len(rest))]...), nil
}

// Head implements event.Log.
func (f *Feed) Head(_ context.Context, workspace string) (uint64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return uint64(len(f.events[workspace])), nil
}
