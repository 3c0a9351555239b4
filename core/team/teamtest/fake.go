// Package teamtest is the conformance suite of the team ports and an in-memory
// fake that passes it.
package teamtest

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/event/eventtest"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/team"
)

// Known says what there is in a workspace beside its teams.
type Known interface {
	// HasMember reports whether a member is of the workspace.
	HasMember(w identity.WorkspaceID, m identity.MemberID) bool
	// HasInbox reports whether an inbox is of the workspace.
	HasInbox(w identity.WorkspaceID, inbox string) bool
}

// Fake keeps teams in memory. It implements team.Store, team.Directory and
// team.Graveyard. It is safe for concurrent use.
type Fake struct {
	known Known
	feed  *eventtest.Feed

	mu    sync.Mutex
	teams map[key]team.Team
	gone  map[key]time.Time
}

type key struct {
	workspace identity.WorkspaceID
	id        team.ID
}

// NewFake returns an empty Fake that writes its events to feed.
func NewFake(known Known, feed *eventtest.Feed) *Fake {
	return &Fake{known: known, feed: feed, teams: map[key]team.Team{}, gone: map[key]time.Time{}}
}

func copied(t team.Team) team.Team {
	t.Members, t.Inboxes = sorted(t.Members), sorted(t.Inboxes)
	return t
}

func sorted[T ~string](list []T) []T {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

// Team implements team.Store.
func (f *Fake) Team(_ context.Context, w identity.WorkspaceID, id team.ID) (team.Team, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	t, ok := f.teams[key{w, id}]
	if !ok {
		return team.Team{}, errs.Absent()
	}
	return copied(t), nil
}

// Teams implements team.Store.
func (f *Fake) Teams(_ context.Context, w identity.WorkspaceID, request page.Request) (page.Page[team.Team], error) {
	after, err := page.Decode(request.Cursor, 1)
	if err != nil {
		return page.Page[team.Team]{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []team.Team
	for k, t := range f.teams {
		if k.workspace == w && (after == nil || string(k.id) > after[0]) {
			all = append(all, copied(t))
		}
	}
	slices.SortFunc(all, func(a, b team.Team) int { return strings.Compare(string(a.ID), string(b.ID)) })
	out := page.Page[team.Team]{Items: all}
	if size := request.Size(); len(all) > size {
		out.Items, out.Next = all[:size], page.Encode(string(all[size-1].ID))
	}
	return out, nil
}

// check refuses a team that the workspace cannot have. f.mu is held.
func (f *Fake) check(t team.Team) error {
	for _, text := range []string{t.Name, t.Description} {
		if strings.ContainsRune(text, 0) || text != strings.ToValidUTF8(text, "") {
			return errs.New(errs.Invalid, "storage.text", "The text holds a NUL character or is not valid UTF-8. Remove what is broken.")
		}
	}
	for k, other := range f.teams {
		if k.workspace == t.Workspace && k.id != t.ID && other.Name == t.Name {
			return team.NameTaken()
		}
	}
	for _, m := range t.Members {
		if !f.known.HasMember(t.Workspace, m) {
			return team.UnknownMember()
		}
	}
	for _, inbox := range t.Inboxes {
		if !f.known.HasInbox(t.Workspace, inbox) {
			return team.UnknownInbox()
		}
		for k, other := range f.teams {
			if k.workspace == t.Workspace && k.id != t.ID && slices.Contains(other.Inboxes, inbox) {
				return team.InboxTaken()
			}
		}
	}
	return nil
}

// Create implements team.Store.
func (f *Fake) Create(_ context.Context, t team.Team, events ...event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for k := range f.teams {
		if k.workspace == t.Workspace {
			n++
		}
	}
	if n >= team.MaxTeams {
		return team.TooMany()
	}
	if err := f.check(t); err != nil {
		return err
	}
	f.teams[key{t.Workspace, t.ID}] = copied(t)
	f.feed.Append(events...)
	return nil
}

// Change implements team.Store.
func (f *Fake) Change(_ context.Context, w identity.WorkspaceID, id team.ID, change func(*team.Team) error, events ...event.Event) (team.Team, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	before, ok := f.teams[key{w, id}]
	if !ok {
		return team.Team{}, errs.Absent()
	}
	t := copied(before)
	if err := change(&t); err != nil {
		return team.Team{}, err
	}
	t.Workspace, t.ID, t.CreatedAt = w, id, before.CreatedAt
	if err := f.check(t); err != nil {
		return team.Team{}, err
	}
	f.teams[key{w, id}] = copied(t)
	f.feed.Append(events...)
	return copied(t), nil
}

// Delete implements team.Store.
func (f *Fake) Delete(_ context.Context, w identity.WorkspaceID, id team.ID, at time.Time, events ...event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	k := key{w, id}
	if _, ok := f.teams[k]; !ok {
		return errs.Absent()
	}
	delete(f.teams, k)
	f.gone[k] = at
	f.feed.Append(events...)
	return nil
}

// TeamOfInbox implements team.Directory.
func (f *Fake) TeamOfInbox(_ context.Context, w identity.WorkspaceID, inbox string) (team.ID, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for k, t := range f.teams {
		if k.workspace == w && slices.Contains(t.Inboxes, inbox) {
			return k.id, nil
		}
	}
	return "", nil
}

// TeamsOf implements team.Directory.
func (f *Fake) TeamsOf(_ context.Context, w identity.WorkspaceID, member identity.MemberID) ([]team.ID, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []team.ID
	for k, t := range f.teams {
		if k.workspace == w && slices.Contains(t.Members, member) {
			out = append(out, k.id)
		}
	}
	slices.Sort(out)
	return out, nil
}

// Belongs implements identity.Places.
func (f *Fake) Belongs(_ context.Context, w identity.WorkspaceID, member identity.MemberID) (teams, inboxes []string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for k, t := range f.teams {
		if k.workspace == w && slices.Contains(t.Members, member) {
			teams, inboxes = append(teams, string(k.id)), append(inboxes, t.Inboxes...)
		}
	}
	return sorted(teams), sorted(inboxes), nil
}

// MembersOf implements team.Directory.
func (f *Fake) MembersOf(_ context.Context, w identity.WorkspaceID, id team.ID) ([]identity.MemberID, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.teams[key{w, id}].Members), nil
}

// Deleted implements team.Graveyard.
func (f *Fake) Deleted(_ context.Context, limit int) ([]team.Gone, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []team.Gone
	for k, at := range f.gone {
		if len(out) < limit {
			out = append(out, team.Gone{Workspace: k.workspace, ID: k.id, At: at})
		}
	}
	return out, nil
}

// Purge implements team.Graveyard.
func (f *Fake) Purge(_ context.Context, w identity.WorkspaceID, id team.ID) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.gone, key{w, id})
	return nil
}
