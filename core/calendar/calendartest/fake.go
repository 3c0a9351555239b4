// Package calendartest is the conformance suite of calendar's ports and an
// in-memory fake that passes it.
package calendartest

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/patchbay-im/patchbay/core/calendar"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/event/eventtest"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// Fake keeps calendars in memory. It implements calendar.Store and
// calendar.Directory. It is safe for concurrent use.
type Fake struct {
	feed *eventtest.Feed

	mu        sync.Mutex
	calendars map[key]calendar.Calendar
	follow    map[key][]string
}

type key struct {
	workspace identity.WorkspaceID
	id        calendar.ID
}

// NewFake returns an empty Fake that writes its events to feed.
func NewFake(feed *eventtest.Feed) *Fake {
	return &Fake{feed: feed, calendars: map[key]calendar.Calendar{}, follow: map[key][]string{}}
}

func copied(c calendar.Calendar) calendar.Calendar {
	c.Hours = c.Hours.Clone()
	return c
}

// Calendar implements calendar.Store and calendar.Directory.
func (f *Fake) Calendar(_ context.Context, w identity.WorkspaceID, id calendar.ID) (calendar.Calendar, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c, ok := f.calendars[key{w, id}]
	if !ok {
		return calendar.Calendar{}, errs.Absent()
	}
	return copied(c), nil
}

// Calendars implements calendar.Store.
func (f *Fake) Calendars(_ context.Context, w identity.WorkspaceID, request page.Request) (page.Page[calendar.Calendar], error) {
	after, err := page.Decode(request.Cursor, 1)
	if err != nil {
		return page.Page[calendar.Calendar]{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	var out page.Page[calendar.Calendar]
	for k, c := range f.calendars {
		if k.workspace == w && (after == nil || string(k.id) > after[0]) {
			out.Items = append(out.Items, copied(c))
		}
	}
	slices.SortFunc(out.Items, func(a, b calendar.Calendar) int { return strings.Compare(string(a.ID), string(b.ID)) })
	if size := request.Size(); len(out.Items) > size {
		out.Items, out.Next = out.Items[:size], page.Encode(string(out.Items[size-1].ID))
	}
	return out, nil
}

// check refuses a calendar that the workspace cannot have. f.mu is held.
func (f *Fake) check(c calendar.Calendar) error {
	if strings.ContainsRune(c.Name, 0) || c.Name != strings.ToValidUTF8(c.Name, "") {
		return errs.New(errs.Invalid, "storage.text", "The text holds a NUL character or is not valid UTF-8. Remove what is broken.")
	}
	for k, other := range f.calendars {
		if k.workspace == c.Workspace && k.id != c.ID && other.Name == c.Name {
			return calendar.NameTaken()
		}
	}
	return nil
}

// Create implements calendar.Store.
func (f *Fake) Create(_ context.Context, c calendar.Calendar, events ...event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for k := range f.calendars {
		if k.workspace == c.Workspace {
			n++
		}
	}
	if n >= calendar.MaxCalendars {
		return calendar.TooMany()
	}
	if err := f.check(c); err != nil {
		return err
	}
	f.calendars[key{c.Workspace, c.ID}] = copied(c)
	f.feed.Append(events...)
	return nil
}

// Change implements calendar.Store.
func (f *Fake) Change(_ context.Context, w identity.WorkspaceID, id calendar.ID, change func(*calendar.Calendar) error, events ...event.Event) (calendar.Calendar, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	before, ok := f.calendars[key{w, id}]
	if !ok {
		return calendar.Calendar{}, errs.Absent()
	}
	c := copied(before)
	if err := change(&c); err != nil {
		return calendar.Calendar{}, err
	}
	c.Workspace, c.ID, c.CreatedAt = w, id, before.CreatedAt
	if err := f.check(c); err != nil {
		return calendar.Calendar{}, err
	}
	f.calendars[key{w, id}] = copied(c)
	f.feed.Append(events...)
	return copied(c), nil
}

// Follow notes that a queue of a name follows a calendar.
func (f *Fake) Follow(w identity.WorkspaceID, id calendar.ID, name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.follow[key{w, id}] = append(f.follow[key{w, id}], name)
}

// Delete implements calendar.Store.
func (f *Fake) Delete(_ context.Context, w identity.WorkspaceID, id calendar.ID, events ...event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	k := key{w, id}
	if _, ok := f.calendars[k]; !ok {
		return errs.Absent()
	}
	if names := slices.Sorted(slices.Values(f.follow[k])); len(names) > 0 {
		return calendar.InUse(names...)
	}
	delete(f.calendars, k)
	f.feed.Append(events...)
	return nil
}
