package realtime_test

import (
	"context"
	"errors"
	"sync"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/notification"
	"github.com/patchbay-im/patchbay/core/realtime"
)

// calls are the use cases and the log as the gateways see them: the real ones,
// which a test can hold up or let fail.
type calls struct {
	realtime.Conversations
	mu     sync.Mutex
	before func(ctx context.Context, what string) error
}

// on sets what happens before each call; nil for nothing.
func (c *calls) on(before func(ctx context.Context, what string) error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.before = before
}

func (c *calls) enter(ctx context.Context, what string) error {
	c.mu.Lock()
	before := c.before
	c.mu.Unlock()
	if before == nil {
		return nil
	}
	return before(ctx, what)
}

func (c *calls) Post(ctx context.Context, scope identity.Scope, p conversation.Post) (conversation.Posted, error) {
	if err := c.enter(ctx, "post"); err != nil {
		return conversation.Posted{}, err
	}
	return c.Conversations.Post(ctx, scope, p)
}

// VisitorsAttend enters after what it calls.
func (c *calls) VisitorsAttend(ctx context.Context, w identity.WorkspaceID, ids []conversation.ID) error {
	if err := c.Conversations.VisitorsAttend(ctx, w, ids); err != nil {
		return err
	}
	return c.enter(ctx, "attend")
}

func (c *calls) VisitorSend(ctx context.Context, v conversation.Visitor, p conversation.VisitorPost) (conversation.Posted, error) {
	if err := c.enter(ctx, "visitor send"); err != nil {
		return conversation.Posted{}, err
	}
	return c.Conversations.VisitorSend(ctx, v, p)
}

func (c *calls) Get(ctx context.Context, scope identity.Scope, id conversation.ID) (conversation.Conversation, error) {
	if err := c.enter(ctx, "get"); err != nil {
		return conversation.Conversation{}, err
	}
	return c.Conversations.Get(ctx, scope, id)
}

func (c *calls) VisitorChanges(ctx context.Context, v conversation.Visitor, after uint64, limit int) ([]conversation.Change, *conversation.Conversation, error) {
	if err := c.enter(ctx, "visitor changes"); err != nil {
		return nil, nil, err
	}
	return c.Conversations.VisitorChanges(ctx, v, after, limit)
}

var errBoom = errors.New("boom")

// failing makes every call fail.
func failing(err error) func(context.Context, string) error {
	return func(context.Context, string) error { return err }
}

func (c *calls) log(l event.Log) event.Log { return calledLog{l, c} }

type calledLog struct {
	event.Log
	c *calls
}

func (l calledLog) Since(ctx context.Context, workspace string, after uint64, limit int) ([]event.Event, error) {
	if err := l.c.enter(ctx, "since"); err != nil {
		return nil, err
	}
	return l.Log.Since(ctx, workspace, after, limit)
}

func (l calledLog) Head(ctx context.Context, workspace string) (uint64, error) {
	if err := l.c.enter(ctx, "head"); err != nil {
		return 0, err
	}
	return l.Log.Head(ctx, workspace)
}

// presence records leases.
type presence struct {
	mu     sync.Mutex
	all    []realtime.MemberPresence
	events chan string // "beat <member>", "gone <member>"
}

func (p *presence) Heartbeat(_ context.Context, _ identity.WorkspaceID, m identity.MemberID, conn string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	known := false
	for _, a := range p.all {
		known = known || a.MemberID == string(m)
	}
	if !known {
		p.all = append(p.all, realtime.MemberPresence{MemberID: string(m), Status: "available", Capacity: 5})
	}
	p.events <- "beat " + string(m) + " " + conn
}

func (p *presence) Gone(_ context.Context, _ identity.WorkspaceID, m identity.MemberID, conn string) {
	p.events <- "gone " + string(m) + " " + conn
}

func (p *presence) Snapshot(context.Context, identity.WorkspaceID) ([]realtime.MemberPresence, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]realtime.MemberPresence(nil), p.all...), nil
}

// queue gives everybody the same place.
type queue struct {
	mu        sync.Mutex
	position  int
	available bool
	standing  realtime.Standing
}

func (q *queue) set(position int, available bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.position, q.available = position, available
}

func (q *queue) Place(context.Context, identity.WorkspaceID, conversation.ID) (realtime.QueuePlace, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return realtime.QueuePlace{Position: q.position, Available: q.available, Standing: q.standing}, nil
}

// metrics counts.
type metrics struct {
	mu       sync.Mutex
	open     map[realtime.Kind]int
	closes   map[int]int
	received int
	sent     int
}

func (m *metrics) Opened(k realtime.Kind) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.open == nil {
		m.open, m.closes = make(map[realtime.Kind]int), make(map[int]int)
	}
	m.open[k]++
}

func (m *metrics) Closed(k realtime.Kind, code int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.open[k]--
	m.closes[code]++
}

func (m *metrics) Received(realtime.Kind) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.received++
}

func (m *metrics) Sent(_ realtime.Kind, frames int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sent += frames
}

// unread counts notifications as the test says.
type unread struct {
	mu  sync.Mutex
	of  map[identity.MemberID]int
	err error
}

func (u *unread) set(m identity.MemberID, n int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.of = map[identity.MemberID]int{m: n}
}

func (u *unread) fail(err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.err = err
}

func (u *unread) Unread(_ context.Context, _ identity.WorkspaceID, of notification.Sight) (int, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.of[of.Member], u.err
}
