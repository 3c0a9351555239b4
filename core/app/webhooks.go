package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/erasure"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/filter"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/notification"
	"github.com/patchbay-im/patchbay/core/outbound"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/ticket"
	"github.com/patchbay-im/patchbay/core/view"
	"github.com/patchbay-im/patchbay/core/webhook"
	"github.com/patchbay-im/patchbay/core/wire"
)

// openWebhooks makes what tells other systems of what happens.
func (s *server) openWebhooks() error {
	retry, err := s.config.WebhookRetry()
	if err != nil {
		return err //nolint:wrapcheck // config's own sentence
	}
	kept, conversations := s.store.Webhooks(), s.store.Conversations()
	envelopes := envelopes{conversations, s.store.Tickets()}
	filters := filters{s.views, conversations, s.now, s.log}
	poster := outbound.NewPoster(s.out, outbound.Webhooks)
	s.webhooks = webhook.NewService(webhook.Deps{
		Store: kept, Log: kept, Renderer: envelopes, Filters: filters, Poster: poster, Sealer: s.box, Inboxes: inboxesOf{s.store.Channels()}, Now: s.now,
	})
	s.webhookSender = webhook.NewSender(webhook.SenderDeps{
		Store: kept, Ledger: kept, Log: kept, Poster: poster, Sealer: s.box, Notifier: alarm{s.identity, s.notifications, s.log},
		Policy: webhook.Policy{Retry: retry, DisableAfter: s.config.Webhooks.DisableAfter}, Now: s.now, Logger: s.log,
	})
	recorder := webhook.NewRecorder(kept, kept, envelopes, filters, s.now)
	s.webhookPump = newPump(s.store.Events(), recorder, func(int) {}, s.log)
	s.webhookPump.start = recorder.Start
	return nil
}

// runWebhooks sends what is due until ctx ends.
func (s *server) runWebhooks(ctx context.Context) error {
	if s.config.Database.URL == "" { // no other process is at work on an embedded database
		if err := s.store.Webhooks().Unclaim(ctx); err != nil {
			return fmt.Errorf("take up webhooks that were under way: %w", err)
		}
	}
	cancel, err := s.bus.Subscribe(event.SubjectDeliver+"*", func(string, []byte) { s.webhookSender.Wake() })
	if err != nil {
		return fmt.Errorf("listen for webhooks: %w", err)
	}
	defer cancel()
	s.webhookSender.Run(ctx)
	return nil
}

// envelopes implements webhook.Renderer.
type envelopes struct {
	conversations interface {
		Hydrate(ctx context.Context, w identity.WorkspaceID, events []event.Event) (map[string]conversation.Change, map[conversation.ID]conversation.Conversation, error)
	}
	tickets interface {
		HydrateTickets(ctx context.Context, w identity.WorkspaceID, events []event.Event) (map[string]ticket.Change, map[ticket.ID]ticket.Ticket, error)
	}
}

// hydrated is what a batch of events is about.
type hydrated struct {
	changes       map[string]conversation.Change
	conversations map[conversation.ID]conversation.Conversation
	work          map[string]ticket.Change
	tickets       map[ticket.ID]ticket.Ticket
}

// Render implements webhook.Renderer.
func (v envelopes) Render(ctx context.Context, w identity.WorkspaceID, events []event.Event) (map[string]webhook.Envelope, error) {
	var h hydrated
	var err error
	if h.changes, h.conversations, err = v.conversations.Hydrate(ctx, w, events); err != nil {
		return nil, err //nolint:wrapcheck // a port's error says where it comes from
	}
	if h.work, h.tickets, err = v.tickets.HydrateTickets(ctx, w, events); err != nil {
		return nil, err //nolint:wrapcheck // as above
	}
	out := make(map[string]webhook.Envelope, len(events))
	for _, e := range events {
		shape, envelope, ok := h.shape(e)
		if !ok {
			continue
		}
		if envelope.Body, err = json.Marshal(shape); err == nil && len(envelope.Body) > webhook.MaxBody {
			shape.Data = wire.WebhookData{ID: e.Subject, Omitted: true}
			envelope.Body, err = json.Marshal(shape)
		}
		if err != nil {
			return nil, fmt.Errorf("write a webhook: %w", err)
		}
		out[e.ID] = envelope
	}
	return out, nil
}

