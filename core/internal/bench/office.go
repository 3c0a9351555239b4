package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/instance"
	"github.com/patchbay-im/patchbay/core/store"
)

// office is the storage layer in this process: the use cases on a real
// database, without a server around them.
type office struct {
	store         *store.Store
	conversations *conversation.Service
	owner         identity.Scope
	visitors      []conversation.Visitor
	ids           []conversation.ID
	sent          atomic.Int64
}

// openOffice makes a database with so many open conversations.
func openOffice(ctx context.Context, file string, conversations int) (*office, error) {
	return openOfficeOn(ctx, store.Config{Driver: store.SQLite, Source: file}, conversations)
}

// openOfficeOn is openOffice on either database.
func openOfficeOn(ctx context.Context, c store.Config, conversations int) (*office, error) {
	log := slog.New(slog.DiscardHandler)
	c.Now, c.Log = time.Now, log
	s, err := store.Open(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("open a database: %w", err)
	}
	o := &office{store: s}
	ids := identity.New(identity.Deps{
		Stores: s.Identities(), Hasher: identity.NewHasher(identity.HashOptions{}),
		Throttle: identity.NewThrottle(time.Now, identity.ThrottleOptions{}), Now: time.Now, Log: log,
	})
	o.conversations = conversation.NewService(conversation.Deps{
		Store: s.Conversations(), Reader: s.Conversations(), Marks: s.Conversations(), Visitors: s.Conversations(), Writing: s.Conversations(),
		Inboxes: s.Channels(), Plugins: webchat{}, Members: colleagues{ids.Members}, Teams: s.Teams(), Catalog: s.Catalog(), Now: time.Now,
	})
	seat, err := ids.Setup.Provision(ctx, identity.Founder{WorkspaceName: "Bench", Name: "Owner", Email: "owner@bench.example", LinkOnly: true})
	if err != nil {
		return nil, fmt.Errorf("make a workspace: %w", err)
	}
	if o.owner, err = ids.Sessions.ScopeFor(ctx, seat.Member.Account, seat.Workspace.ID); err != nil {
		return nil, fmt.Errorf("act as the owner: %w", err)
	}
	inboxes := channel.NewService(s.Channels(), webchat{}, instance.Vault{}, time.Now)
	inbox, _, err := inboxes.Create(ctx, identity.SystemScope(seat.Workspace.ID), channel.Draft{Name: "Shop", Plugin: webchatID, Config: json.RawMessage(`{}`)})
	if err != nil {
		return nil, fmt.Errorf("make an inbox: %w", err)
	}
	return o, o.fill(ctx, inbox, conversations)
}

// fill lets so many visitors say their first word.
func (o *office) fill(ctx context.Context, inbox channel.Inbox, conversations int) error {
	source := id.NewSource(time.Now)
	for range conversations {
		v := conversation.Visitor{
			Workspace: inbox.Workspace, ID: conversation.VisitorID(source.New("vis")), Inbox: inbox.ID,
			TokenHash: source.New("hash"), CreatedAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour),
		}
		if err := o.store.Conversations().CreateVisitor(ctx, v); err != nil {
			return fmt.Errorf("make a visitor: %w", err)
		}
		posted, err := o.conversations.VisitorSend(ctx, v, conversation.VisitorPost{ClientID: o.clientID(), Text: "hello"})
		if err != nil {
			return fmt.Errorf("open a conversation: %w", err)
		}
		o.visitors = append(o.visitors, v)
		o.ids = append(o.ids, posted.Change.Conversation)
	}
	return nil
}

func (o *office) clientID() string { return clientID(o.sent.Add(1)) }

// clientID makes an id of a UUID's length, unique in this process.
func clientID(n int64) string {
	digits := strconv.FormatInt(n, 10)
	return "00000000-0000-7000-8000-0000000000000000"[:36-len(digits)] + digits
}

// text is what is written: 100 characters.
const text = "A message of the usual length: is the green tea set still in stock, and when could it be with me? Hm"

// receive is a visitor's message.
func (o *office) receive(ctx context.Context, _ int) error {
	_, err := o.conversations.VisitorSend(ctx, o.visitors[rand.IntN(len(o.visitors))], conversation.VisitorPost{ClientID: o.clientID(), Text: text})
	return err //nolint:wrapcheck // the use case's own error
}

// post is a member's answer.
func (o *office) post(ctx context.Context, _ int) error {
	_, err := o.conversations.Post(ctx, o.owner, conversation.Post{
		Conversation: o.ids[rand.IntN(len(o.ids))], ClientID: o.clientID(), Kind: conversation.Text, Text: text,
	})
	return err //nolint:wrapcheck // the use case's own error
}

// colleagues implements conversation.Members.
type colleagues struct{ members *identity.Members }

// Member implements conversation.Members.
func (c colleagues) Member(ctx context.Context, scope identity.Scope, member identity.MemberID) (identity.Member, error) {
	return c.members.Get(ctx, scope, member) //nolint:wrapcheck // the use case's own error
}
