package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/patchbay-im/patchbay/sdk/manifest"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// maxCard bounds a card, in bytes (RenderPanelResponse).
const maxCard = 64 << 10

// contentOf is an answer to compare others with.
func contentOf(m proto.Message) string {
	encoded, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		return err.Error()
	}
	return string(encoded)
}

// said is a customer's message.
func said(t task) *pluginv1.Message {
	return &pluginv1.Message{
		Id: "msg_" + t.token, ConversationId: t.lane, Seq: uint64(t.seq), Author: pluginv1.Author_AUTHOR_CUSTOMER,
		Content: &pluginv1.Content{Body: &pluginv1.Content_Text{Text: t.text}}, At: timestamppb.New(now()),
	}
}

// hears puts a message into its conversation, once.
func (p *plug) hears(t task, m *pluginv1.Message) {
	if t.attempt == 0 {
		p.core.host.AddMessage(t.lane, m)
	}
}

// visit knocks at a live channel.
func visit(ctx context.Context, p *plug, t task) (*pluginv1.Result, string, error) {
	ctx, cancel := context.WithTimeout(ctx, budget)
	defer cancel()
	origin := p.spec.Live.Origin
	if origin == "" {
		origin = "https://kit.example"
	}
	answer, err := pluginv1.NewChannelServiceClient(p.conn).OpenSession(ctx, &pluginv1.OpenSessionRequest{
		InstanceId: instanceID, SessionId: "vis_" + t.token, EmbedOrigin: origin, PageUrl: origin + "/", PageTitle: t.text,
		Locale: "en", UserAgent: "conformance kit",
	})
	if err != nil {
		return nil, "", err
	}
	if settings := answer.GetSettings(); len(settings) > 0 && !isObject(settings) {
		return nil, "", broke("OpenSession: the settings are no JSON object: %.80s", settings)
	}
	if !answer.GetAllow() {
		return &pluginv1.Result{Outcome: pluginv1.Outcome_OUTCOME_REJECTED, Detail: answer.GetReason()}, contentOf(answer), nil
	}
	return nil, contentOf(answer), nil
}

func isObject(data []byte) bool {
	var object map[string]json.RawMessage
	return json.Unmarshal(data, &object) == nil && object != nil
}

// turn asks a bot.
func turn(ctx context.Context, p *plug, t task) (*pluginv1.Result, string, error) {
	ctx, cancel := context.WithTimeout(ctx, budget)
	defer cancel()
	m := said(t)
	if says := p.spec.Bot.Says; len(says) > 0 && strings.HasPrefix(t.text, t.token+" ") {
		m.Content = &pluginv1.Content{Body: &pluginv1.Content_Text{Text: says[t.seq%len(says)]}}
	}
	p.hears(t, m)
	stream, err := pluginv1.NewBotServiceClient(p.conn).Turn(ctx, &pluginv1.TurnRequest{
		TurnId: "trn_" + t.token, InstanceId: instanceID, ConversationId: t.lane, Trigger: pluginv1.TurnRequest_TRIGGER_MESSAGE,
		History: []*pluginv1.Message{m}, Contact: &pluginv1.Contact{Id: customerOf(t.lane)}, Locale: "en", Attempt: t.attempt,
	})
	if err != nil {
		return nil, "", err
	}
	var content strings.Builder
	done := false
	for {
		event, err := stream.Recv()
		switch {
		case errors.Is(err, io.EOF) && !done:
			return nil, "", broke("the turn %s ends without Done", t.token)
		case errors.Is(err, io.EOF):
			return nil, content.String(), nil
		case err != nil:
			return nil, "", err
		case done:
			return nil, "", broke("the turn %s goes on after Done", t.token)
		}
		done = event.GetDone() != nil
		content.WriteString(contentOf(event))
	}
}

// record writes a record, and looks its customer up.
func record(ctx context.Context, p *plug, t task) (*pluginv1.Result, string, error) {
	ctx, cancel := context.WithTimeout(ctx, budget)
	defer cancel()
	client, work := pluginv1.NewConnectorServiceClient(p.conn), p.spec.Connector
	if work.Object == "" || len(work.Emails) > 0 && t.seq%4 == 0 {
		found, err := client.Lookup(ctx, &pluginv1.LookupRequest{InstanceId: instanceID, ContactId: customerOf(t.lane), Emails: work.Emails})
		if err != nil {
			return nil, "", err
		}
		if n := len(found.GetRecords()); n > 20 {
			return nil, "", broke("Lookup returns %d records; at most 20 are allowed", n)
		}
		if work.Object == "" {
			return nil, contentOf(found), nil
		}
	}
	answer, err := client.Upsert(ctx, &pluginv1.UpsertRequest{InstanceId: instanceID, IdempotencyKey: "ups_" + t.token, Record: &pluginv1.Record{
		Object: work.Object, Fields: jsonOf(work.Fields, "{}", "{{text}}", t.text, "{{key}}", t.token),
	}})
	if err != nil {
		return nil, "", err
	}
	return answer.GetResult(), "", nil
}

