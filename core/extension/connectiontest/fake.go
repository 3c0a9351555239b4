// Package connectiontest is the conformance suite of extension.ConnectionStore,
// GrantStore and TokenStore, an in-memory fake that passes it, and fakes of the
// ports beside.
package connectiontest

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/event/eventtest"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/instance"
)

// Fake keeps connections, grants and tokens in memory. It is safe for
// concurrent use.
type Fake struct {
	feed   *eventtest.Feed
	exists func(identity.WorkspaceID) bool

	mu          sync.Mutex
	connections map[extension.ConnectionID]extension.Connection
	grants      map[place]instance.Granted
	tokens      map[place]extension.Token
	signIns     map[string]extension.SignIn
}

type place struct {
	workspace identity.WorkspaceID
	name      string
}

// NewFake returns an empty Fake that writes its events to feed. exists tells
// which workspaces there are; nil = all.
func NewFake(feed *eventtest.Feed, exists func(identity.WorkspaceID) bool) *Fake {
	if exists == nil {
		exists = func(identity.WorkspaceID) bool { return true }
	}
	return &Fake{
		feed: feed, exists: exists, connections: make(map[extension.ConnectionID]extension.Connection),
		grants: make(map[place]instance.Granted), tokens: make(map[place]extension.Token), signIns: make(map[string]extension.SignIn),
	}
}

func copied(c extension.Connection) extension.Connection {
	c.Config, c.Secrets = bytes.Clone(c.Config), maps.Clone(c.Secrets)
	return c
}

func (f *Fake) find(match func(extension.Connection) bool) []extension.Connection {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []extension.Connection
	for _, c := range f.connections {
		if match(c) {
			out = append(out, copied(c))
		}
	}
	slices.SortFunc(out, func(a, b extension.Connection) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), strings.Compare(string(a.ID), string(b.ID)))
	})
	return out
}

// ConnectionsOf implements extension.Connections.
func (f *Fake) ConnectionsOf(_ context.Context, plugin extension.PluginID) ([]extension.Connection, error) {
	return f.find(func(c extension.Connection) bool { return c.Plugin == plugin && c.Enabled }), nil
}

// Connection implements extension.Connections.
func (f *Fake) Connection(_ context.Context, id extension.ConnectionID) (extension.Connection, error) {
	found := f.find(func(c extension.Connection) bool { return c.ID == id })
	if len(found) == 0 {
		return extension.Connection{}, errs.Absent()
	}
	return found[0], nil
}

// WorkspaceConnections implements extension.ConnectionStore.
func (f *Fake) WorkspaceConnections(_ context.Context, w identity.WorkspaceID) ([]extension.Connection, error) {
	return f.find(func(c extension.Connection) bool { return c.Workspace == w }), nil
}

// CreateConnection implements extension.ConnectionStore.
func (f *Fake) CreateConnection(_ context.Context, c extension.Connection, grants []instance.Grant, events ...event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.exists(c.Workspace) {
		return errs.Absent()
	}
	n := 0
	for _, other := range f.connections {
		if other.ID == c.ID {
			return errs.New(errs.Conflict, "storage.conflict", "Something with the same key exists already.")
		}
		if other.Workspace == c.Workspace {
			n++
		}
	}
	if n >= extension.MaxConnections {
		return errs.New(errs.Conflict, "connection.too_many", "A workspace has at most 100 connections. Delete one first.")
	}
	f.connections[c.ID] = copied(c)
	f.add(c.Workspace, string(c.Plugin), grants)
	f.feed.Append(events...)
	return nil
}

// Grant adds grants, as connecting does: for fakes of what else connects.
func (f *Fake) Grant(w identity.WorkspaceID, plugin string, grants []instance.Grant) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.add(w, plugin, grants)
}

func (f *Fake) add(w identity.WorkspaceID, plugin string, grants []instance.Grant) {
	g := f.grants[place{w, plugin}]
	before := len(g.Grants)
	g.Workspace, g.Plugin = w, plugin
	for _, x := range grants {
		if !g.Has(x.Scope) {
			g.Grants = append(slices.Clone(g.Grants), x)
		}
	}
	if len(g.Grants) > before || g.Revision == 0 {
		g.Revision++
	}
	f.grants[place{w, plugin}] = sorted(g)
}

func sorted(g instance.Granted) instance.Granted {
	g.Grants = slices.Clone(g.Grants)
	slices.SortFunc(g.Grants, func(a, b instance.Grant) int { return strings.Compare(a.Scope, b.Scope) })
	return g
}

// UpdateConnection implements extension.ConnectionStore.
func (f *Fake) UpdateConnection(_ context.Context, w identity.WorkspaceID, id extension.ConnectionID,
	change func(*extension.Connection) ([]event.Event, error),
) (extension.Connection, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c, ok := f.connections[id]
	if !ok || c.Workspace != w {
		return extension.Connection{}, errs.Absent()
	}
	c = copied(c)
	events, err := change(&c)
	if err != nil {
		return extension.Connection{}, err
	}
	f.connections[id] = copied(c)
	f.feed.Append(events...)
	return c, nil
}

