package pluginrig

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/instance"
	"github.com/patchbay-im/patchbay/core/store"
)

// Workspace is one workspace on a real database, with an inbox and an owner: the
// use cases without a server around them.
type Workspace struct {
	Store         *store.Store
	Conversations *conversation.Service
	Owner         identity.Scope
	Inbox         channel.Inbox
}

// OpenWorkspace opens a database and makes a workspace in it, with an inbox of a
// type. Whoever opens it closes the store.
func OpenWorkspace(ctx context.Context, c store.Config, t channel.Type) (*Workspace, error) {
	log := slog.New(slog.DiscardHandler)
	c.Now, c.Log = time.Now, log
	s, err := store.Open(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("open a database: %w", err)
	}
	w := &Workspace{Store: s}
	ids := identity.New(identity.Deps{
		Stores: s.Identities(), Hasher: identity.NewHasher(identity.HashOptions{}),
		Throttle: identity.NewThrottle(time.Now, identity.ThrottleOptions{}), Now: time.Now, Log: log,
	})
	plugins := paper{t}
	w.Conversations = conversation.NewService(conversation.Deps{
		Store: s.Conversations(), Reader: s.Conversations(), Marks: s.Conversations(), Visitors: s.Conversations(), Writing: s.Conversations(),
		Inboxes: s.Channels(), Plugins: plugins, Members: colleagues{ids.Members}, Teams: s.Teams(), Catalog: s.Catalog(), Now: time.Now,
	})
	seat, err := ids.Setup.Provision(ctx, identity.Founder{WorkspaceName: "Bench", Name: "Owner", Email: "owner@bench.example", LinkOnly: true})
	if err != nil {
		return nil, fmt.Errorf("make a workspace: %w", err)
	}
	if w.Owner, err = ids.Sessions.ScopeFor(ctx, seat.Member.Account, seat.Workspace.ID); err != nil {
		return nil, fmt.Errorf("act as the owner: %w", err)
	}
	inboxes := channel.NewService(s.Channels(), plugins, instance.Vault{}, time.Now)
	w.Inbox, _, err = inboxes.Create(ctx, identity.SystemScope(seat.Workspace.ID), channel.Draft{Name: "Shop", Plugin: t.Plugin, Config: json.RawMessage(`{}`)})
	if err != nil {
		return nil, fmt.Errorf("make an inbox: %w", err)
	}
	return w, nil
}

// colleagues implements conversation.Members.
type colleagues struct{ members *identity.Members }

// Member implements conversation.Members.
func (c colleagues) Member(ctx context.Context, scope identity.Scope, member identity.MemberID) (identity.Member, error) {
	return c.members.Get(ctx, scope, member) //nolint:wrapcheck // the use case's own error
}

// paper stands for a plugin where inboxes are made without a process of it: it
// finds nothing wrong and lets everybody in.
type paper struct{ is channel.Type }

var _ channel.Plugins = paper{}

func (p paper) Types() []channel.Type { return []channel.Type{p.is} }

func (paper) ValidateConfig(context.Context, channel.PluginID, instance.Candidate) ([]channel.Problem, error) {
	return nil, nil
}
func (paper) Configure(context.Context, channel.Inbox) error { return nil }
func (paper) Remove(context.Context, channel.Inbox) error    { return nil }
func (paper) Health(channel.Inbox) channel.Health            { return channel.Health{State: "ok"} }

func (paper) Webhook(context.Context, channel.Inbox, channel.WebhookRequest) (channel.WebhookAnswer, error) {
	return channel.WebhookAnswer{}, nil
}

func (paper) OpenSession(context.Context, channel.Inbox, channel.SessionRequest) (channel.SessionAnswer, error) {
	return channel.SessionAnswer{Allow: true}, nil
}