// invocation uses a tool.
func invocation(ctx context.Context, p *plug, t task) (*pluginv1.Result, string, error) {
	ctx, cancel := context.WithTimeout(ctx, budget)
	defer cancel()
	work := p.spec.Tools[t.seq%len(p.spec.Tools)]
	stream, err := pluginv1.NewToolServiceClient(p.conn).InvokeTool(ctx, &pluginv1.InvokeToolRequest{
		InvocationId: "inv_" + t.token, InstanceId: instanceID, Tool: work.Tool, ConversationId: t.lane, ContactId: customerOf(t.lane), CallerKind: "agent", CallerId: "mem_kit",
		Args: jsonOf(work.Args, "{}", "{{text}}", t.text, "{{key}}", t.token), Attempt: t.attempt,
	})
	if err != nil {
		return nil, "", err
	}
	var completed *pluginv1.InvokeToolResponse_Completed
	for {
		event, err := stream.Recv()
		switch {
		case errors.Is(err, io.EOF) && completed == nil:
			return nil, "", broke("the call %s ends without Completed", t.token)
		case errors.Is(err, io.EOF):
			if out := completed.GetOutput(); len(out) > 0 && !json.Valid(out) {
				return nil, "", broke("the output of %s is no JSON: %.80s", work.Tool, out)
			}
			return completed.GetResult(), "", nil
		case err != nil:
			return nil, "", err
		case completed != nil:
			return nil, "", broke("the call %s goes on after Completed", t.token)
		}
		completed = event.GetCompleted()
	}
}

// hooked asks a hook before something happens, and tells it after.
func hooked(ctx context.Context, p *plug, t task) (*pluginv1.Result, string, error) {
	ctx, cancel := context.WithTimeout(ctx, budget)
	defer cancel()
	client, hooks := pluginv1.NewHookServiceClient(p.conn), p.manifest.Hooks
	if hooks == nil {
		hooks = &manifest.Hooks{}
	}
	for _, point := range hooks.Intercept {
		req := &pluginv1.InterceptRequest{InstanceId: instanceID, ChangeId: "chg_" + t.token}
		if point.Point == manifest.PointMessageSend {
			req.Change = &pluginv1.InterceptRequest_MessageSend{MessageSend: &pluginv1.MessageDraft{
				ConversationId: t.lane, Author: pluginv1.Author_AUTHOR_AGENT, AuthorId: "mem_kit",
				Content: &pluginv1.Content{Body: &pluginv1.Content_Text{Text: t.text}},
			}}
		} else {
			req.Change = &pluginv1.InterceptRequest_ConversationRoute{ConversationRoute: &pluginv1.RouteDraft{ConversationId: t.lane, InboxId: "inb_kit", ContactId: customerOf(t.lane)}}
		}
		answer, err := client.Intercept(ctx, req)
		if err != nil {
			return nil, "", err
		}
		if answer.GetVerdict() == pluginv1.InterceptResponse_VERDICT_UNSPECIFIED {
			return nil, "", broke("Intercept gives no verdict at %s", point.Point)
		}
	}
	if len(hooks.Events) == 0 {
		return nil, "", nil
	}
	kind := hooks.Events[t.seq%len(hooks.Events)]
	data, err := json.Marshal(happening(kind, t))
	if err != nil {
		return nil, "", err
	}
	answer, err := client.OnEvents(ctx, &pluginv1.OnEventsRequest{InstanceId: instanceID, Events: []*pluginv1.Event{{
		Id: "evt_" + t.token, Type: kind, Feed: uint64(t.seq), At: timestamppb.New(now()), Data: data,
	}}})
	if err != nil {
		return nil, "", err
	}
	if n := len(answer.GetResults()); n != 1 {
		return nil, "", broke("OnEvents answers one event with %d results", n)
	}
	return answer.GetResults()[0], "", nil
}

// happening is what an event tells: of a customer only who it is.
func happening(kind string, t task) map[string]any {
	if strings.HasPrefix(kind, "contact.") || strings.HasPrefix(kind, "erasure.") {
		return map[string]any{"id": customerOf(t.lane)}
	}
	if strings.HasPrefix(kind, "notification.") {
		return map[string]any{
			"notification": map[string]any{"id": "ntf_" + t.token, "kind": "mention", "member": map[string]any{"id": "mem_kit", "name": "Kit"}, "conversation_id": t.lane, "text": t.text},
			"conversation": map[string]any{"id": t.lane},
		}
	}
	return map[string]any{"conversation": map[string]any{"id": t.lane}, "message": map[string]any{"text": t.text}}
}

