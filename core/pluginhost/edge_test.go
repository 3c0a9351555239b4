package pluginhost_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/delivery"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
	inst "github.com/patchbay-im/patchbay/core/instance"
)

// post lets the plugin that behaves badly answer a request.
func (h *house) post(in channel.Inbox, body string) (channel.WebhookAnswer, error) {
	return h.host.Webhook(h.t.Context(), in, channel.WebhookRequest{
		ID: "whk_1", Method: "PUT", Path: "/a/b", Query: "q=1%20x", Body: []byte(body),
		Headers: map[string][]string{"X-Test": {"yes\xff"}},
	})
}

func TestAnswersAreCheckedAtTheEdge(t *testing.T) {
	h := newHouse(t)
	h.installBad("")
	in := h.inbox(bad, `{}`)
	h.run()
	h.until(bad, extension.Ready)

	answer, err := h.post(in, "hi")
	if err != nil {
		t.Fatal(err)
	}
	if answer.Status != 202 || string(answer.Body) != "PUT /a/b 1 x yes\uFFFD" {
		t.Errorf("answer: %d %q", answer.Status, answer.Body)
	}
	if want := map[string]string{"Content-Type": "text/plain; charset=utf-8", "X-Far": "yes"}; fmt.Sprint(answer.Headers) != fmt.Sprint(want) {
		t.Errorf("headers: %v, want %v", answer.Headers, want)
	}
	if len(answer.Inbound) != 2 || answer.Inbound[0].External != "in-1" || answer.Inbound[1].External != "in-4" {
		t.Fatalf("of five messages, of them one another inbox's, one without an id and one of a member of nobody, these passed: %+v", answer.Inbound)
	}
	if in := answer.Inbound[1]; !in.Sender.Group || in.Member == nil || *in.Member != (channel.Member{External: "7", Name: "Mia"}) {
		t.Errorf("of a group came %+v of %+v", in.Member, in.Sender)
	}

	if answer, err = h.post(in, "busy"); err != nil || answer.Result.Outcome != channel.OutcomeRetry ||
		answer.Result.Code != "rate_limited" || answer.Result.RetryAfter != 7*time.Second {
		t.Errorf("busy: %+v %v", answer, err)
	}
	if answer, err = h.post(in, "forged"); err != nil || answer.Result.Outcome != channel.OutcomeRejected || answer.Status != 401 {
		t.Errorf("forged: %+v %v", answer, err)
	}
	if _, err = h.post(in, "status"); !errs.Is(err, errs.Unavailable) {
		t.Errorf("an impossible status: %v", err)
	}
	began := time.Now()
	answer, err = h.post(in, "slow")
	later := errs.Is(err, errs.Unavailable) || err == nil && answer.Result.Outcome == channel.OutcomeRetry
	if took := time.Since(began); !later || took > 5*time.Second {
		t.Errorf("slow: %+v %v after %v", answer, err, took)
	}
	if _, err = h.post(in, strings.Repeat("x", 5<<20)); !errs.Is(err, errs.Unavailable) {
		t.Errorf("5 MiB: %v", err)
	}
	if answer, err = h.post(in, "still there"); err != nil || answer.Status != 202 {
		t.Errorf("after all that: %+v %v", answer, err)
	}
}

func TestAPluginReachesOnlyItsOwn(t *testing.T) {
	h := newHouse(t)
	h.installBad("")
	in := h.inbox(bad, `{}`)
	foreign := h.inbox(echo, `{}`)
	h.run()
	h.until(bad, extension.Ready)
	for name, want := range map[string]string{
		"ingest " + string(in.ID):      "<nil>",
		"ingest " + string(foreign.ID): "unknown_instance",
		"ingest inb_nothing":           "unknown_instance",
		"health " + string(in.ID):      `does not ask for "health:report"`, // not in its manifest
	} {
		answer, err := h.post(in, name)
		if err != nil || !strings.Contains(string(answer.Body), want) {
			t.Errorf("%s: %q %v, want %q", name, answer.Body, err, want)
		}
	}
	if came := h.came(); len(came) != 1 || came[0].Inbox != in.ID {
		t.Errorf("came in: %+v", came)
	}
}

