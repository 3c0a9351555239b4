package app

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/webhook"
	"github.com/patchbay-im/patchbay/core/wire"
)

// informants tell hooks what happens, as webhooks are told, cut to what the
// workspace lets the plugin know.
type informants struct {
	render  webhook.Renderer
	ask     extension.Hooks
	allowed extension.Allowances
	cut     wire.Cutter
}

// about picks what a hook asked for.
func (h *informants) about(ctx context.Context, c extension.Connection, events []event.Event) ([]item, error) {
	types := h.ask.EventsOf(c.Plugin)
	wanted := slices.DeleteFunc(slices.Clone(events), func(e event.Event) bool {
		return !webhook.Offered(e.Type) || !slices.Contains(types, e.Type)
	})
	if len(wanted) == 0 {
		return nil, nil
	}
	envelopes, err := h.render.Render(ctx, c.Workspace, wanted)
	if err != nil {
		return nil, err //nolint:wrapcheck // a port's error says where it comes from
	}
	scopes, err := h.allowed.Allowed(ctx, c.Workspace, c.Plugin)
	if err != nil {
		return nil, err //nolint:wrapcheck // as above
	}
	var out []item
	for _, e := range wanted {
		envelope, ok := envelopes[e.ID]
		if !ok {
			continue // what it is about is gone
		}
		var shape struct {
			Data json.RawMessage `json:"data"`
		}
		if err := json.Unmarshal(envelope.Body, &shape); err != nil {
			return nil, err //nolint:wrapcheck // we wrote it
		}
		data, err := h.cut.Cut(shape.Data, func(scope string) bool {
			return slices.Contains(scopes, scope) && h.ask.Asks(c.Plugin, scope)
		})
		if err != nil {
			return nil, err //nolint:wrapcheck // as above
		}
		out = append(out, item{event: e, told: extension.Event{ID: e.ID, Type: e.Type, Feed: e.Feed, At: e.At, Data: data}})
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
