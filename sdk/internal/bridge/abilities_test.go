package bridge_test

import (
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/patchbay-im/patchbay/sdk/analyzer"
	"github.com/patchbay-im/patchbay/sdk/bot"
	"github.com/patchbay-im/patchbay/sdk/connector"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/hook"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/internal/bridge"
	"github.com/patchbay-im/patchbay/sdk/internal/testhost"
	"github.com/patchbay-im/patchbay/sdk/manifest/stamp"
	"github.com/patchbay-im/patchbay/sdk/message"
	"github.com/patchbay-im/patchbay/sdk/panel"
	"github.com/patchbay-im/patchbay/sdk/panel/card"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
	"github.com/patchbay-im/patchbay/sdk/tool"
)

// open runs a plugin with one instance whose every field is set.
func open(t *testing.T, made bridge.Abilities) *testhost.Plugin {
	t.Helper()
	p := testhost.InProcess(t, stamp.Stamp{ID: "a/b", Version: "1.0.0"}, func(context.Context, bridge.Start) (bridge.Abilities, error) { return made, nil })
	if _, err := p.Service.Init(t.Context(), &pluginv1.InitRequest{}); err != nil {
		t.Fatal(err)
	}
	_, err := p.Service.Configure(t.Context(), &pluginv1.ConfigureRequest{Instances: []*pluginv1.Instance{{
		Id: "pin_1", Config: []byte(`{"host":"h"}`), ConfigRevision: 1, Secrets: map[string]string{"/token": "s"}, Scopes: []string{"state"},
		Kind: "connection", Name: "Shop", Locale: "zh-CN", TimeZone: "Asia/Shanghai",
	}}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// clerk is a bot and an analyzer at once, and does what the test says.
type clerk struct {
	turn       func(context.Context, bot.TurnRequest, *bot.Turn) (bot.TurnResponse, error)
	analyses   []analyzer.Analysis
	failed     error
	configured []instance.Instance
	scheduled  []instance.RunScheduledRequest
	migrated   []string
	judged     []instance.ValidateConfigRequest
}

func (c *clerk) Turn(ctx context.Context, req bot.TurnRequest, out *bot.Turn) (bot.TurnResponse, error) {
	return c.turn(ctx, req, out)
}

func (c *clerk) Analyze(context.Context, analyzer.AnalyzeRequest) (analyzer.AnalyzeResponse, error) {
	return analyzer.AnalyzeResponse{Analyses: c.analyses}, c.failed
}

func (c *clerk) Configure(_ context.Context, req instance.ConfigureRequest) (instance.ConfigureResponse, error) {
	c.configured = append(c.configured, req.Instance)
	return instance.ConfigureResponse{}, nil
}

func (c *clerk) RunScheduled(_ context.Context, req instance.RunScheduledRequest) (instance.RunScheduledResponse, error) {
	c.scheduled = append(c.scheduled, req)
	return instance.RunScheduledResponse{}, c.failed
}

func (c *clerk) MigrateState(_ context.Context, req instance.MigrateStateRequest) (instance.MigrateStateResponse, error) {
	c.migrated = append(c.migrated, req.FromVersion)
	return instance.MigrateStateResponse{}, nil
}

func (c *clerk) ValidateConfig(_ context.Context, req instance.ValidateConfigRequest) (instance.ValidateConfigResponse, error) {
	c.judged = append(c.judged, req)
	return instance.ValidateConfigResponse{}, nil
}

// One value that is two abilities is one value.
func TestOneValue(t *testing.T) {
	c := &clerk{}
	p := open(t, bridge.Abilities{Bot: c, Analyzer: c})
	if len(c.configured) != 1 {
		t.Fatalf("configured %d times", len(c.configured))
	}
	in := c.configured[0]
	if in.Kind != instance.KindConnection || in.Name != "Shop" || !in.Allows("state") || in.Allows("lease") || in.Locale != "zh-CN" || in.TimeZone != "Asia/Shanghai" || in.Secrets["/token"] != "s" {
		t.Errorf("%+v", in)
	}
	answer, err := p.Service.RunScheduled(t.Context(), &pluginv1.RunScheduledRequest{InstanceId: "pin_1", Key: "k", Payload: []byte("p"), RunId: "r"})
	if err != nil || answer.GetResult().GetOutcome() != pluginv1.Outcome_OUTCOME_ACCEPTED || len(c.scheduled) != 1 || c.scheduled[0].Instance.ID != "pin_1" || c.scheduled[0].RunID != "r" {
		t.Errorf("RunScheduled: %v %v %+v", answer, err, c.scheduled)
	}
	c.failed = errs.Unavailable(nil, "not now")
	if answer, err = p.Service.RunScheduled(t.Context(), &pluginv1.RunScheduledRequest{InstanceId: "pin_1"}); err != nil || answer.GetResult().GetOutcome() != pluginv1.Outcome_OUTCOME_RETRY {
		t.Errorf("RunScheduled that fails: %v %v", answer, err)
	}
	if answer, err = p.Service.RunScheduled(t.Context(), &pluginv1.RunScheduledRequest{InstanceId: "pin_2"}); err != nil || answer.GetResult().GetCode() != "unknown_instance" {
		t.Errorf("RunScheduled of a stranger: %v %v", answer, err)
	}
	if _, err := p.Service.MigrateState(t.Context(), &pluginv1.MigrateStateRequest{FromVersion: "0.9.0"}); err != nil || strings.Join(c.migrated, " ") != "0.9.0" {
		t.Errorf("MigrateState: %v %v", c.migrated, err)
	}
	_, err = p.Service.ValidateConfig(t.Context(), &pluginv1.ValidateConfigRequest{Config: []byte(`{}`), Secrets: map[string]string{"/token": "x"}, Probe: true})
	if err != nil || len(c.judged) != 1 || !c.judged[0].Probe || c.judged[0].Secrets["/token"] != "x" {
		t.Errorf("ValidateConfig: %v %+v", err, c.judged)
	}
	if _, err := p.Service.RunScheduled(t.Context(), &pluginv1.RunScheduledRequest{}); err != nil {
		t.Error(err)
	}
}

// What a plugin does not do is not served, and says so.
func TestNotServed(t *testing.T) {
	p := open(t, bridge.Abilities{Tools: tool.Map{}})
	_, err1 := p.Connector.Lookup(t.Context(), &pluginv1.LookupRequest{InstanceId: "pin_1"})
	_, err2 := p.Panel.CallPanel(t.Context(), &pluginv1.CallPanelRequest{InstanceId: "pin_1"})
	_, err3 := p.Service.RunScheduled(t.Context(), &pluginv1.RunScheduledRequest{InstanceId: "pin_1"})
	_, err4 := p.Template.PlanTemplate(t.Context(), &pluginv1.PlanTemplateRequest{})
	for i, err := range []error{err1, err2, err3, err4} {
		if status.Code(err) != codes.Unimplemented {
			t.Errorf("%d: %v", i+1, err)
		}
	}
}

func ask(t *testing.T, p *testhost.Plugin, req *pluginv1.TurnRequest) (events []*pluginv1.TurnResponse, err error) {
	t.Helper()
	req.InstanceId = "pin_1"
	stream, err := p.Bot.Turn(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	for {
		e, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return events, nil
		}
		if err != nil {
			return events, err
		}
		events = append(events, e)
	}
}

func TestTurns(t *testing.T) {
	c := &clerk{}
	p := open(t, bridge.Abilities{Bot: c})
	var asked bot.TurnRequest
	c.turn = func(_ context.Context, req bot.TurnRequest, out *bot.Turn) (bot.TurnResponse, error) {
		asked = req
		return bot.TurnResponse{Confidence: 7, CostMicros: 5}, errors.Join(out.Delta("he"), out.Reply(message.Text("hello")),
			out.CallTool(bot.ToolCall{CallID: "1", Tool: "a/b:c", Args: map[string]int{"n": 1}}), out.HandOff(bot.HandOff{Team: "T", Reason: "r", Summary: "s"}))
	}
	events, err := ask(t, p, &pluginv1.TurnRequest{
		Trigger: pluginv1.TurnRequest_TRIGGER_TOOL_RESULT, Attempt: 2, Contact: &pluginv1.Contact{Name: "Alice", Attributes: []byte(`{"vip":true}`)},
		History: []*pluginv1.Message{{Author: pluginv1.Author_AUTHOR_CUSTOMER, Content: &pluginv1.Content{Attachments: []*pluginv1.Attachment{{BlobId: "blb_1", Size: 3}}}}},
		ToolResults: []*pluginv1.ToolResult{
			{CallId: "1", Result: &pluginv1.Result{Outcome: pluginv1.Outcome_OUTCOME_REJECTED, Code: "denied"}},
			{CallId: "2", Output: []byte("1"), Result: &pluginv1.Result{Outcome: pluginv1.Outcome_OUTCOME_DUPLICATE}},
			{CallId: "3", Result: &pluginv1.Result{Outcome: 99}},
		},
	})
	if err != nil || len(events) != 5 || events[0].GetDelta() != "he" || events[1].GetReply().GetText() != "hello" ||
		string(events[2].GetToolCall().GetArgs()) != `{"n":1}` || events[3].GetHandoff().GetTeam() != "T" || events[4].GetDone().GetConfidence() != 1 {
		t.Errorf("%v %v", events, err)
	}
	if asked.Trigger != bot.TriggerToolResult || asked.Attempt != 2 || asked.History[0].Content.Attachments[0].BlobID != "blb_1" || asked.Contact.Name != "Alice" ||
		asked.ToolResults[0].Err.Code != bot.CodeDenied || asked.ToolResults[1].Err != nil || asked.ToolResults[2].Err.Source != errs.FarSide {
		t.Errorf("%+v", asked)
	}
	for name, tt := range map[string]struct {
		turn func(context.Context, bot.TurnRequest, *bot.Turn) (bot.TurnResponse, error)
		want codes.Code
	}{
		"not looked at": {func(_ context.Context, _ bot.TurnRequest, out *bot.Turn) (bot.TurnResponse, error) {
			_ = out.Reply(message.Text(""))
			return bot.TurnResponse{}, nil
		}, codes.Internal},
		"too much memory": {func(context.Context, bot.TurnRequest, *bot.Turn) (bot.TurnResponse, error) {
			return bot.TurnResponse{Memory: make([]byte, bot.MaxMemory+1)}, nil
		}, codes.Internal},
		"panic": {func(context.Context, bot.TurnRequest, *bot.Turn) (bot.TurnResponse, error) { panic("teapot") }, codes.Internal},
		"far side": {func(context.Context, bot.TurnRequest, *bot.Turn) (bot.TurnResponse, error) {
			return bot.TurnResponse{}, errs.Unavailable(nil, "")
		}, codes.Unavailable},
		"rejected": {func(context.Context, bot.TurnRequest, *bot.Turn) (bot.TurnResponse, error) {
			return bot.TurnResponse{}, errs.Reject("no", "")
		}, codes.FailedPrecondition},
	} {
		c.turn = tt.turn
		if events, err := ask(t, p, &pluginv1.TurnRequest{}); status.Code(err) != tt.want || len(events) > 0 {
			t.Errorf("%s: %v %v", name, events, err)
		}
	}
}

// A turn that nobody wants ends its ctx, and a drain does not wait for it.
func TestCancelledTurn(t *testing.T) {
	began := make(chan struct{})
	ended := make(chan error, 1)
	c := &clerk{turn: func(ctx context.Context, _ bot.TurnRequest, out *bot.Turn) (bot.TurnResponse, error) {
		close(began)
		<-ctx.Done()
		ended <- out.Reply(message.Text("too late"))
		return bot.TurnResponse{}, ctx.Err()
	}}
	p := open(t, bridge.Abilities{Bot: c})
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := p.Bot.Turn(ctx, &pluginv1.TurnRequest{InstanceId: "pin_1"}); err != nil {
		t.Fatal(err)
	}
	<-began
	cancel()
	if err := <-ended; err == nil {
		t.Error("it could still speak")
	}
	answer, err := p.Service.Drain(t.Context(), &pluginv1.DrainRequest{Within: durationpb.New(10 * time.Second)})
	if err != nil || answer.GetUnfinished() != 0 {
		t.Errorf("%v %v", answer, err)
	}
}

// What a goroutine says after its turn goes nowhere.
func TestLateWords(t *testing.T) {
	late := make(chan error)
	c := &clerk{turn: func(_ context.Context, _ bot.TurnRequest, out *bot.Turn) (bot.TurnResponse, error) {
		go func() {
			var err error
			for err == nil {
				err = out.Delta("x")
			}
			late <- err
		}()
		return bot.TurnResponse{}, out.Reply(message.Text("done"))
	}}
	p := open(t, bridge.Abilities{Bot: c})
	for range 20 {
		events, err := ask(t, p, &pluginv1.TurnRequest{})
		if err != nil || events[len(events)-1].GetDone() == nil {
			t.Fatalf("%v %v", events, err)
		}
		if err := <-late; err == nil {
			t.Error("it could still speak")
		}
	}
}

func TestAnalyses(t *testing.T) {
	c := &clerk{}
	p := open(t, bridge.Abilities{Analyzer: c})
	many := make([]analyzer.Finding, 20)
	for i := range many {
		many[i] = analyzer.Finding{Code: strconv.Itoa(i), Start: i, Level: analyzer.Level(i % 2)}
	}
	c.analyses = []analyzer.Analysis{{Findings: many}, {Err: errs.Reject("x", "x")}, {Err: errors.New("later")}, {}}
	req := &pluginv1.AnalyzeRequest{InstanceId: "pin_1", Messages: make([]*pluginv1.Message, 4)}
	for i := range req.Messages {
		req.Messages[i] = &pluginv1.Message{}
	}
	answer, err := p.Analyzer.Analyze(t.Context(), req)
	if err != nil || len(answer.GetAnalyses()) != 3 {
		t.Fatalf("what comes after a retry comes again: %v %v", answer, err)
	}
	kept := answer.GetAnalyses()[0].GetFindings()
	grave := 0
	for i, f := range kept {
		if f.GetLevel() == pluginv1.Finding_LEVEL_WARNING {
			grave++
		}
		if i > 0 && kept[i-1].GetStart() > f.GetStart() {
			t.Error("the order is lost")
		}
	}
	if len(kept) != analyzer.MaxFindings || grave != 10 {
		t.Errorf("%d are kept, %d of them grave", len(kept), grave)
	}
	if r := answer.GetAnalyses()[2].GetResult(); r.GetOutcome() != pluginv1.Outcome_OUTCOME_RETRY {
		t.Errorf("%v", r)
	}
	c.analyses = make([]analyzer.Analysis, 5)
	if answer, err = p.Analyzer.Analyze(t.Context(), req); err != nil || len(answer.GetAnalyses()) != 1 || answer.GetAnalyses()[0].GetResult().GetCode() != "plugin_fault" {
		t.Errorf("more answers than messages: %v %v", answer, err)
	}
	c.failed = errs.Reject("no", "")
	if answer, err = p.Analyzer.Analyze(t.Context(), req); err != nil || len(answer.GetAnalyses()) != 4 {
		t.Errorf("all are skipped: %v %v", answer, err)
	}
}

// judge is a hook that answers as the test says.
type judge struct {
	verdict hook.InterceptResponse
	results hook.OnEventsResponse
	failed  error
}

func (j *judge) Intercept(context.Context, hook.InterceptRequest) (hook.InterceptResponse, error) {
	return j.verdict, j.failed
}

func (j *judge) OnEvents(context.Context, hook.OnEventsRequest) (hook.OnEventsResponse, error) {
	return j.results, j.failed
}

// A verdict that does not fit is no answer, never a permission.
func TestVerdicts(t *testing.T) {
	j := &judge{}
	p := open(t, bridge.Abilities{Hook: j})
	draft := &pluginv1.InterceptRequest{InstanceId: "pin_1", Change: &pluginv1.InterceptRequest_MessageSend{MessageSend: &pluginv1.MessageDraft{}}}
	route := &pluginv1.InterceptRequest{InstanceId: "pin_1", Change: &pluginv1.InterceptRequest_ConversationRoute{ConversationRoute: &pluginv1.RouteDraft{}}}
	for i, tt := range []struct {
		req     *pluginv1.InterceptRequest
		verdict hook.InterceptResponse
		want    pluginv1.InterceptResponse_Verdict // 0 = an error
	}{
		{draft, hook.InterceptResponse{}, 0},
		{draft, hook.Allow(), pluginv1.InterceptResponse_VERDICT_ALLOW},
		{draft, hook.Deny("no"), pluginv1.InterceptResponse_VERDICT_DENY},
		{draft, hook.ChangeMessage(message.Text("x"), ""), pluginv1.InterceptResponse_VERDICT_CHANGE},
		{draft, hook.ChangeTeam("T", ""), 0},
		{route, hook.ChangeTeam("T", ""), pluginv1.InterceptResponse_VERDICT_CHANGE},
		{route, hook.ChangeMessage(message.Text("x"), ""), 0},
	} {
		j.verdict = tt.verdict
		if got, err := p.Hook.Intercept(t.Context(), tt.req); got.GetVerdict() != tt.want || (err == nil) != (tt.want != 0) {
			t.Errorf("%d: %v %v", i, got, err)
		}
	}
	events := &pluginv1.OnEventsRequest{InstanceId: "pin_1", Events: []*pluginv1.Event{{Id: "1"}, {Id: "2"}, {Id: "3"}}}
	for name, tt := range map[string]struct {
		results []error
		failed  error
		want    string
	}{
		"all":      {nil, nil, strings.TrimSpace(strings.Repeat("ACCEPTED ", 3))},
		"dropped":  {[]error{nil, errs.Reject("x", ""), nil}, nil, "ACCEPTED REJECTED ACCEPTED"},
		"later":    {[]error{nil, errors.New("x"), nil}, nil, "ACCEPTED RETRY"},
		"some":     {[]error{nil}, nil, "ACCEPTED"},
		"none":     {nil, errors.New("x"), "RETRY"},
		"too many": {make([]error, 4), nil, "RETRY"},
	} {
		j.results, j.failed = hook.OnEventsResponse{Results: tt.results}, tt.failed
		answer, err := p.Hook.OnEvents(t.Context(), events)
		var got []string
		for _, r := range answer.GetResults() {
			got = append(got, strings.TrimPrefix(r.GetOutcome().String(), "OUTCOME_"))
		}
		if err != nil || strings.Join(got, " ") != tt.want {
			t.Errorf("%s: %q %v", name, got, err)
		}
	}
}

// shop claims everything and can look up alone.
type shop struct{ records int }

func (shop) DescribeObjects(context.Context, connector.DescribeObjectsRequest) (connector.DescribeObjectsResponse, error) {
	return connector.DescribeObjectsResponse{Objects: []connector.ObjectType{{Name: "order", Lookup: true, Search: true, Upsert: true, Activities: true, Pull: true}}}, nil
}

func (s shop) Lookup(context.Context, connector.LookupRequest) (connector.LookupResponse, error) {
	return connector.LookupResponse{Records: make([]connector.Record, s.records)}, nil
}

func (shop) Render(context.Context, panel.RenderRequest) (panel.RenderResponse, error) {
	return panel.RenderResponse{Card: card.New(card.Image{})}, nil
}

// What a value cannot do is not claimed for it, and what the core would refuse
// does not leave the plugin.
func TestClaims(t *testing.T) {
	p := open(t, bridge.Abilities{Connector: shop{connector.MaxLookup + 1}, Panel: shop{}})
	answer, err := p.Connector.DescribeObjects(t.Context(), &pluginv1.DescribeObjectsRequest{InstanceId: "pin_1"})
	if o := answer.GetObjects()[0]; err != nil || !o.GetLookup() || o.GetSearch() || o.GetUpsert() || o.GetActivities() || o.GetPull() {
		t.Errorf("%v %v", o, err)
	}
	if _, err := p.Connector.Lookup(t.Context(), &pluginv1.LookupRequest{InstanceId: "pin_1"}); status.Code(err) != codes.Internal {
		t.Errorf("too many records: %v", err)
	}
	if _, err := p.Panel.RenderPanel(t.Context(), &pluginv1.RenderPanelRequest{InstanceId: "pin_1"}); status.Code(err) != codes.Internal || !strings.Contains(err.Error(), "/body/0/url") {
		t.Errorf("a card that cannot be drawn: %v", err)
	}
}
