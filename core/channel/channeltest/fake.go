// Package channeltest is the conformance suite of channel.Store and
// channel.RequestStore, and an in-memory fake that passes it.
package channeltest

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/event/eventtest"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/instance"
)

// Fake keeps inboxes and raw requests in memory. It implements channel.Store
// and channel.RequestStore. It is safe for concurrent use.
type Fake struct {
	feed   *eventtest.Feed
	exists func(identity.WorkspaceID) bool

	// OnGrants is told what the plugin of a new inbox is granted; nil = nobody
	// keeps it.
	OnGrants func(inbox channel.Inbox, grants []instance.Grant)

	mu       sync.Mutex
	inboxes  map[channel.InboxID]channel.Inbox
	requests map[string]channel.StoredRequest
	secrets  map[channel.InboxID][]channel.IdentitySecret
}

// NewFake returns an empty Fake that writes its events to feed. exists tells
// which workspaces there are; nil = all.
func NewFake(feed *eventtest.Feed, exists func(identity.WorkspaceID) bool) *Fake {
	if exists == nil {
		exists = func(identity.WorkspaceID) bool { return true }
	}
	return &Fake{
		feed: feed, exists: exists,
		inboxes: make(map[channel.InboxID]channel.Inbox), requests: make(map[string]channel.StoredRequest),
	}
}

func copied(i channel.Inbox) channel.Inbox {
	if len(i.Config) == 0 {
		i.Config = []byte("{}")
	}
	i.Config, i.Secrets = bytes.Clone(i.Config), maps.Clone(i.Secrets)
	i.Acknowledgement.Texts = maps.Clone(i.Acknowledgement.Texts)
	return i
}

func (f *Fake) find(match func(channel.Inbox) bool) []channel.Inbox {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []channel.Inbox
	for _, i := range f.inboxes {
		if match(i) {
			out = append(out, copied(i))
		}
	}
	slices.SortFunc(out, func(a, b channel.Inbox) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), strings.Compare(string(a.ID), string(b.ID)))
	})
	return out
}

func (f *Fake) one(match func(channel.Inbox) bool) (channel.Inbox, error) {
	if found := f.find(match); len(found) > 0 {
		return found[0], nil
	}
	return channel.Inbox{}, errs.Absent()
}

// InboxesOf implements channel.Workspaces.
func (f *Fake) InboxesOf(_ context.Context, plugin channel.PluginID) ([]channel.Inbox, error) {
	return f.find(func(i channel.Inbox) bool { return i.Plugin == plugin && i.Enabled }), nil
}

// Inbox implements channel.Workspaces.
func (f *Fake) Inbox(_ context.Context, id channel.InboxID) (channel.Inbox, error) {
	return f.one(func(i channel.Inbox) bool { return i.ID == id })
}

// InboxByHook implements channel.Store.
func (f *Fake) InboxByHook(_ context.Context, hash string) (channel.Inbox, error) {
	return f.one(func(i channel.Inbox) bool { return i.HookHash == hash })
}

// Inboxes implements channel.Store.
func (f *Fake) Inboxes(_ context.Context, workspace identity.WorkspaceID) ([]channel.Inbox, error) {
	return f.find(func(i channel.Inbox) bool { return i.Workspace == workspace }), nil
}

// CreateInbox implements channel.Store.
func (f *Fake) CreateInbox(_ context.Context, inbox channel.Inbox, grants []instance.Grant, events ...event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.exists(inbox.Workspace) {
		return errs.Absent()
	}
	for _, i := range f.inboxes {
		if i.ID == inbox.ID || i.HookHash == inbox.HookHash {
			return errs.New(errs.Conflict, "storage.conflict", "Something with the same key exists already.")
		}
	}
	f.inboxes[inbox.ID] = copied(inbox)
	if f.OnGrants != nil {
		f.OnGrants(inbox, grants)
	}
	f.feed.Append(events...)
	return nil
}

// UpdateInbox implements channel.Store.
func (f *Fake) UpdateInbox(_ context.Context, workspace identity.WorkspaceID, id channel.InboxID, change func(*channel.Inbox) ([]event.Event, error)) (channel.Inbox, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	before, ok := f.inboxes[id]
	if !ok || before.Workspace != workspace {
		return channel.Inbox{}, errs.Absent()
	}
	inbox := copied(before)
	events, err := change(&inbox)
	if err != nil {
		return channel.Inbox{}, err
	}
	after := before
	after.Name, after.Config, after.Secrets, after.ConfigRevision = inbox.Name, inbox.Config, inbox.Secrets, inbox.ConfigRevision
	after.HookHash, after.Enabled, after.Bot, after.UpdatedAt = inbox.HookHash, inbox.Enabled, inbox.Bot, inbox.UpdatedAt
	after.Acknowledgement, after.Rules = inbox.Acknowledgement, inbox.Rules
	f.inboxes[id] = copied(after)
	f.feed.Append(events...)
	return copied(after), nil
}

func copiedRequest(r channel.StoredRequest) channel.StoredRequest {
	r.Request.Headers = maps.Clone(r.Request.Headers)
	r.Request.Body = append([]byte{}, r.Request.Body...)
	return r
}

// PutRequest implements channel.RequestStore.
func (f *Fake) PutRequest(_ context.Context, r channel.StoredRequest, limit int) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if i, ok := f.inboxes[r.Inbox]; !ok || i.Workspace != r.Workspace {
		return errs.Absent()
	}
	waiting := 0
	for _, other := range f.requests {
		if other.Inbox == r.Inbox {
			waiting++
		}
	}
	if waiting >= limit {
		return errs.New(errs.RateLimited, "hook.backlog", "Too many requests of this inbox wait for its plugin. Try again later.")
	}
	f.requests[r.Request.ID] = copiedRequest(r)
	return nil
}

// RequestDone implements channel.RequestStore.
func (f *Fake) RequestDone(_ context.Context, workspace identity.WorkspaceID, id string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.requests[id].Workspace == workspace {
		delete(f.requests, id)
	}
	return nil
}

// RetryRequest implements channel.RequestStore.
func (f *Fake) RetryRequest(_ context.Context, workspace identity.WorkspaceID, id string, next time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r, ok := f.requests[id]; ok && r.Workspace == workspace {
		r.Attempts++
		r.NextAt = next
		f.requests[id] = r
	}
	return nil
}

// RequestsDue implements channel.RequestStore.
func (f *Fake) RequestsDue(_ context.Context, now time.Time, limit int) ([]channel.StoredRequest, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []channel.StoredRequest
	for _, r := range f.requests {
		if !r.NextAt.After(now) {
			out = append(out, copiedRequest(r))
		}
	}
	slices.SortFunc(out, func(a, b channel.StoredRequest) int {
		return cmp.Or(a.ReceivedAt.Compare(b.ReceivedAt), strings.Compare(a.Request.ID, b.Request.ID))
	})
	return out[:min(limit, len(out))], nil
}
