package pluginhost

import (
	"context"
	"encoding/json"
	"time"
	"unicode/utf8"

	"google.golang.org/grpc"

	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/sdk/panel/card"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// Limits of what goes between a page or a card and its plugin, in bytes.
const (
	maxCallValue  = 256 << 10
	maxInsertText = 10_000
)

// Panels implements extension.Panels.
func (h *Host) Panels() []extension.Panel {
	var out []extension.Panel
	for _, s := range h.order {
		p := s.installed()
		if p.fault != "" {
			continue
		}
		for _, panel := range p.manifest.Panels {
			out = append(out, extension.Panel{
				Plugin: extension.PluginID(s.id), Name: panel.Name, Slot: extension.Slot(panel.Slot), Title: panel.Title, Page: panel.Page,
			})
		}
	}
	return out
}

func viewTo(v extension.PanelView) *pluginv1.PanelContext {
	return &pluginv1.PanelContext{
		Panel: v.Panel, Slot: string(v.Slot), ConversationId: v.Subject.Conversation, TicketId: v.Subject.Ticket, ContactId: v.Subject.Contact,
		MemberId: string(v.Member), MemberName: valid(v.MemberName), Locale: v.Locale, Theme: v.Theme, May: v.May,
	}
}

// Render implements extension.Panels.
func (h *Host) Render(ctx context.Context, c extension.Connection, v extension.PanelView) (extension.Card, error) {
	var answer *pluginv1.RenderPanelResponse
	err := h.ask(ctx, c.Plugin, pluginv1.AbilityPanel, "RenderPanel", func(ctx context.Context, conn grpc.ClientConnInterface) (err error) {
		answer, err = pluginv1.NewPanelServiceClient(conn).RenderPanel(ctx, &pluginv1.RenderPanelRequest{InstanceId: string(c.ID), Context: viewTo(v)})
		return err
	})
	if err != nil {
		return extension.Card{}, err
	}
	out := extension.Card{}
	if out.JSON, err = h.card(ctx, c.Plugin, "RenderPanel", answer.GetCard()); err != nil {
		return extension.Card{}, err
	}
	if fresh := answer.GetFresh(); fresh.IsValid() {
		out.Fresh = max(fresh.AsDuration(), 0)
	}
	return out, nil
}

// card lets a card pass that the console can draw.
func (h *Host) card(ctx context.Context, plugin extension.PluginID, call string, text []byte) (json.RawMessage, error) {
	if len(text) == 0 {
		return nil, nil
	}
	if problems := card.Check(text); len(problems) > 0 {
		return nil, h.badAnswer(ctx, plugin, call, cut("its card at "+problems[0].Pointer+" "+problems[0].Message, maxDetail))
	}
	return text, nil
}

// Act implements extension.Panels.
func (h *Host) Act(ctx context.Context, c extension.Connection, v extension.PanelView, a extension.PanelAction) (extension.Pressed, error) {
	var answer *pluginv1.ActOnPanelResponse
	err := h.ask(ctx, c.Plugin, pluginv1.AbilityPanel, "ActOnPanel", func(ctx context.Context, conn grpc.ClientConnInterface) (err error) {
		answer, err = pluginv1.NewPanelServiceClient(conn).ActOnPanel(ctx, &pluginv1.ActOnPanelRequest{
			InstanceId: string(c.ID), Context: viewTo(v), ActionId: a.ID, Action: a.Action, Data: a.Data,
		})
		return err
	})
	if err != nil {
		return extension.Pressed{}, err
	}
	out := extension.Pressed{
		Message: cut(answer.GetMessage(), maxDetail), Failed: answer.GetFailed(), InsertText: cut(answer.GetInsertText(), maxInsertText),
	}
	out.Card, err = h.card(ctx, c.Plugin, "ActOnPanel", answer.GetCard())
	return out, err
}

// Call implements extension.Panels.
func (h *Host) Call(ctx context.Context, c extension.Connection, v extension.PanelView, method string, params json.RawMessage) (json.RawMessage, error) {
	var answer *pluginv1.CallPanelResponse
	err := h.ask(ctx, c.Plugin, pluginv1.AbilityPanel, "CallPanel", func(ctx context.Context, conn grpc.ClientConnInterface) (err error) {
		answer, err = pluginv1.NewPanelServiceClient(conn).CallPanel(ctx, &pluginv1.CallPanelRequest{
			InstanceId: string(c.ID), Context: viewTo(v), Method: method, Params: params,
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := settled(answer.GetResult()); err != nil {
		return nil, err
	}
	return h.value(ctx, c.Plugin, "CallPanel", answer.GetValue())
}

// value lets a JSON value of bounded size pass; nothing is null.
func (h *Host) value(ctx context.Context, plugin extension.PluginID, call string, text []byte) (json.RawMessage, error) {
	switch {
	case len(text) == 0:
		return json.RawMessage("null"), nil
	case len(text) > maxCallValue:
		return nil, h.badAnswer(ctx, plugin, call, "the value is larger than 256 KiB")
	case !utf8.Valid(text) || !json.Valid(text):
		return nil, h.badAnswer(ctx, plugin, call, "the value is not JSON")
	}
	return text, nil
}

// timely bounds how long a stream of a plugin may take.
func timely(ctx context.Context, within, most time.Duration) (context.Context, context.CancelFunc) {
	if within <= 0 || within > most {
		within = most
	}
	return context.WithTimeout(ctx, within)
}