// analysis has a message read.
func analysis(ctx context.Context, p *plug, t task) (*pluginv1.Result, string, error) {
	ctx, cancel := context.WithTimeout(ctx, budget)
	defer cancel()
	m := said(t)
	p.hears(t, m)
	answer, err := pluginv1.NewAnalyzerServiceClient(p.conn).Analyze(ctx, &pluginv1.AnalyzeRequest{InstanceId: instanceID, Messages: []*pluginv1.Message{m}})
	if err != nil {
		return nil, "", err
	}
	if n := len(answer.GetAnalyses()); n != 1 {
		return nil, "", broke("Analyze answers one message with %d analyses", n)
	}
	one := answer.GetAnalyses()[0]
	length := uint32(len([]rune(t.text)))
	for _, f := range one.GetFindings() {
		if f.GetCode() == "" || f.GetTitle()["en"] == "" || f.GetStart() > f.GetEnd() || f.GetEnd() > length {
			return nil, "", broke("a finding without its code, its English title, or outside of the text: %v", f)
		}
	}
	return one.GetResult(), contentOf(one), nil
}

// rendering looks at a card.
func rendering(ctx context.Context, p *plug, t task) (*pluginv1.Result, string, error) {
	ctx, cancel := context.WithTimeout(ctx, budget)
	defer cancel()
	panels := p.cards()
	if len(panels) == 0 {
		return nil, "", nil
	}
	panel := panels[t.seq%len(panels)]
	answer, err := pluginv1.NewPanelServiceClient(p.conn).RenderPanel(ctx, &pluginv1.RenderPanelRequest{InstanceId: instanceID, Context: &pluginv1.PanelContext{
		Panel: panel.Name, Slot: panel.Slot, ConversationId: t.lane, TicketId: "tck_kit", ContactId: customerOf(t.lane), MemberId: "mem_kit",
		MemberName: t.text, Locale: "en", Theme: "light", May: []string{"read", "write"},
	}})
	if err != nil {
		return nil, "", err
	}
	if card := answer.GetCard(); len(card) > maxCard || len(card) > 0 && !isObject(card) {
		return nil, "", broke("the card of %s is no JSON object of at most %d bytes", panel.Name, maxCard)
	}
	return nil, "", nil
}

// cards are the panels that are drawn from JSON.
func (p *plug) cards() []manifest.Panel {
	var out []manifest.Panel
	for _, panel := range p.manifest.Panels {
		named := len(p.spec.Panels) == 0
		for _, w := range p.spec.Panels {
			named = named || w.Panel == panel.Name
		}
		if named && panel.Page == "" {
			out = append(out, panel)
		}
	}
	return out
}

// plan has a template planned.
func plan(ctx context.Context, p *plug, t task) (*pluginv1.Result, string, error) {
	ctx, cancel := context.WithTimeout(ctx, budget)
	defer cancel()
	work := p.spec.Templates
	if len(work) == 0 {
		for _, template := range p.manifest.Templates {
			work = append(work, TemplateWork{Template: template.Name})
		}
	}
	if len(work) == 0 {
		return nil, "", nil
	}
	one := work[t.seq%len(work)]
	answer, err := pluginv1.NewTemplateServiceClient(p.conn).PlanTemplate(ctx, &pluginv1.PlanTemplateRequest{
		InstanceId: instanceID, Template: one.Template, Answers: jsonOf(one.Answers, "{}", "{{text}}", t.text), Locale: "en",
	})
	if err != nil {
		return nil, "", err
	}
	for _, o := range answer.GetObjects() {
		if o.GetKind() == "" || o.GetKey() == "" || !isObject(o.GetObject()) {
			return nil, "", broke("an object of %s without its kind, its key or its JSON object", one.Template)
		}
	}
	return nil, contentOf(answer), nil
}

// routed asks one of the plugin's own routes.
func routed(ctx context.Context, p *plug, t task) (*pluginv1.Result, string, error) {
	ctx, cancel := context.WithTimeout(ctx, budget)
	defer cancel()
	work := p.spec.Routes[t.seq%len(p.spec.Routes)]
	method := work.Method
	if method == "" {
		method = "GET"
	}
	answer, err := pluginv1.NewRouteServiceClient(p.conn).HandleRoute(ctx, &pluginv1.HandleRouteRequest{
		InstanceId: instanceID, RequestId: "req_" + t.token, Method: method, Path: work.Path, RemoteAddr: "192.0.2.1",
		Body: []byte(strings.NewReplacer("{{text}}", t.text, "{{key}}", t.token).Replace(work.Body)),
	})
	if err != nil {
		return nil, "", err
	}
	if code := answer.GetStatus(); code != 0 && (code < 200 || code > 599) {
		return nil, "", broke("the route answers with the status %d", code)
	}
	if answer.GetStatus() >= 500 {
		return &pluginv1.Result{Outcome: pluginv1.Outcome_OUTCOME_RETRY, Detail: fmt.Sprint("status ", answer.GetStatus())}, "", nil
	}
	return nil, "", nil
}
