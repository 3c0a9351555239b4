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
	requests map[string]channel.LoggedRequest
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
		inboxes: make(map[channel.InboxID]channel.Inbox), requests: make(map[string]channel.LoggedRequest),
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
