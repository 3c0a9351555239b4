// Package notificationtest is the conformance suite of the notification ports
// and an in-memory fake that passes it.
package notificationtest

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/notification"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// Fake keeps notifications in memory. It implements notification.Store,
// notification.Inbox and event.Log. It is safe for concurrent use.
type Fake struct {
	member func(identity.WorkspaceID, identity.MemberID) bool
	// Covers reports whether a limited reach covers a conversation; nil = none does.
	Covers func(w identity.WorkspaceID, of identity.Reach, id conversation.ID) bool
	// CoversTicket is Covers for tickets.
	CoversTicket func(w identity.WorkspaceID, of identity.Reach, id ticket.ID) bool

	mu      sync.Mutex
	cursors map[identity.WorkspaceID]uint64
	all     []notification.Notification
	events  []event.Event
	chosen  map[who]notification.Preferences
}

type who struct {
	workspace identity.WorkspaceID
	member    identity.MemberID
}

// NewFake returns an empty Fake. member says who is a member.
func NewFake(member func(identity.WorkspaceID, identity.MemberID) bool) *Fake {
	return &Fake{member: member, cursors: map[identity.WorkspaceID]uint64{}, chosen: map[who]notification.Preferences{}}
}

// Cursor implements notification.Store.
func (f *Fake) Cursor(_ context.Context, w identity.WorkspaceID) (uint64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.cursors[w], nil
}

// Mark implements notification.Store: here nobody is erased.
func (f *Fake) Mark(_ context.Context, _ identity.WorkspaceID, since time.Time) (event.Mark, error) {
	return event.Mark{Since: since}, nil
}

// Record implements notification.Store.
func (f *Fake) Record(_ context.Context, w identity.WorkspaceID, upTo uint64, list []notification.Notification, tell notification.Teller) ([]notification.Notification, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, n := range list {
		if !f.member(w, n.Member) {
			return nil, errs.Absent()
		}
	}
	var out []notification.Notification
	for _, n := range list {
		if n.Feed > 0 && n.Feed <= f.cursors[w] {
			continue
		}
		n.Workspace = w
		mine := func(x notification.Notification) bool { return x.Workspace == w && x.Member == n.Member }
		if n.Collapses() {
			f.all = slices.DeleteFunc(f.all, func(x notification.Notification) bool {
				return mine(x) && x.ReadAt.IsZero() && x.Kind == n.Kind && x.Conversation == n.Conversation && ticketOf(x) == ticketOf(n)
			})
		}
		if slices.ContainsFunc(f.all, func(x notification.Notification) bool { return mine(x) && x.Source == n.Source }) {
			continue
		}
		f.all = append(f.all, n)
		out = append(out, n)
		if tell != nil {
			e, err := tell(n)
			if err != nil {
				return nil, err
			}
			f.append(e)
		}
	}
	f.cursors[w] = max(f.cursors[w], upTo)
	return out, nil
}

// of returns a member's notifications, the newest first. f.mu is held.
func (f *Fake) of(w identity.WorkspaceID, m identity.MemberID) []notification.Notification {
	var out []notification.Notification
	for _, n := range f.all {
		if n.Workspace == w && n.Member == m {
			out = append(out, n)
		}
	}
	slices.SortFunc(out, func(a, b notification.Notification) int {
		return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.ID, a.ID))
	})
	return out
}

// seen is of, without what the member does not reach. f.mu is held.
func (f *Fake) seen(w identity.WorkspaceID, of notification.Sight) []notification.Notification {
	return slices.DeleteFunc(f.of(w, of.Member), func(n notification.Notification) bool {
		switch {
		case n.Ticket != nil:
			return !of.Tickets.All() && (f.CoversTicket == nil || !f.CoversTicket(w, of.Tickets, n.Ticket.ID))
		case n.Conversation != "":
			return !of.Conversations.All() && (f.Covers == nil || !f.Covers(w, of.Conversations, n.Conversation))
		default:
			return false
		}
	})
}

func ticketOf(n notification.Notification) ticket.ID {
	if n.Ticket == nil {
		return ""
	}
	return n.Ticket.ID
}

// append stores events. f.mu is held.
func (f *Fake) append(events ...event.Event) {
	for _, e := range events {
		e.Feed = uint64(len(f.events) + 1)
		f.events = append(f.events, e)
	}
}