func TestWithoutThePermissionToIngest(t *testing.T) {
	h := newHouse(t)
	h.installBad("", "messages:ingest", "health:report")
	in := h.inbox(bad, `{}`)
	h.run()
	h.until(bad, extension.Ready)
	if _, err := h.post(in, "hi"); !errs.Is(err, errs.Forbidden) {
		t.Errorf("messages in an answer: %v", err)
	}
	if answer, err := h.post(in, "ingest "+string(in.ID)); err != nil || !strings.Contains(string(answer.Body), "does not ask for") {
		t.Errorf("messages by Ingest: %q %v", answer.Body, err)
	}
	if answer, err := h.post(in, "health "+string(in.ID)); err != nil || string(answer.Body) != "<nil>" {
		t.Errorf("health: %q %v", answer.Body, err)
	}
	if health := h.host.Health(in); health != (channel.Health{State: "degraded", Code: "cold"}) {
		t.Errorf("health: %+v", health)
	}
	if answer, err := h.post(in, "health inb_9"); err != nil || !strings.Contains(string(answer.Body), "no such instance") {
		t.Errorf("health of a stranger: %q %v", answer.Body, err)
	}
}

func TestConfigurationsThePluginRefuses(t *testing.T) {
	h := newHouse(t)
	h.options.Timing.InstanceEvery = 20 * time.Millisecond
	h.installBad("")
	in := h.inbox(bad, `{"token":"bad"}`)
	good := h.inbox(bad, `{"token":"good"}`)
	h.run()
	h.until(bad, extension.Ready)
	want := channel.Health{State: "down", Code: "auth_expired", Detail: "the far side refuses the token"}
	if health := h.host.Health(in); health != want {
		t.Errorf("health: %+v", health)
	}
	if health := h.host.Health(good); health.State != "ok" {
		t.Errorf("health of the other: %+v", health)
	}
	problems, err := h.host.ValidateConfig(t.Context(), bad, inst.Candidate{Config: in.Config})
	if err != nil || len(problems) != 1 || problems[0].Pointer != "/token" || problems[0].Message != "is refused" {
		t.Errorf("problems: %+v %v", problems, err)
	}
	if problems, err = h.host.ValidateConfig(t.Context(), bad, inst.Candidate{Config: []byte(`{"token":"x"}`)}); err != nil || len(problems) != 1 || problems[0].Pointer != "/token" {
		t.Errorf("problems the schema sees: %+v %v", problems, err)
	}
	in.Config, in.ConfigRevision = []byte(`{"token":"good"}`), 2
	if err := h.host.Configure(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	if health := h.host.Health(in); health.State != "ok" {
		t.Errorf("health after mending: %+v", health)
	}
}

func TestRejectedDeliveries(t *testing.T) {
	h := newHouse(t)
	h.installBad("reject")
	in := h.inbox(bad, `{}`)
	h.ledger.add(in, 1, 1)
	h.run()
	wait(t, "the end of the delivery", func() bool { return h.ledger.row(0).State == delivery.Dead })
	if row := h.ledger.row(0); row.LastCode != "invalid_recipient" || row.Attempts != 1 {
		t.Errorf("the row: %+v", row)
	}
}

// A delivery for an inbox the plugin was not told of waits.
func TestUnknownInstanceWaits(t *testing.T) {
	h := newHouse(t)
	h.installBad("")
	h.run()
	h.until(bad, extension.Ready)
	in := h.inbox(bad, `{}`)
	h.ledger.add(in, 1, 1)
	h.deliver.Wake()
	wait(t, "an attempt", func() bool { return h.ledger.row(0).LastCode == "unknown_instance" })
	if err := h.host.Configure(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	wait(t, "the delivery", func() bool { return h.ledger.sent() == 1 })
}

// Long messages do not fit into one frame of the stream together.
func TestLongMessages(t *testing.T) {
	h := newHouse(t)
	h.installBad("")
	in := h.inbox(bad, `{}`)
	h.ledger.add(in, 64, 64)
	for i := range h.ledger.rows {
		h.ledger.rows[i].Content.Text = strings.Repeat("长", 60_000) // 180 kB
	}
	h.run()
	wait(t, "64 deliveries", func() bool { return h.ledger.sent() == 64 })
	if sink := readSink(t, h); len(sink) != 64 {
		t.Errorf("%d arrived", len(sink))
	}
	if p := h.status(bad); p.Restarts != 0 {
		t.Errorf("%d restarts", p.Restarts)
	}
}
