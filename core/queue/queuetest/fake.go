// Package queuetest is the conformance suite of the queue ports and an in-memory
// fake that passes it.
package queuetest

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/calendar"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/event/eventtest"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/team"
)

// Known says what there is in a workspace beside its queues and skills.
type Known interface {
	HasMember(w identity.WorkspaceID, m identity.MemberID) bool
	HasInbox(w identity.WorkspaceID, inbox string) bool
	HasTeam(w identity.WorkspaceID, t team.ID) bool
	HasCalendar(w identity.WorkspaceID, c calendar.ID) bool
}

// Fake keeps queues and skills in memory. It implements queue.Store,
// queue.Skills and queue.Directory. It is safe for concurrent use.
type Fake struct {
	known Known
	feed  *eventtest.Feed

	mu     sync.Mutex
	queues map[identity.WorkspaceID]map[queue.ID]queue.Queue
	gone   map[queue.ID]queue.Gone
	skills map[queue.SkillID]queue.Skill
}

// NewFake returns an empty Fake that writes its events to feed.
func NewFake(known Known, feed *eventtest.Feed) *Fake {
	return &Fake{
		known: known, feed: feed, gone: map[queue.ID]queue.Gone{}, skills: map[queue.SkillID]queue.Skill{},
		queues: map[identity.WorkspaceID]map[queue.ID]queue.Queue{},
	}
}

// Queue implements queue.Store.
func (f *Fake) Queue(_ context.Context, w identity.WorkspaceID, id queue.ID) (queue.Queue, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	q, ok := f.queues[w][id]
	if !ok {
		return queue.Queue{}, errs.Absent()
	}
	return q, nil
}

// Queues implements queue.Store.
func (f *Fake) Queues(_ context.Context, w identity.WorkspaceID, request page.Request) (page.Page[queue.Queue], error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return paged(slices.Collect(maps.Values(f.queues[w])), request, func(q queue.Queue) string { return string(q.ID) })
}

func paged[T any](all []T, request page.Request, id func(T) string) (page.Page[T], error) {
	after, err := page.Decode(request.Cursor, 1)
	if err != nil {
		return page.Page[T]{}, err
	}
	if after != nil {
		all = slices.DeleteFunc(all, func(x T) bool { return id(x) <= after[0] })
	}
	slices.SortFunc(all, func(a, b T) int { return cmp.Compare(id(a), id(b)) })
	out := page.Page[T]{Items: all}
	if size := request.Size(); len(all) > size {
		out.Items, out.Next = all[:size], page.Encode(id(all[size-1]))
	}
	return out, nil
}

func broken(texts ...string) error {
	for _, text := range texts {
		if strings.ContainsRune(text, 0) || text != strings.ToValidUTF8(text, "") {
			return errs.New(errs.Invalid, "storage.text", "The text holds a NUL character or is not valid UTF-8. Remove what is broken.")
		}
	}
	return nil
}

// check refuses a queue that the workspace cannot have. f.mu is held.
func (f *Fake) check(q queue.Queue) error {
	w, all := q.Workspace, f.queues[q.Workspace]
	if err := broken(q.Name, q.Description); err != nil {
		return err
	}
	for id, other := range all {
		switch {
		case id == q.ID:
		case other.Name == q.Name:
			return queue.NameTaken()
		case slices.ContainsFunc(q.Inboxes, func(i string) bool { return slices.Contains(other.Inboxes, i) }):
			return queue.InboxTaken()
		}
	}
	if q.Team != "" && !f.known.HasTeam(w, q.Team) {
		return queue.Unknown("/team_id")
	}
	if q.Calendar != "" && !f.known.HasCalendar(w, q.Calendar) {
		return queue.Unknown("/calendar_id")
	}
	if to := q.Overflow.Queue; to != "" && to != q.ID && all[to].ID == "" {
		return queue.Unknown("/overflow/queue_id")
	}
	if err := q.Circle(all); err != nil {
		return err
	}
	if slices.ContainsFunc(q.Inboxes, func(i string) bool { return !f.known.HasInbox(w, i) }) {
		return queue.Unknown("/inbox_ids")
	}
	return f.skillsThere(w, q.Needs)
}

func (f *Fake) skillsThere(w identity.WorkspaceID, needs []queue.Need) error {
	for _, n := range needs {
		if f.skills[n.Skill].Workspace != w {
			return queue.Unknown("/skills")
		}
	}
	return nil
}

// Create implements queue.Store.
func (f *Fake) Create(_ context.Context, q queue.Queue, events ...event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.queues[q.Workspace]) >= queue.MaxQueues {
		return queue.TooMany()
	}
	if err := f.check(q); err != nil {
		return err
	}
	if f.queues[q.Workspace] == nil {
		f.queues[q.Workspace] = map[queue.ID]queue.Queue{}
	}
	q.Revision = 1
	f.queues[q.Workspace][q.ID] = q
	f.feed.Append(events...)
	return nil
}

// Change implements queue.Store.
func (f *Fake) Change(_ context.Context, w identity.WorkspaceID, id queue.ID, change func(*queue.Queue) error, events ...event.Event) (queue.Queue, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	before, ok := f.queues[w][id]
	if !ok {
		return queue.Queue{}, errs.Absent()
	}
	q := before
	if err := change(&q); err != nil {
		return queue.Queue{}, err
	}
	q.Workspace, q.ID, q.Revision, q.CreatedAt = w, id, before.Revision+1, before.CreatedAt
	if err := f.check(q); err != nil {
		return queue.Queue{}, err
	}
	f.queues[w][id] = q
	f.feed.Append(events...)
	return q, nil
}

// Delete implements queue.Store.
func (f *Fake) Delete(_ context.Context, w identity.WorkspaceID, id queue.ID, at time.Time, events ...event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.queues[w][id]; !ok {
		return errs.Absent()
	}
	if err := f.unused(w, func(q queue.Queue) bool { return q.Overflow.Queue == id }); err != nil {
		return err
	}
	delete(f.queues[w], id)
	f.gone[id] = queue.Gone{Workspace: w, ID: id, At: at}
	f.feed.Append(events...)
	return nil
}

func (f *Fake) unused(w identity.WorkspaceID, uses func(queue.Queue) bool) error {
	var names []string
	for _, q := range f.queues[w] {
		if uses(q) {
			names = append(names, q.Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	slices.Sort(names)
	return queue.InUse(names...)
}

// QueueOfInbox implements queue.Directory.
func (f *Fake) QueueOfInbox(_ context.Context, w identity.WorkspaceID, inbox string) (queue.ID, team.ID, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for id, q := range f.queues[w] {
		if slices.Contains(q.Inboxes, inbox) {
			return id, q.Team, nil
		}
	}
	return "", "", nil
}

// Deleted implements queue.Graveyard.
func (f *Fake) Deleted(_ context.Context, limit int) ([]queue.Gone, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := slices.Collect(maps.Values(f.gone))
	return out[:min(limit, len(out))], nil
}

// Purge implements queue.Graveyard.
func (f *Fake) Purge(_ context.Context, w identity.WorkspaceID, id queue.ID) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.gone[id].Workspace == w {
		delete(f.gone, id)
	}
	return nil
}
