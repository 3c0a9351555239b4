package hosttest_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/patchbay-im/patchbay/sdk/connector"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/internal/bridge"
	"github.com/patchbay-im/patchbay/sdk/internal/testhost"
	"github.com/patchbay-im/patchbay/sdk/manifest"
	"github.com/patchbay-im/patchbay/sdk/manifest/stamp"
	"github.com/patchbay-im/patchbay/sdk/plugintest/hosttest"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// The host in memory keeps what the core keeps.
func TestTheHostInMemory(t *testing.T) {
	hosttest.Run(t, world(t))
}

// worker does scheduled work.
type worker struct {
	connector.Connector
	do func(instance.RunScheduledRequest) error
}

// RunScheduled implements instance.Scheduled.
func (w *worker) RunScheduled(_ context.Context, req instance.RunScheduledRequest) (instance.RunScheduledResponse, error) {
	return instance.RunScheduledResponse{}, w.do(req)
}

func world(t *testing.T) hosttest.World {
	t.Helper()
	const schema = `{"type":"object","properties":{"account":{"type":"string","x-oauth":{}},"other":{"type":"string","x-oauth":{}}}}`
	m := manifest.Manifest{ID: hosttest.PluginID, Name: manifest.Text{"en": hosttest.PluginName}, ConfigSchema: manifest.Schema(schema)}
	for _, scope := range manifest.Scopes() {
		m.Permissions = append(m.Permissions, manifest.Permission{Scope: scope})
	}
	h := testhost.New(testhost.Options{Manifest: m})
	w := hosttest.World{
		Inbox: "inb_mine", Connection: "pin_mine", Spare: "pin_spare", Others: []string{"inb_other", "pin_other"},
		Advance: h.Jump,
		Dial: func(t *testing.T, p hosttest.Process) *grpc.ClientConn {
			t.Helper()
			conn, end, err := testhost.Dial(h, t.TempDir(), &testhost.Rights{Asks: p.Asks, Grants: p.Grants, Paid: p.Paid})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := end(); err != nil {
					t.Error(err)
				}
			})
			return conn
		},
		Decide: func(t *testing.T, key string, agree bool) {
			t.Helper()
			if !h.Decide("pin_mine", key, agree) {
				t.Errorf("nothing under %q waits", key)
			}
		},
	}
	for id, kind := range map[string]string{w.Inbox: "inbox", w.Connection: "connection", w.Spare: "connection"} {
		h.AddInstance(&pluginv1.Instance{Id: id, Kind: kind})
	}
	work := &worker{}
	w.Due = func(t *testing.T, _ int, fn func(hosttest.Task) error) []hosttest.Task {
		t.Helper()
		var out []hosttest.Task
		work.do = func(r instance.RunScheduledRequest) error {
			task := hosttest.Task{Instance: r.Instance.ID, Key: r.Key, ID: r.RunID, Payload: string(r.Payload)}
			out = append(out, task)
			return fn(task)
		}
		if _, err := h.Advance(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		return out
	}
	seed(t, h, &w)
	serve(t, h, work, w.Connection)
	return w
}

// serve runs a plugin whose schedules the host calls.
func serve(t *testing.T, h *testhost.Host, work *worker, id string) {
	t.Helper()
	p, err := testhost.Join(h, testhost.Local{
		Stamp: stamp.Stamp{ID: hosttest.PluginID, Version: "1.0.0"}, Dir: t.TempDir(),
		New: func(context.Context, bridge.Start) (bridge.Abilities, error) {
			return bridge.Abilities{Connector: work}, nil
		},
	})
	p = testhost.Until(t, p, err)
	if _, err := p.Service.Init(t.Context(), &pluginv1.InitRequest{}); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Service.Configure(t.Context(), &pluginv1.ConfigureRequest{
		Instances: []*pluginv1.Instance{{Id: id, Kind: "connection", Config: []byte("{}"), ConfigRevision: 1}},
	}); err != nil {
		t.Fatal(err)
	}
}

// seed puts into the workspace what the suite knows by name.
func seed(t *testing.T, h *testhost.Host, w *hosttest.World) {
	t.Helper()
	h.AddLabel(hosttest.Label, hosttest.OtherLabel)
	h.AddTeam(hosttest.Team)
	h.AddAttribute(testhost.Field{Key: hosttest.Attribute, Type: testhost.FieldText})
	h.AddAttribute(testhost.Field{Key: hosttest.NumberAttr, Type: testhost.FieldNumber})
	h.AddTicketType(testhost.TicketType{Name: hosttest.TicketType, Fields: []testhost.Field{
		{Key: hosttest.Required, Type: testhost.FieldText, Required: true},
		{Key: hosttest.List, Type: testhost.FieldList, Options: []string{"S", "M"}},
	}})
	w.Contact = h.AddContact(&pluginv1.Contact{Name: hosttest.Customer, Emails: []string{hosttest.Email}}, w.Inbox)
	w.Stranger = h.AddContact(&pluginv1.Contact{Name: "Bob"}, "inb_other")
	w.Merged = h.AddContact(&pluginv1.Contact{Name: "Ali"})
	h.MergeContact(w.Merged, w.Contact)
	w.Conversation = h.AddConversation(&pluginv1.Conversation{InboxId: w.Inbox, ContactId: w.Contact})
	w.Elsewhere = h.AddConversation(&pluginv1.Conversation{InboxId: "inb_other", ContactId: w.Stranger})
	for _, c := range []string{w.Conversation, w.Elsewhere} {
		h.AddMessage(c, &pluginv1.Message{Content: &pluginv1.Content{Body: &pluginv1.Content_Text{Text: hosttest.Said}}})
	}
	w.File = h.AddFile(w.Conversation, hosttest.FileName, []byte(hosttest.FileText)).GetBlobId()
	w.Hidden = h.AddFile(w.Elsewhere, hosttest.FileName, []byte(hosttest.FileText)).GetBlobId()
	h.SetToken(w.Connection, hosttest.Pointer, testhost.Token{Value: hosttest.FirstToken}, testhost.Token{Value: hosttest.NextToken})
	for name, approval := range map[string]bool{hosttest.Tool: false, hosttest.Approved: true} {
		if err := h.AddTool(testhost.Tool{
			Tool: &pluginv1.Tool{
				Name: name, Title: "Look", NeedsApproval: approval,
				ArgsSchema: []byte(`{"type":"object","properties":{"id":{"type":"string"}},"required":["id"]}`),
			}, Do: look,
		}); err != nil {
			t.Fatal(err)
		}
	}
}

func look(_ context.Context, u testhost.ToolUse) (*pluginv1.Result, []byte) {
	var args struct{ ID string }
	if err := json.Unmarshal(u.Args, &args); err != nil {
		return &pluginv1.Result{Outcome: pluginv1.Outcome_OUTCOME_REJECTED, Code: "args", Detail: err.Error()}, nil
	}
	switch args.ID {
	case "no":
		return &pluginv1.Result{Outcome: pluginv1.Outcome_OUTCOME_REJECTED, Code: "unknown_order"}, nil
	case "later":
		return &pluginv1.Result{Outcome: pluginv1.Outcome_OUTCOME_RETRY, Code: "shop_closed", RetryAfter: durationpb.New(time.Minute)}, nil
	}
	return &pluginv1.Result{Outcome: pluginv1.Outcome_OUTCOME_ACCEPTED}, u.Args
}
