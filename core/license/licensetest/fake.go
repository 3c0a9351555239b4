// Package licensetest has a license.Store in memory and what every store keeps.
package licensetest

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/license"
)

// Store is a license.Store in memory.
type Store struct {
	mu     sync.Mutex
	kept   []license.Kept
	trials map[license.PluginID]time.Time
	seen   time.Time
	events []event.Event
}

// NewStore returns an empty Store.
func NewStore() *Store { return &Store{trials: make(map[license.PluginID]time.Time)} }

// Events returns what was appended.
func (s *Store) Events() []event.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.events)
}

// Licenses implements license.Store.
func (s *Store) Licenses(context.Context) ([]license.Kept, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := slices.Clone(s.kept)
	slices.SortStableFunc(out, func(a, b license.Kept) int { return a.AddedAt.Compare(b.AddedAt) })
	return out, nil
}

// AddLicense implements license.Store.
func (s *Store) AddLicense(_ context.Context, k license.Kept, events ...event.Event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.kept) >= license.MaxLicenses {
		return errs.New(errs.Conflict, "license.too_many", "There are too many.")
	}
	if slices.ContainsFunc(s.kept, func(old license.Kept) bool { return old.Digest == k.Digest }) {
		return errs.New(errs.Conflict, "license.known", "It is here already.")
	}
	s.kept, s.events = append(s.kept, k), append(s.events, events...)
	return nil
}

// RemoveLicense implements license.Store.
func (s *Store) RemoveLicense(_ context.Context, id string, events ...event.Event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.kept, func(k license.Kept) bool { return k.ID == id })
	if i < 0 {
		return errs.Absent()
	}
	s.kept, s.events = slices.Delete(s.kept, i, i+1), append(s.events, events...)
	return nil
}

// Trials implements license.Store.
func (s *Store) Trials(context.Context) (map[license.PluginID]time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.trials), nil
}

// BeginTrial implements license.Store.
func (s *Store) BeginTrial(_ context.Context, plugin license.PluginID, at time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, began := s.trials[plugin]; !began {
		s.trials[plugin] = at
	}
	return nil
}

// Seen implements license.Store.
func (s *Store) Seen(_ context.Context, now time.Time) (time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.After(s.seen) {
		s.seen = now
	}
	return s.seen, nil
}
