package plugintest_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/connector"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/host"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/message"
	"github.com/patchbay-im/patchbay/sdk/plugintest"
)

const source = `
manifest_version: 1
id: acme/erp
version: 1.0.0
name: {en: "ERP"}
summary: {en: "Keeps orders"}
publisher: {name: "Acme"}
license: MIT
core: ">=0.1 <1"
protocol: [1]
kinds: [connector]
runtime: {type: executable}
permissions:
  - {scope: "state", reason: {en: "Keeps its place."}}
  - {scope: "schedule", reason: {en: "Looks each minute."}}
  - {scope: "health:report", reason: {en: "Says when it fails."}}
  - {scope: "tickets:write", optional: true, reason: {en: "Opens tickets."}}
config_schema:
  type: object
  properties:
    shop: {type: string, minLength: 1}
  required: [shop]
  additionalProperties: false
`

// erp is a plugin that counts, on a schedule.
type erp struct {
	connector.Connector
	env  sdk.Env
	fail int
}

func (e *erp) Configure(ctx context.Context, req instance.ConfigureRequest) (instance.ConfigureResponse, error) {
	return instance.ConfigureResponse{}, e.env.Schedule(req.Instance.ID).Set(ctx, host.ScheduleRequest{Key: "pull", Every: time.Minute})
}

func (e *erp) RunScheduled(ctx context.Context, req instance.RunScheduledRequest) (instance.RunScheduledResponse, error) {
	if e.fail > 0 {
		e.fail--
		return instance.RunScheduledResponse{}, errs.Unavailable(nil, "not now")
	}
	_, err := e.env.State(req.Instance.ID).Put(ctx, host.PutRequest{Key: "last", Value: []byte(req.RunID)})
	return instance.RunScheduledResponse{}, err
}

func run(t *testing.T) (*plugintest.Host, *erp, instance.Instance) {
	t.Helper()
	h, e := plugintest.NewHost(t, plugintest.Manifest([]byte(source))), &erp{}
	in := h.Connect(instance.Instance{Config: json.RawMessage(`{"shop":"a"}`)})
	plugintest.InProcess(t, h, sdk.Plugin{Manifest: []byte(source), Connector: func(env sdk.Env) (connector.Connector, error) {
		e.env = env
		return e, nil
	}})
	return h, e, in
}

func TestScheduledWorkRunsWhenItsTimeComes(t *testing.T) {
	h, e, in := run(t)
	if runs := h.Advance(0); len(runs) != 1 || runs[0].Err != nil || string(h.State(in.ID)["last"]) != runs[0].ID {
		t.Fatalf("now: %+v", runs)
	}
	e.fail = 1
	runs := h.Advance(3 * time.Minute)
	if len(runs) != 4 || runs[0].Err == nil || runs[1].ID != runs[0].ID || runs[1].Attempt != 2 || runs[1].Err != nil || runs[3].Key != "pull" {
		t.Errorf("three minutes with a failure: %+v", runs)
	}
	h.Jump(time.Hour)
	if runs := h.Advance(0); len(runs) != 1 {
		t.Errorf("what was missed in an hour came %d times", len(runs))
	}
	h.Disconnect(in.ID)
	if runs := h.Advance(time.Hour); len(runs) != 0 {
		t.Errorf("an instance that is gone was called: %+v", runs)
	}
}

func TestTheHostIsStrict(t *testing.T) {
	h := plugintest.NewHost(t, plugintest.Manifest([]byte(source)))
	if _, err := h.TryConnect(instance.Instance{Config: json.RawMessage(`{"shop":""}`)}); err == nil {
		t.Error("a configuration that the schema refuses is connected")
	}
	in := h.Connect(instance.Instance{Config: json.RawMessage(`{"shop":"a"}`)})
	env, ctx := h.Env(), t.Context()
	code := func(err error) string {
		if err == nil {
			return ""
		}
		return errs.As(err).Code
	}
	_, foreign := env.State("pin_other").Get(ctx, "k")
	_, unasked := env.Conversations(in.ID).Get(ctx, "cnv_1")
	_, large := env.State(in.ID).Put(ctx, host.PutRequest{Key: "k", Value: make([]byte, 64<<10+1)})
	ticket := func() error {
		_, err := env.Tickets(in.ID).Create(ctx, host.NewTicket{Key: "k", Title: "Refund"})
		return err
	}
	if err := ticket(); err != nil {
		t.Error(err)
	}
	h.Revoke("tickets:write")
	revoked := ticket()
	h.RefuseNext("GetState", host.CodeUnavailable)
	_, refused := env.State(in.ID).Get(ctx, "k")
	_, after := env.State(in.ID).Get(ctx, "k")
	for name, tt := range map[string]struct{ got, want string }{
		"another's instance": {code(foreign), host.CodeAbsent}, "not in the manifest": {code(unasked), host.CodeDenied},
		"a large value": {code(large), "plugin.request"}, "not granted": {code(revoked), host.CodeDenied},
		"refused once": {code(refused), host.CodeUnavailable}, "after that": {code(after), ""},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %q, want %q", name, tt.got, tt.want)
		}
	}
	calls := h.Calls()
	if !slices.ContainsFunc(calls, func(c plugintest.Call) bool { return c.Method == "CreateTicket" && c.Err == nil && c.Instance == in.ID }) {
		t.Errorf("calls: %+v", calls)
	}
}

