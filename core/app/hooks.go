package app

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/webhook"
	"github.com/patchbay-im/patchbay/core/wire"
)

// informants tell hooks what happens, as webhooks are told, cut to what the
// workspace lets the plugin know.
type informants struct {
	render  webhook.Renderer
	news    elsewhere
	ask     extension.Hooks
	allowed extension.Allowances
	cut     wire.Cutter
}

// about picks what a hook asked for.
func (h *informants) about(ctx context.Context, c extension.Connection, events []event.Event) ([]item, error) {
	types := h.ask.EventsOf(c.Plugin)
	wanted := slices.DeleteFunc(slices.Clone(events), func(e event.Event) bool {
		return !webhook.Offered(e.Type) && !isElsewhere(e.Type) || !slices.Contains(types, e.Type)
	})
	if len(wanted) == 0 {
		return nil, nil
	}
	told, err := h.dataOf(ctx, c.Workspace, wanted)
	if err != nil {
		return nil, err
	}
	scopes, err := h.allowed.Allowed(ctx, c.Workspace, c.Plugin)
	if err != nil {
		return nil, err //nolint:wrapcheck // as above
	}
	var out []item
	for _, e := range wanted {
		whole, ok := told[e.ID]
		if !ok {
			continue // what it is about is gone
		}
		data, err := h.cut.Cut(whole, func(scope string) bool {
			return slices.Contains(scopes, scope) && h.ask.Asks(c.Plugin, scope)
		})
		if err != nil {
			return nil, err //nolint:wrapcheck // as above
		}
		out = append(out, item{event: e, told: extension.Event{ID: e.ID, Type: e.Type, Feed: e.Feed, At: e.At, Data: data}})
	}
	return out, nil
}

// dataOf returns the data of events, whole, by their id.
func (h *informants) dataOf(ctx context.Context, w identity.WorkspaceID, events []event.Event) (map[string]json.RawMessage, error) {
	news, other := make([]event.Event, 0, len(events)), make([]event.Event, 0, len(events))
	for _, e := range events {
		if isElsewhere(e.Type) {
			news = append(news, e)
			continue
		}
		other = append(other, e)
	}
	out, err := h.news.render(ctx, w, news)
	if err != nil {
		return nil, err
	}
	envelopes, err := h.render.Render(ctx, w, other)
	if err != nil {
		return nil, err //nolint:wrapcheck // a port's error says where it comes from
	}
	for id, envelope := range envelopes {
		var shape struct {
			Data json.RawMessage `json:"data"`
		}
		if err := json.Unmarshal(envelope.Body, &shape); err != nil {
			return nil, err //nolint:wrapcheck // we wrote it
		}
		out[id] = shape.Data
	}
	return out, nil
}

// inform tells a hook.
func (h *informants) inform(ctx context.Context, c extension.Connection, items []item) ([]extension.Outcome, error) {
	events := make([]extension.Event, len(items))
	for i, it := range items {
		events[i] = it.told
	}
	return h.ask.Tell(ctx, extension.Address{Plugin: c.Plugin, Instance: string(c.ID)}, events) //nolint:wrapcheck // the host's own error
}