// shape returns an event as it is sent, and what narrows it; ok is false for
// one that nobody outside is told of.
func (h hydrated) shape(e event.Event) (shape wire.Webhook, envelope webhook.Envelope, ok bool) {
	shape = wire.WebhookOf(e)
	if ch, found := h.changes[e.ID]; found {
		c, found := h.conversations[ch.Conversation]
		return shape.Talk(ch, c), webhook.Envelope{Narrowed: true, Conversation: string(c.ID), Inbox: string(c.Inbox)}, found
	}
	if ch, found := h.work[e.ID]; found {
		t, found := h.tickets[ch.Ticket]
		internal := ch.Comment != nil && !ch.Comment.Public
		return shape.Work(ch, t), webhook.Envelope{Narrowed: true, Conversation: string(t.Conversation), Inbox: string(t.Inbox)}, found && !internal
	}
	switch e.Type {
	case conversation.Deleted:
		shape.Data = wire.WebhookData{ID: e.Subject}
		return shape, webhook.Envelope{Narrowed: true, Gone: true, Inbox: conversation.FarewellOf(e.Data).Held.Inbox}, true
	case erasure.Changed:
		return shape, envelope, e.Subject != "" // else it tells windows that tickets lost their conversation
	}
	return shape, envelope, e.Seq == 0 // else its conversation or its ticket is gone
}

// filters implements webhook.Filters with the fields of views.
type filters struct {
	views  *view.Service
	lister view.Lister
	now    func() time.Time
	log    *slog.Logger
}

// parse reads a filter in which nobody is "me" and nothing is unread: nobody in
// person asks.
func (f filters) parse(ctx context.Context, w identity.WorkspaceID, raw json.RawMessage) (filter.Node, error) {
	fields, err := f.views.Fields(ctx, w)
	if err != nil {
		return filter.Node{}, err //nolint:wrapcheck // the use case's own error
	}
	delete(fields, "unread")
	for name, field := range fields {
		field.Word = ""
		fields[name] = field
	}
	return filter.Parse(raw, fields) //nolint:wrapcheck // it names the field
}

// Check implements webhook.Filters.
func (f filters) Check(ctx context.Context, w identity.WorkspaceID, raw json.RawMessage) (json.RawMessage, error) {
	node, err := f.parse(ctx, w, raw)
	if err != nil {
		return nil, err
	}
	return json.Marshal(node) //nolint:wrapcheck // a checked tree always marshals
}

// Among implements webhook.Filters.
func (f filters) Among(ctx context.Context, w identity.WorkspaceID, stored json.RawMessage, ids []string) (map[string]bool, error) {
	node, err := f.parse(ctx, w, stored)
	if errs.Is(err, errs.Invalid) {
		f.log.WarnContext(ctx, "the filter of a webhook asks about a field that is gone or has changed: it selects nothing", "workspace", string(w))
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	named := make([]conversation.ID, len(ids))
	for i, id := range ids {
		named[i] = conversation.ID(id)
	}
	held, err := f.lister.Among(ctx, w, view.Query{Where: node.Plan(filter.Env{Now: f.now()}), Sort: view.UpdatedDesc}, named)
	out := make(map[string]bool, len(held))
	for id, ok := range held {
		out[string(id)] = ok
	}
	return out, err //nolint:wrapcheck // a port's error says where it comes from
}

// inboxesOf implements webhook.Inboxes.
type inboxesOf struct{ channel.Store }

// HasInbox implements webhook.Inboxes.
func (i inboxesOf) HasInbox(ctx context.Context, w identity.WorkspaceID, id string) (bool, error) {
	inbox, err := i.Inbox(ctx, channel.InboxID(id))
	if errs.Is(err, errs.NotFound) {
		return false, nil
	}
	return inbox.Workspace == w, err //nolint:wrapcheck // a port's error says where it comes from
}

// alarm implements webhook.Notifier: who may do something about it is told.
type alarm struct {
	identity      *identity.Services
	notifications *notification.Service
	log           *slog.Logger
}

// WebhookDisabled implements webhook.Notifier.
func (a alarm) WebhookDisabled(ctx context.Context, e webhook.Endpoint) {
	tell, err := a.holding(ctx, identity.SystemScope(e.Workspace), identity.WebhookManage)
	if err == nil {
		err = a.notifications.WebhookDisabled(ctx, e.Workspace, string(e.ID)+":"+e.FailingSince.Format(time.RFC3339Nano), webhook.Origin(e.URL), tell)
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		a.log.WarnContext(ctx, "administrators could not be told of a webhook that was turned off", "webhook", string(e.ID), "error", err)
	}
}

// holding lists the members whose role has a permission.
func (a alarm) holding(ctx context.Context, scope identity.Scope, p identity.Permission) ([]identity.MemberID, error) {
	roles, err := a.identity.Roles.List(ctx, scope)
	if err != nil {
		return nil, err //nolint:wrapcheck // the use case's own error
	}
	holds := make(map[identity.Role]bool)
	for _, r := range roles {
		holds[r.ID] = slices.Contains(r.Permissions, p)
	}
	var out []identity.MemberID
	err = page.Each(func(r page.Request) (page.Page[identity.Member], error) {
		return a.identity.Members.List(ctx, scope, r)
	}, func(m identity.Member) {
		if holds[m.Role] && !m.Suspended {
			out = append(out, m.ID)
		}
	})
	return out, err //nolint:wrapcheck // as above
}
