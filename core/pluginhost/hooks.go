package pluginhost

import (
	"cmp"
	"context"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/sdk/manifest"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// Rules of interceptors.
const (
	interceptBudget    = 150 * time.Millisecond // unless the manifest says otherwise
	interceptBudgetMax = time.Second
)

// Interceptors implements extension.Hooks.
func (h *Host) Interceptors(p extension.Point) []extension.Interceptor {
	var out []extension.Interceptor
	for _, s := range h.order {
		m, ok := s.asked()
		if !ok || m.Hooks == nil {
			continue
		}
		for _, i := range interceptorsOf(extension.PluginID(s.id), *m.Hooks) {
			if i.Point == p {
				out = append(out, i)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b extension.Interceptor) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(a.Plugin, b.Plugin))
	})
	return out
}

// interceptorsOf reads what a manifest says.
func interceptorsOf(plugin extension.PluginID, h manifest.Hooks) []extension.Interceptor {
	out := make([]extension.Interceptor, len(h.Intercept))
	for i, x := range h.Intercept {
		budget := time.Duration(x.BudgetMS) * time.Millisecond
		if budget <= 0 {
			budget = interceptBudget
		}
		out[i] = extension.Interceptor{
			Plugin: plugin, Point: extension.Point(x.Point), Priority: x.Priority, Budget: min(budget, interceptBudgetMax), Deny: x.OnTimeout == "deny",
		}
	}
	return out
}

// asked returns the manifest of a plugin that is switched on.
func (s *supervisor) asked() (manifest.Manifest, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.plugin.manifest, s.wanted.Enabled
}

// Intercept implements extension.Hooks.
func (h *Host) Intercept(ctx context.Context, to extension.Address, c extension.Change) (extension.Verdict, error) {
	leave, err := h.queue(ctx, to.Plugin, func(b bounds) places { return b.intercepts })
	if err != nil {
		return extension.Verdict{}, err
	}
	defer leave()
	who, err := h.ready(ctx, to)
	if err != nil {
		return extension.Verdict{}, err
	}
	defer who.session.calls.end()
	s := who.supervisor
	if !who.instance.May("hooks:intercept") {
		return extension.Verdict{}, nil
	}
	answer, err := pluginv1.NewHookServiceClient(who.session.process.Conn()).Intercept(ctx, interceptTo(to, c, who.instance.May("contacts:read")))
	if err != nil {
		return extension.Verdict{}, s.failed(ctx, "Intercept", err)
	}
	return s.verdictOf(c, answer)
}

func interceptTo(to extension.Address, c extension.Change, contacts bool) *pluginv1.InterceptRequest {
	out := &pluginv1.InterceptRequest{InstanceId: to.Instance, ChangeId: c.ID}
	if d := c.Send; d != nil {
		out.Change = &pluginv1.InterceptRequest_MessageSend{MessageSend: &pluginv1.MessageDraft{
			ConversationId: d.Conversation, Author: authorTo(d.Author), AuthorId: d.AuthorID, Content: contentTo(d.Text, d.Files),
		}}
	}
	if d := c.Route; d != nil {
		draft := &pluginv1.RouteDraft{ConversationId: d.Conversation, InboxId: d.Inbox, TeamId: d.Team}
		if contacts {
			draft.ContactId = d.Customer
		}
		out.Change = &pluginv1.InterceptRequest_ConversationRoute{ConversationRoute: draft}
	}
	return out
}

// verdictOf reads a verdict. None, and one that this server does not know, is no
// answer.
func (s *supervisor) verdictOf(c extension.Change, a *pluginv1.InterceptResponse) (extension.Verdict, error) {
	none := func(why string) (extension.Verdict, error) {
		return extension.Verdict{}, errs.New(errs.Unavailable, extension.CodeBadAnswer, "The plugin "+string(s.id)+" gave no verdict: "+why)
	}
	out := extension.Verdict{Reason: cut(valid(a.GetReason()), maxDetail)}
	switch a.GetVerdict() {
	case pluginv1.InterceptResponse_VERDICT_ALLOW:
		return extension.Verdict{}, nil
	case pluginv1.InterceptResponse_VERDICT_DENY:
		out.Deny = true
		return out, nil
	case pluginv1.InterceptResponse_VERDICT_CHANGE:
	case pluginv1.InterceptResponse_VERDICT_UNSPECIFIED:
		return none("it said nothing.")
	default:
		return none("its word is not known here.")
	}
	if c.Route != nil {
		team := cut(valid(a.GetTeam()), maxName)
		out.Team = &team
		return out, nil
	}
	body, ok := a.GetContent().GetBody().(*pluginv1.Content_Text)
	if !ok {
		return none("it changed a message into something that is no text.")
	}
	text := body.Text
	out.Text = &text
	return out, nil
}

// EventsOf implements extension.Hooks.
func (h *Host) EventsOf(p extension.PluginID) []string {
	s, ok := h.byID[channel.PluginID(p)]
	if !ok {
		return nil
	}
	if m := s.installed().manifest; m.Hooks != nil {
		return m.Hooks.Events
	}
	return nil
}

// Asks implements extension.Hooks.
func (h *Host) Asks(p extension.PluginID, scope string) bool {
	s, ok := h.byID[channel.PluginID(p)]
	return ok && s.installed().manifest.Asks(scope)
}

// Tell implements extension.Hooks.
func (h *Host) Tell(ctx context.Context, to extension.Address, events []extension.Event) ([]extension.Outcome, error) {
	who, err := h.ready(ctx, to)
	if err != nil {
		return nil, err
	}
	defer who.session.calls.end()
	if !who.instance.May("events:subscribe") {
		return nil, errs.New(errs.Forbidden, "plugin.scope", "The workspace does not allow the plugin to be told of events.")
	}
	leave, err := h.admit(who.supervisor, who.session)
	if err != nil {
		return nil, err
	}
	defer leave()
	req := &pluginv1.OnEventsRequest{InstanceId: to.Instance}
	for _, e := range events {
		req.Events = append(req.Events, &pluginv1.Event{Id: e.ID, Type: e.Type, Feed: e.Feed, At: timestamppb.New(e.At), Data: e.Data})
	}
	answer, err := pluginv1.NewHookServiceClient(who.session.process.Conn()).OnEvents(ctx, req)
	if err != nil {
		return nil, who.supervisor.told(ctx, who.session, "OnEvents", err)
	}
	out := make([]extension.Outcome, 0, len(events))
	for _, r := range answer.GetResults()[:min(len(answer.GetResults()), len(events))] {
		out = append(out, outcomeOf(r))
	}
	return out, nil
}
