package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/internal/pluginrig"
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
	w, err := pluginrig.OpenWorkspace(ctx, c, channel.Type{
		Plugin: webchatID, Live: true, Available: true,
		Capabilities: channel.Capabilities{Content: []string{channel.ContentText}, TextLimit: 4000},
	})
	if err != nil {
		return nil, err //nolint:wrapcheck // it says what it did
	}
	o := &office{store: w.Store, conversations: w.Conversations, owner: w.Owner}
	return o, o.fill(ctx, w.Inbox, conversations)
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