// DeleteConnection implements extension.ConnectionStore.
func (f *Fake) DeleteConnection(_ context.Context, w identity.WorkspaceID, id extension.ConnectionID, events ...event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c, ok := f.connections[id]; !ok || c.Workspace != w {
		return errs.Absent()
	}
	delete(f.connections, id)
	maps.DeleteFunc(f.tokens, func(_ place, t extension.Token) bool { return t.Workspace == w && t.Instance == string(id) })
	maps.DeleteFunc(f.signIns, func(_ string, x extension.SignIn) bool { return x.Workspace == w && x.Instance == string(id) })
	f.feed.Append(events...)
	return nil
}

// Granted implements extension.Grants.
func (f *Fake) Granted(_ context.Context, w identity.WorkspaceID, plugin extension.PluginID) (instance.Granted, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	g := sorted(f.grants[place{w, string(plugin)}])
	g.Workspace, g.Plugin = w, string(plugin)
	return g, nil
}

// AllGranted implements extension.GrantStore.
func (f *Fake) AllGranted(_ context.Context, w identity.WorkspaceID) ([]instance.Granted, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []instance.Granted
	for at, g := range f.grants {
		if at.workspace == w {
			out = append(out, sorted(g))
		}
	}
	slices.SortFunc(out, func(a, b instance.Granted) int { return strings.Compare(a.Plugin, b.Plugin) })
	return out, nil
}

// ChangeGrants implements extension.GrantStore.
func (f *Fake) ChangeGrants(_ context.Context, w identity.WorkspaceID, plugin extension.PluginID,
	change func(*instance.Granted) ([]event.Event, error),
) (instance.Granted, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.exists(w) {
		return instance.Granted{}, errs.Absent()
	}
	g := sorted(f.grants[place{w, string(plugin)}])
	g.Workspace, g.Plugin = w, string(plugin)
	events, err := change(&g)
	if err != nil {
		return instance.Granted{}, err
	}
	g.Revision++
	f.grants[place{w, string(plugin)}] = sorted(g)
	f.feed.Append(events...)
	return g, nil
}

// Token implements extension.TokenStore.
func (f *Fake) Token(_ context.Context, w identity.WorkspaceID, id, pointer string) (extension.Token, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	t, ok := f.tokens[place{w, id + pointer}]
	if !ok {
		return extension.Token{}, errs.Absent()
	}
	return t, nil
}

// Tokens implements extension.TokenStore.
func (f *Fake) Tokens(_ context.Context, w identity.WorkspaceID) ([]extension.Token, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []extension.Token
	for _, t := range f.tokens {
		if t.Workspace == w {
			out = append(out, t)
		}
	}
	slices.SortFunc(out, func(a, b extension.Token) int {
		return strings.Compare(a.Instance+"\x00"+a.Pointer, b.Instance+"\x00"+b.Pointer)
	})
	return out, nil
}

// ClaimToken implements extension.TokenStore.
func (f *Fake) ClaimToken(_ context.Context, t extension.Token, now, until time.Time) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	at := place{t.Workspace, t.Instance + t.Pointer}
	found, ok := f.tokens[at]
	if !ok || found.Revision != t.Revision || found.ClaimedUntil.After(now) {
		return false, nil
	}
	found.ClaimedUntil = until
	f.tokens[at] = found
	return true, nil
}

// PutToken implements extension.TokenStore.
func (f *Fake) PutToken(_ context.Context, t extension.Token, events ...event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	at := place{t.Workspace, t.Instance + t.Pointer}
	now := f.tokens[at].Revision
	if t.Revision != 0 && t.Revision != now {
		return errs.New(errs.Conflict, "connection.oauth_changed", "Somebody signed in meanwhile.")
	}
	t.Revision, t.ClaimedUntil = now+1, time.Time{}
	f.tokens[at] = t
	f.feed.Append(events...)
	return nil
}

// BeginSignIn implements extension.TokenStore.
func (f *Fake) BeginSignIn(_ context.Context, x extension.SignIn) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	maps.DeleteFunc(f.signIns, func(_ string, old extension.SignIn) bool { return !old.ExpiresAt.After(x.CreatedAt) })
	f.signIns[x.StateHash] = x
	return nil
}

// TakeSignIn implements extension.TokenStore.
func (f *Fake) TakeSignIn(_ context.Context, stateHash, session string, now time.Time) (extension.SignIn, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	x, ok := f.signIns[stateHash]
	if !ok || x.Session != session || !x.ExpiresAt.After(now) {
		return extension.SignIn{}, errs.Absent()
	}
	delete(f.signIns, stateHash)
	return x, nil
}
