package pluginhost_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/delivery"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/identity"
	inst "github.com/patchbay-im/patchbay/core/instance"
	"github.com/patchbay-im/patchbay/core/pluginhost"
)

// The ports the host is.
var (
	_ channel.Plugins = (*pluginhost.Host)(nil)
	_ extension.Host  = (*pluginhost.Host)(nil)
)

const echo = channel.PluginID("patchbay/echo")

func TestEchoFromEndToEnd(t *testing.T) {
	h := newHouse(t)
	h.install("echo")
	in := h.inbox(echo, `{"prefix":"> "}`)
	stop := h.run()
	p := h.until(echo, extension.Ready)
	if p.PID == 0 || p.Version != "0.1.0" || p.Name["zh-CN"] != "回声" || p.Restarts != 0 || p.Detail != "" {
		t.Errorf("status: %+v", p)
	}
	if health := h.host.Health(in); health.State != "ok" {
		t.Errorf("health: %+v", health)
	}

	// In: a webhook.
	answer, err := h.host.Webhook(t.Context(), in, channel.WebhookRequest{
		ID: "whk_1", Method: "POST", Path: "/", Body: []byte(`{"id":"m1","from":"alice","name":"Alice","text":"你好 👋"}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	if answer.Status != 200 || answer.Result.Outcome != channel.OutcomeAccepted || len(answer.Inbound) != 1 {
		t.Fatalf("answer: %+v", answer)
	}
	want := channel.Inbound{Inbox: in.ID, External: "m1", Sender: channel.Person{External: "alice", Name: "Alice"}, Content: channel.Content{Text: "你好 👋"}}
	if got := answer.Inbound[0]; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("inbound %+v, want %+v", got, want)
	}
	answer, err = h.host.Webhook(t.Context(), in, channel.WebhookRequest{ID: "whk_2", Method: "POST", Path: "/", Body: []byte(`{"id":`)})
	if err != nil || answer.Status != 400 || answer.Result.Outcome != channel.OutcomeRejected || !strings.Contains(string(answer.Body), `"from":"alice"`) {
		t.Errorf("bad input: %+v (%s) %v", answer, answer.Body, err)
	}

	// Out, and in again by the plugin's own call.
	h.ledger.add(in, 200, 10)
	h.deliver.Wake()
	wait(t, "200 deliveries sent", func() bool { return h.ledger.sent() == 200 })
	came := h.came()
	if len(came) != 200 {
		t.Fatalf("%d messages came back, want 200", len(came))
	}
	seen := make(map[string]bool)
	for _, m := range came {
		if seen[m.External] || !strings.HasPrefix(m.Content.Text, "> text ") || m.Sender.External != "alice" || m.Inbox != in.ID {
			t.Fatalf("came back: %+v", m)
		}
		seen[m.External] = true
	}
	scope := h.scopes[0]
	if scope.Workspace != "wsp_1" || scope.Actor != (identity.Actor{Kind: identity.ActorPlugin, ID: "patchbay/echo", Name: "Echo"}) {
		t.Errorf("scope: %+v", scope)
	}
	if row := h.ledger.row(0); row.ProviderID != "echo-dlv_00000" {
		t.Errorf("the far side's id is %q", row.ProviderID)
	}

	stop()
	if p := h.status(echo); p.State != extension.Stopped || p.PID != 0 {
		t.Errorf("after the end: %+v", p)
	}
	if _, err := h.host.Webhook(t.Context(), in, channel.WebhookRequest{}); !errs.Is(err, errs.Unavailable) {
		t.Errorf("a request after the end: %v", err)
	}
}

func TestPortsWithoutAProcess(t *testing.T) {
	h := newHouse(t)
	h.install("echo")
	in := h.inbox(echo, `{}`)
	host := h.open()
	types := host.Types()
	if len(types) != 1 || types[0].Plugin != echo || types[0].Available || types[0].Capabilities.TextLimit != 4000 || !json.Valid(types[0].ConfigSchema) {
		t.Fatalf("types: %+v", types)
	}
	problems, err := host.ValidateConfig(t.Context(), echo, inst.Candidate{Config: []byte(`{"prefix":5,"x":1}`)})
	if err != nil || len(problems) != 2 || problems[0].Pointer != "/prefix" || problems[1].Pointer != "/x" {
		t.Errorf("problems: %+v %v", problems, err)
	}
	if problems, err := host.ValidateConfig(t.Context(), echo, inst.Candidate{Config: []byte(`{"prefix":"ok"}`)}); err != nil || problems != nil {
		t.Errorf("a good configuration: %+v %v", problems, err)
	}
	if problems, err := host.ValidateConfig(t.Context(), echo, inst.Candidate{Config: []byte(`{`)}); err != nil || len(problems) != 1 {
		t.Errorf("no JSON: %+v %v", problems, err)
	}
	if err := host.Configure(t.Context(), in); err != nil {
		t.Errorf("configure: %v", err)
	}
	if err := host.Remove(t.Context(), in); err != nil {
		t.Errorf("remove: %v", err)
	}
	if health := host.Health(in); health.State != "down" || health.Code != "plugin_stopped" {
		t.Errorf("health: %+v", health)
	}
	if _, err := host.OpenSession(t.Context(), in, channel.SessionRequest{}); !errs.Is(err, errs.Unavailable) {
		t.Errorf("a session: %v", err)
	}
	if _, err := host.ValidateConfig(t.Context(), "a/b", inst.Candidate{}); !errs.Is(err, errs.NotFound) {
		t.Errorf("a plugin that is not there: %v", err)
	}
	if err := host.Restart(t.Context(), "a/b"); !errs.Is(err, errs.NotFound) {
		t.Errorf("restart of a plugin that is not there: %v", err)
	}
	if _, err := host.Logs("a/b"); !errs.Is(err, errs.NotFound) {
		t.Errorf("logs of a plugin that is not there: %v", err)
	}
	if health := host.Health(channel.Inbox{Plugin: "a/b"}); health.State != "down" || health.Code != "plugin_missing" {
		t.Errorf("health without a plugin: %+v", health)
	}
}

func TestInboxesComeAndGo(t *testing.T) {
	h := newHouse(t)
	h.install("echo")
	h.run()
	h.until(echo, extension.Ready)
	in := h.inbox(echo, `{"prefix":"1"}`)
	request := channel.WebhookRequest{ID: "whk_1", Method: "POST", Body: []byte(`{"id":"m1","from":"a","text":"x"}`)}

	answer, err := h.host.Webhook(t.Context(), in, request)
	if err != nil || answer.Result.Outcome != channel.OutcomeRetry || answer.Result.Code != "unknown_instance" {
		t.Fatalf("before it is configured: %+v %v", answer, err)
	}
	if err := h.host.Configure(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	if answer, err = h.host.Webhook(t.Context(), in, request); err != nil || len(answer.Inbound) != 1 {
		t.Fatalf("configured: %+v %v", answer, err)
	}
	for revision, prefix := range map[uint64]string{5: "new ", 3: "old "} {
		in.Config, in.ConfigRevision = []byte(`{"prefix":"`+prefix+`"}`), revision
		if err := h.host.Configure(t.Context(), in); err != nil {
			t.Fatal(err)
		}
		if revision == 3 { // whichever comes first, the higher one stays
			in.Config, in.ConfigRevision = []byte(`{"prefix":"new "}`), 5
			if err := h.host.Configure(t.Context(), in); err != nil {
				t.Fatal(err)
			}
		}
	}
	h.ledger.add(in, 1, 1)
	h.deliver.Wake()
	wait(t, "the echo", func() bool { return len(h.came()) == 1 })
	if got := h.came()[0].Content.Text; got != "new text 0" {
		t.Errorf("with the newest configuration: %q", got)
	}
	in.Enabled = false
	if err := h.host.Configure(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	if answer, err = h.host.Webhook(t.Context(), in, request); err != nil || answer.Result.Code != "unknown_instance" {
		t.Errorf("after it was disabled: %+v %v", answer, err)
	}
}

// A store that is down: what a plugin brings is refused for now, and the send
// behind it is tried again.
func TestNothingIsAckedBeforeTheCommit(t *testing.T) {
	h := newHouse(t)
	h.install("echo")
	in := h.inbox(echo, `{}`)
	h.run()
	h.until(echo, extension.Ready)
	h.mu.Lock()
	h.failing = true
	h.mu.Unlock()
	h.ledger.add(in, 1, 1)
	h.deliver.Wake()
	wait(t, "a failed attempt", func() bool { return h.ledger.row(0).Attempts > 0 })
	if row := h.ledger.row(0); row.State != delivery.Pending || row.LastCode != "host_unavailable" {
		t.Errorf("the row: %+v", row)
	}
	h.mu.Lock()
	h.failing = false
	h.mu.Unlock()
	wait(t, "the echo", func() bool { return h.ledger.sent() == 1 && len(h.came()) == 1 })
}

func TestStopIsQuick(t *testing.T) {
	h := newHouse(t)
	h.install("echo")
	stop := h.run()
	h.until(echo, extension.Ready)
	began := time.Now()
	stop()
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("an idle plugin took %v to stop", took)
	}
}
