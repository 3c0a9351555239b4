package pluginrig

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/delivery"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
)

// writers is how many messages are written at once: the store commits them in
// groups.
const writers = 64

// retries of a message that a busy disk did not take in time; its id keeps it
// from being written twice.
const retries = 5

// Outgoing writes messages that must leave, as agents do.
type Outgoing struct {
	*Workspace
	To  []conversation.ID // in turn
	ids id.Source
}

// Greet lets so many customers say their first word, which opens conversations.
func (w *Workspace) Greet(ctx context.Context, customers int) (*Outgoing, error) {
	o := &Outgoing{Workspace: w, ids: id.NewSource(time.Now)}
	items := make([]channel.Inbound, customers)
	for i := range items {
		items[i] = channel.Inbound{
			Inbox: w.Inbox.ID, External: fmt.Sprintf("hello-%d", i), Sender: channel.Person{External: fmt.Sprintf("customer-%d", i)},
			Content: channel.Content{Text: "hello"},
		}
	}
	scope := identity.Scope{Workspace: w.Inbox.Workspace, Actor: identity.Actor{Kind: identity.ActorPlugin, ID: string(w.Inbox.Plugin)}}
	results, err := w.Conversations.Receive(ctx, scope, items)
	if err != nil {
		return nil, fmt.Errorf("open conversations: %w", err)
	}
	for _, r := range results {
		if r.Outcome != channel.OutcomeAccepted {
			return nil, fmt.Errorf("a first word was not taken: %s", r.Detail)
		}
	}
	for i := range items {
		c, err := w.Store.Conversations().OfContact(ctx, w.Inbox.Workspace, w.Inbox.ID, items[i].Sender.External)
		if err != nil || c == nil {
			return nil, fmt.Errorf("find the conversation of %s: %w", items[i].Sender.External, err)
		}
		o.To = append(o.To, c.ID)
	}
	return o, nil
}

// Send sends one message, and says what came of it.
func (o *Outgoing) Send(ctx context.Context, to conversation.ID, text string) (conversation.Posted, error) {
	return o.Conversations.Post(ctx, o.Owner, o.post(to, text)) //nolint:wrapcheck // the use case's own error
}

func (o *Outgoing) post(to conversation.ID, text string) conversation.Post {
	return conversation.Post{Conversation: to, ClientID: o.ids.New("c"), Kind: conversation.Text, Text: text}
}

// Write writes n messages, to each conversation in turn from the one at first.
// wrote is told of each; nil = nobody cares.
func (o *Outgoing) Write(ctx context.Context, n int, first *atomic.Int64, text string, wrote func(conversation.ID, uint64)) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(writers)
	for range n {
		at := first.Add(1)
		g.Go(func() error {
			post := o.post(o.To[at%int64(len(o.To))], text)
			for tries := 0; ; tries++ {
				posted, err := o.Conversations.Post(ctx, o.Owner, post)
				if err == nil && wrote != nil {
					wrote(post.Conversation, posted.Change.Seq)
				}
				if err == nil || tries == retries || !errs.Is(err, errs.Unavailable) {
					return err //nolint:wrapcheck // the use case's own error
				}
			}
		})
	}
	return g.Wait() //nolint:wrapcheck // as above
}

// Gate is a ledger that hands nothing out while it is closed.
type Gate struct {
	delivery.Store
	Open    atomic.Bool
	Settled atomic.Int64 // sent or dead
}

// Due implements delivery.Store.
func (g *Gate) Due(ctx context.Context, plugin channel.PluginID, now time.Time, limit int, skip delivery.Skip) ([]delivery.Delivery, error) {
	if !g.Open.Load() {
		return nil, nil
	}
	return g.Store.Due(ctx, plugin, now, limit, skip) //nolint:wrapcheck // the store's own error
}

// NextDue implements delivery.Store.
func (g *Gate) NextDue(ctx context.Context, plugin channel.PluginID) (time.Time, error) {
	if !g.Open.Load() {
		return time.Time{}, nil
	}
	return g.Store.NextDue(ctx, plugin) //nolint:wrapcheck // the store's own error
}

// Settle implements delivery.Store.
func (g *Gate) Settle(ctx context.Context, settled []delivery.Settlement) error {
	if err := g.Store.Settle(ctx, settled); err != nil {
		return err //nolint:wrapcheck // the store's own error
	}
	for i := range settled {
		if settled[i].State != delivery.Pending {
			g.Settled.Add(1)
		}
	}
	return nil
}