func TestLeasesEndWithTheirProcess(t *testing.T) {
	h := plugintest.NewHost(t)
	in := h.Connect(instance.Instance{})
	one, two := h.Env(), h.Env()
	acquire := func(env sdk.Env) host.Lease {
		l, err := env.Leases(in.ID).Acquire(t.Context(), "session", time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	if l := acquire(one); !l.Acquired || l.Fencing != 1 {
		t.Fatalf("the first: %+v", l)
	}
	if l := acquire(two); l.Acquired {
		t.Errorf("the second has it too: %+v", l)
	}
	h.Jump(time.Minute)
	if l := acquire(two); !l.Acquired || l.Fencing != 2 {
		t.Errorf("after its time: %+v", l)
	}
}

func TestTools(t *testing.T) {
	h := plugintest.NewHost(t)
	in := h.Connect(instance.Instance{ID: "pin_1"})
	h.AddTool(plugintest.Tool{
		Tool: host.Tool{Name: "acme/shop:refund", NeedsApproval: true, ArgsSchema: []byte(`{"type":"object","required":["order"]}`)},
		Do: func(context.Context, plugintest.ToolUse) (json.RawMessage, error) {
			return json.RawMessage(`{"ok":true}`), nil
		},
	})
	tools := h.For(in.ID).Tools
	call := func(args string) (string, error) {
		out, err := tools.Call(t.Context(), host.CallRequest{Key: "k", Tool: "acme/shop:refund", Args: []byte(args)})
		return string(out), err
	}
	if _, err := call(`{}`); errs.As(err).Code != "tool.args" {
		t.Errorf("arguments that the schema refuses: %v", err)
	}
	if _, err := call(`{"order":1}`); errs.As(err).Code != host.CodeApprovalPending {
		t.Errorf("before a person agreed: %v", err)
	}
	h.Decide(in.ID, "k", true)
	if out, err := call(`{"order":1}`); err != nil || out != `{"ok":true}` {
		t.Errorf("after it: %s %v", out, err)
	}
}

func TestWhatCameIn(t *testing.T) {
	h := plugintest.NewHost(t)
	in := h.Connect(instance.Instance{ID: "inb_1"})
	env := h.Env()
	env.Log.Info("hello")
	if err := env.ReportHealth(t.Context(), in.ID, instance.Health{State: instance.Down, Code: "auth_expired"}); err != nil {
		t.Error(err)
	}
	c := h.AddConversation(host.Conversation{InboxID: in.ID})
	h.AddMessage(c, message.Message{Content: message.Text("where is my order?")})
	if _, err := env.Conversations(in.ID).Send(t.Context(), host.SendRequest{Key: "1", Conversation: c, Content: message.Text("On its way.")}); err != nil {
		t.Fatal(err)
	}
	if said := h.Messages(c); len(said) != 2 || said[1].Author != message.AuthorSystem || said[1].Content.Text != "On its way." {
		t.Errorf("said: %+v", said)
	}
	if r := h.Reported(); len(r) != 1 || r[0].Health.State != instance.Down {
		t.Errorf("reported: %+v", r)
	}
	if lines := h.Logs(); len(lines) != 1 {
		t.Errorf("logs: %q", lines)
	}
	if err := errors.Join(env.Ingest(t.Context())); err != nil {
		t.Error(err)
	}
}

func TestLicenses(t *testing.T) {
	h := plugintest.NewHost(t)
	in := h.Connect(instance.Instance{})
	sold := host.Entitlement{State: host.EntitlementValid, Edition: "pro", Features: []string{"export"}, Limits: map[string]int64{"seats": 5}, Customer: "Acme"}
	h.Entitle(sold)
	if got, err := h.For(in.ID).Licenses.Entitlement(t.Context()); err != nil || !reflect.DeepEqual(got, sold) {
		t.Errorf("got %+v %v", got, err)
	}
}

// The plugin as a program: it starts, is told of its instances, writes, and its
// successor takes over.
func TestAProgram(t *testing.T) {
	h := plugintest.NewHost(t)
	one := h.Connect(instance.Instance{ID: "pin_1", Config: json.RawMessage(`{"a":1}`)})
	program := plugintest.Build(t, "../internal/testhost/testdata/talker")
	p := plugintest.Process(t, h, program)
	two := h.Connect(instance.Instance{ID: "pin_2", Config: json.RawMessage(`{"b":2}`)})
	if got := string(h.State(one.ID)["config"]) + string(h.State(two.ID)["config"]); got != `{"a":1}{"b":2}` {
		t.Errorf("it was told %s", got)
	}
	if x := p.Health(one.ID); x.State != instance.OK {
		t.Errorf("its health: %+v", x)
	}
	h.Revoke("state")
	if x := p.Health(two.ID); x.State != instance.Down || x.Code != host.CodeDenied {
		t.Errorf("after a permission was taken: %+v", x)
	}
	h.Grant("state")
	if left := p.Stop(time.Second); left != 0 {
		t.Errorf("it gave %d things up", left)
	}
	if x := plugintest.Process(t, h, program).Health(two.ID); x.State != instance.OK {
		t.Errorf("its successor: %+v", x)
	}
	if !slices.ContainsFunc(h.Logs(), func(line string) bool { return strings.Contains(line, "at debug") }) {
		t.Errorf("logs: %q", h.Logs())
	}
}
