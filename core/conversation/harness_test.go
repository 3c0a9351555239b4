package conversation_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/channel/channeltest"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// desk is the use cases over storage in memory: a workspace with an owner, an
// agent, an inbox that delivers and a live one.
type desk struct {
	*conversationtest.World
	service *conversation.Service
	fake    *conversationtest.Fake
	store   *brittleStore
	kept    *brittleVisitors
	plugins *channeltest.Plugins
	agent   identity.Member

	mu sync.Mutex
	at time.Time
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{fake: conversationtest.NewFake(), at: time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)}
	d.World = conversationtest.NewWorld(t, d.fake.Fixture())
	d.agent = d.Member(d.WS, "lin@example.com", "Lin", 5)
	d.store, d.kept = &brittleStore{Store: d.fake}, &brittleVisitors{VisitorStore: d.fake}
	d.plugins = &channeltest.Plugins{T: t, Installed: []channel.Type{{Plugin: d.Live.Plugin, Live: true}}}
	d.service = conversation.NewService(conversation.Deps{
		Store: d.store, Reader: d.fake, Marks: d.fake, Visitors: d.kept, Writing: d.fake, Inboxes: d.fake.Inboxes,
		Contacts: d.fake.Contacts, Keys: channel.NewSecrets(d.fake.Inboxes, d.fake.Inboxes, channeltest.Sealer{}, d.now),
		Plugins: d.plugins, Members: colleagues{d.fake}, Teams: d.fake.Teams, Queues: d.fake.Queues, Catalog: d.fake.Catalog, Now: d.now,
	})
	return d
}

func (d *desk) now() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.at
}

// pass moves the clock.
func (d *desk) pass(by time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at = d.at.Add(by)
}

// as is the scope of a member.
func as(m identity.Member) identity.Scope {
	return identity.Scope{Workspace: m.Workspace, Actor: identity.Actor{
		Kind: identity.ActorMember, ID: string(m.ID), Name: m.Name, Role: m.Role,
	}}
}

// plugin is the scope of what brings messages in.
func (d *desk) plugin() identity.Scope {
	return identity.Scope{Workspace: d.WS, Actor: identity.Actor{Kind: identity.ActorPlugin, ID: string(d.Inbox.Plugin)}}
}

// post writes a message that must be accepted.
func (d *desk) post(m identity.Member, id conversation.ID, kind conversation.MessageKind, clientID, text string) conversation.Posted {
	d.Helper()
	p, err := d.service.Post(d.Context(), as(m), conversation.Post{Conversation: id, ClientID: clientID, Kind: kind, Text: text})
	d.OK(err)
	return p
}

// refused checks an error's kind and code.
func (d *desk) refused(err error, kind errs.Kind, code string) {
	d.Helper()
	if e := errs.As(err); err == nil || e.Kind != kind || e.Code != code {
		d.Fatalf("got %v, want %s %s", err, kind, code)
	}
}

// kinds lists the types of a conversation's changes after a seq.
func (d *desk) kinds(id conversation.ID, after uint64) []conversation.ChangeType {
	d.Helper()
	return types(d.Timeline(id, after))
}

// texts lists what was written in a conversation, in order.
func (d *desk) texts(id conversation.ID) []string {
	d.Helper()
	var out []string
	for _, ch := range d.Timeline(id, 0) {
		if ch.Message != nil {
			out = append(out, ch.Message.Text)
		}
	}
	return out
}

// colleagues are the members who may take work.
type colleagues struct{ fake *conversationtest.Fake }

func (c colleagues) Member(ctx context.Context, scope identity.Scope, id identity.MemberID) (identity.Member, error) {
	m, err := c.fake.Identities.Member(ctx, scope.Workspace, id)
	if err == nil && m.Suspended {
		err = errs.New(errs.Conflict, "member.suspended", "This member is suspended and cannot take conversations.")
	}
	return m, err
}

func errStoreDown() error { return errs.New(errs.Unavailable, "storage.io", "The disk failed.") }

// brittleStore fails on demand.
type brittleStore struct {
	conversation.Store
	mu     sync.Mutex
	before func() error                   // fails a transaction before it begins
	after  func() error                   // fails it after its commit: the answer was lost
	load   func(id conversation.ID) error // fails the loading of a conversation
}

func (s *brittleStore) hook(h *func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if *h == nil {
		return nil
	}
	return (*h)()
}

// Within implements conversation.Store.
func (s *brittleStore) Within(ctx context.Context, w identity.WorkspaceID, fn func(ctx context.Context, tx conversation.Tx) error) error {
	if err := s.hook(&s.before); err != nil {
		return err
	}
	err := s.Store.Within(ctx, w, func(ctx context.Context, tx conversation.Tx) error {
		return fn(ctx, brittleTx{tx, s.load})
	})
	if err != nil {
		return err
	}
	return s.hook(&s.after)
}

type brittleTx struct {
	conversation.Tx
	load func(id conversation.ID) error
}

// Conversation implements conversation.Tx.
func (t brittleTx) Conversation(ctx context.Context, id conversation.ID) (*conversation.Conversation, error) {
	if t.load != nil {
		if err := t.load(id); err != nil {
			return nil, err
		}
	}
	return t.Tx.Conversation(ctx, id)
}

// brittleVisitors fails to read on demand, and counts the policies it keeps.
type brittleVisitors struct {
	conversation.VisitorStore
	failing  error
	policies int
}

// Visitor implements conversation.VisitorStore.
func (v *brittleVisitors) Visitor(ctx context.Context, id conversation.VisitorID) (conversation.Visitor, error) {
	if v.failing != nil {
		return conversation.Visitor{}, v.failing
	}
	return v.VisitorStore.Visitor(ctx, id)
}

// SavePolicy implements conversation.VisitorStore.
func (v *brittleVisitors) SavePolicy(ctx context.Context, inbox channel.Inbox, a channel.SessionAnswer) error {
	v.policies++
	return v.VisitorStore.SavePolicy(ctx, inbox, a)
}