// Retell implements notification.Store.
func (f *Fake) Retell(_ context.Context, w identity.WorkspaceID, of conversation.ID, seq uint64, text string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, n := range f.all {
		if n.Workspace == w && n.Conversation == of && n.Seq == seq {
			f.all[i].Text = text
		}
	}
	return nil
}

// Since implements event.Log, for all workspaces under one count.
func (f *Fake) Since(_ context.Context, workspace string, after uint64, limit int) ([]event.Event, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []event.Event
	for _, e := range f.events {
		if e.Workspace == workspace && e.Feed > after && len(out) < limit {
			out = append(out, e)
		}
	}
	return out, nil
}

// Head implements event.Log.
func (f *Fake) Head(context.Context, string) (uint64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return uint64(len(f.events)), nil
}

// Named implements notification.Store.
func (f *Fake) Named(_ context.Context, w identity.WorkspaceID, ids []notification.ID) (map[notification.ID]notification.Notification, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := make(map[notification.ID]notification.Notification)
	for _, n := range f.all {
		if n.Workspace == w && slices.Contains(ids, n.ID) {
			out[n.ID] = n
		}
	}
	return out, nil
}

// Sweep implements notification.Store.
func (f *Fake) Sweep(_ context.Context, w identity.WorkspaceID, before time.Time, keep int) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	gone := map[notification.ID]bool{}
	for _, n := range f.all {
		if n.Workspace != w {
			continue
		}
		place := slices.IndexFunc(f.of(w, n.Member), func(x notification.Notification) bool { return x.ID == n.ID })
		if n.At.Before(before) || place >= keep {
			gone[n.ID] = true
		}
	}
	f.all = slices.DeleteFunc(f.all, func(n notification.Notification) bool { return gone[n.ID] })
	return len(gone), nil
}

// List implements notification.Inbox.
func (f *Fake) List(_ context.Context, w identity.WorkspaceID, of notification.Sight, unread bool, p page.Request) (page.Page[notification.Notification], error) {
	var out page.Page[notification.Notification]
	before, err := page.Decode(p.Cursor, 2)
	if err != nil {
		return out, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	found := before == nil
	for _, n := range f.seen(w, of) {
		if !found || unread && !n.ReadAt.IsZero() {
			found = found || string(n.ID) == before[1]
			continue
		}
		if len(out.Items) == p.Size() {
			last := out.Items[len(out.Items)-1]
			out.Next = page.Encode(strconv.FormatInt(last.At.UnixMicro(), 10), string(last.ID))
			break
		}
		out.Items = append(out.Items, n)
	}
	return out, nil
}

// Unread implements notification.Inbox.
func (f *Fake) Unread(_ context.Context, w identity.WorkspaceID, of notification.Sight) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	count := 0
	for _, n := range f.seen(w, of) {
		if n.ReadAt.IsZero() {
			count++
		}
	}
	return count, nil
}

// MarkRead implements notification.Inbox.
func (f *Fake) MarkRead(_ context.Context, w identity.WorkspaceID, m identity.MemberID, ids []notification.ID, at time.Time, events ...event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.append(events...)
	for i, n := range f.all {
		if n.Workspace == w && n.Member == m && n.ReadAt.IsZero() && (ids == nil || slices.Contains(ids, n.ID)) {
			f.all[i].ReadAt = at.UTC().Truncate(time.Microsecond)
		}
	}
	return nil
}

// Preferences implements notification.Inbox.
func (f *Fake) Preferences(_ context.Context, w identity.WorkspaceID, m identity.MemberID) (*notification.Preferences, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p, ok := f.chosen[who{w, m}]
	if !ok {
		return nil, nil //nolint:nilnil // the port says nil for nothing chosen
	}
	p.Rules = maps.Clone(p.Rules)
	return &p, nil
}

// SavePreferences implements notification.Inbox.
func (f *Fake) SavePreferences(_ context.Context, w identity.WorkspaceID, m identity.MemberID, p notification.Preferences) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.member(w, m) {
		return errs.Absent()
	}
	p.Rules = maps.Clone(p.Rules)
	f.chosen[who{w, m}] = p
	return nil
}
